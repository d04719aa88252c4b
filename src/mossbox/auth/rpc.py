"""The signature of the RPC dialect: HMAC-SHA1 over all parameters, sent as one of them.

Source: Alibaba Cloud documentation, "RPC-style requests and signatures". Parameters of query and
form are signed together; of a name that stands in both, the query's counts.
"""

import hmac
from base64 import b64encode
from calendar import timegm
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

import msgspec

from mossbox import errors
from mossbox.auth import SKEW_S, Claim, Mismatch, equal
from mossbox.clock import may_be_a_signers
from mossbox.wire.text import encode

METHOD, VERSION = "HMAC-SHA1", "1.0"


class Message(msgspec.Struct, frozen=True):
    """What the two signatures of the RPC dialect cover."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def parameters(self) -> dict[str, str]:
        """Those of form and query together."""
        return {**self.form, **self.query}


def claim(message: Message) -> Claim | None:
    """What the parameters say of the signer; None when they are not signed this way.

    Raises MissingParameter, IncompleteSignature, InvalidTimeStamp.Format.
    """
    given = message.parameters
    if "Signature" not in given and "AccessKeyId" not in given:
        return None
    for name in ("AccessKeyId", "Signature", "SignatureNonce", "Timestamp"):
        if not given.get(name):
            raise errors.missing_parameter(name)
    method = given.get("SignatureMethod", METHOD).upper()
    if method != METHOD or given.get("SignatureVersion", VERSION) != VERSION:
        raise errors.IncompleteSignature(f"Only {METHOD} in version {VERSION} is known.")
    timestamp = given["Timestamp"]
    return Claim(
        given["AccessKeyId"], given.get("SecurityToken"), given["Signature"], "query", timestamp,
        seconds(timestamp), None, nonce=given["SignatureNonce"],
    )  # fmt: skip


@lru_cache(maxsize=256)
def seconds(timestamp: str) -> int:
    """``2026-01-01T00:00:00Z``, perhaps with a fraction; raises InvalidTimeStamp.Format."""
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"):
        try:
            return timegm(datetime.strptime(timestamp, form).timetuple())
        except ValueError:
            continue
    raise errors.InvalidTimeStampFormat()


def check_time(claim: Claim, now_s: float) -> None:
    """Raise InvalidTimeStamp.Expired for a request that is dated 15 minutes off, or more."""
    assert claim.signed_s is not None
    late = abs(now_s - claim.signed_s)
    if late > SKEW_S and not may_be_a_signers(claim.signed_s, SKEW_S):
        raise errors.InvalidTimeStampExpired()


def verify(message: Message, claim: Claim, secret: str) -> Mismatch | None:
    """None when the signature is right, else what it should have covered."""
    text = string_to_sign(message.method, message.parameters)
    if equal(signature(secret, text), claim.signature):
        return None
    # The client for Ruby writes a space as "+" where it signs.
    if equal(signature(secret, text.replace("%2520", "%2B")), claim.signature):
        return None
    return Mismatch(text, "", "")


def string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """The method and all parameters but the signature, encoded, sorted, and encoded again."""
    pairs = sorted((encode(k), encode(v)) for k, v in parameters.items() if k != "Signature")
    return f"{method}&%2F&{encode('&'.join([f'{k}={v}' for k, v in pairs]))}"


def signature(secret: str, text: str) -> str:
    """The signature of a string to sign."""
    return b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), "sha1")).decode()


def sign(method: str, parameters: Mapping[str, str], key_id: str, secret: str) -> dict[str, str]:
    """Parameters that have their Timestamp and SignatureNonce, with their signature."""
    signed = {
        "AccessKeyId": key_id,
        "SignatureMethod": METHOD,
        "SignatureVersion": VERSION,
        **parameters,
    }
    signed["Signature"] = signature(secret, string_to_sign(method, signed))
    return signed
