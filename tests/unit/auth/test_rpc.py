"""The signature of parameters: a request of the official client, its changes, and its limits."""

import pytest

from mossbox.auth import rpc
from mossbox.auth.rpc import Message
from mossbox.errors import ServiceError
from mossbox.wire.text import parse_query

# What aliyun-python-sdk-core 2.16.1 sent for the key AKID with the secret AKSEC.
SENT = (
    b"RoleArn=acs%3Aram%3A%3A1%3Arole%2Fa%20b&RoleSessionName=s~%2A%2B1&Policy=%7B%22a%22%3A%22"
    b"%E4%B8%AD%20%2B%2A~%22%7D&Version=2015-04-01&Action=AssumeRole&Format=JSON&RegionId="
    b"cn-hangzhou&Timestamp=2026-11-21T05%3A57%3A41Z&SignatureMethod=HMAC-SHA1&SignatureType=&"
    b"SignatureVersion=1.0&SignatureNonce=d253f7dafdbe13d14a0d4ae377bc8520&AccessKeyId=AKID&"
    b"Signature=m%2BXvARGQcUY0NlBLY5voQPgrv78%3D"
)


def message(method: str = "POST", query: dict | None = None, form: dict | None = None) -> Message:
    given = parse_query(SENT) if query is None else query
    return Message(method, "/", given, form or {}, {})


def is_right(asked: Message, secret: str = "AKSEC") -> bool:
    claim = rpc.claim(asked)
    assert claim is not None
    return rpc.verify(asked, claim, secret) is None


def test_a_request_of_the_official_client() -> None:
    claim = rpc.claim(message())
    assert claim is not None
    assert (claim.key_id, claim.nonce, claim.token) == (
        "AKID",
        "d253f7dafdbe13d14a0d4ae377bc8520",
        None,
    )
    assert claim.signed_s == 1795240661
    assert is_right(message())


def test_query_and_form_are_signed_together() -> None:
    query = parse_query(SENT)
    form = {name: query.pop(name) for name in ("Policy", "Signature", "AccessKeyId")}
    assert is_right(message(query=query, form=form))


@pytest.mark.parametrize("name", ["Action", "Policy", "Timestamp", "SignatureNonce", "RegionId"])
def test_a_change_is_noticed(name: str) -> None:
    changed = parse_query(SENT)
    changed[name] = changed[name][:-1] + ("Z" if changed[name][-1:] != "Z" else ".5Z")
    assert not is_right(message(query=changed))


def test_method_secret_and_additions_count() -> None:
    assert not is_right(message("GET"))
    assert not is_right(message(), "AKSED")
    assert not is_right(message(form={"More": "1"}))


def test_what_we_sign_we_verify() -> None:
    asked = {"Timestamp": "2026-11-21T05:57:41.123Z", "SignatureNonce": "n", "A b": "c/é~*"}
    assert is_right(message(query=rpc.sign("POST", asked, "id", "AKSEC")))


def test_unsigned_is_no_claim() -> None:
    assert rpc.claim(message(query={"Action": "GetUser"})) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AccessKeyId": ""}, "MissingParameter"), ({"Signature": ""}, "MissingParameter"),
        ({"SignatureNonce": ""}, "MissingParameter"), ({"Timestamp": ""}, "MissingParameter"),
        ({"Timestamp": "2026-11-21"}, "InvalidTimeStamp.Format"),
        ({"SignatureMethod": "HMAC-SHA256"}, "IncompleteSignature"),
        ({"SignatureVersion": "2.0"}, "IncompleteSignature"),
    ],
)  # fmt: skip
def test_what_is_missing_or_unknown(change: dict[str, str], code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        rpc.claim(message(query={**parse_query(SENT), **change}))
    assert caught.value.code.name == code


@pytest.mark.parametrize(("late_s", "fine"), [(0, True), (900, True), (901, False), (-901, False)])
def test_a_quarter_of_an_hour(late_s: int, fine: bool) -> None:
    claim = rpc.claim(message())
    assert claim is not None
    assert claim.signed_s is not None
    if fine:
        rpc.check_time(claim, claim.signed_s + late_s)
        return
    with pytest.raises(ServiceError) as caught:
        rpc.check_time(claim, claim.signed_s + late_s)
    assert caught.value.code.name == "InvalidTimeStamp.Expired"
