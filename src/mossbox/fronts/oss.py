"""OSS's own dialect: addresses, signatures, XML errors."""

import re
from base64 import b64encode
from collections.abc import Mapping

from msgspec.structs import replace

from mossbox import clock, errors
from mossbox.auth import (
    ANONYMOUS,
    Caller,
    Claim,
    Scheme,
    Subject,
    check_time,
    oss_v1,
    oss_v2,
    oss_v4,
    post_forms,
    post_policy,
    signature_error,
)
from mossbox.auth.credentials import Keys
from mossbox.errors import ServiceError
from mossbox.fronts import Place
from mossbox.fronts.form import FormPlace
from mossbox.fronts.hosts import Host, Hosts, own_origin
from mossbox.http.message import Request, Response
from mossbox.http.pacing import PacedReader
from mossbox.operation import Operation
from mossbox.wire import names
from mossbox.wire.text import as_text, decode, parse_query
from mossbox.wire.xml import DECLARATION, escape

_VERIFIERS: tuple[Scheme, ...] = (oss_v4, oss_v1, oss_v2)
_NO_QUERY: dict[str, str] = {}
_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
_HELP = "https://api.aliyun.com/troubleshoot?q="


class OssFront:
    """`Front` for OSS."""

    def __init__(
        self, hosts: Hosts, keys: Keys, *, guard_origin: bool, strict_region: str = ""
    ) -> None:
        self._hosts = hosts
        self._keys = keys
        self._guard_origin = guard_origin
        self._strict_region = strict_region  # of addresses without one; empty where any will do

    # -- addresses ------------------------------------------------------------------------------

    def place(self, request: Request) -> Place:
        """Host first, then the path: bytes up to the first literal slash are the bucket."""
        host = self._hosts.resolve(request.headers.get("host", "localhost"))
        query = parse_query(request.query) if request.query else _NO_QUERY
        if host.rpc or (host.endpoint and request.path == b"/" and _is_rpc(request, query)):
            return Place("rpc", "", b"", query, host.region, False)
        style = _path_style if host.endpoint else _host_style
        place = style(request.path, query, host)
        if place.bucket:
            names.check_bucket(place.bucket)
            if place.key:
                names.check_key(place.key)
        return place

    # -- callers --------------------------------------------------------------------------------

    def authenticate(self, request: Request, place: Place) -> Caller:
        """The caller that the signature proves; nobody without one."""
        if isinstance(place, FormPlace):
            return self._authenticate_form(place)
        headers = request.headers
        subject = Subject(request.method, place.bucket, place.key, place.query, headers, place.bare)
        claimed = _claim(subject)
        if claimed is None:
            return ANONYMOUS
        scheme, claim = claimed
        _check_claim(claim, place.query, headers)
        if self._strict_region and claim.scope:
            oss_v4.check_region(claim, place.region or self._strict_region)
        key = self._keys.find(claim)
        now_s = clock.now()
        key.check_life(now_s)
        check_time(claim, now_s)
        mismatch = scheme.verify(subject, claim, key.secret)
        if mismatch is not None:
            raise signature_error(claim, mismatch)
        return key.by_header if claim.via == "header" else key.by_query

    def distrusts(self, origin: str) -> bool:
        """With the well-known keys, whether it is not of this machine: any page could sign."""
        return self._guard_origin and not own_origin(origin)

    def _authenticate_form(self, form: FormPlace) -> Caller:
        """Whom a form's fields prove; raises unless its policy allows it to be what it is."""
        claim = post_forms.claim(form.fields)
        if claim is None:
            return ANONYMOUS
        if self._strict_region and claim.scope:
            oss_v4.check_region(claim, form.region or self._strict_region)
        key = self._keys.find(claim)
        now_s = clock.now()
        key.check_life(now_s)
        check_time(claim, now_s)
        mismatch = post_forms.verify(claim, key.secret)
        if mismatch is not None:
            raise signature_error(claim, mismatch)
        policy = post_policy.parse(claim.policy)
        policy.check(form.fields, now_s)
        form.file.limit(policy)
        return replace(key.by_query, via="form")

    # -- answers --------------------------------------------------------------------------------

    def encode(self, operation: Operation, result: object, request: Request) -> Response:
        """The result in OSS's headers and XML, a download as slow as it is to be."""
        status, head, body, length = operation.encode(result)
        if request.pace is not None and request.method == "GET" and body:
            body = PacedReader(body, request.pace)
        if request.method == "HEAD":
            return Response(status, head, body, length)
        if length and not body:  # GetObjectMeta by GET: OSS tells the size, and sends no body
            return Response(status, head, body, length, close=True)
        return Response(status, head, body)

    def error(self, error: ServiceError, request: Request, request_id: str) -> Response:
        """OSS's error document; answers to HEAD carry it in a header."""
        status = error.code.status
        host = request.headers.get("host", "")
        elements = {
            "Code": error.code.name,
            "Message": error.message,
            "RequestId": request_id,
            "HostId": host,
            **error.details,
            "EC": error.ec,
            "RecommendDoc": f"{_HELP}{error.ec}",
        }
        inner = "".join([f"<{k}>{escape(_readable(v))}</{k}>" for k, v in elements.items()])
        for name, details in error.nested.items():
            text = "".join([f"<{k}>{escape(_readable(v))}</{k}>" for k, v in details.items()])
            inner += f"<{name}>{text}</{name}>"
        body = f"{DECLARATION}<Error>{inner}</Error>\n".encode("utf-8", "replace")
        head = f"x-oss-ec: {error.ec}\r\n"
        for name, value in error.headers:
            head += f"{name}: {value}\r\n"
        if request.method == "HEAD":
            head += f"x-oss-err: {b64encode(body).decode()}\r\n"
            return Response(status, head, b"", len(body))
        return Response(status, f"Content-Type: application/xml\r\n{head}", body)


