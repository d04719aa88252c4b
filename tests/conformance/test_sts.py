"""Temporary keys: AssumeRole as every client sends it, what it refuses, what its keys may do."""

import http.client
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import oss2
import pytest

from mossbox.auth import rpc
from tests.conformance.cloud import TRUST_ACCOUNT, Cloud, Refused, document
from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET, OTHER_UID, UID
from tests.support import KEY_ID, REGION, SECRET, Server


@pytest.fixture(scope="module")
def root(server: Server) -> Cloud:
    return Cloud(server)


@pytest.fixture(scope="module")
def role(root: Cloud) -> str:
    """A role that may do everything in OSS."""
    name = f"role-{os.urandom(6).hex()}"
    root("CreateRole", role_name=name, assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", name)
    return name


@pytest.fixture(scope="module")
def user(root: Cloud) -> Cloud:
    """A user who may assume roles, and nothing else."""
    name = f"user-{os.urandom(6).hex()}"
    made = root.user(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)
    return made


def arn(role: str, uid: str = UID) -> str:
    return f"acs:ram::{uid}:role/{role}"


# -- wire forms ----------------------------------------------------------------------------------


def parameters(role: str, **more: str) -> dict[str, str]:
    return {
        "Action": "AssumeRole", "Version": "2015-04-01", "RoleArn": arn(role),
        "RoleSessionName": "s1", "SignatureNonce": os.urandom(8).hex(),
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **more,
    }  # fmt: skip


def send(
    server: Server, method: str, query: Mapping[str, str], form: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    body, headers = None, {}
    if form is not None:
        body = urlencode(form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, "/?" + urlencode(query, quote_via=quote), body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), data


def given(answer: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    status, headers, data = answer
    assert status == 200, data
    assert headers["Content-Type"].startswith("application/json")
    return json.loads(data)


def ali_oss(server: Server, user: Cloud, role: str) -> dict[str, Any]:
    """POST, all in the form; a nonce like 0.1028…, milliseconds, an empty policy left out."""
    nonce = f"0.{int.from_bytes(os.urandom(6), 'big')}"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.123Z", time.gmtime())
    asked = parameters(
        role, DurationSeconds="3000", Format="JSON", SignatureNonce=nonce, Timestamp=stamp
    )
    return given(send(server, "POST", {}, rpc.sign("POST", asked, user.key_id, user.secret)))


def core_of_python(server: Server, user: Cloud, role: str) -> dict[str, Any]:
    """POST, all in the query; the PHP client too."""
    asked = parameters(role, Format="JSON", RegionId=REGION, SignatureType="")
    return given(send(server, "POST", rpc.sign("POST", asked, user.key_id, user.secret)))


def credentials_of_go(server: Server, user: Cloud, role: str) -> dict[str, Any]:
    """POST, part in the query and part in the form, both signed."""
    signed = rpc.sign("POST", parameters(role, DurationSeconds="3600"), user.key_id, user.secret)
    in_form = {"RoleArn", "RoleSessionName", "DurationSeconds"}
    query = {name: value for name, value in signed.items() if name not in in_form}
    return given(send(server, "POST", query, {name: signed[name] for name in in_form}))


def credentials_of_python(server: Server, user: Cloud, role: str) -> dict[str, Any]:
    """GET, all in the query."""
    asked = parameters(role, Format="JSON", Policy="")
    return given(send(server, "GET", rpc.sign("GET", asked, user.key_id, user.secret)))


def core_of_ruby(server: Server, user: Cloud, role: str) -> dict[str, Any]:
    """POST, all in the form; spaces are signed as +."""
    asked = {
        "AccessKeyId": user.key_id, "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
        **parameters(role, Policy=document("oss:*")),
    }  # fmt: skip
    pairs = "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in sorted(asked.items()))
    assert "+" in pairs
    asked["Signature"] = rpc.signature(user.secret, f"POST&%2F&{quote_plus(pairs)}")
    return given(send(server, "POST", {}, asked))


@pytest.mark.parametrize(
    "client",
    [ali_oss, core_of_python, credentials_of_go, credentials_of_python, core_of_ruby],
    ids=lambda one: one.__name__,
)
def test_every_client_gets_its_keys(server: Server, user: Cloud, role: str, client: Any) -> None:
    answer = client(server, user, role)
    assert answer.keys() == {"RequestId", "AssumedRoleUser", "Credentials"}
    credentials = answer["Credentials"]
    assert credentials.keys() == {
        "AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration",
    }  # fmt: skip
    assert credentials["AccessKeyId"].startswith("STS.")
    time.strptime(credentials["Expiration"], "%Y-%m-%dT%H:%M:%SZ")
    assert answer["AssumedRoleUser"]["Arn"] == f"{arn(role)}/s1"


def test_the_newer_signature_and_its_core(server: Server, user: Cloud, role: str) -> None:
    """The official clients themselves: Tea (ACS3) and the older core."""
    from aliyunsdkcore.client import AcsClient
    from aliyunsdksts.request.v20150401.AssumeRoleRequest import AssumeRoleRequest

    assert user("AssumeRole", role_arn=arn(role), role_session_name="s1")["Credentials"]
    request = AssumeRoleRequest()
    request.set_endpoint(f"127.0.0.1:{server.port}")
    request.set_protocol_type("http")
    request.set_RoleArn(arn(role))
    request.set_RoleSessionName("s.1")
    request.set_Policy(document("oss:*"))
    core = AcsClient(user.key_id, user.secret, REGION)
    assert json.loads(core.do_action_with_exception(request))["Credentials"]


def test_the_older_core_and_ram(server: Server) -> None:
    from aliyunsdkcore.acs_exception.exceptions import ServerException
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkram.request.v20150501.CreateUserRequest import CreateUserRequest
    from aliyunsdkram.request.v20150501.GetUserRequest import GetUserRequest

    core = AcsClient(KEY_ID, SECRET, REGION)
    name = f"core-{os.urandom(4).hex()}"

    def ask(request: Any, user_name: str) -> dict[str, Any]:
        request.set_endpoint(f"127.0.0.1:{server.port}")
        request.set_protocol_type("http")
        request.set_UserName(user_name)
        return json.loads(core.do_action_with_exception(request))

    made = ask(CreateUserRequest(), name)["User"]
    assert ask(GetUserRequest(), name)["User"]["UserId"] == made["UserId"]
    with pytest.raises(ServerException) as caught:
        ask(GetUserRequest(), f"{name}-2")
    assert caught.value.get_error_code() == "EntityNotExist.User"
    assert caught.value.get_http_status() == 404


def test_answers_in_xml(server: Server, user: Cloud, role: str) -> None:
    asked = rpc.sign("POST", parameters(role, Format="XML"), user.key_id, user.secret)
    status, headers, data = send(server, "POST", {}, asked)
    assert status == 200
    assert headers["Content-Type"].startswith("text/xml")
    assert data.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<AssumeRoleResponse><RequestId>'
    )
    status, _, data = send(server, "POST", {}, asked)
    assert status == 400
    assert b"<Code>SignatureNonceUsed</Code>" in data


# -- refusals ------------------------------------------------------------------------------------


def refused(code: str, status: int, caller: Cloud, action: str, /, **fields: object) -> Refused:
    with pytest.raises(Refused) as caught:
        caller(action, **fields)
    assert (caught.value.code, caught.value.status) == (code, status)
    return caught.value


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("duration_seconds", 899, "InvalidParameter.DurationSeconds"),
        ("duration_seconds", 43_201, "InvalidParameter.DurationSeconds"),
        ("duration_seconds", 3601, "InvalidParameter.DurationSeconds"),
        ("duration_seconds", "abc", "InvalidParameter.DurationSeconds"),
        ("role_session_name", "a", "InvalidParameter.RoleSessionName"),
        ("role_session_name", "a" * 65, "InvalidParameter.RoleSessionName"),
        ("role_session_name", "a b", "InvalidParameter.RoleSessionName"),
        ("policy", "{", "InvalidParameter.PolicyGrammar"),
        ("policy", " " * 2049, "InvalidParameter.PolicySize"),
        ("external_id", "a", "InvalidParameter.ExternalId"),
        ("role_arn", "OSS_STS_ROLE_ARN", "InvalidParameter.RoleArn"),
        ("role_arn", "acs:ram::1:role/", "InvalidParameter.RoleArn"),
    ],
)
def test_what_is_asked_for_must_be_right(
    user: Cloud, role: str, field: str, value: object, code: str
) -> None:
    fields = {"role_arn": arn(role), "role_session_name": "s1", field: value}
    error = refused(code, 400, user, "AssumeRole", **fields)
    assert error.data.keys() >= {"RequestId", "HostId", "Code", "Message", "Recommend"}
    if field == "role_arn":
        assert repr(value) in error.data["Message"]


