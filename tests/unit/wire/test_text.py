"""Percent-encoding and query strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.wire import text
from tests.unit.examples import few

UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


@few
@given(st.binary())
def test_what_is_encoded_decodes_to_itself(raw: bytes) -> None:
    assert text.decode(text.encode(raw).encode()) == raw
    assert text.decode(text.encode_path(raw).encode()) == raw


@few
@given(st.binary())
def test_text_from_the_wire_keeps_its_bytes(raw: bytes) -> None:
    assert text.as_text(raw).encode("utf-8", "surrogateescape") == raw
    assert text.encode(text.as_text(raw)) == text.encode(raw)


def test_only_unreserved_characters_stay() -> None:
    for value in range(256):
        shown = bytes([value]).decode("latin-1") if value in UNRESERVED else f"%{value:02X}"
        assert text.encode(bytes([value])) == shown
    assert text.encode_path(b"a/b c") == "a/b%20c"


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [
        (b"a+b", b"a b"),
        (b"a%2Bb", b"a+b"),
        (b"%252F", b"%2F"),  # just once
        (b"%zz%4", b"%zz%4"),
        (b"%00", b"\0"),
        (b"", b""),
    ],
)
def test_decoding(raw: bytes, decoded: bytes) -> None:
    assert text.decode(raw) == decoded


@pytest.mark.parametrize(
    ("raw", "query"),
    [
        (b"", {}),
        (b"acl", {"acl": ""}),
        (b"acl=", {"acl": ""}),
        (b"a=1&a=2", {"a": "1"}),  # the first wins
        (b"a&a=2", {"a": ""}),
        (b"&&a=1&", {"a": "1"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"%61=%31+2", {"a": "1 2"}),
        (b"=x", {"": "x"}),
        (b"k=%FF", {"k": "\udcff"}),
    ],
)
def test_query_strings(raw: bytes, query: dict[str, str]) -> None:
    assert text.parse_query(raw) == query


@pytest.mark.parametrize("mark", ["\r", "\n", "\0", "\x1f", "\x7f", "\t"])
def test_control_characters_are_seen(mark: str) -> None:
    assert text.has_control(f"a{mark}b")


@pytest.mark.parametrize("plain", ["", "attachment; filename=a", "ümlaut", "\u2028", "\udcff"])
def test_what_cannot_break_a_line_is_let_through(plain: str) -> None:
    assert not text.has_control(plain)
