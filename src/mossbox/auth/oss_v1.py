"""The older signature (HMAC-SHA1), in the Authorization header and in signed URLs.

Which query parameters are signed was fixed by the clients, so that list is data here; a test keeps
the register's sub-resources inside it.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping

from mossbox import errors
from mossbox.auth import Claim, Mismatch, Subject, equal
from mossbox.wire.conditions import http_seconds
from mossbox.wire.text import as_text

SIGNED = frozenset(
    """
    acl append asyncFetch accessPoint accessPointPolicy accessPointForObjectProcess
    accessPointConfigForObjectProcess accessPointPolicyForObjectProcess bucketArchiveDirectRead
    bucketInfo callback callback-var cleanRestoredObject cloudboxes cname comp continuation-token
    cors dataPipeline delete encryption endTime group httpsConfig img inventory inventoryId
    legalHold lifecycle link live location logging metaQuery mossbox-keys mossbox-policy
    objectInfo objectMeta objectWorm overwriteConfig partNumber policy policyStatus position
    processConfiguration publicAccessBlock qos qosInfo qosRequester redundancyTransition referer
    regionList replication replicationLocation replicationProgress requesterQosInfo requestPayment
    resourceGroup resourcePool resourcePoolBuckets resourcePoolInfo response-cache-control
    response-content-disposition response-content-encoding response-content-language
    response-content-type response-expires responseHeader restore retention rtc seal
    security-token sequential startTime stat status style styleName symlink tagging
    transferAcceleration udf udfApplication udfApplicationLog udfId udfImage udfImageDesc udfName
    uploadId uploads userDefinedLogFieldsConfig versionId versioning versions vip vod vpcip
    website withHashContext worm wormExtend wormId
    """.split()
)
"""Signed beside every parameter whose name begins with ``x-oss-``: the union of all clients."""

SIGNED_BY_PYTHON_V2 = frozenset(
    """
    acl append bucketInfo callback callback-var cloudboxes continuation-token delete location
    objectMeta partNumber position regionList resourceGroup response-cache-control
    response-content-disposition response-content-encoding response-content-language
    response-content-type response-expires restore security-token sequential stat symlink tagging
    uploadId uploads versionId versioning versions
    """.split()
)
"""What the Python client of generation 2 signs in its V1 mode, and no other.

Accepted in headers only: in a URL that others hold, an unsigned sub-resource could be added.
"""

_QUERY = ("Signature", "Expires", "OSSAccessKeyId")
_EC = "0002-00000040"


def claim(subject: Subject) -> Claim | None:
    """What a V1 request says of its signer; None when it is signed otherwise or not at all.

    Raises InvalidArgument, AccessDenied when it is V1 and malformed.
    """
    header = subject.headers.get("authorization")
    if header is not None:
        return _header_claim(header, subject.headers) if header[:4] == "OSS " else None
    query = subject.query
    if query and ("Signature" in query or "OSSAccessKeyId" in query):
        return _query_claim(query)
    return None


def _header_claim(header: str, headers: Mapping[str, str]) -> Claim:
    key_id, found, signature = header[4:].strip().partition(":")
    if not found or not key_id or not signature:
        raise errors.InvalidArgument("Authorization header is invalid.")
    timestamp = headers.get("x-oss-date") or headers.get("date", "")
    signed_s = http_seconds(timestamp)
    if signed_s is None:
        raise errors.AccessDenied("OSS authentication requires a valid Date.")
    # The Python client of generation 2 sends its token under the second name, unsigned.
    token = headers.get("x-oss-security-token", headers.get("security-token"))
    return Claim(key_id, token, signature, "header", timestamp, signed_s, None)


def _query_claim(query: Mapping[str, str]) -> Claim:
    if any(name not in query for name in _QUERY):
        raise errors.AccessDenied(
            "Query-string authentication requires the Signature, Expires and OSSAccessKeyId"
            " parameters"
        )
    expires = query["Expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) < 16):
        raise errors.AccessDenied("Invalid date (should be seconds since epoch)")
    return Claim(
        query["OSSAccessKeyId"], query.get("security-token"), query["Signature"], "query",
        expires, None, int(expires),
    )  # fmt: skip


def verify(subject: Subject, claim: Claim, secret: str) -> Mismatch | None:
    """None when the signature is right, else what it should have covered."""
    first = ""
    for text in _candidates(subject, claim):
        first = first or text
        if equal(signature(secret, text), claim.signature):
            return None
    return Mismatch(first, "", _EC)


def _candidates(subject: Subject, claim: Claim) -> Iterator[str]:
    """What clients may have signed: the rule first, then their known departures from it."""
    timestamp = claim.timestamp
    yield string_to_sign(subject, timestamp)
    if subject.bare and not subject.key:
        yield string_to_sign(subject, timestamp, slash=False)
    if subject.query and claim.via == "header":
        yield string_to_sign(subject, timestamp, signed=SIGNED_BY_PYTHON_V2, prefixed=False)
        if "regions" in subject.query:
            yield string_to_sign(subject, timestamp, signed=SIGNED | {"regions"})


def string_to_sign(
    subject: Subject,
    timestamp: str,
    *,
    signed: frozenset[str] = SIGNED,
    slash: bool = True,
    prefixed: bool = True,
) -> str:
    """Method, three headers, the x-oss- headers and the resource with its signed parameters."""
    headers = subject.headers
    # By name alone: "x-oss-meta-a:" stands before "x-oss-meta-a-b:", as a line it would not.
    lines = [f"{k}:{headers[k].strip()}\n" for k in sorted(headers) if k[:6] == "x-oss-"]
    resource = f"/{subject.bucket}" if subject.bucket else "/"
    if subject.bucket and (slash or subject.key):
        resource += f"/{as_text(subject.key)}"
    resource += _parameters(subject.query, signed, prefixed)
    md5, kind = headers.get("content-md5", ""), headers.get("content-type", "")
    return f"{subject.method}\n{md5}\n{kind}\n{timestamp}\n{''.join(lines)}{resource}"


def _parameters(query: Mapping[str, str], signed: frozenset[str], prefixed: bool) -> str:
    if not query:
        return ""
    chosen = [
        f"{name}={query[name]}" if query[name] else name
        for name in sorted(query)
        if name in signed or (prefixed and name.startswith("x-oss-"))
    ]
    return "?" + "&".join(chosen) if chosen else ""


def signature(secret: str, text: str) -> str:
    """The signature of a string to sign."""
    data = text.encode("utf-8", "surrogateescape")
    return b64encode(hmac.digest(secret.encode(), data, "sha1")).decode()


def sign(subject: Subject, key_id: str, secret: str) -> str:
    """The Authorization header for a request that has its date."""
    timestamp = subject.headers.get("x-oss-date") or subject.headers["date"]
    return f"OSS {key_id}:{signature(secret, string_to_sign(subject, timestamp))}"


def presign(subject: Subject, key_id: str, secret: str, expires_s: int) -> dict[str, str]:
    """The query of a URL that lives until `expires_s` (seconds since 1970)."""
    text = string_to_sign(subject, str(expires_s))
    return {
        **subject.query,
        "OSSAccessKeyId": key_id,
        "Expires": str(expires_s),
        "Signature": signature(secret, text),
    }
