"""Temporary keys: one call for many, renewed in time, refusals in words, and nothing of our own."""

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mossbox.auth import acs3
from mossbox.auth.rpc import Message
from mossbox.upload import Limits, UploadSettings, upload_server
from mossbox.upload.keys import Keys
from tests.unit.upload.conftest import BASE, KEY, SETTINGS, Sts, asking

STS = "/get_sts_token_for_oss_upload"
POST = "/get_post_signature_for_oss_upload"
ROLE = "acs:ram::1000000000000001:role/uploader"


def settings_for(sts: Sts, **more: Any) -> UploadSettings:
    return replace(SETTINGS, role_arn=ROLE, sts_endpoint=sts.url, **more)


def test_a_hundred_callers_cause_one_call(sts: Sts) -> None:
    app = upload_server(settings_for(sts), access_key=KEY)
    answers = asking(app, *[STS] * 100)
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["AccessKeyId"] for answer in answers} == {"STS.1"}
    assert asking(app, STS, POST)[1].json()["security_token"] == "token-1"
    assert len(sts.asked) == 1


@pytest.mark.parametrize(("lives_s", "calls"), [(59, 2), (60, 2), (75, 1)])
def test_keys_are_renewed_when_a_minute_is_left(sts: Sts, lives_s: int, calls: int) -> None:
    sts.lives_s = lives_s
    app = upload_server(settings_for(sts), access_key=KEY)
    assert asking(app, STS)[0].json()["AccessKeyId"] == "STS.1"
    assert asking(app, STS)[0].json()["AccessKeyId"] == f"STS.{calls}"
    assert len(sts.asked) == calls


def test_a_caller_who_leaves_does_not_take_the_others_keys(sts: Sts) -> None:
    app = upload_server(settings_for(sts), access_key=KEY)

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            first = asyncio.create_task(client.get(STS))
            await asyncio.sleep(0)
            second = asyncio.create_task(client.get(STS))
            await asyncio.sleep(0)
            first.cancel()
            return await second

    assert asyncio.run(go()).json()["AccessKeyId"] == "STS.1"
    assert len(sts.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, {"Code": "NoPermission", "Message": "m"}, "(NoPermission): the access key may not"),
        (404, {"Code": "EntityNotExist.Role", "Message": "m"}, ": there is no such role."),
        (400, {"Code": "SomethingNew", "Message": "m"}, "no temporary keys (SomethingNew)."),
        (200, {"Nothing": 1}, "is not STS."),
        (200, b"<html>", "is not STS."),
        (502, b"", "is not STS."),
        (200, {"Credentials": {"AccessKeyId": "a", "AccessKeySecret": "b", "SecurityToken": "c",
                               "Expiration": "soon"}}, "is not STS."),
    ],
)  # fmt: skip
def test_refusals_are_told_and_not_kept(
    sts: Sts, status: int, body: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = upload_server(settings_for(sts), access_key=KEY)
    sts.refusal = (status, body)
    with caplog.at_level(logging.INFO):
        answers = asking(app, STS, POST)
    for answer in answers:
        assert (answer.status_code, answer.json()["Code"]) == (502, "NoTemporaryKeys")
        assert said in answer.json()["Message"]
        assert KEY.secret not in answer.text
    assert KEY.secret not in caplog.text
    assert len(sts.asked) == 1
    sts.refusal = None
    assert asking(app, STS)[0].status_code == 200


def test_an_sts_that_is_not_there() -> None:
    gone = replace(SETTINGS, role_arn=ROLE, sts_endpoint="http://127.0.0.1:1")
    answer = asking(upload_server(gone, access_key=KEY), STS)[0]
    assert answer.status_code == 502
    assert answer.json()["Message"] == "STS can't be reached from this server."


def test_the_request_is_the_vendors_own(sts: Sts) -> None:
    """Nothing in it is Mossbox's: path, parameters and headers are those of the official SDKs."""
    app = upload_server(settings_for(sts, dir="in/"), access_key=KEY)
    asking(app, STS)
    (asked,) = sts.asked
    headers, path = asked.pop("headers"), asked.pop("path")
    assert (path, asked.pop("body")) == ("/", b"")
    assert set(asked) == {"RoleArn", "RoleSessionName", "DurationSeconds", "Policy"}
    assert (asked["RoleArn"], asked["DurationSeconds"]) == (ROLE, "3600")
    assert set(headers) <= {
        "host", "accept", "accept-encoding", "content-length", "authorization", "x-acs-action",
        "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256",
    }  # fmt: skip
    assert (headers["x-acs-action"], headers["x-acs-version"]) == ("AssumeRole", "2015-04-01")
    message = Message("POST", "/", asked, {}, headers)
    claim = acs3.claim(message)
    assert claim is not None
    assert acs3.verify(message, claim, KEY.secret) is None


def test_keys_that_are_temporary_themselves_send_their_token(sts: Sts) -> None:
    app = upload_server(settings_for(sts), access_key=Keys("STS.0", "secret-0", "token-0"))
    asking(app, STS)
    headers = sts.asked[0]["headers"]
    assert headers["x-acs-security-token"] == "token-0"
    assert "x-acs-security-token" in headers["authorization"]


def test_a_session_is_narrowed_to_the_directory(sts: Sts) -> None:
    app = upload_server(settings_for(sts, dir="in/"), lambda _: Limits("ann/"), access_key=KEY)
    asking(app, STS)
    asking(app, f"{STS}?dir=b/")
    resources = [json.loads(one["Policy"])["Statement"][0]["Resource"] for one in sts.asked]
    assert resources == [["acs:oss:*:*:photos/in/ann/*"], ["acs:oss:*:*:photos/in/ann/b/*"]]
