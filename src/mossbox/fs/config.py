"""Configuration: ``fs.oss.*`` keys and fsspec's own arguments made into one checked value."""

import difflib
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mossbox.fs import files
from mossbox.fs.errors import ConfigInvalid
from mossbox.fs.keys import IGNORED, REFUSED, USED

log = logging.getLogger("mossbox.fs")

_OSS_HOST = re.compile(r"(?:\A|\.)oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com\Z")
_ADDRESS = re.compile(
    r"(?P<address>https?://(?P<host>[a-zA-Z0-9._-]+|\[[0-9a-fA-F:]+\])(:(?P<port>\d{1,5}))?)/?"
)
_NO_REGIONS = ("accelerate", "accelerate-overseas")
_DEFAULT_REGION = "cn-hangzhou"
_ACLS = ("default", "private", "public-read", "public-read-write")
_ENCRYPTION = ("AES256", "KMS", "SM4")
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30}
_SIZE = re.compile(r"(\d{1,12})([KMG]?)\Z", re.IGNORECASE)
_KEYS_PROVIDER = "org.apache.hadoop.fs.aliyun.oss.AliyunCredentialsProvider"
_ENVIRONMENT_PROVIDER = "com.aliyun.oss.common.auth.EnvironmentVariableCredentialsProvider"
_ENVIRONMENT = ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN")

PART_MIN_BYTES, PART_MAX_BYTES = 100 << 10, 5 << 30
"""Limits of a part (OSS documentation, UploadPart)."""


@dataclass(frozen=True)
class Config:
    """What a file system needs to know. An empty `key_id` is nobody: requests are not signed."""

    endpoint: str
    region: str
    key_id: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    signature: str = "v4"
    attempts: int = 10
    connect_timeout_s: float = 50.0
    read_timeout_s: float = 200.0
    connections: int = 32
    page: int = 1000
    proxy: str = field(default="", repr=False)
    acl: str = ""
    encryption: str = ""
    agent: str = ""
    part_bytes: int = 8 << 20
    threshold_bytes: int = 16 << 20
    read_bytes: int = 5 << 20


class _Keys:
    """Checked values of keys; a fault names the key, and the file where there is one."""

    def __init__(self, values: Mapping[str, str], file: str) -> None:
        self.values = values
        self.file = file

    def fault(self, said: str) -> ConfigInvalid:
        return ConfigInvalid(f"{self.file}: {said}" if self.file else said)

    def text(self, name: str) -> str:
        return self.values.get(f"fs.oss.{name}", "")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.text(name)
        if not text:
            return default
        found = _SIZE.match(text)
        value = int(found[1]) << _UNITS[found[2].upper()] if found else -1
        if not low <= value <= high:
            raise self.fault(f"fs.oss.{name} is a number from {low} to {high}, not {text}")
        return value

    def one_of(self, name: str, choices: tuple[str, ...], default: str = "") -> str:
        text = self.text(name)
        for choice in choices:
            if text.lower() == choice.lower():
                return choice
        if text:
            raise self.fault(f"fs.oss.{name} is one of {', '.join(choices)}, not {text}")
        return default


def load(source: Mapping[str, Any] | str | Path) -> tuple[dict[str, str], str]:
    """The ``fs.oss.*`` keys of a mapping, a file or a folder, and the file; raises ConfigInvalid.

    What is ignored is left out; keys that nobody knows are told in the log, others are refused.
    """
    if isinstance(source, Mapping):
        given, file = {}, ""
        for name, value in source.items():
            if str(name).startswith(files.PREFIX) and value is not None:
                given[name] = files.plain(name, value)
    else:
        given, file = files.read(source)
    keys = _Keys(given, file)
    if not given:
        raise keys.fault("there is no key fs.oss.endpoint, nor any other of fs.oss")
    for name in given:
        _check_name(name, keys)
    return {name: value for name, value in given.items() if name in USED}, file


def _check_name(name: str, keys: _Keys) -> None:
    if name in REFUSED:
        raise keys.fault(f"{name}: {REFUSED[name]}")
    if name in USED or name in IGNORED:
        return
    near = difflib.get_close_matches(name, USED, 1, 0.85)
    hint = f", did you mean {near[0]}?" if near else ""
    if hint:  # a slip of the pen changes what the reader meant
        raise keys.fault(f"{name} is not a key that hadoop-aliyun has{hint}")
    log.warning("%s", keys.fault(f"{name} is not known and was ignored"))


