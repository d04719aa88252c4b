"""OSS4-HMAC-SHA256 in headers and signed URLs, as the vendor's clients make it."""

import hashlib
import hmac
import re
import time
from calendar import timegm
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import msgspec

from mossbox import errors
from mossbox.auth import Claim, Mismatch, Subject, equal
from mossbox.wire.conditions import http_seconds
from mossbox.wire.text import encode, encode_path

ALGORITHM = "OSS4-HMAC-SHA256"
TERMINATOR = "aliyun_v4_request"
UNSIGNED = "UNSIGNED-PAYLOAD"
EXPIRES_MAX_S = 604_800
_INNER = bytes(value ^ 0x36 for value in range(256))
_OUTER = bytes(value ^ 0x5C for value in range(256))
_EC_HEADER, _EC_QUERY = "0002-00000040", "0002-00000201"
_EC_REGION = "0002-00000226"
_PLAIN = frozenset(("content-type", "content-md5"))  # signed whenever they are sent
_REGION = re.compile(r"[a-z0-9-]+\Z")
_BAD_REGION_HEADER = "Invalid signing region in Authorization header."
_BAD_REGION_QUERY = "The signing region in credential is invalid."


class Authorization(NamedTuple):
    """What is said of the signer besides the signature."""

    key_id: str
    scope: str
    additional: tuple[str, ...]


def claim(subject: Subject) -> Claim | None:
    """What a V4 request says of its signer; None when it is signed otherwise or not at all.

    Raises InvalidArgument, AccessDenied when it is V4 and malformed.
    """
    header = subject.headers.get("authorization")
    if header is not None:
        return _header_claim(header, subject.headers) if header.startswith(ALGORITHM) else None
    if subject.query and subject.query.get("x-oss-signature-version") == ALGORITHM:
        return _query_claim(subject.query)
    return None


def _header_claim(header: str, headers: Mapping[str, str]) -> Claim:
    front, found, signature = header.rpartition("Signature=")
    if not found or "," in signature:
        front, signature = _signature_first(header)
    parsed = _parse_authorization(front)
    timestamp = headers.get("x-oss-date") or headers.get("date", "")
    signed_s = seconds(timestamp)
    if signed_s is None:
        raise errors.AccessDenied("OSS authentication requires a valid Date.")
    token = headers.get("x-oss-security-token")
    return Claim(
        parsed.key_id, token, signature, "header", timestamp, signed_s, None,
        parsed.scope, parsed.additional,
    )  # fmt: skip


def _signature_first(header: str) -> tuple[str, str]:
    """Split a header whose signature does not stand last."""
    parts = [part.strip() for part in header[len(ALGORITHM) :].split(",")]
    signatures = [part for part in parts if part.startswith("Signature=")]
    if len(signatures) != 1:
        raise errors.InvalidArgument("Authorization header is invalid.")
    parts.remove(signatures[0])
    return f"{ALGORITHM} {','.join(parts)}", signatures[0][10:]


@lru_cache(maxsize=1024)
def _parse_authorization(front: str) -> Authorization:
    """Everything but the signature; clients send the same again and again."""
    fields = {}
    for part in front[len(ALGORITHM) :].split(","):
        name, found, value = part.strip().partition("=")
        if found:
            fields[name] = value
    credential = fields.get("Credential", "")
    return authorization(credential, fields.get("AdditionalHeaders", ""), _BAD_REGION_HEADER)


@lru_cache(maxsize=1024)
def authorization(
    credential: str, additional: str = "", bad_region: str = _BAD_REGION_QUERY
) -> Authorization:
    """A credential taken apart: ``<key id>/<day>/<region>/oss/aliyun_v4_request``.

    Raises InvalidArgument.
    """
    parts = credential.split("/")
    if len(parts) != 5 or not parts[0] or not parts[1] or parts[4] != TERMINATOR:
        raise errors.invalid_argument("Authorization header is invalid.", "Credential", credential)
    if parts[2].startswith("oss-") or not _REGION.match(parts[2]):
        raise errors.InvalidArgument(
            bad_region, ec=_EC_REGION, ArgumentName="Credential", ArgumentValue=credential
        )
    if parts[3] != "oss":
        message = f"The credential scope must be <day>/<region>/oss/{TERMINATOR}."
        raise errors.invalid_argument(message, "Credential", credential)
    names = sorted({name.strip().lower() for name in additional.split(";")} - {""})
    return Authorization(parts[0], "/".join(parts[1:]), tuple(names))


def _query_claim(query: Mapping[str, str]) -> Claim:
    needed = ("x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-signature")
    if any(name not in query for name in needed):
        raise errors.AccessDenied(f"Query-string authentication requires {', '.join(needed)}.")
    additional = query.get("x-oss-additional-headers", "")
    parsed = authorization(query["x-oss-credential"], additional, _BAD_REGION_QUERY)
    expires = query["x-oss-expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) < 10) or not (
        1 <= int(expires) <= EXPIRES_MAX_S
    ):
        message = f"x-oss-expires must lie between 1 and {EXPIRES_MAX_S}."
        raise errors.AccessDenied(message, ec="0002-00000232")
    timestamp = query["x-oss-date"]
    signed_s = seconds(timestamp)
    if signed_s is None:
        raise errors.AccessDenied("OSS authentication requires a valid Date.")
    return Claim(
        parsed.key_id, query.get("x-oss-security-token"), query["x-oss-signature"], "query",
        timestamp, signed_s, signed_s + int(expires), parsed.scope, parsed.additional,
    )  # fmt: skip


