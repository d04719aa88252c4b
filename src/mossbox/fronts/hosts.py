"""What a Host header names: an endpoint, a bucket, or nobody we know (DESIGN 8, oss-clients 2)."""

import re
from typing import NamedTuple

from mossbox import errors
from mossbox.settings import SettingsError
from mossbox.wire.names import is_ipv4

_VENDOR = re.compile(
    r"(?:(?P<bucket>[a-z0-9_-]+)\.)?oss-(?P<region>[a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com\Z"
)
_VENDOR_PLAIN = re.compile(
    r"(?:(?P<bucket>[a-z0-9_-]+)\.)?oss(?:-accelerate(?:-overseas)?)?\.aliyuncs\.com\Z"
)
_RPC = re.compile(r"(sts|ram|ims)(?:[.-][a-z0-9-]+)*\.aliyuncs\.com\Z")
_REGION_LABEL = re.compile(r"oss-[a-z]{2}-[a-z0-9-]+\Z")
_CACHE_MAX = 4096


class Host(NamedTuple):
    """What a host name means; `endpoint` is false where it names a bucket."""

    endpoint: bool
    bucket: str = ""
    region: str = ""
    rpc: bool = False


_ENDPOINT = Host(endpoint=True)


class Hosts:
    """Resolves host names; raises MisdirectedRequest for strangers where `strict`.

    With the well-known development keys strangers are refused, so that no web page reaches a
    developer's store by naming its address in a DNS record of its own.
    """

    def __init__(
        self, domains: tuple[str, ...] = (), cnames: tuple[str, ...] = (), *, strict: bool
    ) -> None:
        self._domains = tuple(domain.lower().strip(".") for domain in domains)
        self._cnames = dict(_cname(text) for text in cnames)
        self._strict = strict
        self._known: dict[str, Host] = {}

    def resolve(self, header: str) -> Host:
        """The meaning of a Host header."""
        found = self._known.get(header)
        if found is None:
            found = self._resolve(_name_of(header))
            if len(self._known) < _CACHE_MAX:
                self._known[header] = found
        return found

    def _resolve(self, name: str) -> Host:
        if name == "localhost" or is_ipv4(name) or ":" in name:
            if self._strict and is_ipv4(name) and not name.startswith("127."):
                raise errors.MisdirectedRequest(HostId=name)
            return _ENDPOINT
        if name in self._cnames:
            return Host(endpoint=False, bucket=self._cnames[name])
        if name.endswith(".localhost"):
            return _below(name, "localhost")
        for domain in self._domains:
            if name == domain:
                return _ENDPOINT
            if name.endswith(f".{domain}"):
                return Host(endpoint=False, bucket=name[: -len(domain) - 1])
        vendor = _VENDOR.match(name) or _VENDOR_PLAIN.match(name)
        if vendor is not None:
            parts = vendor.groupdict()
            bucket = parts["bucket"] or ""
            return Host(endpoint=not bucket, bucket=bucket, region=parts.get("region") or "")
        if _RPC.match(name):
            return Host(endpoint=True, rpc=True)
        if self._strict:
            raise errors.MisdirectedRequest(HostId=name)
        return _ENDPOINT


def _below(name: str, suffix: str) -> Host:
    """A name below localhost: its first label is the bucket, a region may stand between."""
    bucket, _, rest = name[: -len(suffix) - 1].partition(".")
    if _REGION_LABEL.match(bucket) and not rest:
        return Host(endpoint=True, region=bucket[4:])
    region = rest[4:] if _REGION_LABEL.match(rest) else ""
    return Host(endpoint=False, bucket=bucket, region=region)


def _name_of(header: str) -> str:
    """The host without its port, lower case."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower().rstrip(".")


def _cname(text: str) -> tuple[str, str]:
    host, equals, bucket = text.partition("=")
    if not equals or not host or not bucket:
        raise SettingsError(f"--cname {text!r}: write HOST=BUCKET")
    return host.lower(), bucket
