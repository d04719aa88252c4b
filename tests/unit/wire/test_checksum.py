"""CRC-64/XZ and MD5 tags."""

import random
from base64 import b64encode
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.wire import checksum
from mossbox.wire.checksum import crc64, crc64_combine
from tests.unit.examples import few


def bitwise(data: bytes) -> int:
    """CRC-64/XZ as its definition has it."""
    register = (1 << 64) - 1
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xC96C5795D7870F42 if register & 1 else 0)
    return register ^ (1 << 64) - 1


def test_published_values() -> None:
    assert crc64(b"") == 0
    assert crc64(b"123456789") == 11051210869376104954


@few
@given(st.binary(max_size=200))
def test_the_definition(data: bytes) -> None:
    assert crc64(data) == bitwise(data)


@few
@given(st.binary(), st.binary())
def test_a_crc_goes_on_where_it_stopped(first: bytes, second: bytes) -> None:
    assert crc64(second, crc64(first)) == crc64(first + second)


@few
@given(st.lists(st.binary(max_size=300), max_size=6))
def test_parts_combine_to_the_whole(parts: list[bytes]) -> None:
    combined = 0
    for part in parts:
        combined = crc64_combine(combined, crc64(part), len(part))
    assert combined == crc64(b"".join(parts))


NOISE = random.Random(5).randbytes(3 << 20)


@few
@given(st.integers(0, 3 << 20), st.integers(0, 3 << 20))
def test_large_parts(cut: int, end: int) -> None:
    first, second = NOISE[: min(cut, end)], NOISE[min(cut, end) : end]
    assert crc64_combine(crc64(first), crc64(second), len(second)) == crc64(NOISE[:end])


@few
@given(*[st.integers(0, (1 << 64) - 1)] * 3, *[st.integers(0, 50 << 40)] * 2)
def test_sizes_that_no_test_can_hold(a: int, b: int, c: int, size_b: int, size_c: int) -> None:
    """Parts may be combined in any grouping."""
    left = crc64_combine(crc64_combine(a, b, size_b), c, size_c)
    right = crc64_combine(a, crc64_combine(b, c, size_c), size_b + size_c)
    assert left == right


@pytest.mark.parametrize("value", [0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_databases_keep_it_signed(value: int) -> None:
    assert -(1 << 63) <= checksum.signed(value) < 1 << 63
    assert checksum.unsigned(checksum.signed(value)) == value


def test_tags() -> None:
    assert checksum.md5_etag(b"") == "D41D8CD98F00B204E9800998ECF8427E"
    assert checksum.md5_etag(memoryview(b"abc")) == md5(b"abc").hexdigest().upper()


def test_content_md5() -> None:
    text = b64encode(md5(b"abc").digest()).decode()
    assert checksum.parse_content_md5(text) == checksum.md5_etag(b"abc")


@pytest.mark.parametrize("text", ["", "abc", "!!!!", "YWJj", "ä", "1B2M2Y8AsgTpgAmY7PhCfg", "===="])
def test_what_is_no_content_md5(text: str) -> None:
    assert checksum.parse_content_md5(text) is None
