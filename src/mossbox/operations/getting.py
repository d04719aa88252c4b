"""GetObject, HeadObject and GetObjectMeta."""

from base64 import b64encode
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import http_date
from mossbox.engine import (
    APPENDABLE,
    DELETE_MARKER,
    NEVER,
    NORMAL,
    SYMLINK,
    ObjectMeta,
    Version,
    versions,
)
from mossbox.engine.bodies import StoredBlob
from mossbox.engine.reading import open_version
from mossbox.http.message import Reader
from mossbox.operation import Need, operation
from mossbox.operations.call import Call
from mossbox.operations.common import authorise, check_readable, key_text, restore_state
from mossbox.operations.compressing import packed, takes_gzip
from mossbox.wire import names, ranges
from mossbox.wire.checksum import unsigned
from mossbox.wire.conditions import wanted
from mossbox.wire.fields import Header, Length, Meta, Query, Status, StoredHeaders, Stream
from mossbox.wire.text import has_control


class HeadObjectRequest(msgspec.Struct):
    """Under which conditions the object is wanted."""

    if_match: Annotated[str | None, Header("if-match")] = None
    if_none_match: Annotated[str | None, Header("if-none-match")] = None
    if_modified_since: Annotated[str | None, Header("if-modified-since")] = None
    if_unmodified_since: Annotated[str | None, Header("if-unmodified-since")] = None
    version_id: Annotated[str | None, Query("versionId")] = None


class GetObjectRequest(msgspec.Struct):
    """Which bytes are wanted, under which conditions, with which headers."""

    if_match: Annotated[str | None, Header("if-match")] = None
    if_none_match: Annotated[str | None, Header("if-none-match")] = None
    if_modified_since: Annotated[str | None, Header("if-modified-since")] = None
    if_unmodified_since: Annotated[str | None, Header("if-unmodified-since")] = None
    version_id: Annotated[str | None, Query("versionId")] = None
    range: Annotated[str | None, Header("range")] = None
    range_behavior: Annotated[str | None, Header("x-oss-range-behavior")] = None
    accept_encoding: Annotated[str | None, Header("accept-encoding")] = None
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
    etag: Annotated[str | None, Header("ETag")]
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


class _Target(msgspec.Struct, gc=False):
    """What is served: the version that has the bytes, and the symbolic link that led to it."""

    version: Version
    blob: StoredBlob | None
    meta: ObjectMeta
    link: Version | None = None


def _target(call: Call) -> _Target:
    """The version that is asked for, links followed.

    Raises NoSuchKey, NoSuchVersion, MethodNotAllowed, SymlinkTargetNotExist, InvalidTargetType,
    and AccessDenied for a target that the caller may not read.
    """
    version, blob = call.read() if call.reads_body else (call.version(), None)
    version = versions.found(version, call.key, call.ref)
    meta = version.details()
    if version.kind != SYMLINK:
        return _Target(version, blob, meta)
    there = call.for_key(meta.target)
    authorise(there, Need("oss:GetObject", "object", call.bucket_name, meta.target))
    target, blob = there.read() if call.reads_body else (there.version(), None)
    if target is None or target.kind == DELETE_MARKER:
        raise errors.SymlinkTargetNotExist(Key=key_text(meta.target))
    if target.kind == SYMLINK:
        raise errors.InvalidTargetType(ec="0026-00000011", Key=key_text(meta.target))
    return _Target(target, blob, meta, version)


