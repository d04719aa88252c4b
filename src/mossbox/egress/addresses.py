"""Where a request of ours may go.

Whoever may upload can name a URL for us to call, so a name counts for nothing: what is checked is
every address that it resolves to, and the connection then goes to one of those.
"""

import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

Network = IPv4Network | IPv6Network

_LABELS = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?\.?"
_NAME = re.compile(rf"{_LABELS}\Z")
_URL = re.compile(
    rf"([Hh][Tt]{{2}}[Pp][Ss]?)://(?:({_LABELS})|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{{1,5}}))?"
    r"(/[!-\"$->@-\[\]-~]*)?(\?[!-\"$-\[\]-~]*)?\Z"
)  # visible ASCII, neither a fragment nor a backslash, and no password before the host
_URL_MAX = 8192
_HOST_PORT = re.compile(r"(?:\[(?P<v6>[^]]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?\Z")
_PORTS = {"http": 80, "https": 443}

# What the registries of special addresses list (IANA, RFC 6890 and its successors), whether they
# call it global or not: nothing there is another company's application server.
_SPECIAL_V4 = tuple(
    map(
        IPv4Network,
        """
        0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
        192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24
        198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32
        """.split(),
    )
)  # the last one is how a machine in Azure reaches its host
_GLOBAL_V6 = IPv6Network("2000::/3")  # neither mapped nor NAT64, nor local, nor multicast
_SPECIAL_V6 = tuple(
    map(IPv6Network, "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split())
)  # among them Teredo and 6to4, which carry IPv4 addresses


class BadUrl(ValueError):
    """Text that is no address of an HTTP server."""


class Target(NamedTuple):
    """A URL taken apart; `host` is in lower case and without brackets."""

    secure: bool
    host: str
    port: int
    path: str
    query: str  # with its question mark, or empty

    @property
    def host_header(self) -> str:
        """What the ``Host`` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.secure else "http"] else (
            f"{host}:{self.port}"
        )  # fmt: skip


def parse_url(text: str) -> Target:
    """A URL, or one without a scheme (then it is HTTP); raises BadUrl."""
    found = _URL.match(text if "://" in text else f"http://{text}")
    if found is None or len(text) > _URL_MAX:
        raise BadUrl("no URL of an HTTP server")
    scheme, name, address, port_text, path, query = found.groups()
    if address:
        _check_v6(address)
    port = int(port_text or _PORTS[scheme.lower()])
    if not 0 < port < 65536:
        raise BadUrl("no port")
    host = (name or address).lower()
    return Target(scheme.lower() == "https", host, port, path or "/", query or "")


def _check_v6(text: str) -> None:
    try:
        IPv6Address(text)
    except ValueError:
        raise BadUrl("no address") from None


class Allowed(NamedTuple):
    """One ``--egress-allow``: a network, or a name whatever it resolves to; port 0 is any."""

    network: Network | None
    name: str
    port: int


def parse_allowed(text: str) -> Allowed:
    """``10.0.0.0/8``, ``127.0.0.1:8000``, ``[::1]:8000`` or ``app.internal:8000``.

    Raises ValueError.
    """
    host, port = _split_port(text.strip())
    try:
        return Allowed(ip_network(host), "", port)
    except ValueError:
        if not _NAME.match(host) or host.rpartition(".")[2].isdigit() or "/" in host:
            raise ValueError(f"{text!r} is neither a network nor a host's name") from None
        return Allowed(None, host.lower().rstrip("."), port)


def _split_port(text: str) -> tuple[str, int]:
    found = _HOST_PORT.match(text)
    if found is None:
        return text, 0
    host, port = found["v6"] or found["name"], int(found["port"] or 0)
    if found["port"] and not 0 < port < 65536:
        raise ValueError(f"{text!r}: {port} is not a port")
    return host, port


class Rules:
    """Which addresses may be called: global ones, and what the settings allow beside them.

    `own` are the addresses and ports that we listen on. They are never called, whatever is
    allowed: a request of ours must not come back in as if somebody near had sent it.
    """

    def __init__(self, allow: Iterable[str] = (), own: Iterable[tuple[str, int]] = ()) -> None:
        self._allowed = [parse_allowed(text) for text in allow]
        self._own = [(_unmapped(ip_address(host)), port) for host, port in own]

    def permit(self, target: Target, address: str) -> bool:
        """Whether the target may be called at this address."""
        found = ip_address(address.partition("%")[0])
        if self._is_own(found, target.port):
            return False
        return is_global(found) or any(
            item.port in (0, target.port)
            and (item.name == target.host.rstrip(".") if item.network is None
                 else found in item.network)
            for item in self._allowed
        )  # fmt: skip

    def _is_own(self, found: IPv4Address | IPv6Address, port: int) -> bool:
        address = _unmapped(found)
        for own, own_port in self._own:
            if port == own_port and (
                own == address
                or address.is_unspecified  # to which a connection is one to this machine
                or (own.is_unspecified and _is_this_machine(address))
            ):
                return True
        return False


def is_global(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public Internet, and names no other address inside it."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _SPECIAL_V6)


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_this_machine(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is one of this machine's: only those can be bound."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
        return True


def addresses_of(listener: str) -> list[tuple[str, int]]:
    """The addresses and the port of a listener as its setting names them."""
    host, port = _split_port(listener)
    if host == "localhost":
        return [("127.0.0.1", port), ("::1", port)]
    try:
        ip_address(host)
    except ValueError:
        return []  # a name of ours that nobody can be sure of here
    return [(host, port)]


def source_address(address: str, port: int) -> str:
    """The address of ours that a peer at `address` sees; nothing is sent to find out."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((address, port))
        return str(probe.getsockname()[0])
