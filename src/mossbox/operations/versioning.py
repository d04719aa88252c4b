"""Versioning of buckets, and the list of versions."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import iso_ms
from mossbox.engine import DELETE_MARKER, ENABLED, NEVER, SUSPENDED, Tx, Version, buckets, objects
from mossbox.engine import versions as engine
from mossbox.operation import Empty, operation
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES, Owner, restore_state
from mossbox.operations.listing import CommonPrefix
from mossbox.wire import names
from mossbox.wire.fields import Element, Query, XmlBody
from mossbox.wire.paging import check_count, encoding, mark, shown

_STATES = {"Enabled": ENABLED, "Suspended": SUSPENDED}


class VersioningConfiguration(msgspec.Struct):
    """Enabled or Suspended; nothing where versioning was never enabled."""

    status: str | None = None


class PutBucketVersioningRequest(msgspec.Struct):
    """The new state."""

    configuration: Annotated[VersioningConfiguration, XmlBody(XML_LIMIT_BYTES)]


@operation("PutBucketVersioning", "PUT", "bucket", when=["versioning"])
async def put_bucket_versioning(call: Call, request: PutBucketVersioningRequest) -> Empty:
    """Enable or suspend versioning; it never goes away again."""
    bucket = call.bucket
    state = _STATES.get(request.configuration.status or "")
    if state is None:
        raise errors.MalformedXML(ErrorDetail="Status is Enabled or Suspended")

    def work(tx: Tx) -> None:
        objects.check_bucket(tx, bucket, writes=False)
        buckets.set_versioning(tx, bucket.id, state)

    await call.engine.db.write(work, catalog=True)
    return Empty()


@operation(
    "GetBucketVersioning", "GET", "bucket", when=["versioning"], root="VersioningConfiguration"
)
async def get_bucket_versioning(call: Call, request: Empty) -> VersioningConfiguration:
    """A bucket's versioning."""
    state = call.bucket.versioning
    if state == NEVER:
        return VersioningConfiguration()
    return VersioningConfiguration("Enabled" if state == ENABLED else "Suspended")


class ListObjectVersionsRequest(msgspec.Struct):
    """A page of versions."""

    prefix: Annotated[str, Query("prefix")] = ""
    key_marker: Annotated[str, Query("key-marker")] = ""
    version_id_marker: Annotated[str, Query("version-id-marker")] = ""
    delimiter: Annotated[str, Query("delimiter")] = ""
    max_keys: Annotated[int, Query("max-keys")] = 100
    encoding_type: Annotated[str | None, Query("encoding-type")] = None


class ObjectVersion(msgspec.Struct):
    """A version with bytes."""

    key: str
    version_id: str
    is_latest: bool
    last_modified: Annotated[str, Element(plain=True)]
    e_tag: Annotated[str, Element("ETag", plain=True)]
    type: Annotated[str, Element(plain=True)]
    size: int
    storage_class: Annotated[str, Element(plain=True)]
    restore_info: str | None
    owner: Owner


class DeleteMarkerEntry(msgspec.Struct):
    """A version that hides the older ones."""

    key: str
    version_id: str
    is_latest: bool
    last_modified: Annotated[str, Element(plain=True)]
    owner: Owner


class ListObjectVersionsResult(msgspec.Struct):
    """What was found, and where to go on."""

    name: str
    prefix: str
    key_marker: str
    version_id_marker: str
    max_keys: int
    delimiter: str
    encoding_type: str | None
    is_truncated: bool
    next_key_marker: str | None
    next_version_id_marker: str | None
    versions: Annotated[list[ObjectVersion], Element("Version")]
    delete_markers: Annotated[list[DeleteMarkerEntry], Element("DeleteMarker")]
    common_prefixes: list[CommonPrefix]


@operation("ListObjectVersions", "GET", "bucket", when=["versions"], root="ListVersionsResult")
async def list_object_versions(
    call: Call, request: ListObjectVersionsRequest
) -> ListObjectVersionsResult:
    """Versions in the order of their keys, of one key the newest first."""
    url = encoding(request.encoding_type)
    prefix = mark("prefix", request.prefix)
    key_marker = mark("key-marker", request.key_marker)
    delimiter = mark("delimiter", request.delimiter)
    count = check_count("max-keys", request.max_keys)
    page = engine.page(
        call.engine.db, call.bucket, prefix=prefix, key_marker=key_marker,
        rank_marker=_rank_marker(call, key_marker, request.version_id_marker),
        delimiter=delimiter, count=count,
    )  # fmt: skip
    account = call.engine.account(call.bucket.account)
    owner = Owner(account.uid, account.name)
    next_id = None
    if page.truncated and page.last_rank is not None:
        # Not "null", where it is that: the page must go on although that version is gone.
        next_id = engine.version_id(page.last_rank, 0)
    return ListObjectVersionsResult(
        name=call.bucket_name,
        prefix=shown(prefix, url),
        key_marker=shown(key_marker, url),
        version_id_marker=request.version_id_marker,
        max_keys=count,
        delimiter=shown(delimiter, url),
        encoding_type="url" if url else None,
        is_truncated=page.truncated,
        next_key_marker=shown(page.last_key, url) if page.truncated else None,
        next_version_id_marker=next_id,
        versions=[
            _version(shown(key, url), newest, version, owner, call.now_ms)
            for key, newest, version in page.rows
            if version.kind != DELETE_MARKER
        ],
        delete_markers=[
            DeleteMarkerEntry(
                shown(key, url), engine.version_id(version.rank, version.null_id), newest,
                iso_ms(version.modified_ms), owner,
            )
            for key, newest, version in page.rows
            if version.kind == DELETE_MARKER
        ],
        common_prefixes=[CommonPrefix(shown(group, url)) for group in page.prefixes],
    )  # fmt: skip


def _rank_marker(call: Call, key: bytes, text: str) -> int | None:
    """The place of a version within its key; raises InvalidArgument."""
    if not text:
        return None
    if not key:
        message = "A version-id marker cannot be specified without a key marker."
        raise errors.invalid_argument(message, "version-id-marker", text)
    ref = engine.parse_id(text)
    if ref != engine.NULL:
        return ref
    null = engine.find(call.engine.db, call.bucket.id, key, ref)
    return None if null is None else null.rank


def _version(key: str, newest: bool, version: Version, owner: Owner, now_ms: int) -> ObjectVersion:
    archived = version.storage_class >= names.ARCHIVE
    return ObjectVersion(
        key, engine.version_id(version.rank, version.null_id), newest, iso_ms(version.modified_ms),
        f'"{version.etag}"', names.OBJECT_TYPES[version.kind], version.size,
        names.STORAGE_CLASSES[version.storage_class],
        restore_state(version.details(), now_ms) if archived else None, owner,
    )  # fmt: skip
