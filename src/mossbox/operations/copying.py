"""CopyObject and UploadPartCopy: no bytes are moved where both sides are encrypted alike."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import md5
from typing import Annotated, TypeVar

import msgspec

from mossbox import errors
from mossbox.clock import iso_ms
from mossbox.engine import (
    DELETE_MARKER,
    MULTIPART,
    NEVER,
    NO_META,
    NORMAL,
    SYMLINK,
    ObjectMeta,
    Version,
    copies,
    objects,
    versions,
)
from mossbox.engine.copies import Source, SourceChanged
from mossbox.engine.objects import NewVersion
from mossbox.engine.reading import Bytes, open_version
from mossbox.engine.uploads import NewPart, Upload, put_part
from mossbox.http.message import Body
from mossbox.operation import Need, operation
from mossbox.operations.call import Call
from mossbox.operations.common import authorise, check_readable
from mossbox.operations.headers import Kept, ObjectHeaders, encoded, kept
from mossbox.operations.multipart import check_part_number, find_upload
from mossbox.operations.putting import check_new
from mossbox.operations.receive import SIZE_MAX, Announced, Received, receive
from mossbox.operations.sealing import Seal, same, seal_again
from mossbox.wire import names, ranges
from mossbox.wire.checksum import crc64, signed, unsigned
from mossbox.wire.conditions import wanted
from mossbox.wire.fields import Element, Header, Query, Status, StoredHeaders
from mossbox.wire.text import as_text, decode

_EC_MARKER = "0016-00000307"
_CLIENT_ENCRYPTION = "client-side-encryption-"
_EC_UPLOAD = "0042-00000311"
_TRIES = 20
T = TypeVar("T")


_IfMatch = Annotated[str | None, Header("x-oss-copy-source-if-match")]
_IfNoneMatch = Annotated[str | None, Header("x-oss-copy-source-if-none-match")]
_IfModified = Annotated[str | None, Header("x-oss-copy-source-if-modified-since")]
_IfUnmodified = Annotated[str | None, Header("x-oss-copy-source-if-unmodified-since")]


class CopyObjectRequest(ObjectHeaders):
    """What to copy, and what to say of the copy."""

    source: Annotated[str, Header("x-oss-copy-source")] = ""
    if_match: _IfMatch = None
    if_none_match: _IfNoneMatch = None
    if_modified_since: _IfModified = None
    if_unmodified_since: _IfUnmodified = None
    metadata_directive: Annotated[str, Header("x-oss-metadata-directive")] = "COPY"
    tagging_directive: Annotated[str, Header("x-oss-tagging-directive")] = "COPY"
    forbid_overwrite: Annotated[bool, Header("x-oss-forbid-overwrite")] = False


class CopyObjectResult(msgspec.Struct):
    """The copy; a status of 304 says that the conditions did not want one."""

    status: Annotated[int, Status()]
    e_tag: Annotated[str, Element("ETag")]
    last_modified: str
    etag: Annotated[str, Header("ETag")]
    crc64: Annotated[int | None, Header("x-oss-hash-crc64ecma")] = None
    source_version_id: Annotated[str | None, Header("x-oss-copy-source-version-id")] = None
    version_id: Annotated[str | None, Header("x-oss-version-id")] = None
    sse: Annotated[dict[str, str], StoredHeaders()] = {}


@operation(
    "CopyObject", "PUT", "object", when=["x-oss-copy-source"], action="oss:PutObject",
    root="CopyObjectResult",
)  # fmt: skip
async def copy_object(call: Call, request: CopyObjectRequest) -> CopyObjectResult:
    """Make an object of another one's bytes, metadata and tags, or of given ones."""
    return await _again(lambda: _copy(call, request))


async def _again(copy: Callable[[], Awaitable[T]]) -> T:
    """A copy, begun anew where its source was replaced meanwhile; raises ServiceUnavailable."""
    for _ in range(_TRIES):
        try:
            return await copy()
        except FileNotFoundError:  # SourceChanged, or its bytes were removed while they were read
            continue
    raise errors.ServiceUnavailable("The source changes too often to be copied.")


