"""A running store as the command line reaches it: by its public API, signed as others sign."""

import json
import os
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mossbox import clock
from mossbox.settings import DEVELOPMENT_KEY_ID, DEVELOPMENT_KEY_SECRET

if TYPE_CHECKING:
    from http.client import HTTPConnection

ENDPOINT = "http://127.0.0.1:9000"
RAM, IMS, STS = "2015-05-01", "2019-08-15", "2015-04-01"
_REGION = "cn-hangzhou"
_TIMEOUT_S = 30
_FORM = "application/x-www-form-urlencoded"


class Refused(RuntimeError):
    """The store said no, or did not answer; in words for the person who asked."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code


def address_arguments(parser: ArgumentParser) -> None:
    """Which store, and as whom."""
    parser.add_argument("--endpoint", default=None, help="the store's address [MOSSBOX_ENDPOINT]")
    parser.add_argument(
        "--access-key-id", default=None,
        help="the root key's id [OSS_ACCESS_KEY_ID, MOSSBOX_ACCESS_KEY_ID]; its secret is taken"
        " from OSS_ACCESS_KEY_SECRET or MOSSBOX_ACCESS_KEY_SECRET",
    )  # fmt: skip


class Store:
    """One store, and the key that is used there."""

    def __init__(self, endpoint: str | None, key_id: str | None) -> None:
        self.endpoint = endpoint or os.environ.get("MOSSBOX_ENDPOINT") or ENDPOINT
        self.key_id, self._secret = _credentials(key_id)

    def oss(
        self,
        method: str,
        bucket: str = "",
        key: bytes = b"",
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """The document that OSS answers with; raises Refused, OSError, HTTPException."""
        from mossbox.auth import Subject, oss_v4
        from mossbox.wire.text import encode_path

        query = query or {}
        signed = {
            "x-oss-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
            **(headers or {}),
        }
        region = os.environ.get("MOSSBOX_REGION") or _REGION
        subject = Subject(method, bucket, key, query, signed)
        signed["authorization"] = oss_v4.sign(subject, self.key_id, self._secret, region)
        path = f"/{bucket}/{encode_path(key)}" if bucket else "/"
        status, kind, data = self._send(method, path + _target(query), signed, body)
        if status >= 300:
            if kind != "application/xml":
                raise self._stranger(status)
            raise _said_in_xml(data)
        if data and kind != "application/xml":
            raise self._stranger(status)
        return data

    def rpc(self, action: str, version: str = RAM, **parameters: str) -> dict[str, Any]:
        """What RAM, IMS or STS answers; raises Refused, OSError, HTTPException.

        The parameters lie in the body, so that no log has them.
        """
        from urllib.parse import urlencode, urlsplit

        from mossbox.auth import acs3
        from mossbox.auth.rpc import Message

        body = urlencode(parameters).encode()
        host = urlsplit(_with_scheme(self.endpoint)).netloc
        headers = acs3.unsigned(host, action, version, clock.now())
        message = Message("POST", "/", {}, {}, headers, body)
        signed = {**acs3.sign(message, self.key_id, self._secret), "content-type": _FORM}
        status, kind, data = self._send("POST", "/", signed, body)
        if not kind.startswith("application/json"):
            raise self._stranger(status)
        answer: dict[str, Any] = json.loads(data)
        if status != 200:
            raise Refused(answer["Message"], answer["Code"])
        return answer

    def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str, bytes]:
        connection = _connection(self.endpoint)
        try:
            connection.request(method, target, body or None, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type") or "", answer.read()
        except ConnectionRefusedError:
            raise Refused(f"nothing listens at {self.endpoint}; give --endpoint") from None
        finally:
            connection.close()

    def _stranger(self, status: int) -> Refused:
        return Refused(f"{self.endpoint} is no Mossbox: it answered {status}")


def _target(query: Mapping[str, str]) -> str:
    from urllib.parse import quote

    pairs = (f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in query.items())
    return "?" + "&".join(pairs) if query else ""


def _with_scheme(endpoint: str) -> str:
    return endpoint if "//" in endpoint else f"http://{endpoint}"


def _connection(endpoint: str) -> "HTTPConnection":
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import urlsplit

    address = urlsplit(_with_scheme(endpoint))
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    try:
        return kind(address.hostname or "", address.port, timeout=_TIMEOUT_S)
    except ValueError:
        raise Refused(f"{endpoint!r} is not an address") from None


def _credentials(key_id: str | None) -> tuple[str, str]:
    """Key id and secret; the development pair when nothing is given. Raises Refused."""
    for prefix in ("OSS", "MOSSBOX"):
        found = key_id or os.environ.get(f"{prefix}_ACCESS_KEY_ID", "")
        secret = os.environ.get(f"{prefix}_ACCESS_KEY_SECRET", "")
        if found and secret:
            return found, secret
    if key_id not in (None, DEVELOPMENT_KEY_ID):
        raise Refused("set OSS_ACCESS_KEY_SECRET or MOSSBOX_ACCESS_KEY_SECRET to the key's secret")
    return DEVELOPMENT_KEY_ID, DEVELOPMENT_KEY_SECRET


def _said_in_xml(body: bytes) -> Refused:
    """What an error document says."""
    from mossbox.wire.xml import parse

    said = {node.name: node.text for node in parse(body).children}
    return Refused(said.get("Message", ""), said.get("Code", ""))
