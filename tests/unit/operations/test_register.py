"""What the topics declare, taken together."""

import pytest

from mossbox.auth import oss_v1
from mossbox.operation import REGISTER
from mossbox.operations import unbuilt
from mossbox.operations.register import ROUTES, SUB_RESOURCES

BUILT = {
    "ListBuckets", "PutBucket", "DeleteBucket", "GetBucketInfo", "GetBucketLocation",
    "GetBucketStat", "PutBucketAcl", "GetBucketAcl", "ListObjects", "ListObjectsV2", "PutObject",
    "GetObject", "HeadObject", "GetObjectMeta", "DeleteObject", "DeleteMultipleObjects",
    "PutObjectAcl", "GetObjectAcl", "PutBucketTags", "GetBucketTags", "DeleteBucketTags",
    "SealAppendObject", "AppendObject", "InitiateMultipartUpload", "UploadPart",
    "CompleteMultipartUpload", "AbortMultipartUpload", "CopyObject", "UploadPartCopy",
    "PutBucketEncryption", "GetBucketEncryption", "DeleteBucketEncryption", "CreateKey", "ListKeys",
    "DescribeKey", "EnableKey", "DisableKey", "CreateKeyVersion", "SetDefaultKey",
    "PutObjectTagging", "GetObjectTagging", "DeleteObjectTagging", "RestoreObject",
    "CleanRestoredObject", "PutSymlink", "GetSymlink", "ListParts", "ListMultipartUploads",
    "PutBucketVersioning", "GetBucketVersioning", "ListObjectVersions",
    "PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicyStatus",
    "PutPublicAccessBlock", "GetPublicAccessBlock", "DeletePublicAccessBlock",
    "PutBucketPublicAccessBlock", "GetBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock",
    "PutBucketReferer", "GetBucketReferer", "PutBucketRequestPayment", "GetBucketRequestPayment",
    "ExplainPolicy", "PostObject", "PutBucketCors", "GetBucketCors",
    "DeleteBucketCors", "OptionObject",
}  # fmt: skip


def test_what_is_built():
    assert {name for name, entry in REGISTER.items() if not entry.refused} == BUILT


@pytest.mark.parametrize("name", sorted(REGISTER))
def test_every_operation_is_found_by_what_it_demands(name):
    entry = REGISTER[name]
    pairs = [item.partition("=")[::2] for item in entry.when]
    in_header = ("x-oss-copy-source",)
    query = {n: v for n, v in pairs if n not in in_header}
    headers = {n: v for n, v in pairs if n in in_header}
    for method in filter(None, (entry.method, entry.also)):
        assert ROUTES.match(entry.scope, method, query, headers) is entry
    if entry.also_on:
        assert ROUTES.match(entry.also_on, entry.method, query, headers) is entry


def test_what_is_not_signed():
    """Each of these says itself who may ask; no other operation forgets to."""
    otherwise = {name: entry.access for name, entry in REGISTER.items() if entry.access != "signed"}
    assert otherwise == {"PostObject": "form", "OptionObject": "open"}


def test_v1_signs_every_sub_resource_that_selects_an_operation():
    unsigned = {
        name
        for name in ROUTES.selectors
        if name not in oss_v1.SIGNED and not name.startswith("x-oss-")
    }
    # These the clients leave unsigned; none of them turns one object operation into another.
    for name in unsigned:
        scopes = {
            entry.scope
            for entry in REGISTER.values()
            if any(item.partition("=")[0] == name for item in entry.when)
        }
        assert "object" not in scopes, name


def test_names_with_a_meaning_are_refused_where_they_have_none():
    assert unbuilt.QUERIES <= SUB_RESOURCES
