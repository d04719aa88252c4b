"""Refusals of authentication and authorisation, for every operation and every way to sign.

The requests are made from the register, so that a new operation is tried without anybody's doing.
The numbers are those of the project's checklist of refusals.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from mossbox.operation import REGISTER, Operation
from mossbox.operations import register  # noqa: F401  (fills it)
from tests.conformance.cloud import TRUST_ACCOUNT, Cloud, document
from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET, OTHER_UID
from tests.conformance.raw import ask, date_v1, date_v4, presigned, signed, target
from tests.support import Answer, Server

OFFERED = sorted(
    entry.name
    for entry in REGISTER.values()
    if entry.access == "signed" and not entry.refused and entry.scope != "rpc"
)
ON_BUCKETS = [name for name in OFFERED if REGISTER[name].scope != "service"]
VERSIONS = ("v1", "v2", "v4")
KEY = b"dir/key"
THEIRS = {"key_id": OTHER_KEY_ID, "secret": OTHER_SECRET}
VALUES = {"partNumber": "1", "position": "0"}  # which must be right to be refused for another cause

_DELETE = b"<Delete><Object><Key>dir/key</Key></Object></Delete>"
BODIES = {"DeleteMultipleObjects": _DELETE}  # those that ask for what their body names


class Asked(NamedTuple):
    """A request of an operation, not signed yet."""

    entry: Operation
    method: str
    bucket: str
    key: bytes
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes | None

    def send(
        self, server: Server, headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """The answer to it, with these headers or this query in the place of its own."""
        path = target(self.bucket, self.key, self.query if query is None else query)
        return ask(server, self.method, path, self.headers if headers is None else headers,
                   self.body)  # fmt: skip

    def signed(self, version: str, **more: object) -> dict[str, str]:
        return signed(version, self.method, self.bucket, self.key, self.query, self.headers, **more)

    def presigned(self, version: str, **more: object) -> dict[str, str]:
        return presigned(
            version, self.method, self.bucket, self.key, self.query, self.headers, **more
        )


def requests_of(name: str, bucket: str) -> list[Asked]:
    """A request for each of its methods."""
    entry = REGISTER[name]
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    for text in entry.when:
        part, _, value = text.partition("=")
        if part.startswith("x-oss-copy"):
            headers[part] = f"/{bucket}/dir/key"
        else:
            query[part] = value or VALUES.get(part, "")
    if name == "AppendObject":
        query["position"] = "0"
    body = BODIES.get(name)
    if body is not None:
        headers["content-md5"] = base64.b64encode(hashlib.md5(body).digest()).decode()
    elif entry.method in ("PUT", "POST"):
        body = b""
    return [
        Asked(
            entry, method, "" if entry.scope == "service" else bucket,
            KEY if entry.scope == "object" else b"", query, headers, body,
        )
        for method in filter(None, (entry.method, entry.also))
    ]  # fmt: skip


@pytest.fixture(scope="module")
def kept(server: Server) -> Iterator[str]:
    """A bucket with an object; nothing that is refused changes it."""
    bucket = "t-access-of-every-operation"
    assert server.request("PUT", bucket).status == 200
    assert server.request("PUT", bucket, KEY, body=b"first").status == 200
    before = state(server, bucket)
    yield bucket
    assert state(server, bucket) == before
    assert server.request("DELETE", bucket, KEY).status == 204
    assert server.request("DELETE", bucket).status == 204


SETTINGS = (
    "stat acl tagging policy versioning encryption referer requestPayment publicAccessBlock cors"
    " uploads versions bucketInfo"
).split()


def state(server: Server, bucket: str) -> list[object]:
    """All that a refused request could have changed."""
    shown: list[object] = []
    for name in SETTINGS:
        answer = server.request("GET", bucket, query={name: ""})
        shown += [answer.status, answer.body if answer.status == 200 else answer.code]
    got = server.request("GET", bucket, KEY)
    kept = {k: v for k, v in got.headers.items() if k not in ("date", "x-oss-request-id",
                                                               "x-oss-server-time")}  # fmt: skip
    shown += [got.body, kept, server.request("GET", bucket, KEY, {"acl": ""}).body]
    shown.append(server.request("GET", query={"publicAccessBlock": ""}).body)
    shown.append(server.request("GET", query={"mossbox-keys": "ListKeys"}).body)
    return shown


def refused(answer: Answer, status: int, code: str, what: object) -> None:
    assert (answer.status, answer.code) == (status, code), (what, answer)
    assert answer.element("RequestId") == answer.headers["x-oss-request-id"]


def changed(text: str) -> str:
    return ("b" if text[0] == "a" else "a") + text[1:]


SIGNATURE = {"v1": "Signature", "v2": "x-oss-signature", "v4": "x-oss-signature"}


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_signed_in_a_header(server: Server, kept: str, name: str) -> None:
    for asked in requests_of(name, kept):
        for version in VERSIONS:
            good = asked.signed(version)
            # 4: nobody's key
            answer = asked.send(server, asked.signed(version, key_id="nobody"))
            refused(answer, 403, "InvalidAccessKeyId", version)
            # 6: another signature, another secret
            head, mark, sign = good["authorization"].rpartition(":" if version != "v4" else "=")
            wrong = {**good, "authorization": f"{head}{mark}{changed(sign)}"}
            refused(asked.send(server, wrong), 403, "SignatureDoesNotMatch", version)
            wrong = asked.signed(version, secret="another-secret")
            refused(asked.send(server, wrong), 403, "SignatureDoesNotMatch", version)
            # 8: no date
            date = "x-oss-date" if version == "v4" else "date"
            undated = {k: v for k, v in good.items() if k != date}
            refused(asked.send(server, undated), 403, "AccessDenied", version)
            # 9: another time
            for shift_s in (-16 * 60, 16 * 60):
                late = asked.signed(version, shift_s=shift_s)
                refused(asked.send(server, late), 403, "RequestTimeTooSkewed", version)
            # 11: what is signed is altered, or more is sent
            dated = date_v4(-7) if version == "v4" else date_v1(-7)
            refused(
                asked.send(server, {**good, date: dated}), 403, "SignatureDoesNotMatch", version
            )
            more = {**good, "x-oss-meta-more": "1"}
            refused(asked.send(server, more), 403, "SignatureDoesNotMatch", version)
            # 18: a token that nobody gave
            token = signed(version, asked.method, asked.bucket, asked.key, asked.query,
                           {**asked.headers, "x-oss-security-token": "garbage"})  # fmt: skip
            refused(asked.send(server, token), 403, "InvalidSecurityToken", version)
        # 7: no scheme at all
        for text in ("OSS abc", "", "Foo x"):
            answer = asked.send(server, {**asked.headers, "authorization": text})
            refused(answer, 400, "InvalidArgument", text)
        # 10: of another day, region or product
        good = asked.signed("v4")
        day = date_v4()[:8]
        for scope, status, code in (
            ("/19990101/cn-hangzhou/oss/aliyun_v4_request", 403, "SignatureDoesNotMatch"),
            (f"/{day}/cn-beijing/oss/aliyun_v4_request", 403, "SignatureDoesNotMatch"),
            (f"/{day}/cn-hangzhou/sts/aliyun_v4_request", 400, "InvalidArgument"),
            (f"/{day}/cn-hangzhou/oss/aws4_request", 400, "InvalidArgument"),
        ):
            right = f"/{day}/cn-hangzhou/oss/aliyun_v4_request"
            wrong = {**good, "authorization": good["authorization"].replace(right, scope)}
            refused(asked.send(server, wrong), status, code, scope)


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_signed_in_a_url(server: Server, kept: str, name: str) -> None:
    for asked in requests_of(name, kept):
        for version in VERSIONS:
            good = asked.presigned(version)
            sign = SIGNATURE[version]
            nobody = asked.presigned(version, key_id="nobody")
            refused(asked.send(server, query=nobody), 403, "InvalidAccessKeyId", version)
            wrong = {**good, sign: changed(good[sign])}
            refused(asked.send(server, query=wrong), 403, "SignatureDoesNotMatch", version)
            # 12: it has expired
            old = asked.presigned(version, shift_s=-120)
            refused(asked.send(server, query=old), 403, "AccessDenied", version)
            # 13: a part is missing
            for part in good.keys() - asked.query.keys():
                rest = {k: v for k, v in good.items() if k != part}
                refused(asked.send(server, query=rest), 403, "AccessDenied", (version, part))
            # 14: signed twice
            twice = signed(version, asked.method, asked.bucket, asked.key, good, asked.headers)
            refused(asked.send(server, twice, good), 400, "InvalidArgument", version)
            # 16 and 17: another parameter, type or method
            more = {**good, "x-oss-process": "image/info"}
            refused(asked.send(server, query=more), 403, "SignatureDoesNotMatch", version)
            typed = {**asked.headers, "content-type": "text/html"}
            refused(asked.send(server, typed, good), 403, "SignatureDoesNotMatch", version)
            if asked.key:
                other = asked._replace(key=b"dir/other")
                refused(other.send(server, query=good), 403, "SignatureDoesNotMatch", version)
            # 19: the token beside the URL
            beside = {**asked.headers, "x-oss-security-token": "t"}
            assert asked.send(server, beside, good).status in (400, 403)
        # 9 and 15: signed too far ahead, living too long
        ahead = asked.presigned("v4", shift_s=16 * 60)
        refused(asked.send(server, query=ahead), 403, "RequestTimeTooSkewed", "v4")
        for life_s in ("0", "604801", "x"):
            long = {**asked.presigned("v4"), "x-oss-expires": life_s}
            refused(asked.send(server, query=long), 403, "AccessDenied", life_s)


@pytest.mark.parametrize("name", OFFERED)
def test_1_to_3_nobody(server: Server, kept: str, name: str) -> None:
    for asked in requests_of(name, kept):
        answer = asked.send(server)
        refused(answer, 403, "AccessDenied", asked)
        assert answer.element("AccessDeniedDetail") == ""


MADE_BY_ANYBODY = {"PutBucket": (409, "BucketAlreadyExists")}


@pytest.mark.parametrize("name", ON_BUCKETS)
def test_34_somebody_else(server: Server, kept: str, name: str) -> None:
    """The root of another account."""
    status, code = MADE_BY_ANYBODY.get(name, (403, "AccessDenied"))
    for asked in requests_of(name, kept):
        for version in VERSIONS:
            answer = asked.send(server, asked.signed(version, **THEIRS))
            refused(answer, status, code, version)
            if status == 403:
                assert answer.element("AuthPrincipalOwnerId") == OTHER_UID
                assert answer.element("NoPermissionType") == "ImplicitDeny"
                assert answer.element("AuthAction").startswith("oss:")
            query = asked.presigned(version, **THEIRS)
            refused(asked.send(server, query=query), status, code, version)


@pytest.fixture(scope="module")
def denied(server: Server) -> Iterator[str]:
    """A bucket open to all, but for a policy that denies everything to the other account."""
    bucket = "t-denied-of-every-operation"
    assert server.request("PUT", bucket, headers={"x-oss-acl": "public-read-write"}).status == 200
    assert server.request("PUT", bucket, KEY, body=b"first").status == 200
    resources = [f"acs:oss:*:*:{bucket}", f"acs:oss:*:*:{bucket}/*"]
    common = {"Principal": [OTHER_UID], "Action": ["oss:*"], "Resource": resources}
    both = [{"Effect": effect, **common} for effect in ("Allow", "Deny")]
    text = json.dumps({"Version": "1", "Statement": both}).encode()
    assert server.request("PUT", bucket, query={"policy": ""}, body=text).status == 200
    before = state(server, bucket)
    yield bucket
    assert state(server, bucket) == before
    assert server.request("DELETE", bucket, KEY).status == 204
    assert server.request("DELETE", bucket).status == 204


@pytest.mark.parametrize("name", ON_BUCKETS)
def test_26_somebody_whom_a_policy_denies(server: Server, denied: str, name: str) -> None:
    status, code = MADE_BY_ANYBODY.get(name, (403, "AccessDenied"))
    for asked in requests_of(name, denied):
        for version in VERSIONS:
            for answer in (
                asked.send(server, asked.signed(version, **THEIRS)),
                asked.send(server, query=asked.presigned(version, **THEIRS)),
            ):
                refused(answer, status, code, version)
                if status == 403:
                    assert answer.element("NoPermissionType") == "ExplicitDeny"
                    assert answer.element("PolicyType") == "BucketPolicy"


@pytest.mark.parametrize("name", ON_BUCKETS)
def test_what_is_signed_well_is_not_refused(server: Server, bucket_name: str, name: str) -> None:
    """The same requests, on a bucket that is not there: all that is wrong with them."""
    for asked in requests_of(name, bucket_name):
        for version in VERSIONS:
            for answer in (
                asked.send(server, asked.signed(version)),
                asked.send(server, query=asked.presigned(version)),
            ):
                if name == "PutBucket":
                    assert answer.status == 200
                elif name == "PutBucketAcl":
                    assert answer.code == "MissingArgument"  # it was heard
                else:
                    assert answer.code in ("NoSuchBucket", "NoSuchKey"), (version, answer)


@pytest.fixture(scope="module")
def user(server: Server) -> Cloud:
    """A user of the owner's account, with a key and no policy."""
    return Cloud(server).user(f"nobody-{os.urandom(6).hex()}")


