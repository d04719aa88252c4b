"""GetObject, HeadObject and GetObjectMeta."""

from base64 import b64encode
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import http_date
from mossbox.engine import NORMAL, SYMLINK, Version
from mossbox.engine.objects import StoredBlob
from mossbox.http.message import Reader
from mossbox.operation import Empty, operation
from mossbox.operations.call import Call
from mossbox.operations.common import key_text
from mossbox.wire import conditions, names, ranges
from mossbox.wire.checksum import crc64, unsigned
from mossbox.wire.conditions import Outcome
from mossbox.wire.fields import Header, Length, Meta, Query, Status, StoredHeaders, Stream
from mossbox.wire.text import has_control


class HeadObjectRequest(msgspec.Struct):
    """Under which conditions the object is wanted."""

    if_match: Annotated[str | None, Header("if-match")] = None
    if_none_match: Annotated[str | None, Header("if-none-match")] = None
    if_modified_since: Annotated[str | None, Header("if-modified-since")] = None
    if_unmodified_since: Annotated[str | None, Header("if-unmodified-since")] = None


class GetObjectRequest(msgspec.Struct):
    """Which bytes are wanted, under which conditions, with which headers."""

    if_match: Annotated[str | None, Header("if-match")] = None
    if_none_match: Annotated[str | None, Header("if-none-match")] = None
    if_modified_since: Annotated[str | None, Header("if-modified-since")] = None
    if_unmodified_since: Annotated[str | None, Header("if-unmodified-since")] = None
    range: Annotated[str | None, Header("range")] = None
    range_behavior: Annotated[str | None, Header("x-oss-range-behavior")] = None
    content_type: Annotated[str | None, Query("response-content-type")] = None
    content_language: Annotated[str | None, Query("response-content-language")] = None
    expires: Annotated[str | None, Query("response-expires")] = None
    cache_control: Annotated[str | None, Query("response-cache-control")] = None
    content_disposition: Annotated[str | None, Query("response-content-disposition")] = None
    content_encoding: Annotated[str | None, Query("response-content-encoding")] = None


class GetObjectResult(msgspec.Struct):
    """An object's headers and bytes."""

    status: Annotated[int, Status()]
    content_type: Annotated[str, Header("Content-Type")]
    etag: Annotated[str, Header("ETag")]
    last_modified: Annotated[str, Header("Last-Modified")]
    object_type: Annotated[str, Header("x-oss-object-type")]
    storage_class: Annotated[str, Header("x-oss-storage-class")]
    accept_ranges: Annotated[str, Header("Accept-Ranges")]
    content_range: Annotated[str | None, Header("Content-Range")]
    content_md5: Annotated[str | None, Header("Content-MD5")]
    crc64: Annotated[int | None, Header("x-oss-hash-crc64ecma")]
    stored: Annotated[dict[str, str], StoredHeaders()]
    user_metadata: Annotated[dict[str, str], Meta()]
    body: Annotated[bytes | memoryview | Reader, Stream()]
    length: Annotated[int, Length()]


_OVERRIDES = (
    ("content_language", "Content-Language"),
    ("expires", "Expires"),
    ("cache_control", "Cache-Control"),
    ("content_disposition", "Content-Disposition"),
    ("content_encoding", "Content-Encoding"),
)


def _found(call: Call, version: Version | None) -> Version:
    if version is None or version.kind == SYMLINK:
        raise errors.NoSuchKey(Key=key_text(call.key))
    return version


