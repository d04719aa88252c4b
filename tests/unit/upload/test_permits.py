"""Forms and URLs, verified by the rules of the documents and by the store's own verifiers."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from mossbox.auth import Subject, oss_v4
from mossbox.upload.keys import Keys
from mossbox.upload.limits import Limits
from mossbox.upload.permits import Permit, session_policy, sts_answer
from tests.unit.upload.conftest import KEY, SETTINGS

NOW_S = 1_732_687_781  # 20241127T060941Z
TOKEN = Keys("STS.id", "secret-2", "the-token", NOW_S + 1800)


def permit(keys: Keys = KEY, limits: Limits = Limits()) -> Permit:  # noqa: B008
    return Permit(SETTINGS, keys, limits, NOW_S, 3600)


def policy_of(answer: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b64decode(answer["policy"]))
    return found


def signed_as_the_document_says(secret: str, policy: str) -> str:
    """Step by step: date, region, oss, aliyun_v4_request."""
    key = f"aliyun_v4{secret}".encode()
    for step in (b"20241127", b"cn-hangzhou", b"oss", b"aliyun_v4_request"):
        key = hmac.new(key, step, hashlib.sha256).digest()
    return hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("keys", [KEY, TOKEN])
def test_a_form_of_v4_to_the_letter(keys: Keys) -> None:
    answer = permit(keys, Limits("user-dirs")).form_v4()
    assert answer == {
        "policy": answer["policy"],
        "x_oss_signature_version": "OSS4-HMAC-SHA256",
        "version": "OSS4-HMAC-SHA256",
        "x_oss_credential": f"{keys.key_id}/20241127/cn-hangzhou/oss/aliyun_v4_request",
        "x_oss_date": "20241127T060941Z",
        "signature": signed_as_the_document_says(keys.secret, answer["policy"]),
        "security_token": keys.token,
        "host": "http://photos.oss-cn-hangzhou.aliyuncs.com",
        "dir": "user-dirs",
    }
    conditions = policy_of(answer)["conditions"]
    assert {"bucket": "photos"} in conditions
    assert ["starts-with", "$key", "user-dirs"] in conditions
    for name in ("x-oss-signature-version", "x-oss-credential", "x-oss-date"):
        field = "version" if name.endswith("version") else name.replace("-", "_")
        assert {name: answer[field]} in conditions
    assert ({"x-oss-security-token": "the-token"} in conditions) == (keys is TOKEN)


def test_a_form_of_v1_to_the_letter() -> None:
    answer = permit(limits=Limits("dir/")).form_v1()
    signature = hmac.new(KEY.secret.encode(), answer["policy"].encode(), hashlib.sha1).digest()
    assert answer == {
        "ossAccessKeyId": "the-id",
        "policy": answer["policy"],
        "signature": b64encode(signature).decode(),
        "host": "http://photos.oss-cn-hangzhou.aliyuncs.com",
        "dir": "dir/",
    }


def test_a_form_of_v1_by_temporary_keys_has_their_token_too() -> None:
    answer = permit(TOKEN).form_v1()
    assert answer["security_token"] == "the-token"
    assert {"x-oss-security-token": "the-token"} in policy_of(answer)["conditions"]


def test_limits_stand_in_the_policy() -> None:
    policy = policy_of(permit(limits=Limits("a/", 1, 10, ("image/png", "image/jpeg"))).form_v4())
    assert ["content-length-range", 1, 10] in policy["conditions"]
    assert ["in", "$content-type", ["image/png", "image/jpeg"]] in policy["conditions"]
    unlimited = policy_of(permit().form_v4())["conditions"]
    assert [one for one in unlimited if isinstance(one, list)] == [["starts-with", "$key", ""]]
    least = policy_of(permit(limits=Limits(min_size_bytes=1)).form_v4())["conditions"]
    assert ["content-length-range", 1, 5 * 1024**3] in least


def test_nothing_lives_longer_than_the_keys() -> None:
    assert policy_of(permit().form_v4())["expiration"] == "2024-11-27T07:09:41.000Z"
    assert policy_of(permit(TOKEN).form_v4())["expiration"] == "2024-11-27T06:39:41.000Z"
    assert "x-oss-expires=1800&" in permit(TOKEN).url("PUT", "a")
    dying = replace(TOKEN, expires_s=NOW_S - 5)
    assert "x-oss-expires=1&" in permit(dying).url("PUT", "a")


@pytest.mark.parametrize("key", ["a", "dir/a b+c.png", "图片/%2F?#.txt", "a//b", "'\"<>&"])
@pytest.mark.parametrize("keys", [KEY, TOKEN])
def test_a_url_verifies_and_covers_what_it_says(keys: Keys, key: str) -> None:
    headers = {"content-type": "image/png"}
    url = permit(keys).url("PUT", key, {"partNumber": "1", "uploadId": "A+/="}, headers, 17)
    parts = urlsplit(url)
    assert parts.netloc == "photos.oss-cn-hangzhou.aliyuncs.com"
    assert unquote(parts.path) == f"/{key}"
    query = dict(parse_qsl(parts.query))
    sent = Subject("PUT", "photos", key.encode(), query, {**headers, "content-length": "17"})
    claim = oss_v4.claim(sent)
    assert claim is not None
    assert claim.token == (keys.token or None)
    assert claim.additional == ("content-length",)
    assert oss_v4.verify(sent, claim, keys.secret) is None
    for wrong in (
        {"headers": {**headers, "content-length": "18"}},
        {"headers": {"content-type": "text/html", "content-length": "17"}},
        {"key": b"other"},
        {"method": "POST"},
        {"query": {**query, "uploadId": "B"}},
    ):
        given = Subject(**{**{n: getattr(sent, n) for n in sent.__struct_fields__}, **wrong})
        assert oss_v4.verify(given, claim, keys.secret) is not None


def test_the_session_may_put_under_its_directory_and_nothing_else() -> None:
    assert json.loads(session_policy("photos", "user-1/")) == {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["oss:PutObject"],
                "Resource": ["acs:oss:*:*:photos/user-1/*"],
            }
        ],
    }


def test_temporary_keys_to_the_letter() -> None:
    assert sts_answer(TOKEN) == {
        "AccessKeyId": "STS.id",
        "AccessKeySecret": "secret-2",
        "SecurityToken": "the-token",
        "Expiration": "2024-11-27T06:39:41Z",
    }
