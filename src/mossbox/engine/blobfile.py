"""The format of a blob's file: data in blocks, then a CRC a block, then a footer.

    data      blocks of `block_size` bytes (the last one shorter), as stored: a cipher may add
              `overhead` bytes to each
    checks    CRC-64/XZ of each stored block, 8 bytes little-endian
    footer    magic, block_size u32, overhead u16, cipher u16, plain size u64, blob id u64,
              reserved u64, CRC-64/XZ of checks and footer so far u64; 48 bytes

So a file tells by itself whether it is whole, whose it is, and where it is damaged.
"""

import struct
from collections.abc import Sequence

from mossbox.wire.checksum import crc64

BLOCK_BYTES = 128 << 10
MAGIC = b"MOSSBLB1"
_FOOTER = struct.Struct("<8sIHHQQQ")
FOOTER_BYTES = _FOOTER.size + 8


class BlobDamaged(OSError):
    """Stored bytes are not what was written; they are never sent."""


def blocks(size: int) -> int:
    """How many blocks a blob of `size` bytes has."""
    return -(-size // BLOCK_BYTES)


def trailer(blob: int, size: int, checks: Sequence[int], *, cipher: int = 0) -> bytes:
    """Checks and footer of a blob."""
    body = struct.pack(f"<{len(checks)}Q", *checks) + _FOOTER.pack(
        MAGIC, BLOCK_BYTES, 0, cipher, size, blob, 0
    )
    return body + struct.pack("<Q", crc64(body))


def parse_footer(raw: bytes) -> tuple[int, int]:
    """Blob id and plain size from the last bytes of a file; raises BlobDamaged."""
    if len(raw) != FOOTER_BYTES:
        raise BlobDamaged("the file has no footer")
    magic, block_size, overhead, _cipher, size, blob, _ = _FOOTER.unpack(raw[: _FOOTER.size])
    if magic != MAGIC or block_size != BLOCK_BYTES or overhead:
        raise BlobDamaged("the footer is not one of ours")
    return blob, size
