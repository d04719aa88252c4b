"""Who may send a form: what every other request is asked, asked of forms."""

import json
import os

import pytest

from tests.conformance import forms
from tests.conformance.cloud import TRUST_ACCOUNT, Cloud, document
from tests.conformance.conftest import Move
from tests.conformance.forms import File, body, post, send, signed
from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET
from tests.conformance.raw import signed as signed_header
from tests.support import Answer, Server

PUBLIC = {"x-oss-acl": "public-read-write"}
PUT = "oss:PutObject"


def by(caller: Cloud, version: str = "v4", text: str = "") -> dict[str, str]:
    """A form's fields, signed by a user or session."""
    proof = signed(version, text, key_id=caller.key_id, secret=caller.secret, token=caller.token)
    return {"key": "dir/key", **proof}


def refused(answer: Answer, code: str = "AccessDenied") -> None:
    assert (answer.status, answer.code) == (403, code), answer


@pytest.fixture
def user(server: Server) -> Cloud:
    """A user without any policy."""
    return Cloud(server).user(f"poster-{os.urandom(6).hex()}")


def allowed(server: Server, action: str, on: str = "*") -> Cloud:
    """A user who may do one thing."""
    root = Cloud(server)
    name = f"poster-{os.urandom(6).hex()}"
    made = root.user(name)
    root.attach(root.policy(name, action, resource=on), "User", name)
    return made


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_4_and_18_keys_and_tokens_that_nobody_has(server: Server, named: str, version: str) -> None:
    """Also what a sample of the documents sends when it could not get a token."""
    for token in (None, "ERROR_SECURITY_TOKEN"):
        nobody = Cloud(server, "ERROR_ACCESS_KEY_ID", "ERROR_ACCESS_KEY_SECRET", token)
        refused(post(server, named, by(nobody, version)), "InvalidAccessKeyId")
    owner = Cloud(server, token="garbage")
    refused(post(server, named, by(owner, version)), "InvalidSecurityToken")


def test_1_nobody_may_where_all_may(server: Server, named: str) -> None:
    answer = post(server, named, {"key": "a"})
    refused(answer)
    assert server.request("PUT", named, query={"acl": ""}, headers=PUBLIC).status == 200
    assert post(server, named, {"key": "a"}).status == 204
    assert server.request("GET", named, "a").body == b"the file"
    read = {"x-oss-acl": "public-read"}
    assert server.request("PUT", named, query={"acl": ""}, headers=read).status == 200
    refused(post(server, named, {"key": "b"}))


def test_nobody_may_where_public_access_is_blocked(server: Server, named: str) -> None:
    assert server.request("PUT", named, query={"acl": ""}, headers=PUBLIC).status == 200
    xml = (
        b"<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess>"
        b"</PublicAccessBlockConfiguration>"
    )
    block = {"publicAccessBlock": ""}
    assert server.request("PUT", named, query=block, body=xml).status == 200
    refused(post(server, named, {"key": "a"}))
    public = {"key": "a", "x-oss-object-acl": "public-read", **signed("v4")}
    refused(post(server, named, public))
    assert server.request("HEAD", named, "a").status == 404


def test_no_header_and_no_url_signs_a_form(server: Server, named: str) -> None:
    """They are not looked at: neither do they help, nor harm."""
    form = body(("key", "a"), File())
    kind = {"content-type": f"multipart/form-data; boundary={forms.BOUNDARY}"}
    for version in forms.VERSIONS:
        headers = signed_header(version, "POST", named, b"", {}, kind)
        refused(send(server, named, form, headers))
    wrong = {"authorization": "OSS nobody:AAAA"}
    good = body(("key", "a"), *signed("v4").items(), File())
    query = f"/{named}?OSSAccessKeyId=nobody&Expires=1&Signature=x"
    assert send(server, named, good, wrong, path=query).status == 204


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_users(server: Server, named: str, user: Cloud, version: str) -> None:
    answer = post(server, named, by(user, version))
    refused(answer)
    assert answer.element("AuthAction") == PUT
    assert answer.element("AuthPrincipalType") == "SubUser"
    assert answer.element("NoPermissionType") == "ImplicitDeny"
    assert answer.element("PolicyType") == "AccountLevelIdentityBasedPolicy"
    may = allowed(server, PUT, on=f"acs:oss:*:*:{named}/dir/*")
    assert post(server, named, by(may, version)).status == 204
    refused(post(server, named, {**by(may, version), "key": "other"}))
    for wrong in ("oss:PostObject", "oss:GetObject"):
        refused(post(server, named, by(allowed(server, wrong), version)))


def test_the_key_is_judged_as_it_becomes(server: Server, named: str) -> None:
    """A file's name does not lead out of what the signer may write."""
    may = allowed(server, PUT, on=f"acs:oss:*:*:{named}/dir/*")
    given = {**by(may), "key": "${filename}"}
    refused(post(server, named, given, File(name="../dir/x")))
    refused(post(server, named, given, File(name="dir/x")))
    assert post(server, named, {**given, "key": "dir/${filename}"}, File(name="x")).status == 204


