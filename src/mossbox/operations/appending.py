"""AppendObject and SealAppendObject."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import http_date
from mossbox.engine import APPENDABLE, Tx, appends
from mossbox.engine.objects import NewVersion
from mossbox.http.message import Body
from mossbox.operation import operation
from mossbox.operations.call import Call
from mossbox.operations.headers import Kept, ObjectHeaders, encoded, given_acl, kept
from mossbox.operations.putting import NO_BODY
from mossbox.operations.receive import Announced, check_length, receive
from mossbox.operations.sealing import seal_again
from mossbox.wire.checksum import signed
from mossbox.wire.fields import Header, Query, StoredHeaders, Stream


class SealAppendObjectRequest(msgspec.Struct):
    """The length that the object must have."""

    position: Annotated[int | None, Query("position")] = None
    append: Annotated[str | None, Query("append")] = None  # the documentation's form


class SealAppendObjectResult(msgspec.Struct):
    """Since when nothing more can be added."""

    sealed: Annotated[str | None, Header("x-oss-sealed-time")]


# Declared before AppendObject, so that ``?append&seal`` is this; clients send ``?seal`` alone.
@operation("SealAppendObject", "POST", "object", when=["seal"], action="oss:PutObject")
async def seal_append_object(
    call: Call, request: SealAppendObjectRequest
) -> SealAppendObjectResult:
    """End an appendable object: it is read as before, and no longer grows."""
    position = _position(request.position)
    bucket, key, now_ms = call.bucket, call.key, call.now_ms
    sealed_ms = await call.engine.db.write(
        lambda tx: appends.seal(tx, bucket, key, position, now_ms)
    )
    return SealAppendObjectResult(http_date(sealed_ms // 1000))


class AppendObjectRequest(ObjectHeaders):
    """Bytes, and where they begin."""

    body: Annotated[Body, Stream()] = NO_BODY
    position: Annotated[int | None, Query("position")] = None
    content_length: Annotated[int | None, Header("content-length")] = None
    transfer_encoding: Annotated[str | None, Header("transfer-encoding")] = None
    content_md5: Annotated[str | None, Header("content-md5")] = None
    content_crc64: Annotated[str | None, Header("x-oss-hash-crc64ecma")] = None
    content_sha256: Annotated[str | None, Header("x-oss-content-sha256")] = None


class AppendObjectResult(msgspec.Struct):
    """Where the next bytes begin, and the CRC-64 of the whole object."""

    etag: Annotated[str, Header("ETag")]
    next_position: Annotated[int, Header("x-oss-next-append-position")]
    crc64: Annotated[int, Header("x-oss-hash-crc64ecma")]
    version_id: Annotated[str | None, Header("x-oss-version-id")]
    sse: Annotated[dict[str, str], StoredHeaders()]


@operation("AppendObject", "POST", "object", when=["append"], action="oss:PutObject")
async def append_object(call: Call, request: AppendObjectRequest) -> AppendObjectResult:
    """Add bytes at an object's end; what the headers say counts for the first of them.

    An ACL counts for all, as the tests of OSS's Go client find it.
    """
    position = _position(request.position)
    check_length(request.content_length, request.transfer_encoding)
    announced = Announced(request.content_md5, request.content_crc64, request.content_sha256)
    bucket, key = call.bucket, call.key
    old, acl = call.version(), None
    appends.check(old, position, request.content_length or 0)
    if old is None:
        keep = await kept(call, request)
    else:
        sse = old.details().sse
        acl = given_acl(call, request.acl) if request.acl else None
        keep = Kept(old.acl, old.storage_class, "", None, await seal_again(call, sse))
    got = await receive(call, request.body, announced, keep.seal)
    new = NewVersion(
        APPENDABLE, got.size, call.now_ms, got.md5, signed(got.crc64), keep.storage_class,
        keep.acl, keep.content_type, encoded(keep.meta), got.blob,
    )  # fmt: skip

    def work(tx: Tx) -> appends.Appended:
        return appends.append(tx, bucket, key, new, position, acl)

    done = await got.commit(call, work)
    return AppendObjectResult(
        f'"{done.etag}"', done.size, done.crc64, call.version_header(done.version),
        done.version.details().sse,
    )  # fmt: skip


def _position(given: int | None) -> int:
    if given is None:
        raise errors.MissingArgument(ArgumentName="position")
    if given < 0:
        raise errors.invalid_argument("The position must not be negative.", "position", given)
    return given
