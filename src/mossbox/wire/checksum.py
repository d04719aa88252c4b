"""CRC-64 as OSS counts it (CRC-64/XZ), over streams and combined from parts, and MD5 tags."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from functools import lru_cache

from fastcrc import crc64 as _crc64

_POLYNOMIAL = 0xC96C5795D7870F42
_MASK = (1 << 64) - 1

crc64 = _crc64.xz
"""``crc64(data, initial=0)``: CRC-64/XZ of bytes, continued from `initial`."""


def crc64_combine(first: int, second: int, second_size: int) -> int:
    """The CRC-64 of two byte strings one after the other, from their CRCs and the second's size."""
    if second_size == 0:
        return first
    shifted = 0
    for position, table in enumerate(_shift_tables(second_size)):
        shifted ^= table[(first >> (8 * position)) & 0xFF]
    return shifted ^ second


@lru_cache(maxsize=64)
def _shift_tables(size: int) -> tuple[tuple[int, ...], ...]:
    """For each of eight bytes of a CRC, what it becomes after `size` zero bytes."""
    operator = _zeros_operator(size)
    tables = []
    for position in range(8):
        base = operator[8 * position : 8 * position + 8]
        table = [0] * 256
        for value in range(1, 256):
            low = value & -value
            table[value] = table[value ^ low] ^ base[low.bit_length() - 1]
        tables.append(tuple(table))
    return tuple(tables)


def _zeros_operator(size: int) -> list[int]:
    """The 64x64 bit matrix (a column a bit) that feeds `size` zero bytes to the register."""
    square = [_POLYNOMIAL] + [1 << bit for bit in range(63)]  # one zero bit
    for _ in range(3):
        square = _multiply(square, square)  # one zero byte
    result = [1 << bit for bit in range(64)]
    while size:
        if size & 1:
            result = _multiply(square, result)
        square = _multiply(square, square)
        size >>= 1
    return result


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
