"""The newer signature: requests of the official client, their changes, what must be signed."""

import pytest

from mossbox.auth import acs3
from mossbox.auth.rpc import Message
from mossbox.errors import ServiceError
from mossbox.wire.text import parse_query

# What alibabacloud-sts20150401 1.2.0 sent for the key AKID with the secret AKSEC.
QUERY = (
    b"DurationSeconds=900&Policy=%7B%22Version%22%3A%221%22%2C%22x%22%3A%22%E4%B8%AD+%2B%2A~%22%7D"
    b"&RoleArn=acs%3Aram%3A%3A1%3Arole%2Fa+b&RoleSessionName=s1"
)
SIGNED = (
    "accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;"
    "x-acs-date;x-acs-signature-nonce;x-acs-version"
)
HEADERS = {
    "host": "127.0.0.1:18099", "x-acs-version": "2015-04-01", "x-acs-action": "AssumeRole",
    "user-agent": "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2",
    "x-acs-date": "2026-11-21T05:57:41Z", "accept": "application/json",
    "x-acs-signature-nonce": "63c3de53e74bf03a256665d4ab7adf86",
    "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "x-acs-credentials-provider": "static_ak",
    "authorization": f"ACS3-HMAC-SHA256 Credential=AKID,SignedHeaders={SIGNED},Signature="
    "a7eb951f70ee18263b54f994cf64e7e30bd14d06b12598bb0389cb4d2e522a95",
}  # fmt: skip


def message(
    query: dict | None = None, body: bytes = b"", path: str = "/", **headers: str
) -> Message:
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    given = parse_query(QUERY) if query is None else query
    return Message("POST", path, given, {}, {**HEADERS, **changed}, body)


def is_right(asked: Message, secret: str = "AKSEC") -> bool:
    claim = acs3.claim(asked)
    assert claim is not None
    return acs3.verify(asked, claim, secret) is None


def test_a_request_of_the_official_client() -> None:
    claim = acs3.claim(message())
    assert claim is not None
    assert (claim.key_id, claim.nonce) == ("AKID", HEADERS["x-acs-signature-nonce"])
    assert is_right(message())


@pytest.mark.parametrize(
    "changed",
    [
        message(x_acs_action="GetUser"), message(host="127.0.0.1"), message(body=b"a=1"),
        message({**parse_query(QUERY), "DurationSeconds": "901"}), message(path="/x"),
        message({**parse_query(QUERY), "More": ""}), message(x_acs_date="2026-11-21T05:57:42Z"),
    ],
)  # fmt: skip
def test_a_change_is_noticed(changed: Message) -> None:
    assert not is_right(changed)


def test_the_secret_counts() -> None:
    assert not is_right(message(), "AKSED")


def test_another_kind_of_authorization_is_no_claim() -> None:
    assert acs3.claim(message(authorization="OSS AKID:x")) is None


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"authorization": "ACS3-HMAC-SHA256 Credential=AKID"}, "IncompleteSignature"),
        (
            {"authorization": HEADERS["authorization"].replace("x-acs-action;", "")},
            "IncompleteSignature",
        ),
        ({"x_acs_security_token": "unsigned"}, "IncompleteSignature"),
        ({"x_acs_signature_nonce": ""}, "MissingParameter"),
        ({"x_acs_date": "now"}, "InvalidTimeStamp.Format"),
    ],
)
def test_what_is_missing_or_unsigned(headers: dict[str, str], code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        acs3.claim(message(**headers))
    assert caught.value.code.name == code


def test_what_we_sign_we_verify() -> None:
    named = ("host", "x-acs-version", "x-acs-action", "x-acs-date", "x-acs-signature-nonce")
    asked = Message("POST", "/", {"a b": "é"}, {}, {name: HEADERS[name] for name in named}, b"c=d")
    headers = acs3.sign(asked, "id", "AKSEC")
    assert is_right(Message("POST", "/", asked.query, {}, headers, b"c=d"))
    assert not is_right(Message("POST", "/", asked.query, {}, headers, b"c=e"))
