"""Buckets: making, removing and describing them."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import iso_ms
from mossbox.engine import Bucket, Tx, buckets
from mossbox.engine.store import BUCKETS_MAX
from mossbox.operation import Empty, Need, Operation, operation
from mossbox.operations import bucket_tags
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES, Owner, acl_index, storage_class_index
from mossbox.operations.public_access import check_acl
from mossbox.operations.sealing import decode_rule
from mossbox.wire import fields, names
from mossbox.wire.fields import Element, Header, XmlBody


class CreateBucketConfiguration(msgspec.Struct):
    """What a bucket is to be."""

    storage_class: str | None = None
    data_redundancy_type: str | None = None


class PutBucketRequest(msgspec.Struct):
    """A new bucket."""

    name: Annotated[str, fields.Bucket()]
    acl: Annotated[str | None, Header("x-oss-acl")] = None
    tagging: Annotated[str | None, Header("x-oss-bucket-tagging")] = None
    configuration: Annotated[
        CreateBucketConfiguration | None, XmlBody(XML_LIMIT_BYTES, optional=True)
    ] = None


class PutBucketResult(msgspec.Struct):
    """Where the bucket is."""

    location: Annotated[str, Header("Location")]


def _create_needs(entry: Operation, bucket: str, _key: bytes, _q: object) -> tuple[Need, ...]:
    return (Need(entry.action, "service", bucket, b""),)  # there is no owner to ask yet


@operation("PutBucket", "PUT", "bucket", needs=_create_needs)
async def put_bucket(call: Call, request: PutBucketRequest) -> PutBucketResult:
    """Make a bucket; making one's own again changes nothing but an ACL that is given."""
    names.check_new_bucket(request.name)
    acl = request.acl and acl_index(request.acl, "x-oss-acl", names.ACLS[1:])
    tags = bucket_tags.parse_header(request.tagging) if request.tagging else {}
    wanted = request.configuration or CreateBucketConfiguration()
    asked = Bucket(
        id=0,
        name=request.name,
        account=call.caller.account,
        created_ms=call.now_ms,
        region=call.region or call.endpoints.region,
        storage_class=storage_class_index(wanted.storage_class or "Standard", "StorageClass"),
        redundancy=_redundancy(wanted.data_redundancy_type or "LRS"),
        acl=acl or names.ACLS.index("private"),
        versioning=0,
    )

    def work(tx: Tx) -> None:
        found, new = buckets.create(tx, asked, BUCKETS_MAX)
        if acl and found.account == asked.account:
            check_acl(tx, found, asked.acl)
        if not new:
            _again(tx, found, asked, wanted, acl)
        elif tags:
            bucket_tags.put(tx, found, tags)

    await call.engine.db.write(work, catalog=True)
    return PutBucketResult(f"/{request.name}")


def _again(
    tx: Tx, found: Bucket, asked: Bucket, wanted: CreateBucketConfiguration, acl: int | str | None
) -> None:
    if found.account != asked.account:
        raise errors.BucketAlreadyExists(BucketName=asked.name)
    changed = (wanted.storage_class and found.storage_class != asked.storage_class) or (
        wanted.data_redundancy_type and found.redundancy != asked.redundancy
    )
    if changed or found.region != asked.region:
        raise errors.BucketAlreadyExists(
            "The bucket exists; its location, storage type and redundancy can't be modified.",
            BucketName=asked.name,
        )
    if acl:
        buckets.set_acl(tx, found.id, asked.acl)


def _redundancy(text: str) -> int:
    if text not in names.REDUNDANCIES:
        raise errors.invalid_argument("The redundancy is not valid.", "DataRedundancyType", text)
    return names.REDUNDANCIES.index(text)


@operation("DeleteBucket", "DELETE", "bucket", status=204)
async def delete_bucket(call: Call, request: Empty) -> Empty:
    """Remove a bucket that holds nothing."""
    bucket = call.bucket
    await call.engine.db.write(lambda tx: buckets.delete(tx, bucket), catalog=True)
    return Empty()


class AccessControlList(msgspec.Struct):
    """The one grant that OSS knows."""

    grant: str


class ServerSideEncryptionRule(msgspec.Struct):
    """The bucket's default encryption."""

    sse_algorithm: Annotated[str, Element("SSEAlgorithm")]
    kms_master_key_id: Annotated[str | None, Element("KMSMasterKeyID")] = None
    kms_data_encryption: Annotated[str | None, Element("KMSDataEncryption")] = None


