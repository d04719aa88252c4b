"""Symbolic links: objects that stand for others of their bucket."""

from hashlib import md5
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import http_date
from mossbox.engine import SYMLINK, ObjectMeta, Tx, objects
from mossbox.engine.objects import NewVersion
from mossbox.operation import operation
from mossbox.operations.call import Call
from mossbox.operations.getting import VersionRequest
from mossbox.operations.headers import ObjectHeaders, encoded, kept
from mossbox.operations.putting import check_new
from mossbox.wire import names
from mossbox.wire.fields import Header
from mossbox.wire.text import decode, encode


class PutSymlinkRequest(ObjectHeaders):
    """Where the link leads, url-encoded."""

    target: Annotated[str | None, Header("x-oss-symlink-target")] = None
    forbid_overwrite: Annotated[bool, Header("x-oss-forbid-overwrite")] = False


class PutSymlinkResult(msgspec.Struct):
    """The link that was made."""

    etag: Annotated[str, Header("ETag")]
    version_id: Annotated[str | None, Header("x-oss-version-id")]


@operation("PutSymlink", "PUT", "object", when=["symlink"], action="oss:PutObject")
async def put_symlink(call: Call, request: PutSymlinkRequest) -> PutSymlinkResult:
    """Make a link; nobody asks whether its target is there."""
    target = _target(request.target)
    bucket, key = call.bucket, call.key
    keep = await kept(call, request)
    meta = keep.meta or ObjectMeta()
    meta.target, meta.sse = target, {}  # there are no bytes to encrypt
    if request.forbid_overwrite:
        check_new(call)
    etag = md5(target, usedforsecurity=False).hexdigest().upper()
    new = NewVersion(
        SYMLINK, 0, call.now_ms, etag, None, keep.storage_class, keep.acl, keep.content_type,
        encoded(meta), None,
    )  # fmt: skip

    def work(tx: Tx) -> str:
        forbid = request.forbid_overwrite
        return objects.put(tx, bucket, key, new, forbid_overwrite=forbid)

    version_id = await call.engine.db.write(work)
    return PutSymlinkResult(f'"{etag}"', version_id or None)


def _target(text: str | None) -> bytes:
    if text is None:
        raise errors.MissingArgument(ArgumentName="x-oss-symlink-target")
    target = decode(text.encode("utf-8", "surrogateescape"))
    names.check_key(target)
    return target


class GetSymlinkResult(msgspec.Struct):
    """Where the link leads."""

    etag: Annotated[str, Header("ETag")]
    last_modified: Annotated[str, Header("Last-Modified")]
    target: Annotated[str, Header("x-oss-symlink-target")]
    version_id: Annotated[str | None, Header("x-oss-version-id")]


@operation("GetSymlink", "GET", "object", when=["symlink"], action="oss:GetObject")
async def get_symlink(call: Call, request: VersionRequest) -> GetSymlinkResult:
    """A link's target; raises NotSymlink."""
    version = call.found()
    if version.kind != SYMLINK:
        raise errors.NotSymlink()
    return GetSymlinkResult(
        f'"{version.etag}"', http_date(version.modified_ms // 1000),
        encode(version.details().target), call.version_header(version),
    )  # fmt: skip
