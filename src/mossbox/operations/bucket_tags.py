"""Tags of buckets (OSS documentation, "PutBucketTags"); ListBuckets filters by them."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec

from mossbox import errors
from mossbox.engine import Bucket, Database, Tx, bucket_settings
from mossbox.operation import Empty, operation
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES
from mossbox.wire.fields import Element, Query, XmlBody

SETTING = "tagging"
_TAGS_MAX = 20
_KEY_MAX_BYTES, _VALUE_MAX_BYTES = 64, 128
_RESERVED = ("http://", "https://", "Aliyun", "acs:")
_EC_FORMAT, _EC_PREFIX = "0010-00000219", "0010-00000207"

Tags = dict[str, str]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Tags).decode


class Tag(msgspec.Struct):
    """A name and a value."""

    key: str
    value: str | None = None


class Tagging(msgspec.Struct):
    """A set of tags."""

    tags: Annotated[list[Tag], Element("TagSet/Tag")]


class PutBucketTagsRequest(msgspec.Struct):
    """The tags that the bucket is to have, and no others."""

    tagging: Annotated[Tagging, XmlBody(XML_LIMIT_BYTES)]


@operation("PutBucketTags", "PUT", "bucket", when=["tagging"], action="oss:PutBucketTagging")
async def put_bucket_tags(call: Call, request: PutBucketTagsRequest) -> Empty:
    """Give a bucket its tags; those it had are replaced."""
    bucket, given = call.bucket, request.tagging.tags
    if not given:
        raise errors.MalformedXML(ErrorDetail="TagSet lacks Tag")
    tags = check([(tag.key, tag.value or "") for tag in given])
    await call.engine.db.write(lambda tx: put(tx, bucket, tags), catalog=True)
    return Empty()


@operation(
    "GetBucketTags", "GET", "bucket", when=["tagging"], action="oss:GetBucketTagging",
    root="Tagging",
)  # fmt: skip
async def get_bucket_tags(call: Call, request: Empty) -> Tagging:
    """A bucket's tags; one that has none shows an empty set."""
    found = bucket_settings.get(call.engine.db, call.bucket.id, SETTING)
    tags = {} if found is None else _decode(found)
    return Tagging([Tag(key, value) for key, value in tags.items()])


class DeleteBucketTagsRequest(msgspec.Struct):
    """Which tags to remove: keys with commas between, none for all of them."""

    keys: Annotated[str, Query("tagging")] = ""


@operation(
    "DeleteBucketTags", "DELETE", "bucket", when=["tagging"], action="oss:DeleteBucketTagging",
    status=204,
)  # fmt: skip
async def delete_bucket_tags(call: Call, request: DeleteBucketTagsRequest) -> Empty:
    """Remove all tags, or those that are named; what is not there is no error."""
    bucket, keys = call.bucket, frozenset(filter(None, request.keys.split(",")))

    def work(tx: Tx) -> None:
        found = bucket_settings.get(tx, bucket.id, SETTING) if keys else None
        left = {} if found is None else _decode(found)
        put(tx, bucket, {key: value for key, value in left.items() if key not in keys})

    await call.engine.db.write(work, catalog=True)
    return Empty()


def put(tx: Tx, bucket: Bucket, tags: Tags) -> None:
    """Set a bucket's tags, which may be none; raises NoSuchBucket."""
    if tags:
        bucket_settings.put(tx, bucket, SETTING, _encode(tags))
    else:
        bucket_settings.delete(tx, bucket, SETTING)


def check(pairs: list[tuple[str, str]]) -> Tags:
    """Tags that a bucket may have; raises TooManyTags, RepeatedTags, InvalidTag."""
    if len(pairs) > _TAGS_MAX:
        raise errors.TooManyTags(f"A bucket has at most {_TAGS_MAX} tags.")
    tags = dict(pairs)
    if len(tags) < len(pairs):
        raise errors.RepeatedTags()
    for key, value in tags.items():
        if key.startswith(_RESERVED):
            raise errors.InvalidTag("The prefix of the tag's key is reserved.", ec=_EC_PREFIX)
        if not 1 <= len(key.encode()) <= _KEY_MAX_BYTES or len(value.encode()) > _VALUE_MAX_BYTES:
            raise errors.InvalidTag(ec=_EC_FORMAT, TagKey=key, TagValue=value)
    return tags


def parse_header(text: str) -> Tags:
    """Tags as ``x-oss-bucket-tagging`` gives them: a url-encoded query string."""
    try:
        text.encode()  # a header may hold bytes that are no UTF-8
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        message = "The tagging is not valid."
        raise errors.invalid_argument(message, "x-oss-bucket-tagging", ascii(text)) from None
    return check(pairs)


class TagFilter(msgspec.Struct):
    """Which buckets a list shows: those that have all these tags; a value of None is any value."""

    wanted: Mapping[str, str | None]

    def select(self, db: Database, account: int, found: list[Bucket]) -> list[Bucket]:
        """Those buckets of an account that are tagged so."""
        documents = bucket_settings.of_account(db, account, SETTING)
        return [bucket for bucket in found if self._fits(documents.get(bucket.id))]

    def _fits(self, document: bytes | None) -> bool:
        tags = {} if document is None else _decode(document)
        return all(key in tags and value in (None, tags[key]) for key, value in self.wanted.items())


def tag_filter(key: str | None, value: str | None, tagging: str | None) -> TagFilter | None:
    """The filter of ListBuckets: ``tag-key`` and perhaps ``tag-value``, or ``tagging``.

    The last is a list such as ``"k1":"v1","k2":"v2"`` (OSS documentation, "ListBuckets"). Raises
    InvalidArgument.
    """
    if tagging is not None:
        if key is not None or value is not None:
            message = "tagging can't stand beside tag-key and tag-value."
            raise errors.invalid_argument(message, "tagging", tagging)
        try:
            pairs = msgspec.json.decode(f"{{{tagging}}}", type=Tags)
        except (msgspec.DecodeError, UnicodeEncodeError):
            message = "The list of tags is not valid."
            raise errors.invalid_argument(message, "tagging", ascii(tagging)) from None
        return TagFilter(pairs)
    if value is not None and not key:
        message = "tag-value needs a tag-key."
        raise errors.invalid_argument(message, "tag-value", value)
    return TagFilter({key: value}) if key else None
