"""The parameters of an upload callback, as their JSON in base64 says, and the body made of them.

Words and error numbers are the vendor's (OSS documentation, "Callback" and its 0007-* pages).
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes

import msgspec

from mossbox import errors
from mossbox.errors import ServiceError

TEXT_MAX = 5 << 10  # of each parameter, in base64
URLS_MAX = 5
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

SYSTEM = frozenset(
    """
    bucket object etag size mimeType imageInfo.height imageInfo.width imageInfo.format crc64
    contentMd5 vpcId clientIp reqId operation
    """.split()
)
"""The variables that the store fills in."""

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}\Z")
_VARIABLE = re.compile(r"x:[^\x00-\x20\x7fA-Z${}]+\Z")  # tests of Java's client have Chinese names


class Callback(NamedTuple):
    """A callback as it was asked for; `parts` are its body's, every second one a variable."""

    urls: list[str]
    host: str
    kind: str
    parts: list[str]
    variables: Mapping[str, str]

    def names(self) -> set[str]:
        """The variables that the body has."""
        return set(self.parts[1::2])

    def body(self, values: Mapping[str, str | int]) -> bytes:
        """The body to send: values are encoded as its type wants them."""
        encode = _in_json if self.kind == JSON else _in_form
        text = ""
        for number, part in enumerate(self.parts):
            if number % 2:
                part = encode(values[part] if part in SYSTEM else self.variables.get(part, ""))
            text += part
        return text.encode()


def _in_form(value: str | int) -> str:
    return quote(str(value), safe="")


def _in_json(value: str | int) -> str:
    return msgspec.json.encode(value).decode()


def parse(text: str, variables: Mapping[str, str]) -> Callback:
    """The callback of a parameter; raises InvalidArgument, and NotImplemented for extra headers."""
    fields = _decoded("callback", text, "0007-0000000")
    if "additionalHeaders" in fields:
        raise errors.not_implemented("additionalHeaders")
    kind = fields.get("callbackBodyType", FORM)
    if not isinstance(kind, str):
        raise _invalid("callbackBodyType", "The callback body type configuration is invalid.", 12)
    if kind not in (FORM, JSON):
        raise _invalid("callbackBodyType", "The body type of callback is not supported.", 13, kind)
    if fields.get("callbackSNI", False) not in (True, False, "true", "false"):
        raise _invalid("callbackSNI", "The callback SNI configuration is invalid.")
    body = fields.get("callbackBody", "")
    if not isinstance(body, str):
        raise _invalid("callbackBody", "The callback body is invalid.", 10)
    if not body:
        raise _invalid("callbackBody", "The callback body is empty.", 11)
    return Callback(_urls(fields), _host(fields), kind, _parts(body), variables)


def parse_variables(text: str) -> dict[str, str]:
    """The person's own variables of a parameter; raises InvalidArgument."""
    fields = _decoded("callback-var", text, "0007-0000010")
    if not all(_VARIABLE.match(name) and isinstance(v, str) for name, v in fields.items()):
        raise errors.InvalidArgument(
            "The callback var is not expecten json.", ec="0007-00000104",
            ArgumentName="callback-var", ArgumentValue=text,
        )  # fmt: skip
    return fields


def own_variables(fields: Mapping[str, str]) -> dict[str, str]:
    """Those fields of a form that are variables; raises InvalidArgument for what is no text."""
    found = {name: value for name, value in fields.items() if _VARIABLE.match(name)}
    for name, value in found.items():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _bad(name, ascii(value), "The variable is not UTF-8.", "") from None
    return found


def string_to_sign(path: str, query: str, body: bytes) -> bytes:
    """What a callback's signature covers: path without its escapes, query with its mark, body."""
    return unquote_to_bytes(path) + query.encode() + b"\n" + body


def is_json(body: bytes) -> bool:
    """Whether an application server's answer can be passed on."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _decoded(name: str, text: str, ec: str) -> dict[str, Any]:
    """The JSON object in a parameter; `ec` lacks its last digit."""
    what = "configuration" if name == "callback" else "var"
    if len(text) > TEXT_MAX:
        length = "callback" if name == "callback" else "callback var"
        raise _bad(name, text[:100], f"The length of {length} exceed max value.", f"{ec}1")
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise _bad(name, text, f"The callback {what} is not base64 encoded.", f"{ec}2") from None
    try:
        fields = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise _bad(name, text, f"The callback {what} is not json format.", f"{ec}3")
    return fields


def _bad(name: str, value: object, message: str, ec: str) -> ServiceError:
    return errors.InvalidArgument(message, ec=ec, ArgumentName=name, ArgumentValue=value)


def _invalid(name: str, message: str, number: int = 0, value: object = "") -> ServiceError:
    return _bad(name, value, message, f"0007-{number:08d}" if number else "")


def bad_url(url: str) -> ServiceError:
    """InvalidArgument for a URL that is none."""
    return _invalid("callbackUrl", "The callback url configuration is invalid.", 4, url)


def unknown_host(url: str) -> ServiceError:
    """InvalidArgument for a URL whose host has no address."""
    return _invalid("callbackUrl", "Can not get ip by this host.", 7, url)


def private_address(url: str) -> ServiceError:
    """InvalidArgument for a URL that leads into a network of somebody's own."""
    return _invalid("callbackUrl", "Private address is forbidden to callback.", 8, url)


def given_twice(name: str) -> ServiceError:
    """InvalidArgument for a parameter that stands in the URL and in a header."""
    message = (
        f"Either the {name} query string parameter or the x-oss-{name} header should be specified,"
        " not both."
    )
    return _invalid(name, message, 27 if name == "callback" else 106)


def _urls(fields: Mapping[str, Any]) -> list[str]:
    text = fields.get("callbackUrl", "")
    urls = [part.strip() for part in text.split(";")] if isinstance(text, str) else []
    urls = [url for url in urls if url]
    if not urls:
        raise bad_url("")
    if len(urls) > URLS_MAX:
        raise _invalid("callbackUrl", "The number of callback url exceed max value.", 5, text)
    return urls


def _host(fields: Mapping[str, Any]) -> str:
    host = fields.get("callbackHost", "")
    if not isinstance(host, str) or (host and not _HOST.match(host)):
        raise _invalid("callbackHost", "The callback host configuration is invalid.", 9)
    return host


def _parts(body: str) -> list[str]:
    """The body cut at its variables: text, name, text, name, …, text."""
    parts = []
    text, dollar, rest = body.partition("$")
    while dollar:
        if not rest.startswith("{"):
            raise _unreadable("Left brace must be adjacent to dollar sign.", body)
        name, brace, rest = rest[1:].partition("}")
        if not brace:
            raise _unreadable("Right brace is missing.", body)
        if name not in SYSTEM and not name.startswith("x:"):
            raise _unreadable("There is no variable of this name.", body)
        parts += [text, name]
        text, dollar, rest = rest.partition("$")
    return [*parts, text]


def _unreadable(message: str, body: str) -> ServiceError:
    return _invalid("callbackBody", message, 105, body)
