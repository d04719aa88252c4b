"""CRC-64 as OSS counts it (CRC-64/XZ), over streams and combined from parts, and MD5 tags."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from functools import cache

from fastcrc import crc64 as _crc64

_POLYNOMIAL = 0xC96C5795D7870F42
_MASK = (1 << 64) - 1

crc64 = _crc64.xz
"""``crc64(data, initial=0)``: CRC-64/XZ of bytes, continued from `initial`."""


def crc64_combine(first: int, second: int, second_size: int) -> int:
    """The CRC-64 of two byte strings one after the other, from their CRCs and the second's size.

    Eight look-ups for each bit that is set in the size: one turn for a block of the file writer.
    """
    while second_size:
        low = second_size & -second_size
        t0, t1, t2, t3, t4, t5, t6, t7 = _zeros_tables(low.bit_length() - 1)
        first = (
            t0[first & 255] ^ t1[first >> 8 & 255] ^ t2[first >> 16 & 255]
            ^ t3[first >> 24 & 255] ^ t4[first >> 32 & 255] ^ t5[first >> 40 & 255]
            ^ t6[first >> 48 & 255] ^ t7[first >> 56]
        )  # fmt: skip
        second_size ^= low
    return first ^ second


@cache
def _zeros_tables(power: int) -> tuple[tuple[int, ...], ...]:
    """For each of eight bytes of a CRC, what it becomes after ``2**power`` zero bytes."""
    operator = _zeros_operator(power)
    tables = []
    for position in range(8):
        table = [0]
        for column in operator[8 * position : 8 * position + 8]:
            table += [value ^ column for value in table]
        tables.append(tuple(table))
    return tuple(tables)


@cache
def _zeros_operator(power: int) -> list[int]:
    """The 64x64 bit matrix (a column a bit) that feeds ``2**power`` zero bytes to the register."""
    if power > 0:
        half = _zeros_operator(power - 1)
        return _multiply(half, half)
    square = [_POLYNOMIAL] + [1 << bit for bit in range(63)]  # one zero bit
    for _ in range(3):
        square = _multiply(square, square)
    return square


def _multiply(left: list[int], right: list[int]) -> list[int]:
    return [_apply(left, column) for column in right]


def _apply(matrix: list[int], vector: int) -> int:
    result = 0
    for column in matrix:
        if vector & 1:
            result ^= column
        vector >>= 1
        if not vector:
            break
    return result


def signed(value: int) -> int:
    """A CRC as the signed 64-bit integer that databases keep."""
    return value - (1 << 64) if value >> 63 else value


def unsigned(value: int) -> int:
    """The CRC that `signed` hid."""
    return value & _MASK


def md5_etag(data: bytes | bytearray | memoryview) -> str:
    """The entity tag of a body put whole: its MD5 in upper-case hexadecimal."""
    return hashlib.md5(data).hexdigest().upper()


def parse_content_md5(text: str) -> str | None:
    """A Content-MD5 header as an upper-case entity tag, or None when it is not one."""
    try:
        digest = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return digest.hex().upper() if len(digest) == 16 else None
