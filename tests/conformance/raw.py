"""Requests that no client would send, and signatures made by hand."""

import http.client
import time
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from mossbox.auth import Subject, oss_v1, oss_v2, oss_v4
from tests.support import KEY_ID, REGION, SECRET, Answer, Server


def ask(
    server: Server,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """A request with exactly this target; without a Host of its own it names the endpoint."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def exchange(server: Server, data: bytes) -> Answer:
    """Bytes as they are, and the answer to them; the sending side is closed after them."""
    with server.connect() as connection:
        connection.sendall(data)
        connection.shutdown(1)
        answer = http.client.HTTPResponse(connection, method=data.split(b" ")[0].decode())
        answer.begin()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())


def now(shift_s: float = 0) -> float:
    return time.time() + shift_s


def date_v1(shift_s: float = 0) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now(shift_s)))


def date_v4(shift_s: float = 0) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now(shift_s)))


def signed(
    version: str,
    method: str,
    bucket: str,
    key: bytes = b"",
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    key_id: str = KEY_ID,
    secret: str = SECRET,
    shift_s: float = 0,
) -> dict[str, str]:
    """The headers of a request signed in its header."""
    given = dict(headers or {})
    if version in ("v1", "v2"):
        given.setdefault("date", date_v1(shift_s))
        subject = Subject(method, bucket, key, dict(query or {}), given)
        sign = oss_v1.sign if version == "v1" else oss_v2.sign
        given["authorization"] = sign(subject, key_id, secret)
    else:
        given.setdefault("x-oss-date", date_v4(shift_s))
        given.setdefault("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
        subject = Subject(method, bucket, key, dict(query or {}), given)
        given["authorization"] = oss_v4.sign(subject, key_id, secret, REGION)
    return given


def presigned(
    version: str,
    method: str,
    bucket: str,
    key: bytes = b"",
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    key_id: str = KEY_ID,
    secret: str = SECRET,
    shift_s: float = 0,
    expires_s: int = 60,
) -> dict[str, str]:
    """The query of a signed URL."""
    subject = Subject(method, bucket, key, dict(query or {}), dict(headers or {}))
    if version == "v1":
        return oss_v1.presign(subject, key_id, secret, int(now(shift_s)) + expires_s)
    if version == "v2":
        return oss_v2.presign(subject, key_id, secret, int(now(shift_s)) + expires_s)
    return oss_v4.presign(subject, key_id, secret, REGION, date_v4(shift_s), expires_s)


def target(bucket: str, key: bytes = b"", query: Mapping[str, str] | None = None) -> str:
    """A path-style target."""
    path = f"/{bucket}/{quote(key, safe='/')}" if bucket else "/"
    return f"{path}?{urlencode(query, quote_via=quote)}" if query else path
