"""The default encryption of buckets (OSS documentation, "PutBucketEncryption")."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import buckets
from mossbox.operation import Empty, operation
from mossbox.operations import sealing
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES
from mossbox.operations.sealing import Rule
from mossbox.wire.fields import Element, XmlBody


class ApplyServerSideEncryptionByDefault(msgspec.Struct):
    """What is done to objects whose requests ask for nothing."""

    sse_algorithm: Annotated[str, Element("SSEAlgorithm")]
    kms_master_key_id: Annotated[str | None, Element("KMSMasterKeyID")] = None
    kms_data_encryption: Annotated[str | None, Element("KMSDataEncryption")] = None


class ServerSideEncryptionRule(msgspec.Struct):
    """The document of all three operations."""

    apply_server_side_encryption_by_default: ApplyServerSideEncryptionByDefault


class PutBucketEncryptionRequest(msgspec.Struct):
    """The default to be."""

    rule: Annotated[ServerSideEncryptionRule, XmlBody(XML_LIMIT_BYTES)]


@operation("PutBucketEncryption", "PUT", "bucket", when=["encryption"])
async def put_bucket_encryption(call: Call, request: PutBucketEncryptionRequest) -> Empty:
    """Encrypt what is written from now on without asking for anything.

    Whether a key id is one of KMS is asked when it is used (OSS documentation, EC 0005-00000208).
    """
    given = request.rule.apply_server_side_encryption_by_default
    rule = sealing.checked(
        Rule(given.sse_algorithm, given.kms_data_encryption or "", given.kms_master_key_id or ""),
        "KMSMasterKeyID",
    )
    await _set(call, sealing.encode_rule(rule).decode())
    return Empty()


@operation(
    "GetBucketEncryption", "GET", "bucket", when=["encryption"], root="ServerSideEncryptionRule"
)
async def get_bucket_encryption(call: Call, request: Empty) -> ServerSideEncryptionRule:
    """The bucket's default."""
    text = call.bucket.encryption
    if text is None:
        raise errors.NoSuchServerSideEncryptionRule(BucketName=call.bucket.name)
    rule = sealing.decode_rule(text)
    return ServerSideEncryptionRule(
        ApplyServerSideEncryptionByDefault(
            rule.algorithm, rule.key_id or None, rule.data_algorithm or None
        )
    )


@operation("DeleteBucketEncryption", "DELETE", "bucket", when=["encryption"], status=204)
async def delete_bucket_encryption(call: Call, request: Empty) -> Empty:
    """Encrypt only what is asked for; where nothing was set, nothing changes."""
    await _set(call, None)
    return Empty()


async def _set(call: Call, text: str | None) -> None:
    bucket = call.bucket
    await call.engine.db.write(lambda tx: buckets.set_encryption(tx, bucket, text), catalog=True)
