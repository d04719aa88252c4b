"""Percent-encoding as the signatures and the XML pages need it, and query strings."""

from urllib.parse import quote_from_bytes, unquote_to_bytes

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def encode(text: str | bytes) -> str:
    """Percent-encode all but RFC 3986's unreserved characters (a slash becomes %2F)."""
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogateescape")
    return quote_from_bytes(text, "")


def encode_path(text: bytes) -> str:
    """Percent-encode a path, slashes kept."""
    return quote_from_bytes(text, "/")


def decode(raw: bytes) -> bytes:
    """Decode one component of a URL: ``+`` is a space, ``%XX`` a byte, and that just once."""
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return unquote_to_bytes(raw) if b"%" in raw else raw


def as_text(raw: bytes) -> str:
    """Bytes from the wire as text that can be turned back into the same bytes."""
    return raw.decode("utf-8", "surrogateescape")


def parse_query(raw: bytes) -> dict[str, str]:
    """A query string; ``a`` and ``a=`` are equal, of doubled names the first wins."""
    query: dict[str, str] = {}
    for item in raw.split(b"&"):
        if item:
            name, _, value = item.partition(b"=")
            query.setdefault(as_text(decode(name)), as_text(decode(value)))
    return query


def has_control(text: str) -> bool:
    """Whether text could break a header line (CR, LF, NUL and their kin)."""
    return not text.isprintable() and any(ord(mark) < 32 or ord(mark) == 127 for mark in text)
