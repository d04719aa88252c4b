"""Bucket policies: who else may do what with a bucket (OSS documentation, "PutBucketPolicy")."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.auth.documents import PolicyError, parse
from mossbox.auth.statements import Policy
from mossbox.engine import Tx, bucket_settings
from mossbox.engine.bucket_settings import POLICY
from mossbox.operation import Empty, Need, operation
from mossbox.operations.call import Call
from mossbox.operations.public_access import check_not_blocked
from mossbox.wire.fields import Header, RawBody, Stream

SIZE_MAX = 16 << 10


class PutBucketPolicyRequest(msgspec.Struct):
    """The policy, as JSON."""

    document: Annotated[bytes, RawBody(SIZE_MAX)] = b""


@operation("PutBucketPolicy", "PUT", "bucket", when=["policy"])
async def put_bucket_policy(call: Call, request: PutBucketPolicyRequest) -> Empty:
    """Set a bucket's policy; it counts for every request that begins after the answer."""
    bucket, document = call.bucket, request.document
    policy = _compiled(document)
    here = call.resource(Need("", "bucket", bucket.name, b""))
    if policy.speaks_elsewhere(here):
        raise errors.MalformedPolicy("A Resource of the policy is none of this bucket's.")

    def work(tx: Tx) -> None:
        if policy.public:
            check_not_blocked(tx, bucket, "policy")
        bucket_settings.put(tx, bucket, POLICY, document)

    await call.engine.db.write(work, catalog=True)
    return Empty()


def _compiled(document: bytes) -> Policy:
    try:
        return parse(document.decode(), "bucket")  # not remembered before it is kept
    except UnicodeDecodeError:
        raise errors.MalformedPolicy("The policy is not UTF-8.") from None
    except PolicyError as error:
        raise errors.MalformedPolicy(f"The policy is not valid: {error}.") from None


class GetBucketPolicyResult(msgspec.Struct):
    """The policy as it was put."""

    content_type: Annotated[str, Header("Content-Type")]
    document: Annotated[bytes, Stream()]


@operation("GetBucketPolicy", "GET", "bucket", when=["policy"])
async def get_bucket_policy(call: Call, request: Empty) -> GetBucketPolicyResult:
    """A bucket's policy; raises NoSuchBucketPolicy."""
    document = call.bucket.settings.get(POLICY)
    if document is None:
        raise errors.NoSuchBucketPolicy(BucketName=call.bucket.name)
    return GetBucketPolicyResult("application/json", document)


@operation("DeleteBucketPolicy", "DELETE", "bucket", when=["policy"], status=204)
async def delete_bucket_policy(call: Call, request: Empty) -> Empty:
    """Remove a bucket's policy; one that is not there is no error."""
    bucket = call.bucket
    await call.engine.db.write(lambda tx: bucket_settings.delete(tx, bucket, POLICY), catalog=True)
    return Empty()


class PolicyStatus(msgspec.Struct):
    """Whether the policy lets everybody in."""

    is_public: bool


@operation("GetBucketPolicyStatus", "GET", "bucket", when=["policyStatus"], root="PolicyStatus")
async def get_bucket_policy_status(call: Call, request: Empty) -> PolicyStatus:
    """Whether a bucket's policy lets everybody in; no policy lets nobody in."""
    policy = call.bucket_policy()
    return PolicyStatus(policy is not None and policy.public)
