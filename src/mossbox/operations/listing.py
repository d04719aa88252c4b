"""ListObjects in both versions."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import iso_ms
from mossbox.engine import Row, listing
from mossbox.operation import operation
from mossbox.operations.call import Call
from mossbox.operations.common import Owner, restore_state
from mossbox.wire import names
from mossbox.wire.fields import Element, Query
from mossbox.wire.paging import check_count, encoding, mark, shown


class ObjectSummary(msgspec.Struct):
    """An object in a list."""

    key: str
    last_modified: Annotated[str, Element(plain=True)]
    e_tag: Annotated[str, Element("ETag", plain=True)]
    type: Annotated[str, Element(plain=True)]
    size: int
    storage_class: Annotated[str, Element(plain=True)]
    restore_info: str | None
    owner: Owner | None


class CommonPrefix(msgspec.Struct):
    """A group of keys up to the delimiter."""

    prefix: str


class ListObjectsRequest(msgspec.Struct):
    """A page of the older kind."""

    prefix: Annotated[str, Query("prefix")] = ""
    marker: Annotated[str, Query("marker")] = ""
    delimiter: Annotated[str, Query("delimiter")] = ""
    max_keys: Annotated[int, Query("max-keys")] = 100
    encoding_type: Annotated[str | None, Query("encoding-type")] = None


class ListObjectsResult(msgspec.Struct):
    """What was found, and where to go on."""

    name: str
    prefix: str
    marker: str
    max_keys: int
    delimiter: str
    encoding_type: str | None
    is_truncated: bool
    next_marker: str | None
    contents: list[ObjectSummary]
    common_prefixes: list[CommonPrefix]


@operation("ListObjects", "GET", "bucket", root="ListBucketResult")
async def list_objects(call: Call, request: ListObjectsRequest) -> ListObjectsResult:
    """Keys in byte order after a marker."""
    url = encoding(request.encoding_type)
    prefix = mark("prefix", request.prefix)
    marker = mark("marker", request.marker)
    delimiter = mark("delimiter", request.delimiter)
    count = check_count("max-keys", request.max_keys)
    page = listing.page(
        call.engine.db, call.bucket.id,
        prefix=prefix, marker=marker, delimiter=delimiter, count=count,
    )  # fmt: skip
    return ListObjectsResult(
        name=call.bucket_name,
        prefix=shown(prefix, url),
        marker=shown(marker, url),
        max_keys=count,
        delimiter=shown(delimiter, url),
        encoding_type="url" if url else None,
        is_truncated=page.truncated,
        next_marker=shown(page.last, url) if page.truncated else None,
        contents=_summaries(call, page.rows, url, _owner(call)),
        common_prefixes=[CommonPrefix(shown(group, url)) for group in page.prefixes],
    )


class ListObjectsV2Request(msgspec.Struct):
    """A page of the newer kind."""

    prefix: Annotated[str, Query("prefix")] = ""
    start_after: Annotated[str, Query("start-after")] = ""
    continuation_token: Annotated[str | None, Query("continuation-token")] = None
    delimiter: Annotated[str, Query("delimiter")] = ""
    max_keys: Annotated[int, Query("max-keys")] = 100
    encoding_type: Annotated[str | None, Query("encoding-type")] = None
    fetch_owner: Annotated[bool, Query("fetch-owner")] = False


class ListObjectsV2Result(msgspec.Struct):
    """What was found, and the token to go on with."""

    name: str
    prefix: str
    start_after: str
    continuation_token: str | None
    max_keys: int
    delimiter: str
    encoding_type: str | None
    is_truncated: bool
    next_continuation_token: str | None
    key_count: int
    contents: list[ObjectSummary]
    common_prefixes: list[CommonPrefix]


@operation(
    "ListObjectsV2", "GET", "bucket", when=["list-type=2"], action="oss:ListObjects",
    root="ListBucketResult",
)  # fmt: skip
async def list_objects_v2(call: Call, request: ListObjectsV2Request) -> ListObjectsV2Result:
    """Keys in byte order after a token or a key."""
    url = encoding(request.encoding_type)
    prefix = mark("prefix", request.prefix)
    start_after = mark("start-after", request.start_after)
    delimiter = mark("delimiter", request.delimiter)
    count = check_count("max-keys", request.max_keys)
    token = request.continuation_token
    page = listing.page(
        call.engine.db, call.bucket.id,
        prefix=prefix, marker=_key_of(token) if token else start_after,
        delimiter=delimiter, count=count,
    )  # fmt: skip
    return ListObjectsV2Result(
        name=call.bucket_name,
        prefix=shown(prefix, url),
        start_after=shown(start_after, url),
        continuation_token=token,
        max_keys=count,
        delimiter=shown(delimiter, url),
        encoding_type="url" if url else None,
        is_truncated=page.truncated,
        next_continuation_token=_token_of(page.last) if page.truncated else None,
        key_count=len(page.rows) + len(page.prefixes),
        contents=_summaries(call, page.rows, url, _owner(call) if request.fetch_owner else None),
        common_prefixes=[CommonPrefix(shown(group, url)) for group in page.prefixes],
    )


def _token_of(key: bytes) -> str:
    return urlsafe_b64encode(key).decode()


def _key_of(token: str) -> bytes:
    try:
        return b64decode(token.encode("ascii"), b"-_", validate=True)
    except (Base64Error, ValueError):
        message = "The continuation token is not one of ours."
        raise errors.invalid_argument(message, "continuation-token", token) from None


def _owner(call: Call) -> Owner:
    owner = call.engine.account(call.bucket.account)
    return Owner(owner.uid, owner.name)


def _summaries(call: Call, rows: list[Row], url: bool, owner: Owner | None) -> list[ObjectSummary]:
    types, classes, archive = names.OBJECT_TYPES, names.STORAGE_CLASSES, names.ARCHIVE
    return [
        ObjectSummary(
            shown(key, url), iso_ms(modified_ms), f'"{etag}"', types[kind], size,
            classes[storage_class],
            _restore_info(call, key) if storage_class >= archive else None, owner,
        )
        for key, size, modified_ms, etag, kind, storage_class in rows
    ]  # fmt: skip


def _restore_info(call: Call, key: bytes) -> str | None:
    version = call.for_key(key).version()
    return None if version is None else restore_state(version.details(), call.now_ms)