def test_who_may_not(root: Cloud, user: Cloud, role: str) -> None:
    asked = {"role_arn": arn(role), "role_session_name": "s1"}
    error = refused("NoPermission", 403, root, "AssumeRole", **asked)
    assert "Roles may not be assumed by root accounts." in error.data["Message"]
    name = f"nobody-{os.urandom(4).hex()}"
    refused("NoPermission", 403, root.user(name), "AssumeRole", **asked)  # its policies are silent
    asked["role_arn"] = arn("there-is-none")
    refused("EntityNotExist.Role", 404, user, "AssumeRole", **asked)
    asked["role_arn"] = arn("there-is-none", "3000000000000003")
    refused("NoPermission", 403, user, "AssumeRole", **asked)  # nothing is told of other accounts


def test_a_role_that_trusts_others(root: Cloud, user: Cloud) -> None:
    name = f"wary-{os.urandom(4).hex()}"
    trust = json.loads(TRUST_ACCOUNT)
    trust["Statement"][0]["Principal"]["RAM"] = [f"acs:ram::{OTHER_UID}:root"]
    root("CreateRole", role_name=name, assume_role_policy_document=json.dumps(trust))
    refused("NoPermission", 403, user, "AssumeRole", role_arn=arn(name), role_session_name="s1")
    trust["Statement"][0]["Principal"]["RAM"] = f"acs:ram::{UID}:root"
    trust["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "abc"}}
    root("UpdateRole", role_name=name, new_assume_role_policy_document=json.dumps(trust))
    asked = {"role_arn": arn(name), "role_session_name": "s1"}
    refused("NoPermission", 403, user, "AssumeRole", **asked)
    refused("NoPermission", 403, user, "AssumeRole", **asked, external_id="abd")
    assert user("AssumeRole", **asked, external_id="abc")["Credentials"]


def test_a_role_of_another_account(server: Server, root: Cloud, bucket_name: str) -> None:
    """Both accounts must agree; what the role may do lies in its own."""
    name = f"guest-{os.urandom(4).hex()}"
    other = Cloud(server, OTHER_KEY_ID, OTHER_SECRET)
    visitor = other.user(name)
    asked = {"role_arn": arn(name), "role_session_name": "s1"}
    trust = json.loads(TRUST_ACCOUNT)
    trust["Statement"][0]["Principal"]["RAM"] = [f"acs:ram::{OTHER_UID}:user/{name}"]
    root("CreateRole", role_name=name, assume_role_policy_document=json.dumps(trust))
    root.attach("AliyunOSSFullAccess", "Role", name)
    refused("NoPermission", 403, visitor, "AssumeRole", **asked)
    other.attach("AliyunSTSAssumeRoleAccess", "User", name)
    session = visitor.assume(name)
    assert session("GetCallerIdentity")["AccountId"] == UID
    assert session.oss("PUT", bucket_name).status == 200
    assert root.oss("GET", bucket_name, query={"acl": ""}).status == 200


def test_a_roles_name_in_another_case_is_no_way_around_a_deny(root: Cloud, role: str) -> None:
    name = f"bound-{os.urandom(4).hex()}"
    user = root.user(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)
    assert user.assume(role.upper())("GetCallerIdentity")["Arn"].endswith(f"{role}/session")
    root.policy(name, "sts:AssumeRole", resource=f"acs:ram:*:*:role/{role}", effect="Deny")
    root.attach(name, "User", name)
    for written in (role, role.upper()):
        refused(
            "NoPermission", 403, user, "AssumeRole", role_arn=arn(written), role_session_name="s1"
        )


def test_a_rate_of_sessions(tmp_path: Path) -> None:
    with Server(tmp_path, "--sts-rate", "0.001") as limited:
        root = Cloud(limited)
        user = root.user("ann")
        root.attach("AliyunSTSAssumeRoleAccess", "User", "ann")
        root("CreateRole", role_name="r", assume_role_policy_document=TRUST_ACCOUNT)
        user.assume("r")
        asked = {"role_arn": arn("r"), "role_session_name": "s1"}
        error = refused("Throttling.User", 429, user, "AssumeRole", **asked)
        assert error.data["Message"] == "Request was denied due to user flow control."


# -- signatures that are refused -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"Timestamp": "2020-01-01T00:00:00Z"}, 400, "InvalidTimeStamp.Expired"),
        ({"Timestamp": "2999-01-01T00:00:00Z"}, 400, "InvalidTimeStamp.Expired"),
        ({"Timestamp": "yesterday"}, 400, "InvalidTimeStamp.Format"),
        ({"SignatureMethod": "HMAC-MD5"}, 400, "IncompleteSignature"),
        ({"SignatureNonce": ""}, 400, "MissingParameter"),
        ({"AccessKeyId": "nobody"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"SecurityToken": "x"}, 400, "InvalidSecurityToken.Malformed"),
        ({"Version": "2014-01-01"}, 400, "InvalidVersion"),
        ({"Action": "AssumeRoles"}, 404, "InvalidAction.NotFound"),
    ],
)  # fmt: skip
def test_a_signed_request_that_is_wrong(
    server: Server, user: Cloud, role: str, changes: dict[str, str], status: int, code: str
) -> None:
    for in_form in (False, True):
        asked = rpc.sign("POST", {**parameters(role), **changes}, user.key_id, user.secret)
        answer = send(server, "POST", {}, asked) if in_form else send(server, "POST", asked)
        assert (answer[0], json.loads(answer[2])["Code"]) == (status, code)


