"""ExplainPolicy, by `mossbox policy explain`: the verdict and its reasons, in words."""

import json

import pytest

from mossbox.apps.cli import main
from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET, OTHER_UID
from tests.support import Server


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    assert server.request("PUT", bucket_name).status == 200
    assert server.request("PUT", bucket_name, "key", body=b"x").status == 200
    resources = [f"acs:oss:*:*:{bucket_name}/*"]
    statements = [
        {"Effect": "Allow", "Principal": [OTHER_UID], "Action": "oss:Get*", "Resource": resources},
        {"Sid": "no phones", "Effect": "Deny", "Principal": ["*"], "Action": "oss:GetObject",
         "Resource": resources, "Condition": {"StringLike": {"acs:UserAgent": "phone*"}}},
    ]  # fmt: skip
    text = json.dumps({"Version": "1", "Statement": statements}).encode()
    assert server.request("PUT", bucket_name, query={"policy": ""}, body=text).status == 200
    return bucket_name


def explained(server: Server, capsys, who: str, action: str, tail: str, *more: str):
    """Exit status and lines."""
    status = main(
        ["policy", "explain", "--as", who, "--action", action, "--resource",
         f"acs:oss:*:*:{tail}", "--endpoint", server.endpoint, *more]
    )  # fmt: skip
    out = capsys.readouterr()
    return status, (out.out or out.err).splitlines()


def test_who_may_and_why(server, bucket, capsys):
    status, lines = explained(server, capsys, OTHER_UID, "oss:GetObject", f"{bucket}/key")
    assert status == 0
    assert lines == [
        f"{OTHER_UID} may do oss:GetObject on acs:oss:*:*:{bucket}/key: the bucket's policy"
        " allows it, and none denies it.",
        "  bucket policy: statement 1 allows it",
    ]
    phone = ("--context", "acs:UserAgent=phone/1")
    status, lines = explained(server, capsys, OTHER_UID, "oss:GetObject", f"{bucket}/key", *phone)
    assert status == 1
    assert lines == [
        f"{OTHER_UID} may not do oss:GetObject on acs:oss:*:*:{bucket}/key: the bucket's policy"
        " denies it.",
        '  bucket policy: statement 2 ("no phones") denies it',
    ]
    status, lines = explained(server, capsys, "anonymous", "oss:GetObject", f"{bucket}/key")
    assert status == 1
    assert lines[0].endswith("no policy allows it, and neither does the bucket's ACL.")
    assert lines[1:] == ["  bucket policy: no statement applies"]
    status, lines = explained(server, capsys, "root", "oss:PutObject", f"{bucket}/key")
    assert status == 0
    assert lines[0].endswith("may do all that no policy denies.")
    for tail, wanted in (("*", 1), (bucket, 1)):
        assert explained(server, capsys, "anonymous", "oss:ListBuckets", tail)[0] == wanted
    assert explained(server, capsys, "root", "oss:ListBuckets", "*")[0] == 0


def test_the_answer_is_that_of_the_request(server, bucket, capsys):
    theirs = {"key_id": OTHER_KEY_ID, "secret": OTHER_SECRET}
    for action, method, key in (
        ("oss:GetObject", "GET", "key"), ("oss:PutObject", "PUT", "new"),
        ("oss:DeleteObject", "DELETE", "key"), ("oss:ListObjects", "GET", ""),
    ):  # fmt: skip
        tail = f"{bucket}/{key}".rstrip("/")
        status, _ = explained(server, capsys, OTHER_UID, action, tail)
        answer = server.request(method, bucket, key, body=b"x" if key else None, **theirs)
        assert (status == 0) is (answer.status == 200)


def test_what_can_not_be_explained(server, bucket, capsys):
    for who, action, tail, word in (
        ("nobody", "oss:GetObject", f"{bucket}/key", "nobody of this name"),
        ("role/none", "oss:GetObject", f"{bucket}/key", "nobody of this name"),
        ("root", "GetObject", f"{bucket}/key", "such as oss:PutObject"),
        ("root", "oss:GetObject", "b", "InvalidBucketName"),
        ("root", "oss:GetObject", f"{bucket}-none", "NoSuchBucket"),
    ):
        status, lines = explained(server, capsys, who, action, tail)
        assert (status, len(lines)) == (2, 1)
        assert word in lines[0]


def test_nobody_else_is_told(server, bucket):
    query = {"mossbox-policy": "ExplainPolicy", "x-oss-explain-as": "root",
             "x-oss-explain-action": "oss:GetObject",
             "x-oss-explain-resource": f"acs:oss:*:*:{bucket}/key"}  # fmt: skip
    assert server.request("GET", query=query).status == 200
    assert server.request("GET", query=query, sign=False).status == 403
    answer = server.request("GET", query=query, key_id=OTHER_KEY_ID, secret=OTHER_SECRET)
    assert (answer.status, answer.code) == (403, "AccessDenied")
