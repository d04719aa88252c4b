"""PutObject."""

from base64 import b64encode
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.auth.acl import DEFAULT
from mossbox.engine import NORMAL, ObjectMeta, Tx, encode_meta, objects
from mossbox.engine.objects import NewVersion
from mossbox.http.message import Body
from mossbox.operation import operation
from mossbox.operations.call import Call
from mossbox.operations.common import acl_index, key_text, storage_class_index
from mossbox.operations.receive import Announced, check_length, receive
from mossbox.wire import names
from mossbox.wire.checksum import signed
from mossbox.wire.fields import Header, Meta, Stream

META_SIZE_MAX = 8 << 10


class PutObjectRequest(msgspec.Struct):
    """An object, and what to keep with it."""

    user_metadata: Annotated[dict[str, str], Meta()]
    body: Annotated[Body, Stream()]
    content_length: Annotated[int | None, Header("content-length")] = None
    transfer_encoding: Annotated[str | None, Header("transfer-encoding")] = None
    content_type: Annotated[str, Header("content-type")] = ""
    content_md5: Annotated[str | None, Header("content-md5")] = None
    content_crc64: Annotated[str | None, Header("x-oss-hash-crc64ecma")] = None
    content_sha256: Annotated[str | None, Header("x-oss-content-sha256")] = None
    forbid_overwrite: Annotated[bool, Header("x-oss-forbid-overwrite")] = False
    acl: Annotated[str | None, Header("x-oss-object-acl")] = None
    storage_class: Annotated[str | None, Header("x-oss-storage-class")] = None
    cache_control: Annotated[str | None, Header("cache-control")] = None
    content_disposition: Annotated[str | None, Header("content-disposition")] = None
    content_encoding: Annotated[str | None, Header("content-encoding")] = None
    content_language: Annotated[str | None, Header("content-language")] = None
    expires: Annotated[str | None, Header("expires")] = None


class PutObjectResult(msgspec.Struct):
    """The checksums of what was kept."""

    etag: Annotated[str, Header("ETag")]
    content_md5: Annotated[str, Header("Content-MD5")]
    crc64: Annotated[int, Header("x-oss-hash-crc64ecma")]


_KEPT = (
    ("cache_control", "Cache-Control"),
    ("content_disposition", "Content-Disposition"),
    ("content_encoding", "Content-Encoding"),
    ("content_language", "Content-Language"),
    ("expires", "Expires"),
)


def object_meta(request: PutObjectRequest) -> bytes | None:
    """Headers and metadata as they are kept; None when there are none."""
    user = request.user_metadata
    if user and sum(len(k) + len(v.encode("utf-8", "surrogateescape")) for k, v in user.items()) > (
        META_SIZE_MAX
    ):
        raise errors.InvalidArgument("The object's meta is too large: 8 KB at most.")
    headers = {
        header: value for field, header in _KEPT if (value := getattr(request, field)) is not None
    }
    if not user and not headers:
        return None
    try:
        return encode_meta(ObjectMeta(headers=headers, user=user))
    except UnicodeEncodeError:
        raise errors.InvalidArgument("A header's value is not UTF-8.") from None


@operation("PutObject", "PUT", "object")
async def put_object(call: Call, request: PutObjectRequest) -> PutObjectResult:
    """Keep an object; when this answers, it is on the disk."""
    check_length(request.content_length, request.transfer_encoding)
    bucket, key = call.bucket, call.key
    announced = Announced(request.content_md5, request.content_crc64, request.content_sha256)
    acl = DEFAULT
    if request.acl is not None:
        acl = acl_index(request.acl, "x-oss-object-acl", names.ACLS)
    storage_class = bucket.storage_class
    if request.storage_class is not None:
        storage_class = storage_class_index(request.storage_class, "x-oss-storage-class")
    meta = object_meta(request)
    forbid = request.forbid_overwrite
    if forbid and call.head() is not None:
        raise errors.FileAlreadyExists(Key=key_text(key))  # before the body is sent for nothing
    got = await receive(call, request.body, announced)
    new = NewVersion(
        NORMAL, got.size, call.now_ms, got.md5, signed(got.crc64), storage_class, acl,
        request.content_type or "application/octet-stream", meta, got.blob,
    )  # fmt: skip

    def work(tx: Tx) -> None:
        objects.put(tx, bucket, key, new, forbid_overwrite=forbid)

    await got.commit(call, work)
    return PutObjectResult(f'"{got.md5}"', _base64_md5(got.md5), got.crc64)


def _base64_md5(etag: str) -> str:
    return b64encode(bytes.fromhex(etag)).decode()
