"""What a Host header names: an endpoint, a bucket, or nobody we know."""

import logging
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from mossbox import errors
from mossbox.settings import SettingsError, is_loopback
from mossbox.wire.names import is_ipv4

log = logging.getLogger("mossbox")

_VENDOR = re.compile(
    r"(?:(?P<bucket>[a-z0-9_-]+)\.)?oss-(?P<region>[a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com\Z"
)
_VENDOR_PLAIN = re.compile(
    r"(?:(?P<bucket>[a-z0-9_-]+)\.)?oss(?:-accelerate(?:-overseas)?)?\.aliyuncs\.com\Z"
)
_VENDOR_REGION = re.compile(r"(?P<region>[a-z]{2}-[a-z]+(?:-[a-z0-9]+)*)\.aliyuncs\.com\Z")
_LOCATION = "location-readonly.aliyuncs.com"
_KEYS = "gosspublic.alicdn.com"  # which verifiers of callbacks want the key from
_RPC = re.compile(r"(sts|ram|ims)(?:[.-][a-z0-9-]+)*\.aliyuncs\.com\Z")
_REGION_LABEL = re.compile(r"oss-([a-z]{2}-[a-z0-9-]+?)(?:-internal)?\Z")
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
        self._doubled = False

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
            return self._nameless(name, known=is_loopback(name))
        if name == _LOCATION:
            raise errors.InvalidActionNotFound("Where services lie is not told here.")
        found = self._configured(name) or _below_localhost(name) or _vendor(name)
        if found is None:
            return self._nameless(name, known=False)
        return self._single(found) if found.region.startswith("oss-") else found

    def _nameless(self, name: str, *, known: bool) -> Host:
        if self._strict and not known:
            raise errors.MisdirectedRequest(HostId=name)
        return _ENDPOINT

    def _single(self, doubled: Host) -> Host:
        """A region that somebody wrote with its host's prefix, which stands there already."""
        region = doubled.region.removeprefix("oss-")
        if not self._doubled:
            self._doubled = True
            log.warning(
                "a host begins with oss-%s: the client was given the region %s and puts oss-"
                " before it; write %s", doubled.region, doubled.region, region,
            )  # fmt: skip
        return doubled._replace(region=region)

    def _configured(self, name: str) -> Host | None:
        if name in self._cnames:
            return Host(endpoint=False, bucket=self._cnames[name])
        for domain in self._domains:
            if name == domain:
                return _ENDPOINT
            if name.endswith(f".{domain}"):
                return Host(endpoint=False, bucket=name[: -len(domain) - 1])
        return None


def is_vendor(name: str) -> bool:
    """Whether a lower case name, without port, is the vendor's for something that is served."""
    return name == _LOCATION or _vendor(name) is not None


def _vendor(name: str) -> Host | None:
    found = _VENDOR_PLAIN.match(name) or _VENDOR.match(name) or _VENDOR_REGION.match(name)
    if found is not None:
        parts = found.groupdict()
        bucket = parts.get("bucket") or ""
        return Host(endpoint=not bucket, bucket=bucket, region=parts.get("region") or "")
    if name == _KEYS:
        return _ENDPOINT
    return Host(endpoint=True, rpc=True) if _RPC.match(name) else None


def _below_localhost(name: str) -> Host | None:
    """A name below localhost: its first label is the bucket, a region may stand between."""
    if not name.endswith(".localhost"):
        return None
    bucket, _, rest = name.removesuffix(".localhost").partition(".")
    if not rest and (found := _REGION_LABEL.match(bucket)):
        return Host(endpoint=True, region=found[1])
    found = _REGION_LABEL.match(rest)
    return Host(endpoint=False, bucket=bucket, region=found[1] if found else "")


def _name_of(header: str) -> str:
    """The host without its port, lower case.

    A dot may stand at its end, and at its beginning too: ali-oss with an IP endpoint lists buckets
    at ``.oss-cn-hangzhou.aliyuncs.com``.
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower().strip(".")


def own_origin(origin: str) -> bool:
    """Whether a page of this machine asks."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return is_loopback(host) or host.endswith(".localhost")


def _cname(text: str) -> tuple[str, str]:
    host, equals, bucket = text.partition("=")
    if not equals or not host or not bucket:
        raise SettingsError(f"--cname {text!r}: write HOST=BUCKET")
    return host.lower(), bucket
