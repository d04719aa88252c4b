"""Configuration: the fields of document and connection string, read with one sentence a fault."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from mossbox.storage.errors import ConfigInvalid

SERVICER_FIELDS = ("credential", "endpoint", "location")
STORAGER_FIELDS = (*SERVICER_FIELDS, "name", "work_dir")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OSS_HOST = re.compile(r"(?:\A|\.)oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com\Z")
_DEFAULT_REGION = "cn-hangzhou"


@dataclass(frozen=True)
class Endpoint:
    """Where OSS is."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """The address, with a port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == _DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{host}" if usual else f"{self.scheme}://{host}:{self.port}"

    @property
    def region(self) -> str:
        """The region that the host names, or an empty string."""
        found = _OSS_HOST.search(self.host)
        return found.group(1) if found else ""


@dataclass(frozen=True)
class Config:
    """A servicer's configuration, and a storager's where `name` is given."""

    access_key_id: str
    access_key_secret: str
    endpoint: Endpoint
    location: str
    name: str = ""
    work_dir: str = "/"

    def __repr__(self) -> str:
        return f"Config({self.endpoint.url}, {self.name or '-'}, {self.work_dir}, secret hidden)"

    @property
    def region(self) -> str:
        """The region that signatures are for."""
        return self.location or self.endpoint.region or _DEFAULT_REGION


def read_config(fields: Mapping[str, Any], known: tuple[str, ...], source: str = "") -> Config:
    """A configuration from its fields; raises ConfigInvalid naming the field, and `source`."""
    try:
        return _read(fields, known)
    except ConfigInvalid as error:
        if not source:
            raise
        raise ConfigInvalid(f"{source}: {error.message}") from None


def _read(fields: Mapping[str, Any], known: tuple[str, ...]) -> Config:
    given = _texts(fields, known)
    for name in ("credential", "endpoint", "name"):
        if name in known and not given.get(name):
            raise ConfigInvalid(f"{name} is missing")
    key_id, secret = read_credential(given["credential"])
    endpoint = read_endpoint(given["endpoint"])
    location = given.get("location", "").removeprefix("oss-")
    if location and endpoint.region not in ("", location):
        raise ConfigInvalid(
            f"location {given['location']} is not the region of endpoint {given['endpoint']}"
        )
    return Config(
        key_id, secret, endpoint, location, given.get("name", ""),
        read_work_dir(given.get("work_dir", "")),
    )  # fmt: skip


def _texts(fields: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, str]:
    for name, value in fields.items():
        if name not in known:
            raise ConfigInvalid(f"{name} is not a field: there are {', '.join(known)}")
        if value is not None and not isinstance(value, str):
            raise ConfigInvalid(f"{name} is text, not {type(value).__name__}")
    return {name: value.strip() for name, value in fields.items() if value}


def read_credential(text: str) -> tuple[str, str]:
    """``hmac:<access_key>:<secret_key>``; raises ConfigInvalid, which never shows the text."""
    protocol, _, rest = text.partition(":")
    if protocol != "hmac":
        raise ConfigInvalid(
            f"credential: only hmac is supported (hmac:<access_key>:<secret_key>), not {protocol}"
            if rest
            else "credential: only hmac is supported (hmac:<access_key>:<secret_key>)"
        )
    key_id, colon, secret = rest.partition(":")
    if not (key_id and colon and secret) or "<" in key_id or "<" in secret:
        raise ConfigInvalid("credential: write hmac:<access_key>:<secret_key>")
    return key_id, secret


def read_endpoint(text: str) -> Endpoint:
    """``https:<host>``, ``http:<host>:<port>``, also as URLs; raises ConfigInvalid."""
    shown = "a text with an @" if "@" in text else repr(text)  # a password may stand before it
    scheme, colon, rest = text.partition(":")
    if scheme not in _DEFAULT_PORTS or not colon:
        raise ConfigInvalid(f"endpoint: write http:<host>[:<port>] or https:<host>, not {shown}")
    parts = _parts(rest)
    if parts is None or not parts.hostname:
        raise ConfigInvalid(f"endpoint: {shown} names no host")
    try:
        port = parts.port
    except ValueError:
        raise ConfigInvalid(f"endpoint: the port of {shown} is no number to 65535") from None
    return Endpoint(scheme, parts.hostname, port or _DEFAULT_PORTS[scheme])


def _parts(rest: str) -> SplitResult | None:
    """What follows a scheme, None where it is more or less than a host and a port."""
    try:
        parts = urlsplit(f"//{rest.removeprefix('//').removesuffix('/')}")
    except ValueError:
        return None
    return None if any(parts[2:]) or "@" in rest or "<" in rest else parts


def read_work_dir(text: str) -> str:
    """A directory that begins and ends with a slash."""
    inner = text.strip("/")
    return f"/{inner}/" if inner else "/"


def read_string(text: str) -> dict[str, str]:
    """The fields of ``oss://<name>/<work_dir>?credential=…&endpoint=…``; raises ConfigInvalid."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ConfigInvalid("a connection string begins with oss://<name>") from None
    if parts.scheme != "oss":
        raise ConfigInvalid("a connection string begins with oss://")
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ConfigInvalid("a connection string ends with ?credential=…&endpoint=…") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ConfigInvalid("a field of the connection string is given twice")
    if parts.netloc:
        fields["name"] = parts.netloc
    if parts.path.strip("/"):
        fields["work_dir"] = unquote(parts.path)
    return fields


def read_file(file: str | Path) -> Mapping[str, Any]:
    """The fields of a YAML file; raises ConfigInvalid naming the file."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise ConfigInvalid(f"{file}: reading YAML needs pyyaml: pip install pyyaml") from None
    try:
        fields = yaml.safe_load(Path(file).read_text())
    except OSError as error:
        raise ConfigInvalid(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise ConfigInvalid(f"{file}: this is no YAML{line}") from None
    if not isinstance(fields, Mapping):
        raise ConfigInvalid(f"{file}: this is no list of fields such as credential: hmac:…")
    return fields
