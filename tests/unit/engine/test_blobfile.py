"""The format of a blob's file, byte by byte: it can't be changed later."""

import struct

import pytest

from mossbox.engine.blobfile import (
    BLOCK_BYTES,
    FOOTER_BYTES,
    BlobDamaged,
    blocks,
    parse_footer,
    trailer,
)
from mossbox.wire.checksum import crc64


def test_a_trailer_to_the_byte() -> None:
    made = trailer(0x0102030405060708, 300_000, [1, 2, 0xFFFF_FFFF_FFFF_FFFF], cipher=2)
    checks = bytes.fromhex("0100000000000000 0200000000000000 ffffffffffffffff")
    footer = (
        b"MOSSBLB1"
        + bytes.fromhex("00000200")  # blocks of 128 KiB
        + bytes.fromhex("1000 0200")  # 16 bytes more a block, cipher 2
        + bytes.fromhex("e093040000000000")  # 300,000 bytes
        + bytes.fromhex("0807060504030201")  # whose they are
        + bytes(8)
    )
    assert made[:-8] == checks + footer
    assert struct.unpack("<Q", made[-8:])[0] == crc64(checks + footer)
    assert len(footer) + 8 == FOOTER_BYTES == 48


def test_a_footer_tells_whose_it_is_and_how_long() -> None:
    made = trailer(77, 12_345, [9])
    assert parse_footer(made[-FOOTER_BYTES:]) == (77, 12_345, 0)
    made = trailer(77, 12_345, [9], cipher=1)
    assert parse_footer(made[-FOOTER_BYTES:]) == (77, 12_345, 1)


@pytest.mark.parametrize("raw", [b"", bytes(FOOTER_BYTES), bytes(FOOTER_BYTES - 1)])
def test_what_is_no_footer_is_refused(raw: bytes) -> None:
    with pytest.raises(BlobDamaged):
        parse_footer(raw)


@pytest.mark.parametrize("position", [0, 7, 8, 12, 14, 32])
def test_a_footer_of_another_kind_is_refused(position: int) -> None:
    made = bytearray(trailer(77, 12_345, [])[-FOOTER_BYTES:])
    made[position] ^= 1
    with pytest.raises(BlobDamaged):
        parse_footer(bytes(made))


@pytest.mark.parametrize(
    ("size", "count"), [(0, 0), (1, 1), (BLOCK_BYTES, 1), (BLOCK_BYTES + 1, 2), (5 << 30, 40_960)]
)
def test_how_many_blocks_a_size_has(size: int, count: int) -> None:
    assert blocks(size) == count
