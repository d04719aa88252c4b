"""The format of a blob's file: data in blocks, then a CRC a block, then a footer.

    data      blocks of `block_size` bytes (the last one shorter), as stored: a cipher adds
              `overhead` bytes to each (engine/cipher.py)
    checks    CRC-64/XZ of each stored block, 8 bytes little-endian
    footer    magic, block_size u32, overhead u16, cipher u16, plain size u64, blob id u64,
              reserved u64, CRC-64/XZ of checks and footer so far u64; 48 bytes

So a file tells by itself whether it is whole, whose it is, and where it is damaged.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from mossbox.wire.checksum import crc64

BLOCK_BYTES = 128 << 10
MAGIC = b"MOSSBLB1"
_FOOTER = struct.Struct("<8sIHHQQQ")
FOOTER_BYTES = _FOOTER.size + 8
OVERHEAD = 16  # bytes that a cipher's tag adds to a block
OVERHEADS = (0, OVERHEAD, OVERHEAD)  # by cipher, none first
_CIPHERS = tuple(enumerate(OVERHEADS))


class BlobDamaged(OSError):
    """Stored bytes are not what was written; they are never sent."""


def blocks(size: int) -> int:
    """How many blocks a blob of `size` bytes has."""
    return -(-size // BLOCK_BYTES)


class Footer(NamedTuple):
    """What the end of a file says: whose it is, its plain size, and how it is encrypted."""

    blob: int
    size: int
    cipher: int


def trailer(blob: int, size: int, checks: Sequence[int], *, cipher: int = 0) -> bytes:
    """Checks and footer of a blob."""
    body = struct.pack(f"<{len(checks)}Q", *checks) + _FOOTER.pack(
        MAGIC, BLOCK_BYTES, OVERHEADS[cipher], cipher, size, blob, 0
    )
    return body + struct.pack("<Q", crc64(body))


def parse_footer(raw: bytes) -> Footer:
    """The footer from the last bytes of a file; raises BlobDamaged."""
    if len(raw) != FOOTER_BYTES:
        raise BlobDamaged("the file has no footer")
    magic, block_size, overhead, cipher, size, blob, reserved = _FOOTER.unpack(raw[: _FOOTER.size])
    known = magic == MAGIC and block_size == BLOCK_BYTES and (cipher, overhead) in _CIPHERS
    if not known or reserved:
        raise BlobDamaged("the footer is not one of ours")
    return Footer(blob, size, cipher)
