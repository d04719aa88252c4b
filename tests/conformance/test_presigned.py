"""Signed URLs bound to headers, by every client that makes them: what was signed must be sent."""

from collections.abc import Callable

import alibabacloud_oss_v2 as oss
import oss2
import pytest
import requests

from tests.conformance.callbacks_and_urls import by_ali_oss
from tests.support import KEY_ID, REGION, SECRET, Server

Sign = Callable[[Server, str, dict[str, str]], str]
HEADERS = {
    "Content-Type": "text/signed", "x-oss-meta-a": "1", "x-oss-meta-b-c": "ü".encode().hex(),
    "x-oss-object-acl": "private", "x-oss-forbid-overwrite": "true", "x-oss-storage-class": "IA",
}  # fmt: skip


def by_oss2(auth: type) -> Sign:
    def sign(server: Server, key: str, headers: dict[str, str]) -> str:
        bucket = oss2.Bucket(
            auth(KEY_ID, SECRET), server.endpoint, "photos", region=REGION, is_path_style=True
        )
        return bucket.sign_url("PUT", key, 60, headers=headers, slash_safe=True)

    return sign


def by_oss_v2(version: str) -> Sign:
    def sign(server: Server, key: str, headers: dict[str, str]) -> str:
        config = oss.config.load_default()
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(KEY_ID, SECRET)
        config.region, config.endpoint, config.signature_version = REGION, server.endpoint, version
        request = oss.PutObjectRequest("photos", key, headers=headers)
        signed = oss.Client(config).presign(request)
        return str(signed.url)

    return sign


SIGNERS = {
    "oss2-v1": by_oss2(oss2.Auth), "oss2-v2": by_oss2(oss2.AuthV2), "oss2-v4": by_oss2(oss2.AuthV4),
    "v2-v1": by_oss_v2("v1"), "v2-v4": by_oss_v2("v4"),
}  # fmt: skip


def send(url: str, headers: dict[str, str], body: bytes = b"body") -> tuple[int, str]:
    answer = requests.put(url, data=body, headers=headers, timeout=30)
    return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]


@pytest.mark.parametrize("signer", SIGNERS)
def test_what_was_signed_must_be_sent(server: Server, signer: str) -> None:
    server.request("PUT", "photos")
    key = f"中文/{signer} +?.txt"
    server.request("DELETE", "photos", key)
    url = SIGNERS[signer](server, key, HEADERS)
    for name, value in HEADERS.items():
        changed = {**HEADERS, name: "public-read" if name == "x-oss-object-acl" else f"{value}2"}
        assert send(url, changed) == (403, "SignatureDoesNotMatch"), name
        missing = {other: kept for other, kept in HEADERS.items() if other != name}
        assert send(url, missing) == (403, "SignatureDoesNotMatch"), name
    added = {**HEADERS, "x-oss-meta-d": "1"}
    assert send(url, added) == (403, "SignatureDoesNotMatch")
    assert server.request("HEAD", "photos", key).status == 404
    assert send(url, HEADERS) == (200, "")
    head = server.request("HEAD", "photos", key)
    assert head.headers["content-type"] == "text/signed"
    assert head.headers["x-oss-meta-a"] == "1"
    assert head.headers["x-oss-storage-class"] == "IA"
    assert send(url, HEADERS, b"other") == (409, "FileAlreadyExists")
    assert server.request("GET", "photos", key).body == b"body"


@pytest.mark.parametrize("signer", SIGNERS)
def test_a_type_that_was_not_signed(server: Server, signer: str) -> None:
    """Without a Content-Type in the signature none may be sent (OSS documentation, FAQ)."""
    server.request("PUT", "photos")
    url = SIGNERS[signer](server, "plain", {})
    assert send(url, {"Content-Type": "text/html"}) == (403, "SignatureDoesNotMatch")
    assert send(url, {}) == (200, "")


@pytest.mark.parametrize("v4", [False, True])
def test_ali_oss(server: Server, v4: bool) -> None:
    server.request("PUT", "photos")
    server.request("DELETE", "photos", "signed")
    found = by_ali_oss(server, "urls", v4)
    assert found == {"wrong": 403, "without": 403, "right": 200, "again": 409}
    head = server.request("HEAD", "photos", "signed")
    assert (head.headers["content-type"], head.headers["x-oss-meta-a"]) == ("text/signed", "1")
