"""ACLs of buckets and objects."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import Tx, buckets, objects
from mossbox.operation import Empty, operation
from mossbox.operations.bucket import AccessControlList
from mossbox.operations.call import Call
from mossbox.operations.common import Owner, acl_index, key_text
from mossbox.wire import names
from mossbox.wire.fields import Header


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


@operation("PutBucketAcl", "PUT", "bucket", when=["acl"])
async def put_bucket_acl(call: Call, request: PutBucketAclRequest) -> Empty:
    """Set a bucket's ACL."""
    if request.acl is None:
        raise errors.MissingArgument(ArgumentName="x-oss-acl")
    acl = acl_index(request.acl, "x-oss-acl", names.ACLS[1:])
    bucket = call.bucket

    def work(tx: Tx) -> None:
        objects.check_bucket(tx, bucket)
        buckets.set_acl(tx, bucket.id, acl)

    await call.engine.db.write(work, catalog=True)
    return Empty()


@operation("GetBucketAcl", "GET", "bucket", when=["acl"], root="AccessControlPolicy")
async def get_bucket_acl(call: Call, request: Empty) -> AccessControlPolicy:
    """A bucket's ACL."""
    return _policy(call, call.bucket.acl)


class PutObjectAclRequest(msgspec.Struct):
    """The new ACL."""

    acl: Annotated[str | None, Header("x-oss-object-acl")] = None


@operation("PutObjectAcl", "PUT", "object", when=["acl"])
async def put_object_acl(call: Call, request: PutObjectAclRequest) -> Empty:
    """Set an object's ACL; its Last-Modified stays."""
    if request.acl is None:
        raise errors.MissingArgument(ArgumentName="x-oss-object-acl")
    acl = acl_index(request.acl, "x-oss-object-acl", names.ACLS)
    bucket, key = call.bucket, call.key
    await call.engine.db.write(lambda tx: objects.set_acl(tx, bucket, key, acl))
    return Empty()


@operation("GetObjectAcl", "GET", "object", when=["acl"], root="AccessControlPolicy")
async def get_object_acl(call: Call, request: Empty) -> AccessControlPolicy:
    """An object's ACL."""
    head = call.head()
    if head is None:
        raise errors.NoSuchKey(Key=key_text(call.key))
    return _policy(call, head.acl)