def test_one_bit_of_the_signature(server: Server, user: Cloud, role: str) -> None:
    asked = rpc.sign("POST", parameters(role), user.key_id, user.secret)
    for changed in (
        {**asked, "Signature": asked["Signature"].swapcase()}, {**asked, "RoleSessionName": "s2"},
        {**asked, "Extra": "1"},
    ):  # fmt: skip
        answer = send(server, "POST", {}, changed)
        assert (answer[0], json.loads(answer[2])["Code"]) == (400, "SignatureDoesNotMatch")
    unsigned = {
        name: value for name, value in asked.items() if name not in ("Signature", "AccessKeyId")
    }
    assert json.loads(send(server, "GET", unsigned)[2])["Code"] == "MissingAccessKeyId"


def test_a_nonce_serves_once_whichever_worker_asks(server: Server, user: Cloud, role: str) -> None:
    asked = rpc.sign("POST", parameters(role), user.key_id, user.secret)
    answers = [send(server, "POST", {}, asked) for _ in range(8)]  # each over its own connection
    assert [status for status, _, _ in answers] == [200] + [400] * 7
    assert {json.loads(data)["Code"] for _, _, data in answers[1:]} == {"SignatureNonceUsed"}


# -- what temporary keys may do ------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["v1", "v2", "v4"])
def test_temporary_keys_work_with_every_signature(
    server: Server, user: Cloud, role: str, bucket_name: str, scheme: str
) -> None:
    session = user.assume(role)
    provider = oss2.credentials.StaticCredentialsProvider(
        session.key_id, session.secret, session.token
    )
    kinds = {"v1": oss2.ProviderAuth, "v2": oss2.ProviderAuthV2, "v4": oss2.ProviderAuthV4}
    if scheme == "v2":
        auth = oss2.AuthV2(session.key_id, session.secret)
        bucket = oss2.Bucket(auth, server.endpoint, bucket_name, region=REGION)
        headers = {"x-oss-security-token": session.token}
        bucket.create_bucket(headers=headers)
        bucket.put_object("a", b"1", headers=headers)
        assert bucket.get_object("a", headers=headers).read() == b"1"
        url = bucket.sign_url("GET", "a", 60, params={"security-token": session.token})
    else:
        auth = kinds[scheme](provider)
        bucket = oss2.Bucket(auth, server.endpoint, bucket_name, region=REGION)
        bucket.create_bucket()
        bucket.put_object("a", b"1")
        assert bucket.get_object("a").read() == b"1"
        url = bucket.sign_url("GET", "a", 60, slash_safe=True)
    plain = oss2.Bucket(oss2.AnonymousAuth(), server.endpoint, bucket_name)
    assert plain.get_object_with_url(url).read() == b"1"
    with pytest.raises(oss2.exceptions.ServerError):
        plain.get_object_with_url(
            url.replace("Signature=", "Signature=x").replace("signature=", "signature=x")
        )


