"""Operations on the service as a whole."""

from typing import Annotated

import msgspec

from mossbox.clock import iso_ms
from mossbox.engine import Bucket, buckets
from mossbox.operation import Need, Operation, operation
from mossbox.operations.bucket_tags import tag_filter
from mossbox.operations.call import Call
from mossbox.operations.common import Owner
from mossbox.wire import names, paging
from mossbox.wire.fields import Element, Query

_ALL = 1 << 30  # an account has at most some hundreds, so a filter looks at each


class ListBucketsRequest(msgspec.Struct):
    """What GetService can be asked."""

    prefix: Annotated[str, Query("prefix")] = ""
    marker: Annotated[str, Query("marker")] = ""
    max_keys: Annotated[int, Query("max-keys")] = 100
    tag_key: Annotated[str | None, Query("tag-key")] = None
    tag_value: Annotated[str | None, Query("tag-value")] = None
    tagging: Annotated[str | None, Query("tagging")] = None


class BucketSummary(msgspec.Struct):
    """A bucket in the list."""

    creation_date: Annotated[str, Element(plain=True)]
    extranet_endpoint: str
    intranet_endpoint: str
    location: str
    name: str
    region: str
    storage_class: str


class ListBucketsResult(msgspec.Struct):
    """A page of the caller's buckets."""

    prefix: str
    marker: str
    max_keys: int
    is_truncated: bool
    next_marker: str | None
    owner: Owner
    buckets: Annotated[list[BucketSummary], Element("Buckets/Bucket")]


def _needs(entry: Operation, _bucket: str, _key: bytes, _query: object) -> tuple[Need, ...]:
    return (Need(entry.action, "service", "", b""),)


@operation("ListBuckets", "GET", "service", needs=_needs, root="ListAllMyBucketsResult")
async def list_buckets(call: Call, request: ListBucketsRequest) -> ListBucketsResult:
    """The caller's buckets in order of their names."""
    count = paging.check_count("max-keys", request.max_keys)
    account = call.account()
    tags = tag_filter(request.tag_key, request.tag_value, request.tagging)
    wanted = count + 1 if tags is None else _ALL
    db = call.engine.db
    found = buckets.page(db, account.id, request.prefix, request.marker, wanted)
    if tags is not None:
        found = tags.select(db, account.id, found)
    truncated = len(found) > count
    shown = found[:count]
    return ListBucketsResult(
        request.prefix, request.marker, count, truncated,
        shown[-1].name if truncated and shown else None,
        Owner(account.uid, account.name),
        [_summary(call, bucket) for bucket in shown],
    )  # fmt: skip


def _summary(call: Call, bucket: Bucket) -> BucketSummary:
    return BucketSummary(
        creation_date=iso_ms(bucket.created_ms),
        extranet_endpoint=call.endpoints.extranet(bucket.region),
        intranet_endpoint=call.endpoints.intranet(bucket.region),
        location=f"oss-{bucket.region}",
        name=bucket.name,
        region=bucket.region,
        storage_class=names.STORAGE_CLASSES[bucket.storage_class],
    )
