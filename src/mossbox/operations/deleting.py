"""DeleteObject and DeleteMultipleObjects."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import DELETE_MARKER, Bucket, Tx, objects, versions
from mossbox.errors import ServiceError
from mossbox.operation import Need, Operation, operation
from mossbox.operations.call import Call
from mossbox.operations.common import authorise
from mossbox.operations.getting import VersionRequest
from mossbox.wire import names
from mossbox.wire.fields import Derived, Element, Header, Query, RawBody
from mossbox.wire.paging import encoding, shown
from mossbox.wire.xml import read

BODY_LIMIT_BYTES = 2 << 20
KEYS_MAX = 1000


class DeleteObjectResult(msgspec.Struct):
    """Which version is gone, or which delete marker hides the object now."""

    delete_marker: Annotated[bool | None, Header("x-oss-delete-marker")] = None
    version_id: Annotated[str | None, Header("x-oss-version-id")] = None


@operation("DeleteObject", "DELETE", "object", status=204)
async def delete_object(call: Call, request: VersionRequest) -> DeleteObjectResult:
    """Remove an object; removing what is not there succeeds as well."""
    bucket, key, ref, now_ms = call.bucket, call.key, call.ref, call.now_ms
    return await call.engine.db.write(lambda tx: _remove(tx, bucket, key, ref, now_ms))


def _remove(tx: Tx, bucket: Bucket, key: bytes, ref: int | None, now_ms: int) -> DeleteObjectResult:
    if ref is None:
        marker = objects.delete(tx, bucket, key, now_ms)
        return DeleteObjectResult(True, marker) if marker else DeleteObjectResult()
    objects.check_bucket(tx, bucket, writes=False)
    gone = versions.remove(tx, bucket.id, key, ref, now_ms)
    if gone is None:
        return DeleteObjectResult(None, versions.version_id(ref, int(ref == versions.NULL)))
    name = versions.version_id(gone.rank, gone.null_id)
    return DeleteObjectResult(True if gone.kind == DELETE_MARKER else None, name)


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
    encoding_type_header: Annotated[str | None, Header("encoding-type")] = None  # Java V1 SDK
    quiet: Annotated[bool, Derived()] = False


class DeletedObject(msgspec.Struct):
    """An object that is gone, or hidden by a delete marker."""

    key: str
    version_id: str | None = None
    delete_marker: bool | None = None
    delete_marker_version_id: str | None = None


class DeleteFailure(msgspec.Struct):
    """An object that is still there, and why."""

    key: str
    version_id: str | None
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
    url = encoding(request.encoding_type or request.encoding_type_header)
    allowed, failures = _verdicts(call, _parse(request), url)

    def work(tx: Tx) -> list[DeleteObjectResult]:
        return [_remove(tx, bucket, key, ref, call.now_ms) for key, ref in allowed]

    results = await call.engine.db.write(work)
    deleted = []
    if not request.quiet:  # quiet says only what went wrong
        for (key, ref), result in zip(allowed, results, strict=True):
            deleted.append(_deleted(shown(key, url), ref, result))
    return DeleteMultipleObjectsResult("url" if url else None, deleted, failures)


def _deleted(key: str, ref: int | None, result: DeleteObjectResult) -> DeletedObject:
    if ref is None:
        return DeletedObject(key, None, result.delete_marker, result.version_id)
    asked = versions.version_id(ref, int(ref == versions.NULL))
    marker = result.version_id if result.delete_marker else None
    return DeletedObject(key, asked, result.delete_marker, marker)


_Wanted = tuple[bytes, int | None]


def _verdicts(
    call: Call, wanted: list[_Wanted], url: bool
) -> tuple[list[_Wanted], list[DeleteFailure]]:
    """What may be removed, and a refusal for each of the others; raises it when all are refused."""
    allowed: list[_Wanted] = []
    failures = []
    last = None
    for key, ref in wanted:
        action = "oss:DeleteObject" if ref is None else "oss:DeleteObjectVersion"
        try:
            authorise(call.for_key(key, ref), Need(action, "object", call.bucket_name, key))
        except ServiceError as error:
            last = error
            version_id = None if ref is None else versions.version_id(ref, int(ref == 0))
            failures.append(
                DeleteFailure(shown(key, url), version_id, error.code.name, error.message)
            )
        else:
            allowed.append((key, ref))
    if last is not None and not allowed:
        raise last
    return allowed, failures


def _parse(request: DeleteMultipleObjectsRequest) -> list[_Wanted]:
    if request.content_md5 is None:
        raise errors.MissingArgument("Content-MD5 is required.", ArgumentName="Content-MD5")
    document = read(Delete, "Delete", request.body)
    request.quiet = bool(document.quiet)
    if not 1 <= len(document.objects) <= KEYS_MAX:
        raise errors.MalformedXML(ErrorDetail=f"between 1 and {KEYS_MAX} objects are expected")
    wanted: dict[_Wanted, None] = {}
    for entry in document.objects:
        if not entry.key:
            raise errors.UserKeyMustBeSpecified()
        key = entry.key.encode()
        names.check_key(key)
        ref = None if not entry.version_id else versions.parse_id(entry.version_id)
        wanted[key, ref] = None  # what is named twice is removed once
    return list(wanted)
