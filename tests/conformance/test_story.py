"""The vendor's tutorial on uploads from a page: its chapters on permissions and on cleaning up."""

import json
import os

import pytest

from tests.conformance.cloud import TRUST_ACCOUNT, Cloud, Refused
from tests.conformance.keys import UID
from tests.support import Server

# As the tutorial prints it: one action and one resource, each a string and not a list.
PUT_ONLY = """
{
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "oss:PutObject",
      "Resource": "acs:oss:*:*:<BucketName>/*"
    }
  ]
}
"""


def test_from_the_first_user_to_the_last_clean_up(server: Server, bucket_name: str) -> None:
    root, name = Cloud(server), f"n-{os.urandom(6).hex()}"
    assert root.oss("PUT", bucket_name).status == 200
    user = root.user(name)  # operation 1: with its AccessKey pair
    with pytest.raises(Refused, match="NoPermission"):
        user.assume(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)  # 2
    role = root("CreateRole", role_name=name, assume_role_policy_document=TRUST_ACCOUNT)[
        "Role"
    ]  # 3
    assert role["Arn"] == f"acs:ram::{UID}:role/{name}"
    session = user.assume(name)
    assert session.oss("PUT", bucket_name, "a", body=b"1").code == "AccessDenied"
    text = PUT_ONLY.replace("<BucketName>", bucket_name)
    root("CreatePolicy", policy_name=name, policy_document=text)  # 4
    root.attach(name, "Role", name)  # 5
    uploads_and_nothing_else(session, bucket_name)
    assert user.oss("PUT", bucket_name, "a", body=b"1").code == "AccessDenied"

    root("DeleteUser", user_name=name)
    assert user.oss("GET").code == "InvalidAccessKeyId"
    root("DeleteRole", role_name=name)
    assert session.oss("PUT", bucket_name, "b", body=b"1").status == 403
    root("DeletePolicy", policy_name=name)  # nothing has it any more
    assert root.oss("DELETE", bucket_name).code == "BucketNotEmpty"
    assert root.oss("DELETE", bucket_name, "a").status == 204
    assert root.oss("DELETE", bucket_name, "parts").status == 204
    assert root.oss("DELETE", bucket_name).status == 204


def uploads_and_nothing_else(session: Cloud, bucket: str) -> None:
    assert session.oss("PUT", bucket, "a", body=b"1").status == 200
    begun = session.oss("POST", bucket, "parts", query={"uploads": ""})
    upload = {"uploadId": begun.element("UploadId")}
    part = session.oss("PUT", bucket, "parts", query={**upload, "partNumber": "1"}, body=b"1")
    etag = part.headers["etag"]
    complete = (
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
        f"<ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    )
    done = session.oss("POST", bucket, "parts", query=upload, body=complete.encode())
    assert done.status == 200
    for answer in (
        session.oss("GET", bucket, "a"), session.oss("GET", bucket), session.oss("GET"),
        session.oss("DELETE", bucket, "a"), session.oss("GET", bucket, "a", query={"acl": ""}),
        session.oss("PUT", bucket, "a", query={"acl": ""}, headers={"x-oss-object-acl": "private"}),
        session.oss("PUT", f"{bucket}-2", "a", body=b"1"),
    ):  # fmt: skip
        assert answer.code in ("AccessDenied", "NoSuchBucket")


def test_policies_may_write_texts_or_lists(server: Server, bucket_name: str) -> None:
    root, name = Cloud(server), f"n-{os.urandom(6).hex()}"
    root.oss("PUT", bucket_name)
    user = root.user(name)
    statement = json.loads(PUT_ONLY.replace("<BucketName>", bucket_name))["Statement"][0]
    lists = {"Version": "1", "Statement": {**statement, "Action": [statement["Action"]]}}
    root("CreatePolicy", policy_name=name, policy_document=json.dumps(lists))
    root.attach(name, "User", name)
    assert user.oss("PUT", bucket_name, "a", body=b"1").status == 200
