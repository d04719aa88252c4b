"""ACLs of buckets and objects."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import Tx, Version, buckets, objects
from mossbox.operation import Empty, Need, Operation, operation
from mossbox.operations.bucket import AccessControlList, PutBucketRequest, put_bucket
from mossbox.operations.call import Call
from mossbox.operations.common import Owner, acl_index, authorise
from mossbox.operations.getting import VersionRequest
from mossbox.operations.public_access import check_acl
from mossbox.wire import names
from mossbox.wire.fields import Header, Query


class AccessControlPolicy(msgspec.Struct):
    """Who owns it, and what everybody else may."""

    owner: Owner
    access_control_list: AccessControlList


def _policy(call: Call, acl: int) -> AccessControlPolicy:
    owner = call.engine.account(call.bucket.account)
    return AccessControlPolicy(Owner(owner.uid, owner.name), AccessControlList(names.ACLS[acl]))


class PutBucketAclRequest(msgspec.Struct):
    """The new ACL."""

    acl: Annotated[str | None, Header("x-oss-acl")] = None


class PutBucketAclResult(msgspec.Struct):
    """Where the bucket is."""

    location: Annotated[str, Header("Location")]


def _asked_later(_entry: Operation, _bucket: str, _key: bytes, _q: object) -> tuple[Need, ...]:
    return ()  # what is needed depends on whether there is a bucket: the handler asks


@operation("PutBucketAcl", "PUT", "bucket", when=["acl"], needs=_asked_later)
async def put_bucket_acl(call: Call, request: PutBucketAclRequest) -> PutBucketAclResult:
    """Set a bucket's ACL; as on OSS, a bucket that is not there is made."""
    name = call.bucket_name
    if buckets.find(call.engine.db, name) is None:
        authorise(call, Need("oss:PutBucket", "service", name, b""))
        made = await put_bucket(call, PutBucketRequest(name, _bucket_acl(request)))
        return PutBucketAclResult(made.location)
    bucket = call.bucket
    authorise(call, Need("oss:PutBucketAcl", "bucket", name, b""))
    acl = acl_index(_bucket_acl(request), "x-oss-acl", names.ACLS[1:])

    def work(tx: Tx) -> None:
        objects.check_bucket(tx, bucket)
        check_acl(tx, bucket, acl)
        buckets.set_acl(tx, bucket.id, acl)

    await call.engine.db.write(work, catalog=True)
    return PutBucketAclResult(f"/{name}")


def _bucket_acl(request: PutBucketAclRequest) -> str:
    if request.acl is None:
        raise errors.MissingArgument(ArgumentName="x-oss-acl")
    return request.acl


@operation("GetBucketAcl", "GET", "bucket", when=["acl"], root="AccessControlPolicy")
async def get_bucket_acl(call: Call, request: Empty) -> AccessControlPolicy:
    """A bucket's ACL."""
    return _policy(call, call.bucket.acl)


class PutObjectAclRequest(msgspec.Struct):
    """The new ACL."""

    acl: Annotated[str | None, Header("x-oss-object-acl")] = None
    version_id: Annotated[str | None, Query("versionId")] = None


class PutObjectAclResult(msgspec.Struct):
    """Which version it was."""

    version_id: Annotated[str | None, Header("x-oss-version-id")]


@operation("PutObjectAcl", "PUT", "object", when=["acl"])
async def put_object_acl(call: Call, request: PutObjectAclRequest) -> PutObjectAclResult:
    """Set an object's ACL; its Last-Modified stays."""
    if request.acl is None:
        raise errors.MissingArgument(ArgumentName="x-oss-object-acl")
    acl = acl_index(request.acl, "x-oss-object-acl", names.ACLS)
    bucket, key, ref = call.bucket, call.key, call.ref

    def work(tx: Tx) -> Version:
        check_acl(tx, bucket, acl)
        return objects.set_acl(tx, bucket, key, ref, acl)

    version = await call.engine.db.write(work)
    return PutObjectAclResult(call.version_header(version))


class GetObjectAclResult(AccessControlPolicy):
    """The same, and which version it was."""

    version_id: Annotated[str | None, Header("x-oss-version-id")] = None


@operation("GetObjectAcl", "GET", "object", when=["acl"], root="AccessControlPolicy")
async def get_object_acl(call: Call, request: VersionRequest) -> GetObjectAclResult:
    """An object's ACL."""
    version = call.found()
    policy = _policy(call, version.acl)
    return GetObjectAclResult(
        policy.owner, policy.access_control_list, call.version_header(version)
    )