class BucketDescription(msgspec.Struct):
    """All that GetBucketInfo tells."""

    access_monitor: str
    block_public_access: bool
    creation_date: str
    cross_region_replication: str
    data_redundancy_type: str
    extranet_endpoint: str
    intranet_endpoint: str
    location: str
    name: str
    resource_group_id: str
    storage_class: str
    transfer_acceleration: str
    versioning: str | None
    comment: str
    owner: Owner
    access_control_list: AccessControlList
    server_side_encryption_rule: ServerSideEncryptionRule


class GetBucketInfoResult(msgspec.Struct):
    """The description in its envelope."""

    bucket: BucketDescription


@operation("GetBucketInfo", "GET", "bucket", when=["bucketInfo"], root="BucketInfo")
async def get_bucket_info(call: Call, request: Empty) -> GetBucketInfoResult:
    """What a bucket is."""
    bucket = call.bucket
    owner = call.engine.account(bucket.account)
    return GetBucketInfoResult(
        BucketDescription(
            access_monitor="Disabled",
            block_public_access=call.blocks_public(),
            creation_date=iso_ms(bucket.created_ms),
            cross_region_replication="Disabled",
            data_redundancy_type=names.REDUNDANCIES[bucket.redundancy],
            extranet_endpoint=call.endpoints.extranet(bucket.region),
            intranet_endpoint=call.endpoints.intranet(bucket.region),
            location=f"oss-{bucket.region}",
            name=bucket.name,
            resource_group_id="",
            storage_class=names.STORAGE_CLASSES[bucket.storage_class],
            transfer_acceleration="Disabled",
            versioning=(None, "Enabled", "Suspended")[bucket.versioning],
            comment="",
            owner=Owner(owner.uid, owner.name),
            access_control_list=AccessControlList(names.ACLS[bucket.acl]),
            server_side_encryption_rule=_encryption(bucket),
        )
    )


def _encryption(bucket: Bucket) -> ServerSideEncryptionRule:
    if bucket.encryption is None:
        return ServerSideEncryptionRule("None")
    rule = decode_rule(bucket.encryption)
    return ServerSideEncryptionRule(
        rule.algorithm, rule.key_id or None, rule.data_algorithm or None
    )


class GetBucketLocationResult(msgspec.Struct):
    """The region, as the text of the root element: ali-oss trips over anything more."""

    location: Annotated[str, fields.Text()]


@operation("GetBucketLocation", "GET", "bucket", when=["location"], root="LocationConstraint")
async def get_bucket_location(call: Call, request: Empty) -> GetBucketLocationResult:
    """Where a bucket is."""
    return GetBucketLocationResult(f"oss-{call.bucket.region}")


class GetBucketStatResult(msgspec.Struct):
    """What a bucket holds, by storage class; sizes in bytes."""

    storage: int = 0
    object_count: int = 0
    multipart_upload_count: int = 0
    live_channel_count: int = 0
    last_modified_time: int = 0
    standard_storage: int = 0
    standard_object_count: int = 0
    infrequent_access_storage: int = 0
    infrequent_access_real_storage: int = 0
    infrequent_access_object_count: int = 0
    archive_storage: int = 0
    archive_real_storage: int = 0
    archive_object_count: int = 0
    cold_archive_storage: int = 0
    cold_archive_real_storage: int = 0
    cold_archive_object_count: int = 0
    deep_cold_archive_storage: int = 0
    deep_cold_archive_real_storage: int = 0
    deep_cold_archive_object_count: int = 0
    multipart_part_count: int = 0
    delete_marker_count: int = 0


_STAT_FIELDS = (
    "standard", "infrequent_access", "archive", "cold_archive", "deep_cold_archive",
)  # fmt: skip


@operation("GetBucketStat", "GET", "bucket", when=["stat"], root="BucketStat")
async def get_bucket_stat(call: Call, request: Empty) -> GetBucketStatResult:
    """What a bucket holds, from counters that every write keeps; nothing is counted now."""
    stat = GetBucketStatResult()
    for storage_class, count, size, markers, uploads, parts, modified_ms in buckets.usage(
        call.engine.db, call.bucket.id
    ):
        stat.storage += size
        stat.object_count += count
        stat.delete_marker_count += markers
        stat.multipart_upload_count += uploads
        stat.multipart_part_count += parts
        stat.last_modified_time = max(stat.last_modified_time, modified_ms // 1000)
        prefix = _STAT_FIELDS[storage_class]
        setattr(stat, f"{prefix}_storage", size)
        setattr(stat, f"{prefix}_object_count", count)
        if storage_class:
            setattr(stat, f"{prefix}_real_storage", size)
    return stat
