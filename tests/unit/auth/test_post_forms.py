"""Who signed a form: three versions of the signature."""

import base64
import hmac

import pytest

from mossbox.auth import oss_v4, post_forms, post_policy
from mossbox.errors import ServiceError

POLICY = base64.b64encode(b'{"expiration":"2026-12-01T12:00:00.000Z","conditions":[]}').decode()
TIMESTAMP = "20261121T010203Z"


def fields(version: str) -> dict[str, str]:
    if version == "v4":
        signed = post_forms.sign_v4(POLICY, "id", "secret", "cn-hangzhou", TIMESTAMP)
    else:
        sign = post_forms.sign_v1 if version == "v1" else post_forms.sign_v2
        signed = sign(POLICY, "id", "secret")
    return {name.lower(): value for name, value in signed.items()}


def code(given: dict[str, str]) -> str:
    with pytest.raises(ServiceError) as caught:
        post_forms.claim(given)
    return caught.value.code.name


@pytest.mark.parametrize("version", ["v1", "v2", "v4"])
def test_what_is_signed_verifies(version: str) -> None:
    claim = post_forms.claim(fields(version))
    assert claim is not None
    assert (claim.key_id, claim.via, claim.policy) == ("id", "form", POLICY)
    assert post_forms.verify(claim, "secret") is None
    mismatch = post_forms.verify(claim, "another")
    assert mismatch is not None
    assert (mismatch.string_to_sign, mismatch.ec) == (POLICY, "0002-00000705")


def test_by_the_documents_own_arithmetic() -> None:
    """Each version as the vendor's pages write it down, step by step."""
    text, secret = POLICY.encode(), b"secret"
    assert fields("v1")["signature"] == base64.b64encode(hmac.digest(secret, text, "sha1")).decode()
    v2 = base64.b64encode(hmac.digest(secret, text, "sha256")).decode()
    assert fields("v2")["x-oss-signature"] == v2
    key = hmac.digest(b"aliyun_v4" + secret, b"20261121", "sha256")
    for part in (b"cn-hangzhou", b"oss", b"aliyun_v4_request"):
        key = hmac.digest(key, part, "sha256")
    assert fields("v4")["x-oss-signature"] == hmac.digest(key, text, "sha256").hex()


def test_a_signature_of_the_java_client() -> None:
    """The vector of its own tests, whose policy escapes slashes and a dollar that is one."""
    policy = (
        '{"expiration":"2020-03-19T03:44:06.476Z","conditions":[{"bucket":"gen-post-policy"},'
        r'["eq","$key","user\/eric\/\\${filename}"],["starts-with","$key","user\/eric"],'
        '["starts-with","$x-oss-meta-tag","dummy_etag"],["content-length-range",1,1024]]}'
    )
    text = base64.b64encode(policy.encode()).decode()
    signed = post_forms.sign_v1(text, "A" * 16, "B" * 30)
    assert signed["Signature"] == "9fs2TRS2W2k5hV8mLsvqZBnlC2M="
    given = {"bucket": "gen-post-policy", "key": "user/eric/${filename}"}
    post_policy.parse(text).check({**given, "x-oss-meta-tag": "dummy_etags"}, 0)


def test_a_form_that_says_nothing_of_its_signer() -> None:
    assert post_forms.claim({}) is None
    assert post_forms.claim({"key": "a", "name": "b", "x-oss-meta-a": "b"}) is None
    assert post_forms.claim({"x-oss-security-token": "", "policy": ""}) is None


@pytest.mark.parametrize("version", ["v1", "v2", "v4"])
def test_a_form_that_says_but_a_part_of_it(version: str) -> None:
    whole = fields(version)
    for name in whole:
        if name != "x-oss-signature-version" or version != "v1":
            assert code({k: v for k, v in whole.items() if k != name}) == "InvalidArgument", name
        assert code({name: whole[name]}) == "InvalidArgument", name
        if name != "x-oss-signature-version":
            assert code({**whole, name: ""}) == "InvalidArgument", name
    assert code({"x-oss-security-token": "token"}) == "InvalidArgument"


def test_a_form_that_is_signed_in_two_ways() -> None:
    assert code({**fields("v4"), **fields("v1")}) == "InvalidArgument"
    assert code({**fields("v2"), "ossaccesskeyid": "id"}) == "InvalidArgument"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-oss-signature-version", "OSS5"),
        ("x-oss-date", "yesterday"),
        ("x-oss-credential", "id"),
        ("x-oss-credential", "id/20261121/oss-cn-hangzhou/oss/aliyun_v4_request"),
        ("x-oss-credential", "id/20261121/cn-hangzhou/sts/aliyun_v4_request"),
    ],
)
def test_fields_that_can_not_be_read(name: str, value: str) -> None:
    assert code({**fields("v4"), name: value}) == "InvalidArgument"


def test_the_day_of_the_scope_is_that_of_the_date() -> None:
    whole = fields("v4")
    claim = post_forms.claim({**whole, "x-oss-date": "20261122T000000Z"})
    assert claim is not None
    assert oss_v4.signature("secret", claim.scope, POLICY) == claim.signature
    assert post_forms.verify(claim, "secret") is not None
