"""PutObject."""

from base64 import b64encode
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import NEVER, NORMAL, Tx, objects
from mossbox.engine.objects import NewVersion
from mossbox.http.message import Body
from mossbox.operation import operation
from mossbox.operations.call import Call
from mossbox.operations.callback import Stored, answer_of, planned
from mossbox.operations.common import key_text
from mossbox.operations.headers import ObjectHeaders, encoded, kept
from mossbox.operations.receive import Announced, check_length, receive
from mossbox.wire.checksum import signed
from mossbox.wire.fields import Header, Query, Reply, StoredHeaders, Stream

NO_BODY = Body(0)


class PutObjectRequest(ObjectHeaders):
    """An object, and what to keep with it."""

    body: Annotated[Body, Stream()] = NO_BODY
    content_length: Annotated[int | None, Header("content-length")] = None
    transfer_encoding: Annotated[str | None, Header("transfer-encoding")] = None
    content_md5: Annotated[str | None, Header("content-md5")] = None
    content_crc64: Annotated[str | None, Header("x-oss-hash-crc64ecma")] = None
    content_sha256: Annotated[str | None, Header("x-oss-content-sha256")] = None
    forbid_overwrite: Annotated[bool, Header("x-oss-forbid-overwrite")] = False
    callback: Annotated[str | None, Header("x-oss-callback")] = None
    callback_var: Annotated[str | None, Header("x-oss-callback-var")] = None
    callback_in_url: Annotated[str | None, Query("callback")] = None
    callback_var_in_url: Annotated[str | None, Query("callback-var")] = None


class PutObjectResult(msgspec.Struct):
    """The checksums of what was kept, or what the application server says of it."""

    etag: Annotated[str, Header("ETag")]
    content_md5: Annotated[str, Header("Content-MD5")]
    crc64: Annotated[int, Header("x-oss-hash-crc64ecma")]
    version_id: Annotated[str | None, Header("x-oss-version-id")]
    sse: Annotated[dict[str, str], StoredHeaders()] = {}
    reply: Annotated[bytes, Reply()] = b""


@operation("PutObject", "PUT", "object")
async def put_object(call: Call, request: PutObjectRequest) -> PutObjectResult:
    """Keep an object; when this answers, it is on the disk."""
    check_length(request.content_length, request.transfer_encoding)
    bucket, key = call.bucket, call.key
    announced = Announced(request.content_md5, request.content_crc64, request.content_sha256)
    keep = await kept(call, request)
    meta = encoded(keep.meta)
    forbid = request.forbid_overwrite
    if forbid:
        check_new(call)  # before the body is sent for nothing
    plan = await planned(call, request)
    got = await receive(call, request.body, announced, keep.seal)
    new = NewVersion(
        NORMAL, got.size, call.now_ms, got.md5, signed(got.crc64), keep.storage_class, keep.acl,
        keep.content_type, meta, got.blob,
    )  # fmt: skip

    def work(tx: Tx) -> str:
        return objects.put(tx, bucket, key, new, forbid_overwrite=forbid)

    version_id = await got.commit(call, work)
    result = PutObjectResult(f'"{got.md5}"', base64_md5(got.md5), got.crc64, version_id or None)
    if keep.seal is not None:
        result.sse = keep.seal.headers
    if plan is not None:
        stored = Stored(
            got.md5, got.size, keep.content_type, got.crc64, result.content_md5, result.version_id
        )
        result.reply = await answer_of(call, plan, stored)
    return result


def check_new(call: Call) -> None:
    """Raise FileAlreadyExists where something is there; buckets with versions do not ask."""
    if call.bucket.versioning == NEVER and call.exists():
        raise errors.FileAlreadyExists(Key=key_text(call.key))


def base64_md5(etag: str) -> str:
    """An MD5 entity tag as the ``Content-MD5`` header has it."""
    return b64encode(bytes.fromhex(etag)).decode()