async def _copy(call: Call, request: CopyObjectRequest) -> CopyObjectResult:
    there, version = _source(call, request.source)
    if not wanted(request, version.etag, version.modified_ms // 1000):
        return CopyObjectResult(304, "", "", f'"{version.etag}"')
    if version.size > SIZE_MAX:
        raise errors.EntityTooLarge(MaxSizeAllowed=SIZE_MAX)
    check_readable(version, call.now_ms)
    if request.forbid_overwrite:
        check_new(call)
    keep = await _kept(call, request, there, version)
    new = NewVersion(
        # An appendable object has a tag that is no MD5, so its copy can't be a normal one.
        version.kind if version.kind in (NORMAL, SYMLINK) else MULTIPART,
        version.size, call.now_ms, version.etag, version.crc64, keep.storage_class, keep.acl,
        keep.content_type, encoded(keep.meta), None,
    )  # fmt: skip
    made = await _make(call, there, version, new, keep.seal, forbid=request.forbid_overwrite)
    return CopyObjectResult(
        200, f'"{version.etag}"', iso_ms(call.now_ms), f'"{version.etag}"', _crc(version.crc64),
        there.version_header(version), made or None,
        keep.seal.headers if keep.seal else {},
    )  # fmt: skip


def _crc(kept: int | None) -> int | None:
    return None if kept is None else unsigned(kept)


def _source(call: Call, text: str) -> tuple[Call, Version]:
    """The version that is copied, which the caller may read.

    Raises InvalidArgument, NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied.
    """
    bucket, slash, rest = text.removeprefix("/").partition("/")
    path, mark, version_id = rest.partition("?versionId=")
    if not text.startswith("/") or not bucket or not slash or not path:
        raise errors.invalid_argument(
            "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.",
            "x-oss-copy-source", text,
        )  # fmt: skip
    bucket = as_text(decode(bucket.encode("utf-8", "surrogateescape")))
    key = decode(path.encode("utf-8", "surrogateescape"))
    names.check_bucket(bucket)
    names.check_key(key)
    ref = versions.parse_id(version_id) if mark else None
    there = call.elsewhere(bucket, key, ref)
    action = "oss:GetObject" if ref is None else "oss:GetObjectVersion"
    authorise(there, Need(action, "object", bucket, key))
    version = there.version()
    if version is not None and version.kind == DELETE_MARKER and ref is not None:
        raise errors.InvalidArgument("The source version is a delete marker.", ec=_EC_MARKER)
    return there, versions.found(version, key, ref)


async def _kept(call: Call, request: CopyObjectRequest, there: Call, version: Version) -> Kept:
    """What the copy carries: ACL and encryption are never the source's."""
    replaces = _directive(request.metadata_directive, "x-oss-metadata-directive")
    retags = _directive(request.tagging_directive, "x-oss-tagging-directive")
    itself = _is_itself(call, there)
    keep = await kept(call, request)
    source, meta = version.details(), keep.meta or ObjectMeta()
    if not replaces and not (itself and call.bucket.versioning == NEVER):
        keep.content_type = version.content_type
        meta.headers, meta.user = source.headers, source.user
    else:
        # What only the source knows: how its bytes are to be decrypted, and what they are.
        keep.content_type = request.content_type or version.content_type
        meta.user = {**_client_encryption(source.user), **meta.user}
    if not retags:
        meta.tags = source.tags
    if version.kind == SYMLINK:
        meta.target, meta.sse, keep.seal = source.target, {}, None
    keep.meta = meta if meta != NO_META else None
    return keep


def _is_itself(call: Call, there: Call) -> bool:
    """Whether an object is copied onto itself, as its metadata is changed."""
    return there.bucket.id == call.bucket.id and there.key == call.key and there.ref is None


def _client_encryption(user: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in user.items() if k.startswith(_CLIENT_ENCRYPTION)}


def _directive(text: str, name: str) -> bool:
    """Whether what the request says takes the place of what the source has."""
    if text.upper() not in ("COPY", "REPLACE"):
        raise errors.invalid_argument("The directive is COPY or REPLACE.", name, text)
    return text.upper() == "REPLACE"


async def _make(
    call: Call, there: Call, version: Version, new: NewVersion, seal: Seal | None, *, forbid: bool
) -> str:
    """Name the source's bytes once more, or write them anew where the encryption differs."""
    bucket, key = call.bucket, call.key
    if version.kind == SYMLINK or same(seal, version.details().sse):
        source = Source(there.bucket.id, there.key, version)
        return await call.engine.db.write(
            lambda tx: copies.put(tx, bucket, key, new, source, forbid_overwrite=forbid)
        )
    got = await _move(call, there, version, 0, version.size, seal)
    moved = new._replace(blob=got.blob)
    return await got.commit(
        call, lambda tx: objects.put(tx, bucket, key, moved, forbid_overwrite=forbid)
    )


async def _move(
    call: Call, there: Call, version: Version, start: int, stop: int, seal: Seal | None
) -> Received:
    """Read bytes and write them under another key."""
    bytes_ = _open(there, version, start, stop)
    try:
        return await receive(call, _Moved(bytes_), Announced(None, None, None), seal)
    finally:
        if not isinstance(bytes_, bytes | memoryview):
            bytes_.close()


def _open(there: Call, version: Version, start: int, stop: int) -> Bytes:
    """Bytes of the source; raises FileNotFoundError when it was removed or replaced meanwhile."""
    found, blob = there.read()
    if found is None or found.rank != version.rank:
        raise SourceChanged
    return open_version(there.engine, found, blob, start, stop)


class _Moved(Body):
    """Stored bytes in the place of a request's."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: Bytes) -> None:
        super().__init__(None)
        self._pieces = pieces

    def whole(self) -> bytes | None:
        return None

    async def read(self) -> bytes:
        pieces, piece = self._pieces, b""
        if isinstance(pieces, bytes | memoryview):
            self._pieces, piece = b"", bytes(pieces)
        else:
            nowait = pieces.next_nowait()
            piece = await pieces.next() if nowait is None else bytes(nowait)
        if not piece:
            self.ended = True
        return piece


class UploadPartCopyRequest(msgspec.Struct):
    """A part that is copied."""

    part_number: Annotated[int, Query("partNumber")] = 0
    upload_id: Annotated[str, Query("uploadId")] = ""
    source: Annotated[str, Header("x-oss-copy-source")] = ""
    range: Annotated[str | None, Header("x-oss-copy-source-range")] = None
    if_match: _IfMatch = None
    if_none_match: _IfNoneMatch = None
    if_modified_since: _IfModified = None
    if_unmodified_since: _IfUnmodified = None


class CopyPartResult(msgspec.Struct):
    """The part that was made."""

    status: Annotated[int, Status()]
    last_modified: str
    e_tag: Annotated[str, Element("ETag")]
    etag: Annotated[str, Header("ETag")]
    source_version_id: Annotated[str | None, Header("x-oss-copy-source-version-id")] = None
    sse: Annotated[dict[str, str], StoredHeaders()] = {}


@operation(
    "UploadPartCopy", "PUT", "object", when=["partNumber", "uploadId", "x-oss-copy-source"],
    action="oss:PutObject", root="CopyPartResult",
)  # fmt: skip
async def upload_part_copy(call: Call, request: UploadPartCopyRequest) -> CopyPartResult:
    """Make a part of another object's bytes; a range that is none of it means all."""
    return await _again(lambda: _copy_part(call, request))


async def _copy_part(call: Call, request: UploadPartCopyRequest) -> CopyPartResult:
    number = check_part_number(request.part_number)
    upload = find_upload(call, request.upload_id, _EC_UPLOAD)
    there, version = _source(call, request.source)
    if not wanted(request, version.etag, version.modified_ms // 1000):
        return CopyPartResult(304, "", "", f'"{version.etag}"')
    check_readable(version, call.now_ms)
    if version.kind == SYMLINK:
        raise errors.InvalidArgument("The source of a part can't be a symbolic link.")
    start, stop = 0, version.size
    if request.range is not None:
        start, stop = ranges.parse(request.range, version.size, standard=False) or (start, stop)
    if stop - start > SIZE_MAX:
        raise errors.EntityTooLarge(MaxSizeAllowed=SIZE_MAX)
    etag = await _part(call, there, version, upload, number, start, stop)
    return CopyPartResult(
        200, iso_ms(call.now_ms), f'"{etag}"', f'"{etag}"', there.version_header(version),
        upload.details().sse,
    )  # fmt: skip


async def _part(
    call: Call, there: Call, version: Version, upload: Upload, number: int, start: int, stop: int
) -> str:
    """Keep the part; gives its ETag."""
    sse, size, now_ms = upload.details().sse, stop - start, call.now_ms
    seal = await seal_again(call, sse)
    if not same(seal, version.details().sse):
        got = await _move(call, there, version, start, stop, seal)
        part = NewPart(number, size, got.md5, signed(got.crc64), got.blob)
        await got.commit(call, lambda tx: put_part(tx, upload, part, now_ms))
        return got.md5
    whole = size == version.size
    crc = version.crc64 if whole else signed(await _checked(_open(there, version, start, stop)))
    etag = version.etag
    if not whole or version.kind != NORMAL:  # the MD5 of these bytes is not known
        text = f"{version.etag} {start} {stop} {crc}"
        etag = md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    part = NewPart(number, size, etag, crc, None)
    source = Source(there.bucket.id, there.key, version)
    await call.engine.db.write(
        lambda tx: put_part(
            tx, upload, part, now_ms, lambda tx: copies.hold_range(tx, source, start, stop)
        )
    )
    return etag


async def _checked(pieces: Bytes) -> int:
    """The CRC-64 of stored bytes, which are checked on the way."""
    if isinstance(pieces, bytes | memoryview):
        return crc64(pieces)
    found = 0
    try:
        while True:
            piece = pieces.next_nowait()
            if piece is None:
                piece = await pieces.next()
            if not piece:
                return found
            found = crc64(piece, found)
            await asyncio.sleep(0)  # others have their turn
    finally:
        pieces.close()