@lru_cache(maxsize=256)
def seconds(timestamp: str) -> int | None:
    """``20231216T162057Z``, or the RFC 1123 date that the older Go client sends instead."""
    if len(timestamp) == 16 and timestamp[8] == "T":
        try:
            return timegm(time.strptime(timestamp, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            return None
    return http_seconds(timestamp)


def check_region(claim: Claim, region: str) -> None:
    """Raise InvalidArgument unless the claim was signed for this region."""
    signed_for = claim.scope.split("/")[1]
    if signed_for != region:
        message = _BAD_REGION_HEADER if claim.via == "header" else _BAD_REGION_QUERY
        raise errors.InvalidArgument(message, ec=_EC_REGION, Region=signed_for, Expected=region)


def verify(subject: Subject, claim: Claim, secret: str) -> Mismatch | None:
    """None when the signature is right, else what it should have covered."""
    canonical = canonical_request(subject, claim.additional)
    text = string_to_sign(canonical, claim.timestamp, claim.scope)
    ours = signature(secret, claim.scope, text)
    day_fits = claim.scope.startswith(_day(claim))
    if equal(ours, claim.signature) and day_fits and _all_sent(subject, claim):
        return None
    if subject.bare and not subject.key:
        # The C client and OpenDAL sign the address as they wrote it, without the last slash.
        bare = canonical.replace(f"/{subject.bucket}/", f"/{subject.bucket}", 1)
        ours = signature(secret, claim.scope, string_to_sign(bare, claim.timestamp, claim.scope))
        if equal(ours, claim.signature) and day_fits and _all_sent(subject, claim):
            return None
    return Mismatch(text, canonical, _EC_HEADER if claim.via == "header" else _EC_QUERY)


def _all_sent(subject: Subject, claim: Claim) -> bool:
    return not claim.additional or all(name in subject.headers for name in claim.additional)


def _day(claim: Claim) -> str:
    if claim.timestamp[8:9] == "T":
        return claim.timestamp[:8]
    return time.strftime("%Y%m%d", time.gmtime(claim.signed_s))


def canonical_request(subject: Subject, additional: tuple[str, ...] = ()) -> str:
    """The six parts that are signed; the bucket is always in the path."""
    headers = subject.headers
    plain = _PLAIN.union(additional) if additional else _PLAIN
    names = [name for name in headers if name[:6] == "x-oss-" or name in plain]
    names.sort()  # by name alone: as lines "x-oss-meta-a-b:" would precede "x-oss-meta-a:"
    signed = [f"{name}:{headers[name].strip()}\n" for name in names]
    path = f"/{subject.bucket}/{encode_path(subject.key)}" if subject.bucket else "/"
    return (
        f"{subject.method}\n{path}\n{canonical_query(subject.query)}\n{''.join(signed)}\n"
        f"{';'.join(additional)}\n{headers.get('x-oss-content-sha256', UNSIGNED)}"
    )


def canonical_query(query: Mapping[str, str]) -> str:
    """All parameters but the signature, encoded, sorted by encoded name, no ``=`` when empty."""
    if not query:
        return ""
    pairs = sorted(
        (encode(name), encode(value)) for name, value in query.items() if name != "x-oss-signature"
    )
    return "&".join([f"{name}={value}" if value else name for name, value in pairs])


def string_to_sign(canonical: str, timestamp: str, scope: str) -> str:
    """Algorithm, time, scope and the hash of the canonical request."""
    digest = sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"


def signature(secret: str, scope: str, text: str) -> str:
    """The signature of a string to sign."""
    inner, outer = _halves(secret, scope)
    inner, outer = inner.copy(), outer.copy()
    inner.update(text.encode())
    outer.update(inner.digest())
    return outer.hexdigest()


@lru_cache(maxsize=4096)
def _halves(secret: str, scope: str) -> "tuple[hashlib._Hash, hashlib._Hash]":
    """Both halves of the HMAC with the scope's key taken in: copying them is half its cost."""
    key = signing_key(secret, scope).ljust(64, b"\0")
    return sha256(key.translate(_INNER)), sha256(key.translate(_OUTER))


def signing_key(secret: str, scope: str) -> bytes:
    """The key of one scope (day/region/product/terminator), derived step by step."""
    key = f"aliyun_v4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode("utf-8", "surrogateescape"), "sha256")
    return key


def sign(
    subject: Subject, key_id: str, secret: str, region: str, additional: tuple[str, ...] = ()
) -> str:
    """The Authorization header for a request that has its x-oss-date."""
    timestamp = subject.headers["x-oss-date"]
    scope = f"{timestamp[:8]}/{region}/oss/{TERMINATOR}"
    text = string_to_sign(canonical_request(subject, additional), timestamp, scope)
    more = f"AdditionalHeaders={';'.join(additional)}," if additional else ""
    return (
        f"{ALGORITHM} Credential={key_id}/{scope},{more}Signature={signature(secret, scope, text)}"
    )


def presign(
    subject: Subject,
    key_id: str,
    secret: str,
    region: str,
    timestamp: str,
    expires_s: int,
    additional: tuple[str, ...] = (),
) -> dict[str, str]:
    """The query of a signed URL: the subject's own parameters and those of the signature.

    Headers of the subject that are named in `additional` (sorted) must come as they are there.
    """
    scope = f"{timestamp[:8]}/{region}/oss/{TERMINATOR}"
    query = {
        **subject.query,
        "x-oss-signature-version": ALGORITHM,
        "x-oss-credential": f"{key_id}/{scope}",
        "x-oss-date": timestamp,
        "x-oss-expires": str(expires_s),
    }
    if additional:
        query["x-oss-additional-headers"] = ";".join(additional)
    canonical = canonical_request(msgspec.structs.replace(subject, query=query), additional)
    query["x-oss-signature"] = signature(secret, scope, string_to_sign(canonical, timestamp, scope))
    return query
