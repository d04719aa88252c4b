"""The codecs: what opens, and what never does."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mossbox.engine.blobfile import BLOCK_BYTES, OVERHEAD, BlobDamaged
from mossbox.engine.cipher import (
    AES256,
    SEALED_BYTES,
    SM4,
    DataKey,
    codec,
    new_key,
    open_body,
    seal_body,
    stored_size,
)
from tests.sm4 import gcm_encrypt

BODY = os.urandom(2 * BLOCK_BYTES + 99)
BLOB = 0x0102030405060708


@pytest.fixture(params=[AES256, SM4], ids=["AES256", "SM4"])
def key(request: pytest.FixtureRequest) -> DataKey:
    return new_key(request.param)


@pytest.mark.parametrize("size", [1, 15, BLOCK_BYTES, BLOCK_BYTES + 1, len(BODY)])
def test_a_body_comes_back(key: DataKey, size: int) -> None:
    stored = seal_body(key, BLOB, BODY[:size])
    assert len(stored) == stored_size(size)
    assert open_body(key, BLOB, stored, size) == BODY[:size]


def test_a_range_opens_the_blocks_it_touches_alone(key: DataKey) -> None:
    stored = bytearray(seal_body(key, BLOB, BODY))
    stored[5] ^= 1
    start, stop = BLOCK_BYTES + 7, 2 * BLOCK_BYTES + 3
    assert open_body(key, BLOB, bytes(stored), len(BODY), start, stop) == BODY[start:stop]
    with pytest.raises(BlobDamaged, match="block 0"):
        open_body(key, BLOB, bytes(stored), len(BODY), BLOCK_BYTES - 1, stop)


def test_every_bit_of_a_stored_body_counts(key: DataKey) -> None:
    stored = seal_body(key, BLOB, b"hello")
    for position in range(len(stored)):
        for bit in range(8):
            changed = bytearray(stored)
            changed[position] ^= 1 << bit
            with pytest.raises(BlobDamaged):
                open_body(key, BLOB, bytes(changed), 5)


def test_blocks_can_not_change_places(key: DataKey) -> None:
    stored = seal_body(key, BLOB, BODY)
    first, second = stored[:SEALED_BYTES], stored[SEALED_BYTES : 2 * SEALED_BYTES]
    with pytest.raises(BlobDamaged):
        open_body(key, BLOB, second + first + stored[2 * SEALED_BYTES :], len(BODY))


def test_blocks_can_not_be_left_out_or_repeated(key: DataKey) -> None:
    stored = seal_body(key, BLOB, BODY)
    cut = stored[: 2 * SEALED_BYTES]
    with pytest.raises(BlobDamaged):
        open_body(key, BLOB, cut, 2 * BLOCK_BYTES)  # as if the body had ended there
    with pytest.raises(BlobDamaged):
        open_body(key, BLOB, cut + cut[SEALED_BYTES:], 3 * BLOCK_BYTES)


def test_another_blob_or_another_key_does_not_open(key: DataKey) -> None:
    stored = seal_body(key, BLOB, BODY)
    with pytest.raises(BlobDamaged):
        open_body(key, BLOB + 1, stored, len(BODY))
    with pytest.raises(BlobDamaged):
        open_body(new_key(key.cipher), BLOB, stored, len(BODY))


@pytest.mark.parametrize("left", [0, 1, OVERHEAD - 1, OVERHEAD, OVERHEAD + 4])
def test_a_body_that_is_too_short_does_not_open(key: DataKey, left: int) -> None:
    with pytest.raises(BlobDamaged):
        open_body(key, BLOB, seal_body(key, BLOB, b"hello")[:left], 5)


def test_equal_bodies_are_stored_as_different_bytes(key: DataKey) -> None:
    assert seal_body(key, BLOB, BODY) != seal_body(new_key(key.cipher), BLOB, BODY)


def test_a_data_key_is_not_shown(key: DataKey) -> None:
    assert key.key.hex() not in repr(key)
    assert repr(key.key) not in repr([key])


def covered(end: int) -> bytes:
    return BLOB.to_bytes(8, "little") + end.to_bytes(8, "little")


def test_the_stored_form_of_aes256_to_the_byte() -> None:
    """It can't be changed later: nonce is the block's number, blob and end are authenticated."""
    key = new_key(AES256)
    stored = seal_body(key, BLOB, BODY)
    gcm = AESGCM(key.key)
    for number, end in enumerate((0, 0, len(BODY))):
        sealed = stored[number * SEALED_BYTES : (number + 1) * SEALED_BYTES]
        block = BODY[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        assert gcm.decrypt(number.to_bytes(12, "big"), sealed, covered(end)) == block


def test_the_stored_form_of_sm4_to_the_byte() -> None:
    """The same with an SM4 that was written from the standard for this test."""
    key = new_key(SM4)
    stored = seal_body(key, BLOB, b"five and twenty bytes long")
    expected = gcm_encrypt(key.key, bytes(12), b"five and twenty bytes long", covered(26))
    assert stored == expected


def test_sealing_writes_into_the_room_given() -> None:
    out = bytearray(5 + OVERHEAD)
    for cipher in (AES256, SM4):
        made = codec(new_key(cipher), 1)
        made.seal(0, memoryview(b"hello"), 5, memoryview(out))
        plain = bytearray(5)
        made.open(0, memoryview(out), 5, memoryview(plain))
        assert plain == b"hello"