def _result(version: Version, conditional: HeadObjectRequest | GetObjectRequest) -> GetObjectResult:
    """All headers of an object, or a 304; raises PreconditionFailed."""
    status = _condition(version, conditional)
    meta = version.details()
    normal = version.kind == NORMAL
    return GetObjectResult(
        status=status,
        content_type=version.content_type,
        etag=f'"{version.etag}"',
        last_modified=http_date(version.modified_ms // 1000),
        object_type=names.OBJECT_TYPES[version.kind],
        storage_class=names.STORAGE_CLASSES[version.storage_class],
        accept_ranges="bytes",
        content_range=None,
        content_md5=b64encode(bytes.fromhex(version.etag)).decode() if normal else None,
        crc64=None if version.crc64 is None else unsigned(version.crc64),
        stored=meta.headers,
        user_metadata=meta.user,
        body=b"",
        length=version.size,
    )


def _condition(version: Version, asked: HeadObjectRequest | GetObjectRequest) -> int:
    """200 or 304; raises PreconditionFailed."""
    if (
        asked.if_match is None
        and asked.if_none_match is None
        and asked.if_modified_since is None
        and asked.if_unmodified_since is None
    ):
        return 200
    outcome = conditions.decide(
        version.etag,
        version.modified_ms // 1000,
        if_match=asked.if_match,
        if_none_match=asked.if_none_match,
        if_modified_since=asked.if_modified_since,
        if_unmodified_since=asked.if_unmodified_since,
    )
    if outcome is Outcome.FAILED:
        name = "If-Match" if asked.if_match is not None else "If-Unmodified-Since"
        raise errors.PreconditionFailed(Condition=name)
    return int(outcome.value)


@operation("HeadObject", "HEAD", "object", action="oss:GetObject")
async def head_object(call: Call, request: HeadObjectRequest) -> GetObjectResult:
    """An object's headers."""
    return _result(_found(call, call.head()), request)


@operation("GetObject", "GET", "object")
async def get_object(call: Call, request: GetObjectRequest) -> GetObjectResult:
    """An object's headers and bytes, or a range of them."""
    version, blob = call.read()
    version = _found(call, version)
    result = _result(version, request)
    if result.status == 304:
        return result
    if call.has_query:
        _override(call, request, result)
    start, stop = _range(request, version, result)
    result.length = stop - start
    result.body = _open(call, version, blob, start, stop)
    return result


def _override(call: Call, request: GetObjectRequest, result: GetObjectResult) -> None:
    """Give the headers that the request's ``response-`` parameters ask for."""
    given = {
        header: value
        for field, header in _OVERRIDES
        if (value := getattr(request, field)) is not None
    }
    if not given and request.content_type is None:
        return
    if call.caller.kind == "anonymous":
        raise errors.InvalidRequest("Anonymous requests can't override response headers.")
    for value in (*given.values(), request.content_type or ""):
        if has_control(value):
            message = "A header's value has no control characters."
            raise errors.invalid_argument(message, "response-*", ascii(value))
    result.stored = {**result.stored, **given}
    if request.content_type is not None:
        result.content_type = request.content_type


def _range(request: GetObjectRequest, version: Version, result: GetObjectResult) -> tuple[int, int]:
    """The bytes to send; marks the result as partial where they are."""
    size = version.size
    if request.range is None:
        return 0, size
    try:
        found = ranges.parse(request.range, size, standard=request.range_behavior == "standard")
    except ValueError:
        error = errors.InvalidRange(ActualObjectSize=size, RangeRequested=request.range)
        raise error.with_header("Content-Range", f"bytes */{size}") from None
    if found is None:
        return 0, size
    result.status = 206
    result.content_range = f"bytes {found[0]}-{found[1] - 1}/{size}"
    result.crc64 = None  # of the whole object: clients would compare it with the part
    result.content_md5 = None
    return found


def _open(
    call: Call, version: Version, blob: StoredBlob, start: int, stop: int
) -> bytes | memoryview | Reader:
    if version.blob is None:
        return b""
    if blob.data is not None:
        if crc64(blob.data) != unsigned(blob.crc64 or 0):
            raise errors.InternalError("The stored object is damaged.")
        return blob.data if stop - start == blob.size else blob.data[start:stop]
    if start == stop:
        return b""
    return call.engine.blobs.read(version.blob, blob.size, start, stop)


class GetObjectMetaResult(msgspec.Struct):
    """The few headers that GetObjectMeta gives."""

    etag: Annotated[str, Header("ETag")]
    last_modified: Annotated[str, Header("Last-Modified")]
    crc64: Annotated[int | None, Header("x-oss-hash-crc64ecma")]
    length: Annotated[int, Length()]


@operation(
    "GetObjectMeta", "HEAD", "object", also="GET", when=["objectMeta"], action="oss:GetObject"
)
async def get_object_meta(call: Call, request: Empty) -> GetObjectMetaResult:
    """An object's size, tag and date."""
    version = call.head()
    if version is None:
        raise errors.NoSuchKey(Key=key_text(call.key))
    crc = None if version.crc64 is None else unsigned(version.crc64)
    date = http_date(version.modified_ms // 1000)
    return GetObjectMetaResult(f'"{version.etag}"', date, crc, version.size)
