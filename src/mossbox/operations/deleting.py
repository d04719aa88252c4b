"""DeleteObject and DeleteMultipleObjects."""

from collections.abc import Mapping
from hashlib import md5
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import Tx, objects
from mossbox.errors import ServiceError
from mossbox.operation import Empty, Need, Operation, operation
from mossbox.operations.call import Call
from mossbox.operations.common import authorise
from mossbox.wire import names
from mossbox.wire.checksum import parse_content_md5
from mossbox.wire.fields import Derived, Element, Header, Query, RawBody
from mossbox.wire.paging import encoding, shown
from mossbox.wire.xml import read

BODY_LIMIT_BYTES = 2 << 20
KEYS_MAX = 1000


@operation("DeleteObject", "DELETE", "object", status=204)
async def delete_object(call: Call, request: Empty) -> Empty:
    """Remove an object; removing what is not there succeeds as well."""
    bucket, key, now_ms = call.bucket, call.key, call.now_ms
    await call.engine.db.write(lambda tx: objects.delete(tx, bucket, key, now_ms))
    return Empty()


class ObjectIdentifier(msgspec.Struct):
    """One object to remove."""

    key: str | None = None
    version_id: str | None = None


class Delete(msgspec.Struct):
    """Which objects to remove."""

    objects: Annotated[list[ObjectIdentifier], Element("Object")]
    quiet: bool | None = None


class DeleteMultipleObjectsRequest(msgspec.Struct):
    """The list, with the sum that protects it."""

    body: Annotated[bytes, RawBody(BODY_LIMIT_BYTES)]
    content_md5: Annotated[str | None, Header("content-md5")] = None
    encoding_type: Annotated[str | None, Query("encoding-type")] = None
    quiet: Annotated[bool, Derived()] = False


class DeletedObject(msgspec.Struct):
    """An object that is gone."""

    key: str


class DeleteFailure(msgspec.Struct):
    """An object that is still there, and why."""

    key: str
    code: str
    message: str


class DeleteMultipleObjectsResult(msgspec.Struct):
    """What became of each."""

    encoding_type: str | None
    deleted: list[DeletedObject]
    errors: Annotated[list[DeleteFailure], Element("Error")]


def _per_key(
    _entry: Operation, _bucket: str, _key: bytes, _query: Mapping[str, str]
) -> tuple[Need, ...]:
    return ()  # the handler asks for each key


@operation(
    "DeleteMultipleObjects", "POST", "bucket", when=["delete"], action="oss:DeleteObject",
    needs=_per_key, root="DeleteResult",
)  # fmt: skip
async def delete_multiple_objects(
    call: Call, request: DeleteMultipleObjectsRequest
) -> DeleteMultipleObjectsResult:
    """Remove up to 1,000 objects, each with its own verdict."""
    bucket = call.bucket
    url = encoding(request.encoding_type)
    wanted = _parse(request)
    allowed, failures, last = [], [], None
    for key in wanted:
        try:
            need = Need("oss:DeleteObject", "object", call.bucket_name, key)
            authorise(call.for_key(key), need)
        except ServiceError as error:
            last = error
            failures.append(DeleteFailure(shown(key, url), error.code.name, error.message))
        else:
            allowed.append(key)
    if last is not None and not allowed:
        raise last

    def work(tx: Tx) -> None:
        for key in allowed:
            objects.delete(tx, bucket, key, call.now_ms)

    await call.engine.db.write(work)
    # Quiet says only what went wrong.
    deleted = [] if request.quiet else [DeletedObject(shown(key, url)) for key in allowed]
    return DeleteMultipleObjectsResult("url" if url else None, deleted, failures)


def _parse(request: DeleteMultipleObjectsRequest) -> list[bytes]:
    if request.content_md5 is None:
        raise errors.MissingArgument("Content-MD5 is required.", ArgumentName="Content-MD5")
    if parse_content_md5(request.content_md5) != md5(request.body).hexdigest().upper():
        raise errors.InvalidDigest()
    document = read(Delete, "Delete", request.body)
    request.quiet = bool(document.quiet)
    if not 1 <= len(document.objects) <= KEYS_MAX:
        raise errors.MalformedXML(ErrorDetail=f"between 1 and {KEYS_MAX} objects are expected")
    keys: dict[bytes, None] = {}
    for entry in document.objects:
        if not entry.key:
            raise errors.UserKeyMustBeSpecified()
        if entry.version_id is not None:
            raise errors.not_implemented("VersionId")
        key = entry.key.encode()
        names.check_key(key)
        keys[key] = None  # a key named twice is removed once
    return list(keys)