def test_a_key_that_was_disabled(server: Server, named: str) -> None:
    root = Cloud(server)
    name = f"poster-{os.urandom(6).hex()}"
    user = root.user(name)
    root.attach("AliyunOSSFullAccess", "User", name)
    assert post(server, named, by(user)).status == 204
    root("UpdateAccessKey", user_name=name, user_access_key_id=user.key_id, status="Inactive")
    refused(post(server, named, by(user)), "InvalidAccessKeyId")


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_20_sessions(server: Server, named: str, version: str) -> None:
    root = Cloud(server)
    name = f"poster-{os.urandom(6).hex()}"
    root("CreateRole", role_name=name, assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", name)
    caller = root.user(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)
    whole = caller.assume(name)
    narrow = caller.assume(name, policy=document(PUT, on=f"acs:oss:*:*:{named}/dir/*"))
    assert post(server, named, by(whole, version)).status == 204
    assert post(server, named, by(narrow, version)).status == 204
    answer = post(server, named, {**by(narrow, version), "key": "other"})
    refused(answer)
    assert answer.element("PolicyType") == "SessionPolicy"
    # 18: a temporary key without its token, with another's, with a lasting key's
    alone = Cloud(server, whole.key_id, whole.secret)
    refused(post(server, named, by(alone, version)), "InvalidAccessKeyId")
    mixed = Cloud(server, whole.key_id, whole.secret, narrow.token)
    refused(post(server, named, by(mixed, version)), "AccessKeyIdAndSecurityTokenNotMatch")
    lasting = Cloud(server, caller.key_id, caller.secret, whole.token)
    refused(post(server, named, by(lasting, version)), "InvalidSecurityToken")


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_26_and_34_another_account(server: Server, named: str, version: str) -> None:
    other = Cloud(server, OTHER_KEY_ID, OTHER_SECRET)
    refused(post(server, named, by(other, version)))
    allow = {"Effect": "Allow", "Principal": ["*"], "Action": [PUT],
             "Resource": [f"acs:oss:*:*:{named}/*"]}  # fmt: skip

    def put(*statements: object) -> None:
        text = json.dumps({"Version": "1", "Statement": statements}).encode()
        assert server.request("PUT", named, query={"policy": ""}, body=text).status == 200

    put(allow)
    assert post(server, named, by(other, version)).status == 204
    put(allow, {**allow, "Effect": "Deny", "Resource": [f"acs:oss:*:*:{named}/dir/*"]})
    answer = post(server, named, by(other, version))
    refused(answer)
    assert answer.element("NoPermissionType") == "ExplicitDeny"
    assert post(server, named, {**by(other, version), "key": "other"}).status == 204


def test_conditions_of_policies_see_the_form(server: Server, named: str) -> None:
    """Its ACL is a field, and its caller the one that the form proves."""
    other = Cloud(server, OTHER_KEY_ID, OTHER_SECRET)
    statement = {
        "Effect": "Allow", "Principal": ["*"], "Action": [PUT],
        "Resource": [f"acs:oss:*:*:{named}/*"],
        "Condition": {
            "StringEquals": {"oss:x-oss-object-acl": "private", "acs:AccessId": other.key_id}
        },
    }  # fmt: skip
    text = json.dumps({"Version": "1", "Statement": [statement]}).encode()
    assert server.request("PUT", named, query={"policy": ""}, body=text).status == 200
    refused(post(server, named, by(other)))
    refused(post(server, named, {**by(other), "x-oss-object-acl": "public-read"}))
    assert post(server, named, {**by(other), "x-oss-object-acl": "private"}).status == 204


def test_the_referer_of_a_form(server: Server, named: str) -> None:
    """Hotlink rules are for what no header signs."""
    xml = (
        b"<RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer><RefererList>"
        b"<Referer>http://app.test</Referer></RefererList></RefererConfiguration>"
    )
    assert server.request("PUT", named, query={"referer": ""}, body=xml).status == 200
    form = body(("key", "a"), *signed("v4").items(), File())
    refused(send(server, named, form))
    refused(send(server, named, form, {"referer": "http://evil.test/"}))
    assert send(server, named, form, {"referer": "http://app.test/page"}).status == 204


def test_how_long_a_form_lives(moved: tuple[Server, Move]) -> None:
    """Until its policy's expiration, or its token's if that is sooner; 15 minutes mean nothing."""
    server, move = moved
    root = Cloud(server)
    user = root.user("ann")
    root.attach("AliyunSTSAssumeRoleAccess", "User", "ann")
    root("CreateRole", role_name="r", assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", "r")
    assert root.oss("PUT", "photos").status == 200
    text = forms.policy(expiration=forms.expiry(3 * 3600))
    lasting = [by(root, version, text) for version in forms.VERSIONS]
    passing = by(user.assume("r", duration_seconds=900), "v4", text)
    for ahead_s in (0, 10 * 60, 20 * 60, 3 * 3600 - 60):
        move(ahead_s)
        assert [post(server, "photos", form).status for form in lasting] == [204] * 3, ahead_s
        if ahead_s < 900:
            assert post(server, "photos", passing).status == 204
        else:
            refused(post(server, "photos", passing), "SecurityTokenExpired")
    move(3 * 3600 + 60)
    for form in lasting:
        answer = post(server, "photos", form)
        refused(answer)
        assert answer.element("Message") == "Invalid according to Policy: Policy expired."
