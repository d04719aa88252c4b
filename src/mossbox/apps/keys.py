"""`mossbox key …`: the key ring of a running store, through its operations ``mossbox-keys``."""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mossbox.settings import DEVELOPMENT_KEY_ID, DEVELOPMENT_KEY_SECRET

if TYPE_CHECKING:
    from http.client import HTTPConnection

    from mossbox.operations.keys import KeyMetadata

_ENDPOINT = "http://127.0.0.1:9000"
_REGION = "cn-hangzhou"
_TIMEOUT_S = 30
_ACTIONS = {
    "create": ("POST", "CreateKey", "make a key"),
    "list": ("GET", "ListKeys", "list the keys"),
    "show": ("GET", "DescribeKey", "show a key and its versions"),
    "enable": ("POST", "EnableKey", "let a key be used again"),
    "disable": ("POST", "DisableKey", "let nothing be read or written with a key"),
    "rotate": ("POST", "CreateKeyVersion", "use a new version of a key from now on"),
    "default": ("POST", "SetDefaultKey", "use a key where none is named"),
}


class Refused(RuntimeError):
    """The store said no, or did not answer; in words for the person who asked."""


def arguments(parser: ArgumentParser) -> None:
    """What `mossbox key` takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (_method, _operation, text) in _ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text.capitalize() + ".")
        if name == "create":
            action.add_argument("--description", default="", help="what the key is for")
        elif name != "list":
            action.add_argument("key_id", metavar="KEY-ID", help="the key's id")
        action.add_argument(
            "--endpoint", default=None, help="the store's address [MOSSBOX_ENDPOINT]"
        )
        action.add_argument(
            "--access-key-id", default=None,
            help="the root key's id [OSS_ACCESS_KEY_ID, MOSSBOX_ACCESS_KEY_ID]; its secret is taken"
            " from OSS_ACCESS_KEY_SECRET or MOSSBOX_ACCESS_KEY_SECRET",
        )  # fmt: skip


def run(options: dict[str, Any]) -> int:
    """Do what was asked for; gives the exit status."""
    from http.client import HTTPException

    from mossbox.operations.keys import KeyResult, ListKeysResult
    from mossbox.wire.xml import read

    method, operation, _text = _ACTIONS[options["action"]]
    query = {"mossbox-keys": operation}
    if options.get("key_id"):
        query["x-oss-key-id"] = options["key_id"]
    if options.get("description"):
        query["x-oss-key-description"] = options["description"]
    try:
        document = ask(options, method, query)
    except (Refused, OSError, HTTPException) as error:
        print(f"mossbox: {error}", file=sys.stderr)
        return 1
    root = f"{operation}Response"
    if operation == "ListKeys":
        for key in read(ListKeysResult, root, document).keys:
            print(_line(key))
    else:
        _show(read(KeyResult, root, document).key_metadata)
    return 0


def ask(options: Mapping[str, Any], method: str, query: Mapping[str, str]) -> bytes:
    """The document that the store answers with; raises Refused, OSError, HTTPException."""
    from http.client import OK
    from urllib.parse import quote

    endpoint = options["endpoint"] or os.environ.get("MOSSBOX_ENDPOINT") or _ENDPOINT
    connection = _connection(endpoint)
    target = "/?" + "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in query.items())
    try:
        connection.request(method, target, headers=_signed(options, method, query))
        answer = connection.getresponse()
        body = answer.read()
    except ConnectionRefusedError:
        raise Refused(f"nothing listens at {endpoint}; give --endpoint") from None
    finally:
        connection.close()
    if answer.getheader("Content-Type") != "application/xml":
        raise Refused(f"{endpoint} is no Mossbox: it answered {answer.status}")
    if answer.status != OK:
        raise Refused(_reason(body))
    return body


def _connection(endpoint: str) -> "HTTPConnection":
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import urlsplit

    address = urlsplit(endpoint if "//" in endpoint else f"http://{endpoint}")
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    try:
        return kind(address.hostname or "", address.port, timeout=_TIMEOUT_S)
    except ValueError:
        raise Refused(f"{endpoint!r} is not an address") from None


def _signed(options: Mapping[str, Any], method: str, query: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request, its V4 signature included; raises Refused."""
    from mossbox.auth import Subject, oss_v4

    key_id, secret = _credentials(options["access_key_id"])
    headers = {
        "x-oss-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
    }
    region = os.environ.get("MOSSBOX_REGION") or _REGION
    subject = Subject(method, "", b"", query, headers)
    headers["authorization"] = oss_v4.sign(subject, key_id, secret, region)
    return headers


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


def _reason(body: bytes) -> str:
    """What an error document says."""
    from mossbox.wire.xml import parse

    said = {node.name: node.text for node in parse(body).children}
    return f"{said.get('Code')}: {said.get('Message')}"


def _line(key: "KeyMetadata") -> str:
    """A key in the list."""
    words = [key.key_id, key.key_state.lower()]
    if key.default:
        words.append("default")
    if key.description:
        words.append(f"({key.description})")
    return "  ".join(words)


def _show(key: "KeyMetadata") -> None:
    print(_line(key))
    print(f"  created   {key.creation_date}")
    for version in key.key_versions:
        print(f"  version   {version.version}, {version.create_time}")
