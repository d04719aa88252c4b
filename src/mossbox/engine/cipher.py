"""Ciphers of bodies: every block is sealed by itself, under a data key that no other blob has.

A stored block is its ciphertext followed by a tag of 16 bytes. Because the key is fresh, the
number of the block is nonce enough. The tag also covers the blob's id, and on the last block the
blob's size: blocks that were changed, swapped, taken from another blob, left out or cut off do
not open. Both ciphers run in GCM (NIST SP 800-38D; SM4: GB/T 32907 and RFC 8998).
"""

import secrets
from functools import cache
from typing import NamedTuple, Protocol

from mossbox.engine.blobfile import BLOCK_BYTES, OVERHEAD, BlobDamaged, blocks

PLAIN, AES256, SM4 = 0, 1, 2
NAMES = ("", "AES256", "SM4")
SEALED_BYTES = BLOCK_BYTES + OVERHEAD

_KEY_BYTES = {AES256: 32, SM4: 16}


class DataKey(NamedTuple):
    """What one blob is encrypted with."""

    cipher: int
    key: bytes

    def __repr__(self) -> str:
        return f"DataKey({NAMES[self.cipher]}, key hidden)"


def new_key(cipher: int) -> DataKey:
    """A fresh data key."""
    return DataKey(cipher, secrets.token_bytes(_KEY_BYTES[cipher]))


class Codec(Protocol):
    """Seals and opens the blocks of one blob.

    `end` is the blob's plain size with its last block, and 0 with all others.
    """

    slow: bool

    def __init__(self, key: bytes, blob: int) -> None: ...

    def seal(self, number: int, block: memoryview, end: int, out: memoryview) -> None:
        """Write a block as it is stored into `out`, which is `OVERHEAD` bytes longer."""

    def open(self, number: int, stored: memoryview, end: int, out: memoryview) -> None:
        """Write a stored block's plain bytes into `out`; raises BlobDamaged, having given none."""


class Wrapping(Protocol):
    """Wraps keys under another key."""

    def wrap(self, key: bytes, covered: bytes) -> bytes:
        """A key as it is stored; `covered` must be the same when it is unwrapped."""

    def unwrap(self, stored: bytes, covered: bytes) -> bytes:
        """The key; raises BlobDamaged."""


def wrapping(key: bytes) -> Wrapping:
    """What wraps under this key of 32 bytes."""
    from mossbox.engine import gcm

    return gcm.AesWrapping(key)


def codec(key: DataKey, blob: int) -> Codec:
    """The codec of one blob."""
    return _codecs()[key.cipher](key.key, blob)


@cache
def _codecs() -> dict[int, type[Codec]]:
    """Loaded at the first need: a store without encrypted objects does without the library."""
    from mossbox.engine import gcm

    return {AES256: gcm.AesCodec, SM4: gcm.Sm4Codec}


def prepare() -> None:
    """Load what the ciphers need now rather than in the middle of a request."""
    _codecs()


def stored_size(size: int) -> int:
    """How many bytes a body of `size` bytes is when it is sealed."""
    return size + OVERHEAD * blocks(size)


def end_of(number: int, size: int) -> int:
    """What the tag of a block covers beside the blob: the size, with the last block alone."""
    return size if (number + 1) * BLOCK_BYTES >= size else 0


def seal_body(key: DataKey, blob: int, data: bytes) -> bytes:
    """A whole small body as it is stored."""
    made = codec(key, blob)
    plain, out = memoryview(data), bytearray(stored_size(len(data)))
    view = memoryview(out)
    for number in range(blocks(len(data))):
        block = plain[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        start = number * SEALED_BYTES
        stop = start + len(block) + OVERHEAD
        made.seal(number, block, end_of(number, len(data)), view[start:stop])
    return bytes(out)


def open_body(
    key: DataKey, blob: int, stored: bytes, size: int, start: int = 0, stop: int = -1
) -> memoryview:
    """Bytes [start, stop) of a small body of `size` bytes; raises BlobDamaged."""
    if len(stored) != stored_size(size):
        raise BlobDamaged("the body is not as long as its row says")
    stop = size if stop < 0 else stop
    made = codec(key, blob)
    first, last = start // BLOCK_BYTES, blocks(stop)
    out = memoryview(bytearray(min(last * BLOCK_BYTES, size) - first * BLOCK_BYTES))
    view = memoryview(stored)
    for number in range(first, last):
        sealed = view[number * SEALED_BYTES : (number + 1) * SEALED_BYTES]
        at = (number - first) * BLOCK_BYTES
        room = out[at : at + len(sealed) - OVERHEAD]
        made.open(number, sealed, end_of(number, size), room)
    return out[start - first * BLOCK_BYTES : stop - first * BLOCK_BYTES]