def _result(
    call: Call, target: _Target, conditional: HeadObjectRequest | GetObjectRequest
) -> GetObjectResult:
    """All headers of an object, or a 304; raises PreconditionFailed.

    Of a link: size, checksums and bytes are the target's, the date is the later one, and all else
    is its own (OSS documentation, "PutSymlink").
    """
    version, meta = target.version, target.meta
    shown = target.link or version
    modified_ms = max(version.modified_ms, shown.modified_ms)
    status = _condition(version, modified_ms, conditional)
    normal = version.kind == NORMAL
    plain = version.meta is None and normal and call.bucket.versioning == NEVER
    return GetObjectResult(
        status=status,
        content_type=shown.content_type,
        etag=f'"{version.etag}"',
        last_modified=http_date(modified_ms // 1000),
        object_type=names.OBJECT_TYPES[shown.kind],
        storage_class=names.STORAGE_CLASSES[shown.storage_class],
        accept_ranges="bytes",
        content_range=None,
        content_md5=b64encode(bytes.fromhex(version.etag)).decode() if normal else None,
        crc64=None if version.crc64 is None else unsigned(version.crc64),
        stored=_NO_LINES if plain and target.link is None else _lines(call, target, meta),
        user_metadata=meta.user,
        body=b"",
        length=version.size,
    )


_NO_LINES: dict[str, str] = {}


def _lines(call: Call, target: _Target, meta: ObjectMeta) -> dict[str, str]:
    """The headers that only some objects have; encryption is that of the bytes."""
    version = target.link or target.version
    sse = meta.sse if target.link is None else target.version.details().sse
    lines = {**meta.headers, **sse}
    if (version_id := call.version_header(version)) is not None:
        lines["x-oss-version-id"] = version_id
    if meta.tags:
        lines["x-oss-tagging-count"] = str(len(meta.tags))
    if version.kind == APPENDABLE:
        lines["x-oss-next-append-position"] = str(version.size)
        if meta.sealed_ms:
            lines["x-oss-sealed-time"] = http_date(meta.sealed_ms // 1000)
    if (restored := restore_state(meta, call.now_ms)) is not None:
        lines["x-oss-restore"] = restored
    return lines


def _condition(
    version: Version, modified_ms: int, asked: HeadObjectRequest | GetObjectRequest
) -> int:
    """200 or 304; raises PreconditionFailed."""
    if (
        asked.if_match is None
        and asked.if_none_match is None
        and asked.if_modified_since is None
        and asked.if_unmodified_since is None
    ):
        return 200
    return 200 if wanted(asked, version.etag, modified_ms // 1000) else 304


@operation("HeadObject", "HEAD", "object", action="oss:GetObject")
async def head_object(call: Call, request: HeadObjectRequest) -> GetObjectResult:
    """An object's headers."""
    return _result(call, _target(call), request)


@operation("GetObject", "GET", "object")
async def get_object(call: Call, request: GetObjectRequest) -> GetObjectResult:
    """An object's headers and bytes, or a range of them."""
    target = _target(call)
    version = target.version
    result = _result(call, target, request)
    if result.status == 304:
        return result
    check_readable(version, call.now_ms)
    if call.has_query:
        _override(call, request, result)
    start, stop = _range(request, version, result)
    result.length = stop - start
    result.body = open_version(call.engine, version, target.blob, start, stop)
    accepted = request.accept_encoding
    if accepted is not None and request.range is None and takes_gzip(accepted):
        await _compress(result)
    return result


async def _compress(result: GetObjectResult) -> None:
    """Send it compressed where OSS does, without tag and checksums: they are of other bytes."""
    body = await packed(result.body, result.length, result.content_type, result.stored)
    if body is not None:
        result.body = body
        result.etag = result.content_md5 = result.crc64 = None
        result.stored = {**result.stored, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}


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


class GetObjectMetaResult(msgspec.Struct):
    """The few headers that GetObjectMeta gives."""

    etag: Annotated[str, Header("ETag")]
    last_modified: Annotated[str, Header("Last-Modified")]
    crc64: Annotated[int | None, Header("x-oss-hash-crc64ecma")]
    version_id: Annotated[str | None, Header("x-oss-version-id")]
    length: Annotated[int, Length()]


class VersionRequest(msgspec.Struct):
    """Which version is meant; the newest when none is named."""

    version_id: Annotated[str | None, Query("versionId")] = None


@operation(
    "GetObjectMeta", "HEAD", "object", also="GET", when=["objectMeta"], action="oss:GetObject"
)
async def get_object_meta(call: Call, request: VersionRequest) -> GetObjectMetaResult:
    """An object's size, tag and date; of a link its own."""
    version = call.found()
    crc = None if version.crc64 is None else unsigned(version.crc64)
    date = http_date(version.modified_ms // 1000)
    return GetObjectMetaResult(
        f'"{version.etag}"', date, crc, call.version_header(version), version.size
    )