def test_tokens_that_do_not_fit(server: Server, user: Cloud, role: str) -> None:
    one, two = user.assume(role), user.assume(role)
    bare = Cloud(server, one.key_id, one.secret)
    assert (bare.oss("GET").status, bare.oss("GET").code) == (403, "InvalidAccessKeyId")
    swapped = Cloud(server, one.key_id, one.secret, two.token)
    assert swapped.oss("GET").code == "AccessKeyIdAndSecurityTokenNotMatch"
    assert one.token is not None
    for token in ("garbage", one.token[:-2], one.token + "AA", "A" * 5000, one.token.swapcase()):
        answer = Cloud(server, one.key_id, one.secret, token).oss("GET")
        assert (answer.status, answer.code) == (403, "InvalidSecurityToken")
    lasting = Cloud(server, KEY_ID, SECRET, one.token)
    assert lasting.oss("GET").code == "InvalidSecurityToken"
    wrong = Cloud(server, one.key_id, two.secret, one.token)
    assert wrong.oss("GET").code == "SignatureDoesNotMatch"


def test_a_token_in_the_header_of_a_signed_url(server: Server, user: Cloud, role: str) -> None:
    session = user.assume(role)
    auth = oss2.AuthV2(session.key_id, session.secret)
    url = oss2.Bucket(auth, server.endpoint, "any-bucket").sign_url("GET", "a", 60)
    answer = server.request(
        "GET", "any-bucket", "a", dict(part.split("=") for part in url.split("?")[1].split("&")),
        headers={"x-oss-security-token": session.token or ""}, sign=False,
    )  # fmt: skip
    assert (answer.status, answer.code) == (400, "InvalidRequest")


