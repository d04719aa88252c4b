"""Bucket policies, blocks of public access, referer rules and requester pays, by the new SDK.

Covers PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus,
PutPublicAccessBlock, GetPublicAccessBlock, DeletePublicAccessBlock, PutBucketPublicAccessBlock,
GetBucketPublicAccessBlock, DeleteBucketPublicAccessBlock, PutBucketReferer, GetBucketReferer,
PutBucketRequestPayment and GetBucketRequestPayment.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET, OTHER_UID
from tests.conformance.raw import ask, presigned, target
from tests.conftest import ROOT
from tests.support import KEY_ID, REGION, SECRET, Answer, Server

THEIRS = {"key_id": OTHER_KEY_ID, "secret": OTHER_SECRET}


def client(server: Server, key_id: str = KEY_ID, secret: str = SECRET) -> oss.Client:
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(key_id, secret)
    config.region, config.endpoint = REGION, server.endpoint
    config.use_path_style = True
    return oss.Client(config)


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    assert server.request("PUT", bucket_name).status == 200
    assert server.request("PUT", bucket_name, "open/key", body=b"first").status == 200
    assert server.request("PUT", bucket_name, "key", body=b"first").status == 200
    return bucket_name


def policy(bucket: str, *statements: dict[str, Any]) -> bytes:
    full = []
    for one in statements:
        tails = one.pop("on", ["", "/*"])
        resources = [f"acs:oss:*:*:{bucket}{tail}" for tail in tails]
        base = {"Effect": "Allow", "Principal": ["*"], "Action": "oss:*", "Resource": resources}
        full.append({**base, **one})
    return json.dumps({"Version": "1", "Statement": full}).encode()


def put_policy(server: Server, bucket: str, *statements: dict[str, Any], **who: str) -> Answer:
    return server.request(
        "PUT", bucket, query={"policy": ""}, body=policy(bucket, *statements), **who
    )


def test_a_policy_is_kept_as_it_was_put(server, bucket):
    ours = client(server)
    with pytest.raises(oss.exceptions.OperationError) as caught:
        ours.get_bucket_policy(oss.GetBucketPolicyRequest(bucket))
    assert "NoSuchBucketPolicy" in str(caught.value)
    text = policy(bucket, {"Principal": [OTHER_UID], "Action": ["oss:GetObject"]})
    ours.put_bucket_policy(oss.PutBucketPolicyRequest(bucket, body=text))
    assert ours.get_bucket_policy(oss.GetBucketPolicyRequest(bucket)).body == text.decode()
    status = ours.get_bucket_policy_status(oss.GetBucketPolicyStatusRequest(bucket))
    assert status.policy_status.is_public is False
    theirs = client(server, OTHER_KEY_ID, OTHER_SECRET)
    got = theirs.get_object(oss.GetObjectRequest(bucket=bucket, key="key"))
    assert got.body.read() == b"first"
    assert server.request("GET", bucket, "key", sign=False).status == 403
    assert server.request("PUT", bucket, "key", body=b"x", **THEIRS).status == 403
    ours.delete_bucket_policy(oss.DeleteBucketPolicyRequest(bucket))
    ours.delete_bucket_policy(oss.DeleteBucketPolicyRequest(bucket))
    assert server.request("GET", bucket, "key", **THEIRS).status == 403


def test_whom_a_policy_names_may_do_what_it_says_and_no_more(server, bucket):
    opened = {"Principal": [OTHER_UID], "Action": "oss:GetObject", "on": ["/open/*"]}
    listed = {"Principal": [OTHER_UID], "Action": "oss:ListObjects", "on": [""],
              "Condition": {"StringLike": {"oss:Prefix": "open/*"}}}  # fmt: skip
    assert put_policy(server, bucket, opened, listed).status == 200
    assert server.request("GET", bucket, "open/key", **THEIRS).status == 200
    assert server.request("HEAD", bucket, "open/key", **THEIRS).status == 200
    for method, key, query in (
        ("GET", "key", {}), ("DELETE", "open/key", {}), ("GET", "open/key", {"acl": ""}),
        ("GET", "open/key", {"versionId": "null"}), ("GET", "", {}), ("GET", "", {"acl": ""}),
        ("GET", "", {"prefix": "ope"}), ("GET", "", {"policy": ""}), ("DELETE", "", {}),
    ):  # fmt: skip
        answer = server.request(method, bucket, key, query, **THEIRS)
        assert (answer.status, answer.code) == (403, "AccessDenied"), (method, key, query)
    assert server.request("GET", bucket, query={"prefix": "open/"}, **THEIRS).status == 200


def test_33_no_public_policy_or_acl_under_a_block(server, bucket):
    ours = client(server)

    def bucket_block(on: bool) -> None:
        block = oss.PublicAccessBlockConfiguration(block_public_access=on)
        ours.put_bucket_public_access_block(
            oss.PutBucketPublicAccessBlockRequest(bucket, public_access_block_configuration=block)
        )

    assert server.request("PUT", bucket, query={"acl": ""}, headers={"x-oss-acl": "public-read"})
    assert put_policy(server, bucket, {"on": ["/open/*"]}).status == 200
    assert server.request("GET", bucket, "open/key", sign=False).status == 200
    assert server.request("GET", bucket, "key", sign=False).status == 200
    bucket_block(True)
    shown = ours.get_bucket_public_access_block(oss.GetBucketPublicAccessBlockRequest(bucket))
    assert shown.public_access_block_configuration.block_public_access is True
    info = server.request("GET", bucket, query={"bucketInfo": ""})
    assert info.element("BlockPublicAccess") == "true"
    for key in ("open/key", "key"):
        assert server.request("GET", bucket, key, sign=False).status == 403
        answer = server.request("GET", bucket, key, **THEIRS)
        assert (answer.status, answer.code) == (403, "AccessDenied")
        assert server.request("GET", bucket, key).status == 200
    assert answer.element("PolicyType") == "BlockPublicAccess"
    assert put_policy(server, bucket, {}).code == "AccessDenied"
    public = {"x-oss-acl": "public-read", "x-oss-object-acl": "public-read-write"}
    for method, key, query in (
        ("PUT", "", {"acl": ""}), ("PUT", "", {}), ("PUT", "key", {"acl": ""}), ("PUT", "new", {}),
        ("POST", "new", {"uploads": ""}), ("POST", "new", {"append": "", "position": "0"}),
    ):  # fmt: skip
        answer = server.request(method, bucket, key, query, body=b"", headers=public)
        assert (answer.status, answer.code) == (403, "AccessDenied"), (method, key, query)
    assert put_policy(server, bucket, {"Principal": [OTHER_UID]}).status == 200
    assert server.request("GET", bucket, "key", **THEIRS).status == 200
    bucket_block(False)
    assert server.request("GET", bucket, "key", sign=False).status == 200
    bucket_block(True)
    ours.delete_bucket_public_access_block(oss.DeleteBucketPublicAccessBlockRequest(bucket))
    assert server.request("GET", bucket, "key", sign=False).status == 200


@pytest.fixture
def account_block(server: Server) -> Iterator[oss.Client]:
    """The account is open again afterwards, whatever a test did."""
    ours = client(server)
    yield ours
    ours.delete_public_access_block(oss.DeletePublicAccessBlockRequest())


def test_a_block_of_the_account_is_one_of_all_its_buckets(server, bucket, account_block):
    acl = {"x-oss-acl": "public-read"}
    assert server.request("PUT", bucket, query={"acl": ""}, headers=acl).status == 200
    on = oss.PublicAccessBlockConfiguration(block_public_access=True)
    account_block.put_public_access_block(
        oss.PutPublicAccessBlockRequest(public_access_block_configuration=on)
    )
    shown = account_block.get_public_access_block(oss.GetPublicAccessBlockRequest())
    assert shown.public_access_block_configuration.block_public_access is True
    assert server.request("GET", bucket, "key", sign=False).status == 403
    assert server.request("PUT", f"{bucket}-2", headers=acl).code == "AccessDenied"
    assert server.request("GET", f"{bucket}-2").code == "NoSuchBucket"
    other = server.request("GET", query={"publicAccessBlock": ""}, **THEIRS)
    assert other.element("BlockPublicAccess") == "false"
    account_block.delete_public_access_block(oss.DeletePublicAccessBlockRequest())
    assert server.request("GET", bucket, "key", sign=False).status == 200
    for method in ("GET", "DELETE"):
        asked = {"query": {"publicAccessBlock": ""}, "sign": False}
        assert server.request(method, **asked).code == "AccessDenied"


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        ({}, "true"),
        ({"Principal": []}, "true"),
        ({"Principal": [OTHER_UID]}, "false"),
        ({"Effect": "Deny", "Action": "oss:PutObject"}, "false"),
        ({"Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.1"}}}, "false"),
    ],
)
def test_whether_a_policy_is_public(server, bucket, statement, public):
    assert put_policy(server, bucket, dict(statement)).status == 200
    answer = server.request("GET", bucket, query={"policyStatus": ""})
    assert answer.element("IsPublic") == public
    assert server.request("DELETE", bucket, query={"policy": ""}).status == 204


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"\xff", b"[" * 10_000, b'{"Version":"1","Statement":[]}',
        b'{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    ],
)  # fmt: skip
def test_50_what_is_no_policy(server, bucket, body):
    answer = server.request("PUT", bucket, query={"policy": ""}, body=body)
    assert (answer.status, answer.code) == (400, "MalformedPolicy")
    assert server.request("GET", bucket, query={"policy": ""}).code == "NoSuchBucketPolicy"


def test_50_a_policy_of_ten_megabytes(server, bucket):
    answer = server.request("PUT", bucket, query={"policy": ""}, body=b" " * (10 << 20))
    assert (answer.status, answer.code) == (400, "EntityTooLarge")


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": ["x"]}, {"Resource": "acs:oss:*:9999999999999999:*"}, {"Principal": ["alice"]},
        {"Condition": {"StringSame": {"acs:SourceIp": "x"}}}, {"Action": "GetObject"},
    ],
)  # fmt: skip
def test_28_what_a_policy_of_a_bucket_can_not_say(server, bucket, wrong):
    answer = put_policy(server, bucket, wrong)
    assert (answer.status, answer.code) == (400, "MalformedPolicy")


def test_27_the_owner_is_locked_out_by_a_condition_only(server, bucket):
    assert put_policy(server, bucket, {"Effect": "Deny"}).status == 200
    assert server.request("GET", bucket, "key").status == 200
    here = {"IpAddress": {"acs:SourceIp": ["127.0.0.0/8"]}}
    denied = {"Effect": "Deny", "Action": "oss:GetObject", "Condition": here}
    assert put_policy(server, bucket, denied).status == 200
    answer = server.request("GET", bucket, "key")
    assert (answer.status, answer.element("EC")) == (403, "0003-00000202")
    assert answer.element("NoPermissionType") == "ExplicitDeny"
    assert answer.element("AuthAction") == "oss:GetObject"
    assert server.request("DELETE", bucket, query={"policy": ""}).status == 204


def test_29_the_address_is_the_sockets(server, bucket):
    elsewhere = {"IpAddress": {"acs:SourceIp": "10.1.2.3"}}
    assert put_policy(server, bucket, {"Condition": elsewhere}).status == 200
    for name in ("x-forwarded-for", "x-real-ip", "forwarded", "client-ip"):
        answer = server.request("GET", bucket, "key", sign=False, headers={name: "10.1.2.3"})
        assert answer.status == 403
    here = {"IpAddress": {"acs:SourceIp": "127.0.0.1"}}
    assert put_policy(server, bucket, {"Condition": here}).status == 200
    assert server.request("GET", bucket, "key", sign=False).status == 200


def test_conditions_ask_the_request(server, bucket):
    tagged = {"x-oss-tagging": "team=a"}
    assert server.request("PUT", bucket, "tagged", body=b"x", headers=tagged).status == 200
    tags = b"<Tagging><TagSet><Tag><Key>stage</Key><Value>test</Value></Tag></TagSet></Tagging>"
    assert server.request("PUT", bucket, query={"tagging": ""}, body=tags).status == 200

    def may(action: str, condition: dict[str, Any], **asked: Any) -> bool:
        statement = {"Action": action, "Condition": condition}
        assert put_policy(server, bucket, statement).status == 200
        method = "GET" if action == "oss:GetObject" else "PUT"
        asked.setdefault("key", "key")
        return server.request(method, bucket, sign=False, **asked).status == 200

    get, put = "oss:GetObject", "oss:PutObject"
    assert may(get, {"StringLike": {"acs:UserAgent": "curl/*"}}, headers={"user-agent": "curl/8"})
    assert not may(get, {"StringLike": {"acs:UserAgent": "curl/*"}}, headers={"user-agent": "x"})
    assert may(get, {"Bool": {"acs:SecureTransport": "false"}})
    assert not may(get, {"Bool": {"acs:SecureTransport": "true"}})
    assert may(get, {"DateGreaterThan": {"acs:CurrentTime": "2020-01-01T00:00:00Z"}})
    assert not may(get, {"DateLessThan": {"acs:CurrentTime": "2020-01-01T00:00:00Z"}})
    own = {"StringEquals": {"oss:ExistingObjectTag/team": "a"}}
    assert may(get, own, key="tagged")
    assert not may(get, own)
    assert may(get, {"StringEquals": {"oss:BucketTag/stage": "test"}})
    assert not may(get, {"StringEquals": {"oss:BucketTag/stage": "live"}})
    wanted = {"StringEquals": {"oss:RequestObjectTag/team": "b"}}
    assert may("oss:PutObject*", wanted, body=b"x", headers={"x-oss-tagging": "team=b"})
    assert not may("oss:PutObject*", wanted, body=b"x", headers={"x-oss-tagging": "team=c"})
    assert not may(put, wanted, body=b"x", headers={"x-oss-tagging": "team=b"})
    closed = {"StringNotEquals": {"oss:x-oss-object-acl": "public-read"}}
    assert may(put, closed, body=b"x")
    assert not may(put, closed, body=b"x", headers={"x-oss-object-acl": "public-read"})


# -- referer ------------------------------------------------------------------------------------


def get_by(server: Server, bucket: str, referer: str | None) -> Answer:
    """By a signed URL, which is judged by its referer."""
    query = presigned("v4", "GET", bucket, b"key")
    headers = {} if referer is None else {"referer": referer}
    return ask(server, "GET", target(bucket, b"key", query), headers)


def test_pages_that_may_link_here(server, bucket):
    ours = client(server)
    empty = ours.get_bucket_referer(oss.GetBucketRefererRequest(bucket)).referer_configuration
    assert (empty.allow_empty_referer, empty.referer_list.referers) == (True, None)
    assert empty.referer_blacklist is None  # Go's client tells an empty one from none

    def rules(white: list[str], black: list[str] = (), **more: bool) -> None:
        more.setdefault("allow_empty_referer", False)
        configuration = oss.RefererConfiguration(
            referer_list=oss.RefererList(referers=white),
            referer_blacklist=oss.RefererBlacklist(referers=list(black)), **more,
        )  # fmt: skip
        ours.put_bucket_referer(
            oss.PutBucketRefererRequest(bucket, referer_configuration=configuration)
        )
        back = ours.get_bucket_referer(oss.GetBucketRefererRequest(bucket)).referer_configuration
        assert (back.referer_list.referers or []) == white
        assert (back.referer_blacklist.referers if black else []) == list(black)
        assert back.allow_empty_referer is more["allow_empty_referer"]

    rules(["http://*.example.com", "https://one.?rg/a"], ["http://bad.example.com"])
    for referer, ec in (
        ("http://www.example.com", ""), ("http://www.example.com/page?x=1", ""),
        ("HTTP://WWW.EXAMPLE.COM/", ""), ("https://one.org/abc", ""), ("https://one.rg/a", "503"),
        ("https://one.org/b", "503"), ("http://example.com", "503"), (None, "501"), ("", "501"),
        ("http://bad.example.com/page", "502"), ("http://other.test", "503"),
    ):  # fmt: skip
        answer = get_by(server, bucket, referer)
        assert answer.status == (403 if ec else 200), referer
        if ec:
            assert answer.element("EC") == f"0003-00000{ec}"
            assert answer.element("Message") == "You are denied by bucket referer policy."
    signed = server.request("GET", bucket, "key", headers={"referer": "http://other.test"})
    assert signed.status == 200  # those who sign in a header are not judged
    rules([])
    assert get_by(server, bucket, None).status == 200  # an empty list judges nobody
    assert get_by(server, bucket, "http://other.test").status == 200
    rules(["http://a.test"], allow_empty_referer=True)
    assert get_by(server, bucket, None).status == 200
    rules(["http://a.test/x"], truncate_path=True)
    assert get_by(server, bucket, "http://a.test/x").status == 403
    rules(["http://a.test"], ["http://a.test/*x=1"], allow_truncate_query_string=False)
    assert get_by(server, bucket, "http://a.test/p?x=1").status == 403
    assert get_by(server, bucket, "http://a.test/p?x=2").status == 200


def test_referer_rules_that_make_no_sense(server, bucket):
    for body in (
        b"<RefererConfiguration><RefererList/></RefererConfiguration>",
        b"<RefererConfiguration><AllowEmptyReferer>x</AllowEmptyReferer></RefererConfiguration>",
        b"<Other/>", b"",
    ):  # fmt: skip
        answer = server.request("PUT", bucket, query={"referer": ""}, body=body)
        assert (answer.status, answer.code) == (400, "MalformedXML")


# -- requester pays -----------------------------------------------------------------------------


def test_who_asks_pays_and_says_so(server, bucket):
    ours = client(server)
    assert put_policy(server, bucket, {"Principal": [OTHER_UID]}).status == 200

    def payer() -> str:
        got = ours.get_bucket_request_payment(oss.GetBucketRequestPaymentRequest(bucket))
        return got.request_payment_configuration.payer

    def set_payer(name: str) -> None:
        wanted = oss.RequestPaymentConfiguration(payer=name)
        ours.put_bucket_request_payment(
            oss.PutBucketRequestPaymentRequest(bucket, request_payment_configuration=wanted)
        )

    assert payer() == "BucketOwner"
    set_payer("Requester")
    assert payer() == "Requester"
    says = {"x-oss-request-payer": "requester"}
    assert server.request("GET", bucket, "key").status == 200
    mine = server.request("GET", bucket, "key", headers=says)
    assert (mine.status, "x-oss-request-charged" in mine.headers) == (200, False)
    theirs = server.request("GET", bucket, "key", **THEIRS)
    assert (theirs.status, theirs.element("EC")) == (403, "0003-00000703")
    paid = server.request("GET", bucket, "key", headers=says, **THEIRS)
    assert (paid.status, paid.headers["x-oss-request-charged"]) == (200, "requester")
    query = {"x-oss-request-payer": "requester"}
    assert server.request("GET", bucket, "key", query, **THEIRS).status == 200
    wrong = server.request("GET", bucket, "key", headers={"x-oss-request-payer": "me"}, **THEIRS)
    assert (wrong.status, wrong.code) == (400, "InvalidArgument")
    made = server.request("PUT", f"{bucket}-2", **THEIRS)
    assert made.status == 200
    source = {"x-oss-copy-source": f"/{bucket}/key"}
    copied = server.request("PUT", f"{bucket}-2", "copy", headers=source, **THEIRS)
    assert copied.element("EC") == "0003-00000703"
    copied = server.request("PUT", f"{bucket}-2", "copy", headers={**source, **says}, **THEIRS)
    assert copied.status == 200
    set_payer("BucketOwner")
    assert server.request("GET", bucket, "key", **THEIRS).status == 200
    bad = b"<RequestPaymentConfiguration><Payer>Me</Payer></RequestPaymentConfiguration>"
    answer = server.request("PUT", bucket, query={"requestPayment": ""}, body=bad)
    assert (answer.status, answer.code) == (400, "MalformedXML")


def test_the_how_to_page_does_what_it_says(server, tmp_path):
    text = (ROOT / "docs" / "how-to" / "permissions.md").read_text()
    program = re.search(r"```python\n(.*?)```", text, re.S)
    assert program is not None
    page = tmp_path / "page.py"
    page.write_text(program[1].replace("http://127.0.0.1:9000", server.endpoint))
    done = subprocess.run([sys.executable, str(page)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Statement"][0]["Principal"] == [OTHER_UID]
    assert server.request("GET", "shared-photos", "2026/a.jpg", **THEIRS).body == b"..."
    assert server.request("GET", "shared-photos", "2025/a.jpg", **THEIRS).status == 403
    assert server.request("DELETE", "shared-photos", "2026/a.jpg").status == 204
    assert server.request("DELETE", "shared-photos").status == 204