def _claim(subject: Subject) -> tuple[Scheme, Claim] | None:
    """What the request says of its signer, by the first scheme that knows it."""
    for scheme in _VERIFIERS:
        claim = scheme.claim(subject)
        if claim is not None:
            return scheme, claim
    if "authorization" in subject.headers:
        raise errors.InvalidArgument("Authorization header is invalid.")
    return None


def _check_claim(claim: Claim, query: dict[str, str], headers: Mapping[str, str]) -> None:
    """Refuse what no scheme can give a meaning to."""
    if claim.via == "header" and query and _signed_query(query):
        raise errors.InvalidArgument("The request is signed in its URL and in a header.")
    if claim.via == "query" and "x-oss-security-token" in headers:
        raise errors.InvalidRequest("Security-token must be provided by query string parameter.")
    payload = headers.get("x-oss-content-sha256")
    if payload is not None and payload != oss_v4.UNSIGNED and not _SHA256.match(payload):
        raise errors.invalid_argument(
            "The payload's hash is neither UNSIGNED-PAYLOAD nor a SHA-256.",
            "x-oss-content-sha256", payload,
        )  # fmt: skip


def _path_style(path: bytes, query: dict[str, str], host: Host) -> Place:
    bucket_raw, slash, key = path[1:].partition(b"/")
    if not bucket_raw:
        if key:
            raise errors.InvalidBucketName(BucketName="")
        return Place("service", "", b"", query, host.region, False)
    if b"%" in path or b"+" in path:  # decoded once, each side of the slash for itself
        bucket_raw, key = decode(bucket_raw), decode(key)
    bucket = as_text(bucket_raw)
    return Place("object" if key else "bucket", bucket, key, query, host.region, not slash)


def _host_style(path: bytes, query: dict[str, str], host: Host) -> Place:
    key = decode(path[1:])
    return Place("object" if key else "bucket", host.bucket, key, query, host.region, False)


def _is_rpc(request: Request, query: dict[str, str]) -> bool:
    kind = request.headers.get("content-type", "")
    return (
        "x-acs-action" in request.headers
        or "Action" in query
        or (request.method == "POST" and kind.startswith("application/x-www-form-urlencoded"))
    )


def _readable(text: str) -> str:
    """Text without what no XML parser reads: a refusal must reach the client."""
    if text.isprintable():
        return text
    return "".join(m if m >= " " or m in "\t\n\r" else f"%{ord(m):02X}" for m in text)


def _signed_query(query: dict[str, str]) -> bool:
    return "Signature" in query or "x-oss-signature" in query