def test_a_session_policy_narrows(root: Cloud, user: Cloud, role: str, bucket_name: str) -> None:
    assert root.oss("PUT", bucket_name).status == 200
    assert root.oss("PUT", bucket_name, "up/a", body=b"1").status == 200
    policy = document("oss:PutObject", on=f"acs:oss:*:*:{bucket_name}/up/*")
    session = user.assume(role, policy=policy)
    assert session.oss("PUT", bucket_name, "up/b", body=b"1").status == 200
    private = {"x-oss-object-acl": "private"}
    for answer in (
        session.oss("GET", bucket_name, "up/a"), session.oss("GET", bucket_name),
        session.oss("DELETE", bucket_name, "up/a"),
        session.oss("PUT", bucket_name, "down/a", body=b"1"),
        session.oss("PUT", bucket_name, "up/a", query={"acl": ""}, headers=private),
        session.oss("PUT", bucket_name, query={"policy": ""}, body=b"{}"), session.oss("GET"),
    ):  # fmt: skip
        assert (answer.status, answer.code) == (403, "AccessDenied")
    refused("NoPermission", 403, session, "AssumeRole", role_arn=arn(role), role_session_name="s2")
    refused("NoPermission", 403, session, "ListUsers")


def test_a_long_session_policy_still_travels(
    root: Cloud, user: Cloud, role: str, bucket_name: str
) -> None:
    resources = [f"acs:oss:*:*:{bucket_name}/{os.urandom(12).hex()}/*" for _ in range(30)]
    resources[-1] = f"acs:oss:*:*:{bucket_name}/*"
    policy = document("oss:PutObject", "oss:GetObject", on=resources)
    policy += " " * (2048 - len(policy))
    assert len(policy) == 2048
    root.oss("PUT", bucket_name)
    session = user.assume(role, policy=policy)
    assert len(session.token or "") <= 4096
    assert session.oss("PUT", bucket_name, "a", body=b"1").status == 200
    auth = oss2.ProviderAuthV4(
        oss2.credentials.StaticCredentialsProvider(session.key_id, session.secret, session.token)
    )
    bucket = oss2.Bucket(auth, session.server.endpoint, bucket_name, region=REGION)
    url = bucket.sign_url("GET", "a", 60, slash_safe=True)
    assert (
        oss2.Bucket(oss2.AnonymousAuth(), session.server.endpoint, bucket_name)
        .get_object_with_url(url)
        .read()
        == b"1"
    )


def test_the_role_counts_at_every_use(root: Cloud, user: Cloud, bucket_name: str) -> None:
    name = f"short-{os.urandom(4).hex()}"
    made = {"role_name": name, "assume_role_policy_document": TRUST_ACCOUNT}
    root("CreateRole", **made)
    root.attach("AliyunOSSFullAccess", "Role", name)
    session = user.assume(name)
    assert session.oss("PUT", bucket_name).status == 200
    policy = {"policy_type": "System", "policy_name": "AliyunOSSFullAccess", "role_name": name}
    root("DetachPolicyFromRole", **policy)
    for _ in range(6):
        assert session.oss("GET", bucket_name).code == "AccessDenied"
    root("AttachPolicyToRole", **policy)
    assert session.oss("GET", bucket_name).status == 200
    root("DeleteRole", role_name=name)
    for _ in range(6):
        assert (session.oss("GET", bucket_name).status, session.oss("GET").code) == (
            403, "InvalidSecurityToken",
        )  # fmt: skip
    root("CreateRole", **made)  # the same name, and another role
    root.attach("AliyunOSSFullAccess", "Role", name)
    assert session.oss("GET", bucket_name).code == "InvalidSecurityToken"
    assert user.assume(name).oss("GET", bucket_name).status == 200


def test_a_session_outlives_the_key_that_asked_for_it(
    root: Cloud, role: str, bucket_name: str
) -> None:
    name = f"leaver-{os.urandom(4).hex()}"
    leaver = root.user(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)
    session = leaver.assume(role)
    root("DeleteUser", user_name=name)
    assert leaver.oss("GET").code == "InvalidAccessKeyId"
    assert session.oss("PUT", bucket_name).status == 200
