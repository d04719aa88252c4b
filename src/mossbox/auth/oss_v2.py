"""The signature between the other two (OSS2, HMAC-SHA256), in the header and in signed URLs.

Unlike V1 it covers every query parameter, and those other headers that the request names.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping

from msgspec.structs import replace

from mossbox import errors
from mossbox.auth import Claim, Mismatch, Subject, equal
from mossbox.wire.conditions import http_seconds
from mossbox.wire.text import encode

VERSION = "OSS2"
_FIELDS = frozenset(("AccessKeyId", "AdditionalHeaders", "Signature"))
_NEEDED = ("x-oss-signature", "x-oss-expires", "x-oss-access-key-id")
_EC = "0002-00000040"


def claim(subject: Subject) -> Claim | None:
    """What a V2 request says of its signer; None when it is signed otherwise or not at all.

    Raises InvalidArgument, AccessDenied when it is V2 and malformed.
    """
    header = subject.headers.get("authorization")
    if header is not None:
        return _header_claim(header, subject.headers) if header[:5] == "OSS2 " else None
    if subject.query and subject.query.get("x-oss-signature-version") == VERSION:
        return _query_claim(subject.query)
    return None


def _header_claim(header: str, headers: Mapping[str, str]) -> Claim:
    fields: dict[str, str] = {}
    for part in header[5:].split(","):
        name, _, value = part.strip().partition(":")
        if name not in _FIELDS or name in fields:
            raise errors.InvalidArgument("Authorization header is invalid.")
        fields[name] = value
    key_id, signature = fields.get("AccessKeyId"), fields.get("Signature")
    if not key_id or not signature:
        raise errors.InvalidArgument("Authorization header is invalid.")
    timestamp = headers.get("x-oss-date") or headers.get("date", "")
    signed_s = http_seconds(timestamp)
    if signed_s is None:
        raise errors.AccessDenied("OSS authentication requires a valid Date.")
    return Claim(
        key_id, headers.get("x-oss-security-token"), signature, "header", timestamp, signed_s,
        None, additional=_names(fields.get("AdditionalHeaders", "")),
    )  # fmt: skip


def _query_claim(query: Mapping[str, str]) -> Claim:
    if any(name not in query for name in _NEEDED):
        raise errors.AccessDenied(f"Query-string authentication requires {', '.join(_NEEDED)}.")
    expires = query["x-oss-expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) < 16):
        raise errors.AccessDenied("Invalid date (should be seconds since epoch)")
    return Claim(
        query["x-oss-access-key-id"], query.get("security-token"), query["x-oss-signature"],
        "query", expires, None, int(expires),
        additional=_names(query.get("x-oss-additional-headers", "")),
    )  # fmt: skip


def _names(text: str) -> tuple[str, ...]:
    """Additional headers; clients write them in any order and sign them sorted."""
    return tuple(sorted({name.strip().lower() for name in text.split(";")} - {""}))


def verify(subject: Subject, claim: Claim, secret: str) -> Mismatch | None:
    """None when the signature is right, else what it should have covered."""
    text = string_to_sign(subject, claim.timestamp, claim.additional)
    all_sent = all(name in subject.headers for name in claim.additional)
    if equal(signature(secret, text), claim.signature) and all_sent:
        return None
    return Mismatch(text, "", _EC)


def string_to_sign(subject: Subject, timestamp: str, additional: tuple[str, ...] = ()) -> str:
    """Method, three headers, the x-oss- and additional headers, their names, the resource.

    The resource is encoded whole, slashes too, and so is each parameter.
    """
    headers = subject.headers
    names = sorted(name for name in headers if name[:6] == "x-oss-" or name in additional)
    lines = "".join([f"{name}:{headers[name].strip()}\n" for name in names])
    path = b"/%b/%b" % (subject.bucket.encode(), subject.key) if subject.bucket else b"/"
    resource = encode(path) + _parameters(subject.query)
    md5, kind = headers.get("content-md5", ""), headers.get("content-type", "")
    return (
        f"{subject.method}\n{md5}\n{kind}\n{timestamp}\n{lines}{';'.join(additional)}\n{resource}"
    )


def _parameters(query: Mapping[str, str]) -> str:
    """All parameters but the signature itself, sorted by their encoded names."""
    pairs = sorted((encode(k), encode(v)) for k, v in query.items() if k != "x-oss-signature")
    return "?" + "&".join([f"{k}={v}" if v else k for k, v in pairs]) if pairs else ""


def signature(secret: str, text: str) -> str:
    """The signature of a string to sign."""
    data = text.encode("utf-8", "surrogateescape")
    return b64encode(hmac.digest(secret.encode(), data, "sha256")).decode()


def sign(subject: Subject, key_id: str, secret: str, additional: tuple[str, ...] = ()) -> str:
    """The Authorization header for a request that has its date; `additional` names are sorted."""
    timestamp = subject.headers.get("x-oss-date") or subject.headers["date"]
    ours = signature(secret, string_to_sign(subject, timestamp, additional))
    more = f"AdditionalHeaders:{';'.join(additional)}," if additional else ""
    return f"{VERSION} AccessKeyId:{key_id},{more}Signature:{ours}"


def presign(
    subject: Subject, key_id: str, secret: str, expires_s: int, additional: tuple[str, ...] = ()
) -> dict[str, str]:
    """The query of a URL that lives until `expires_s` (seconds since 1970)."""
    query = {
        **subject.query,
        "x-oss-signature-version": VERSION,
        "x-oss-expires": str(expires_s),
        "x-oss-access-key-id": key_id,
    }
    if additional:
        query["x-oss-additional-headers"] = ";".join(additional)
    text = string_to_sign(replace(subject, query=query), str(expires_s), additional)
    query["x-oss-signature"] = signature(secret, text)
    return query
