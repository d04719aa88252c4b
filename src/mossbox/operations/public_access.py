"""Blocks of public access, of an account and of a bucket (OSS documentation, same name).

Under a block ACLs and policies that let everybody in count for nothing, and new ones are refused.
"""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.auth.acl import PUBLIC_READ
from mossbox.engine import Bucket, Tx, bucket_settings
from mossbox.engine.bucket_settings import PUBLIC_ACCESS_BLOCK
from mossbox.operation import Empty, operation
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES, refuse_anonymous
from mossbox.wire.fields import XmlBody

_ON = b"on"


class PublicAccessBlockConfiguration(msgspec.Struct):
    """The document of all these operations."""

    block_public_access: bool


class PutBlockRequest(msgspec.Struct):
    """Whether public access is to be blocked."""

    configuration: Annotated[PublicAccessBlockConfiguration, XmlBody(XML_LIMIT_BYTES)]


@operation("PutBucketPublicAccessBlock", "PUT", "bucket", when=["publicAccessBlock"])
async def put_bucket_public_access_block(call: Call, request: PutBlockRequest) -> Empty:
    """Block public access to a bucket, or let it be."""
    await _set(call, on=request.configuration.block_public_access)
    return Empty()


@operation(
    "GetBucketPublicAccessBlock", "GET", "bucket", when=["publicAccessBlock"],
    root="PublicAccessBlockConfiguration",
)  # fmt: skip
async def get_bucket_public_access_block(
    call: Call, request: Empty
) -> PublicAccessBlockConfiguration:
    """Whether the bucket itself blocks public access; its account may all the same."""
    return PublicAccessBlockConfiguration(PUBLIC_ACCESS_BLOCK in call.bucket.settings)


@operation(
    "DeleteBucketPublicAccessBlock", "DELETE", "bucket", when=["publicAccessBlock"], status=204
)
async def delete_bucket_public_access_block(call: Call, request: Empty) -> Empty:
    """Let public access be."""
    await _set(call, on=False)
    return Empty()


async def _set(call: Call, *, on: bool) -> None:
    bucket = call.bucket

    def work(tx: Tx) -> None:
        if on:
            bucket_settings.put(tx, bucket, PUBLIC_ACCESS_BLOCK, _ON)
        else:
            bucket_settings.delete(tx, bucket, PUBLIC_ACCESS_BLOCK)

    await call.engine.db.write(work, catalog=True)


@operation("PutPublicAccessBlock", "PUT", "service", when=["publicAccessBlock"])
async def put_public_access_block(call: Call, request: PutBlockRequest) -> Empty:
    """Block public access to all buckets of the account, or let it be."""
    await _set_account(call, _ON if request.configuration.block_public_access else None)
    return Empty()


@operation(
    "GetPublicAccessBlock", "GET", "service", when=["publicAccessBlock"],
    root="PublicAccessBlockConfiguration",
)  # fmt: skip
async def get_public_access_block(call: Call, request: Empty) -> PublicAccessBlockConfiguration:
    """Whether the account blocks public access."""
    refuse_anonymous(call.caller)
    blocked = bucket_settings.account_block(call.engine.db, call.caller.account)
    return PublicAccessBlockConfiguration(blocked is not None)


@operation("DeletePublicAccessBlock", "DELETE", "service", when=["publicAccessBlock"], status=204)
async def delete_public_access_block(call: Call, request: Empty) -> Empty:
    """Let public access be."""
    await _set_account(call, None)
    return Empty()


async def _set_account(call: Call, document: bytes | None) -> None:
    refuse_anonymous(call.caller)
    account = call.caller.account
    await call.engine.db.write(
        lambda tx: bucket_settings.set_account_block(tx, account, document), catalog=True
    )


def check_not_blocked(tx: Tx, bucket: Bucket, what: str) -> None:
    """Raise AccessDenied where public access is blocked now, for what would be public."""
    if (
        bucket_settings.get(tx, bucket.id, PUBLIC_ACCESS_BLOCK) is not None
        or bucket_settings.account_block(tx, bucket.account) is not None
    ):
        raise errors.AccessDenied(
            f"Put public bucket {what} is not allowed: public access is blocked.",
            BucketName=bucket.name,
        )


def check_acl(tx: Tx, bucket: Bucket, acl: int) -> None:
    """The same for an ACL, by its number."""
    if acl >= PUBLIC_READ:
        check_not_blocked(tx, bucket, "acl")
