"""ACS3-HMAC-SHA256: the newer signature of the RPC dialect, in the Authorization header.

Source: Alibaba Cloud documentation, "V3 request body & signature mechanism". It covers method,
path, query, the headers that it names, and the body by its hash.
"""

import hmac
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from mossbox import errors
from mossbox.auth import Claim, Mismatch, equal
from mossbox.auth.rpc import Message, seconds
from mossbox.wire.text import encode

ALGORITHM = "ACS3-HMAC-SHA256"
_HASH = "x-acs-content-sha256"
_NEEDED = ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce")
_SIGNED = ("host", _HASH, "x-acs-security-token", *_NEEDED)


def claim(message: Message) -> Claim | None:
    """What the header says of the signer; None when there is none of this kind.

    Raises IncompleteSignature, MissingParameter, InvalidTimeStamp.Format.
    """
    header = message.headers.get("authorization", "")
    if not header.startswith(ALGORITHM):
        return None
    parts = [part.strip().partition("=") for part in header[len(ALGORITHM) :].split(",")]
    fields = {name: value for name, found, value in parts if found}
    named = tuple(fields.get("SignedHeaders", "").lower().split(";"))
    if not fields.get("Credential") or not fields.get("Signature"):
        raise errors.IncompleteSignature()
    headers = message.headers
    _check_signed(headers, named)
    timestamp = headers["x-acs-date"]
    return Claim(
        fields["Credential"], headers.get("x-acs-security-token"), fields["Signature"], "header",
        timestamp, seconds(timestamp), None, additional=named,
        nonce=headers["x-acs-signature-nonce"],
    )  # fmt: skip


def _check_signed(headers: Mapping[str, str], named: Sequence[str]) -> None:
    """Refuse a request that lacks what is signed, or has it and did not sign it."""
    for name in _NEEDED:
        if not headers.get(name):
            raise errors.missing_parameter(name)
    for name in _SIGNED:
        if name in headers and name not in named:
            raise errors.IncompleteSignature(f"The header {name} must be signed.")


def verify(message: Message, claim: Claim, secret: str) -> Mismatch | None:
    """None when the signature is right and the body is the one it covers."""
    canonical = canonical_request(message, claim.additional)
    text = string_to_sign(canonical)
    promised = message.headers.get(_HASH, "").lower()
    whole = promised == sha256(message.body).hexdigest()
    if equal(signature(secret, text), claim.signature) and whole:
        return None
    return Mismatch(text, canonical, "")


def canonical_request(message: Message, named: Iterable[str]) -> str:
    """The six parts that are signed."""
    pairs = sorted((encode(k), encode(v)) for k, v in message.query.items())
    lines = "".join([f"{name}:{message.headers.get(name, '').strip()}\n" for name in named])
    return (
        f"{message.method}\n{message.path}\n{'&'.join([f'{k}={v}' for k, v in pairs])}\n{lines}\n"
        f"{';'.join(named)}\n{message.headers.get(_HASH, '')}"
    )


def string_to_sign(canonical: str) -> str:
    """The algorithm and the hash of the canonical request."""
    return f"{ALGORITHM}\n{sha256(canonical.encode('utf-8', 'replace')).hexdigest()}"


def signature(secret: str, text: str) -> str:
    """The signature of a string to sign."""
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def unsigned(host: str, action: str, version: str, now_s: float) -> dict[str, str]:
    """The headers that every request has before it is signed, its nonce drawn."""
    return {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s)),
        "x-acs-signature-nonce": secrets.token_hex(16),
    }


def sign(message: Message, key_id: str, secret: str) -> dict[str, str]:
    """The headers of a message that has its host, action, version, date and nonce, signed."""
    headers: Mapping[str, str] = {**message.headers, _HASH: sha256(message.body).hexdigest()}
    named = sorted(name for name in headers if name == "host" or name.startswith("x-acs-"))
    whole = Message(
        message.method, message.path, message.query, message.form, headers, message.body
    )
    proof = signature(secret, string_to_sign(canonical_request(whole, named)))
    shown = f"Credential={key_id},SignedHeaders={';'.join(named)},Signature={proof}"
    return {**headers, "authorization": f"{ALGORITHM} {shown}"}
