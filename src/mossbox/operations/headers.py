"""What a client may say of an object that it is about to make, and how it is kept."""

import re
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec

from mossbox import errors
from mossbox.auth.acl import DEFAULT
from mossbox.engine import ObjectMeta, encode_meta
from mossbox.operation import Need
from mossbox.operations.call import Call
from mossbox.operations.common import (
    acl_index,
    authorise,
    refuse_public,
    storage_class_index,
)
from mossbox.operations.sealing import Seal, asked, seal
from mossbox.wire import names
from mossbox.wire.fields import Header, Meta

META_SIZE_MAX = 8 << 10
DEFAULT_TYPE = "application/octet-stream"
TAGS_MAX = 10
_TAG_TEXT = re.compile(r"[\w +\-=.:/]*\Z")  # letters of every script
_TAG_KEY_MAX, _TAG_VALUE_MAX = 128, 256


class ObjectHeaders(msgspec.Struct):
    """Headers that PutObject and all its kin understand."""

    user_metadata: Annotated[dict[str, str], Meta()]
    content_type: Annotated[str, Header("content-type")] = ""
    acl: Annotated[str | None, Header("x-oss-object-acl")] = None
    storage_class: Annotated[str | None, Header("x-oss-storage-class")] = None
    cache_control: Annotated[str | None, Header("cache-control")] = None
    content_disposition: Annotated[str | None, Header("content-disposition")] = None
    content_encoding: Annotated[str | None, Header("content-encoding")] = None
    content_language: Annotated[str | None, Header("content-language")] = None
    expires: Annotated[str | None, Header("expires")] = None
    tagging: Annotated[str | None, Header("x-oss-tagging")] = None
    sse: Annotated[str | None, Header("x-oss-server-side-encryption")] = None
    sse_data: Annotated[str | None, Header("x-oss-server-side-data-encryption")] = None
    sse_key_id: Annotated[str | None, Header("x-oss-server-side-encryption-key-id")] = None


class Kept(msgspec.Struct, gc=False):
    """The same as columns of a version."""

    acl: int
    storage_class: int
    content_type: str
    meta: ObjectMeta | None
    seal: Seal | None  # how the bytes are encrypted; `meta` has the headers that tell it


_KEPT = (
    ("cache_control", "Cache-Control"),
    ("content_disposition", "Content-Disposition"),
    ("content_encoding", "Content-Encoding"),
    ("content_language", "Content-Language"),
    ("expires", "Expires"),
)


def given_acl(call: Call, text: str) -> int:
    """The ACL that a request gives its object; raises InvalidArgument, AccessDenied."""
    acl = acl_index(text, "x-oss-object-acl", names.ACLS)
    refuse_public(call, acl)
    return acl


async def kept(call: Call, request: ObjectHeaders) -> Kept:
    """Check what a request says of its object, the bucket's default encryption included.

    Raises InvalidArgument, InvalidTaggingKey, and as `sealing.asked` and `sealing.seal`.
    """
    acl = given_acl(call, request.acl) if request.acl else DEFAULT  # Java's client sends ""
    storage_class = call.bucket.storage_class
    if request.storage_class is not None:
        storage_class = storage_class_index(request.storage_class, "x-oss-storage-class")
    if request.tagging:
        authorise(call, Need("oss:PutObjectTagging", "object", call.bucket_name, call.key))
    meta = object_meta(request)
    sealed = await seal(call, asked(request.sse, request.sse_data, request.sse_key_id))
    if sealed is not None:
        meta = meta or ObjectMeta()
        meta.sse = sealed.headers
    return Kept(acl, storage_class, request.content_type or DEFAULT_TYPE, meta, sealed)


def object_meta(request: ObjectHeaders) -> ObjectMeta | None:
    """Headers, metadata and tags; None when there are none."""
    user = request.user_metadata
    if user:
        _check_size(user)
    headers = {
        header: value for field, header in _KEPT if (value := getattr(request, field)) is not None
    }
    tags = parse_tags(request.tagging) if request.tagging else {}
    if not user and not headers and not tags:
        return None
    return ObjectMeta(headers=headers, user=user, tags=tags)


def _check_size(user: dict[str, str]) -> None:
    if sum(len(k) + len(v.encode("utf-8", "surrogateescape")) for k, v in user.items()) > (
        META_SIZE_MAX
    ):
        raise errors.InvalidArgument("The object's meta is too large: 8 KB at most.")


def encoded(meta: ObjectMeta | None) -> bytes | None:
    """Metadata as a row keeps it; raises InvalidArgument for what is not text."""
    if meta is None:
        return None
    try:
        return encode_meta(meta)
    except UnicodeEncodeError:
        raise errors.InvalidArgument("A header's value is not UTF-8.") from None


def parse_tags(text: str) -> dict[str, str]:
    """Tags as ``x-oss-tagging`` gives them: url-encoded; one without ``=`` has an empty value.

    (OSS documentation, "PutObject".)
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        raise errors.invalid_argument("The tagging is not valid.", "x-oss-tagging", text) from None
    return check_tags(pairs)


def check_tags(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Tags of an object: at most 10, keys once each (OSS documentation, "Object tagging").

    Raises InvalidTaggingKey, InvalidTag, InvalidArgument.
    """
    if len(pairs) > TAGS_MAX:
        raise errors.TooManyTags(f"An object has at most {TAGS_MAX} tags.")
    tags = dict(pairs)
    if len(tags) < len(pairs):
        raise errors.RepeatedTags()
    for key, value in tags.items():
        if not key or len(key.encode()) > _TAG_KEY_MAX or not _TAG_TEXT.match(key):
            raise errors.InvalidTaggingKey(TagKey=key)
        if len(value.encode()) > _TAG_VALUE_MAX or not _TAG_TEXT.match(value):
            raise errors.InvalidTag(TagValue=value)
    return tags