def build(values: Mapping[str, str], file: str = "", *, anonymous: bool = False) -> Config:
    """A configuration from keys; raises ConfigInvalid. Without a key id only if `anonymous`."""
    keys = _Keys(values, file)
    endpoint, region = _endpoint(keys)
    key_id, secret, token = _credentials(keys, anonymous)
    number = keys.number
    part = number("multipart.upload.size", Config.part_bytes, PART_MIN_BYTES, PART_MAX_BYTES)
    return Config(
        endpoint, region, key_id, secret, token,
        signature=keys.one_of("signatureversion", ("v1", "v4"), "v4"),
        attempts=number("attempts.maximum", Config.attempts, 1, 100),
        connect_timeout_s=number("connection.establish.timeout", 50_000, 1, 3_600_000) / 1000,
        read_timeout_s=number("connection.timeout", 200_000, 1, 3_600_000) / 1000,
        connections=number("connection.maximum", Config.connections, 1, 10_000),
        page=number("paging.maximum", Config.page, 1, 1000),
        proxy=_proxy(keys),
        acl=keys.one_of("acl.default", _ACLS),
        encryption=keys.one_of("server-side-encryption-algorithm", _ENCRYPTION),
        agent=keys.text("user.agent.prefix"),
        part_bytes=part,
        threshold_bytes=max(part, number("multipart.upload.threshold", 16 << 20, 1, 5 << 30)),
        read_bytes=number("multipart.download.size", Config.read_bytes, 4096, 1 << 30),
    )  # fmt: skip


def _endpoint(keys: _Keys) -> tuple[str, str]:
    """Address and region."""
    text = keys.text("endpoint")
    if not text:
        raise keys.fault("fs.oss.endpoint is missing")
    secure = keys.one_of("connection.secure.enabled", ("true", "false"), "true") == "true"
    found = _ADDRESS.fullmatch(text if "://" in text else f"http{'s' if secure else ''}://{text}")
    if not found or int(found["port"] or 0) > 65535:
        raise keys.fault("fs.oss.endpoint is a host or http(s)://host[:port], and nothing more")
    return found["address"], _region(keys, found["host"].lower())


def _region(keys: _Keys, host: str) -> str:
    found = _OSS_HOST.search(host)
    named = found[1] if found and found[1] not in _NO_REGIONS else ""
    region = keys.text("region").removeprefix("oss-")
    if region and named and region != named:
        raise keys.fault(f"fs.oss.region is {region}, and fs.oss.endpoint is of {named}")
    region = region or named
    if found and not region:
        raise keys.fault("fs.oss.region is missing, for fs.oss.endpoint names no region")
    return region or _DEFAULT_REGION


def _credentials(keys: _Keys, anonymous: bool) -> tuple[str, str, str]:
    """Key id, secret and token, from the keys or from the environment."""
    provider = keys.text("credentials.provider")
    if provider == _ENVIRONMENT_PROVIDER:
        return _environment(keys)
    if provider not in ("", _KEYS_PROVIDER):
        raise keys.fault(
            f"fs.oss.credentials.provider: only {_KEYS_PROVIDER.rpartition('.')[2]} and"
            f" {_ENVIRONMENT_PROVIDER.rpartition('.')[2]} are supported, not {provider}"
        )
    key_id, secret, token = map(keys.text, ("accessKeyId", "accessKeySecret", "securityToken"))
    if anonymous and not (key_id or secret or token):
        return "", "", ""
    for name, value in (("accessKeyId", key_id), ("accessKeySecret", secret)):
        if not value:
            raise keys.fault(f"fs.oss.{name} is missing")
    return key_id, secret, token


def _environment(keys: _Keys) -> tuple[str, str, str]:
    for name in _ENVIRONMENT[:2]:
        if not os.environ.get(name):
            raise keys.fault(f"fs.oss.credentials.provider: {name} is not in the environment")
    key_id, secret, token = (os.environ.get(name, "") for name in _ENVIRONMENT)
    return key_id, secret, token


def _proxy(keys: _Keys) -> str:
    host, user = keys.text("proxy.host"), keys.text("proxy.username")
    if not host:
        return ""
    port = keys.number("proxy.port", 443, 1, 65535)
    who = f"{quote(user, safe='')}:{quote(keys.text('proxy.password'), safe='')}@" if user else ""
    return f"http://{who}{host}:{port}"
