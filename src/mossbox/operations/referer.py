"""Which pages may link to a bucket's objects (OSS documentation, "PutBucketReferer")."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import bucket_settings
from mossbox.engine.bucket_settings import REFERER
from mossbox.operation import Empty, operation
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES
from mossbox.operations.rules import RefererRules, decode_referer, encode_referer
from mossbox.wire.fields import Element, XmlBody

_LIST_MAX_BYTES = 20 << 10


class RefererBlacklist(msgspec.Struct):
    """Pages that may not link; left out where there are none."""

    referers: Annotated[list[str], Element("Referer")]


class RefererConfiguration(msgspec.Struct):
    """The document of both operations."""

    allow_empty_referer: bool
    allow_truncate_query_string: bool | None
    truncate_path: bool | None
    referer_list: Annotated[list[str], Element("RefererList/Referer")]
    referer_blacklist: RefererBlacklist | None


class PutBucketRefererRequest(msgspec.Struct):
    """The rules to be."""

    configuration: Annotated[RefererConfiguration, XmlBody(XML_LIMIT_BYTES)]


@operation("PutBucketReferer", "PUT", "bucket", when=["referer"])
async def put_bucket_referer(call: Call, request: PutBucketRefererRequest) -> Empty:
    """Set the rules; empty lists let all pages link."""
    bucket, given = call.bucket, request.configuration
    black = given.referer_blacklist
    truncate_query = given.allow_truncate_query_string is not False
    if given.truncate_path and not truncate_query:
        raise errors.InvalidArgument("A path can't be cut off where its query is kept.")
    rules = RefererRules(
        given.allow_empty_referer, truncate_query, bool(given.truncate_path),
        _list(given.referer_list), _list(black.referers if black else []),
    )  # fmt: skip
    document = encode_referer(rules)
    await call.engine.db.write(
        lambda tx: bucket_settings.put(tx, bucket, REFERER, document), catalog=True
    )
    return Empty()


def _list(given: list[str]) -> tuple[str, ...]:
    """The entries that are not empty; raises InvalidArgument for too many of them."""
    entries = tuple(entry.strip() for entry in given if entry.strip())
    if sum(len(entry.encode()) for entry in entries) > _LIST_MAX_BYTES:
        raise errors.InvalidArgument("The list of referers is too large: 20 KB at most.")
    return entries


@operation("GetBucketReferer", "GET", "bucket", when=["referer"], root="RefererConfiguration")
async def get_bucket_referer(call: Call, request: Empty) -> RefererConfiguration:
    """The rules; where none were set, those that let all pages link."""
    document = call.bucket.settings.get(REFERER)
    rules = RefererRules() if document is None else decode_referer(document)
    return RefererConfiguration(
        rules.allow_empty, rules.truncate_query, rules.truncate_path, list(rules.white),
        RefererBlacklist(list(rules.black)) if rules.black else None,
    )  # fmt: skip