@pytest.fixture(scope="module")
def session(server: Server) -> Cloud:
    """A session of a role that may do all in OSS, narrowed to what nobody asks for."""
    root = Cloud(server)
    name = f"narrow-{os.urandom(6).hex()}"
    root("CreateRole", role_name=name, assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", name)
    caller = root.user(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)
    return caller.assume(name, policy=document("oss:Unheard"))


@pytest.mark.parametrize("name", OFFERED)
def test_users_without_policies(server: Server, kept: str, user: Cloud, name: str) -> None:
    who = {"key_id": user.key_id, "secret": user.secret}
    for asked in requests_of(name, kept):
        for version in VERSIONS:
            for answer in (
                asked.send(server, asked.signed(version, **who)),
                asked.send(server, query=asked.presigned(version, **who)),
            ):
                refused(answer, 403, "AccessDenied", version)
                assert answer.element("AuthPrincipalType") == "SubUser"
                assert answer.element("PolicyType") == "AccountLevelIdentityBasedPolicy"
                assert answer.element("NoPermissionType") == "ImplicitDeny"


TOKEN = {"v1": "security-token", "v2": "security-token", "v4": "x-oss-security-token"}


@pytest.mark.parametrize("name", OFFERED)
def test_20_narrowed_sessions(server: Server, kept: str, session: Cloud, name: str) -> None:
    who = {"key_id": session.key_id, "secret": session.secret}
    assert session.token is not None
    for plain in requests_of(name, kept):
        in_header = plain._replace(headers={**plain.headers, "x-oss-security-token": session.token})
        for version in VERSIONS:
            in_query = plain._replace(query={**plain.query, TOKEN[version]: session.token})
            for answer in (
                in_header.send(server, in_header.signed(version, **who)),
                in_query.send(server, query=in_query.presigned(version, **who)),
            ):
                refused(answer, 403, "AccessDenied", version)
                assert answer.element("AuthPrincipalType") == "AssumedRoleUser"
                assert answer.element("PolicyType") == "SessionPolicy"
            # 18: without its token a temporary key is none
            answer = plain.send(server, plain.signed(version, **who))
            refused(answer, 403, "InvalidAccessKeyId", version)
