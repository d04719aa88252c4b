"""Who is it, and may they? Pure functions: no socket, no storage, no clock of their own.

Each signature scheme's file holds `sign` beside `verify`, so that server, clients and tests can't
come to disagree. Secrets are compared in constant time and never shown.
"""

import hmac
from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

import msgspec

from mossbox import errors
from mossbox.clock import iso_ms, may_be_a_signers
from mossbox.errors import ServiceError

SKEW_S = 900


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Who asks: an account's root, one of its identities, or nobody.

    `via` tells where the signature was: presigned URLs are bound by rules that headers are not.
    `uid` is the account's; `id` is what policies call a user or role by, `identity` its row.
    `policy` narrows a session to what this document allows.
    """

    kind: Literal["anonymous", "root", "user", "role"]
    account: int
    uid: str
    key_id: str
    via: Literal["", "header", "query", "form"]
    identity: int = 0
    id: str = ""
    name: str = ""
    session: str = ""
    policy: str | None = None
    expires_s: int | None = None

    @property
    def label(self) -> str:
        """The key as access lines show it: a temporary one with its session's name."""
        return f"{self.key_id}/{self.session}" if self.session else self.key_id

    @property
    def arn(self) -> str:
        """The caller as policies and GetCallerIdentity name it (RAM documentation, "ARN")."""
        if self.kind == "user":
            return f"acs:ram::{self.uid}:user/{self.name}"
        if self.kind == "role":
            return f"acs:sts::{self.uid}:assumed-role/{self.name}/{self.session}"
        return f"acs:ram::{self.uid}:root" if self.kind == "root" else ""


ANONYMOUS = Caller("anonymous", 0, "", "", "")


class Subject(msgspec.Struct, frozen=True):
    """What a signature covers: the request as it was parsed once.

    `bare` marks a path-style bucket address without its trailing slash.
    """

    method: str
    bucket: str
    key: bytes
    query: Mapping[str, str]
    headers: Mapping[str, str]
    bare: bool = False


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What a request says about who signed it, before that is checked."""

    key_id: str
    token: str | None
    signature: str
    via: Literal["header", "query", "form"]
    timestamp: str
    signed_s: int | None  # when it was signed, None where only an expiry is given
    expires_s: int | None  # until when a signed URL lives
    scope: str = ""  # V4: day/region/product/terminator
    additional: tuple[str, ...] = ()
    nonce: str = ""  # of the RPC dialect, where a request may come once


class Mismatch(NamedTuple):
    """Why a signature does not verify: what we would have signed."""

    string_to_sign: str
    canonical_request: str
    ec: str


class Scheme(Protocol):
    """A signature scheme; each is a module with these two functions."""

    def claim(self, subject: Subject) -> Claim | None:
        """What the request says of its signer; None when it is signed otherwise or not at all."""

    def verify(self, subject: Subject, claim: Claim, secret: str) -> Mismatch | None:
        """None when the signature is right, else what it should have covered."""


def equal(ours: str, theirs: str) -> bool:
    """Whether two signatures are equal, in constant time."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogateescape"))


def signature_error(claim: Claim, mismatch: Mismatch) -> ServiceError:
    """SignatureDoesNotMatch, with all that a person needs to find their mistake."""
    text = mismatch.string_to_sign
    details = {
        "OSSAccessKeyId": claim.key_id,
        "SignatureProvided": claim.signature,
        "StringToSign": text,
        "StringToSignBytes": text.encode("utf-8", "surrogateescape").hex(" ").upper(),
    }
    if mismatch.canonical_request:
        details["CanonicalRequest"] = mismatch.canonical_request
    return errors.SignatureDoesNotMatch(ec=mismatch.ec, **details)


def check_time(claim: Claim, now_s: float) -> None:
    """Raise RequestTimeTooSkewed or AccessDenied (expired) for a claim out of its time.

    A header may be 15 minutes off both ways; a signed URL or form lives until its own expiry and
    may be dated at most 15 minutes ahead.
    """
    if claim.expires_s is not None and now_s > claim.expires_s:
        raise errors.AccessDenied("Request has expired.", ec="0002-00000069")
    if claim.signed_s is None:
        return
    late = now_s - claim.signed_s
    if late < -SKEW_S or (late > SKEW_S and claim.via == "header"):
        if may_be_a_signers(claim.signed_s, SKEW_S):
            return
        raise errors.RequestTimeTooSkewed(
            MaxAllowedSkewMilliseconds=SKEW_S * 1000,
            RequestTime=_iso(claim.signed_s),
            ServerTime=_iso(int(now_s)),
        )


def _iso(seconds: int) -> str:
    return iso_ms(seconds * 1000)
