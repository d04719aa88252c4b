"""Encrypted blobs on the disk: no plain byte there, and whatever was changed is an error.

Somebody who changes a file can mend its CRCs and its footer too, so these tests do.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mossbox import clock
from mossbox.engine.blobfile import (
    BLOCK_BYTES,
    FOOTER_BYTES,
    BlobDamaged,
    blocks,
    parse_footer,
    trailer,
)
from mossbox.engine.cipher import (
    AES256,
    OVERHEAD,
    SEALED_BYTES,
    SM4,
    DataKey,
    new_key,
    open_body,
    stored_size,
)
from mossbox.engine.files import FileBlobs
from mossbox.engine.filewrite import FileWrite
from mossbox.engine.ids import IdSource
from mossbox.wire.checksum import crc64
from tests.conftest import Run

SIZE = 3 * BLOCK_BYTES + 17
BODY = (b"a marker that nobody may find " * (SIZE // 30 + 1))[:SIZE]
MARKER = BODY[:30]


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[FileBlobs]:
    made = FileBlobs(tmp_path, IdSource(0, clock.now_ms), clock.now_ms)
    yield made
    made.close()


@pytest.fixture(params=[AES256, SM4], ids=["AES256", "SM4"])
def key(request: pytest.FixtureRequest) -> DataKey:
    return new_key(request.param)


async def _nothing() -> bytes:
    return b""


async def keep(blobs: FileBlobs, body: bytes, key: DataKey) -> FileWrite:
    written = await blobs.write(body, _nothing, key)
    written.settle()
    return written


async def read(
    blobs: FileBlobs, blob: int, key: DataKey | None, size: int = SIZE, start: int = 0
) -> bytes:
    """As the door reads: at once what can be had at once, the rest waiting."""
    reader = blobs.read(blob, size, start, size, key)
    parts = b""
    try:
        while True:
            piece = reader.next_nowait()
            if piece is None:
                piece = await reader.next()
            if not piece:
                return parts
            parts += piece
    finally:
        reader.close()


def rewrite(
    path: str, change: Callable[[bytearray], bytes], *, size: int = SIZE, blob: int = 0
) -> None:
    """Change the stored data of a file, and mend everything that needs no key."""
    raw = Path(path).read_bytes()
    was = parse_footer(raw[-FOOTER_BYTES:])
    data = change(bytearray(raw[: stored_size(was.size)]))
    checks = [crc64(data[s : s + SEALED_BYTES]) for s in range(0, len(data), SEALED_BYTES)]
    Path(path).write_bytes(data + trailer(blob or was.blob, size, checks, cipher=was.cipher))


def test_a_file_holds_no_plain_bytes(blobs: FileBlobs, run: Run, key: DataKey) -> None:
    written = run(keep(blobs, BODY, key))
    raw = Path(blobs.path(written.id)).read_bytes()
    assert MARKER not in raw
    assert len(raw) == SIZE + OVERHEAD * 4 + 8 * 4 + FOOTER_BYTES
    assert parse_footer(raw[-FOOTER_BYTES:]) == (written.id, SIZE, key.cipher)
    assert open_body(key, written.id, raw[: stored_size(SIZE)], SIZE) == BODY
    assert int.from_bytes(raw[-8:], "little") == crc64(raw[stored_size(SIZE) : -8])


def test_equal_bodies_are_different_files(blobs: FileBlobs, run: Run, key: DataKey) -> None:
    first, second = run(keep(blobs, BODY, key)), run(keep(blobs, BODY, new_key(key.cipher)))
    one, other = (Path(blobs.path(w.id)).read_bytes() for w in (first, second))
    for number in range(4):
        start = number * SEALED_BYTES
        assert one[start : start + 16] != other[start : start + 16]


def test_what_is_not_encrypted_is_left_as_it_was(blobs: FileBlobs, run: Run, key: DataKey) -> None:
    """The sealing buffer goes back to the others: a plain body after it is whole."""
    run(keep(blobs, BODY, key))
    written = run(blobs.write(BODY, _nothing))
    assert Path(blobs.path(written.id)).read_bytes()[:SIZE] == BODY
    assert run(read(blobs, written.id, None)) == BODY


@pytest.mark.parametrize("size", [8 << 20, (8 << 20) + 1, (9 << 20) - 4096, (13 << 20) + 131])
def test_many_buffers(blobs: FileBlobs, run: Run, size: int) -> None:
    """What is left over from one buffer goes before the next, on a disk that wants whole pages."""
    key = new_key(AES256)
    body = os.urandom(size)
    written = run(keep(blobs, body, key))
    assert run(read(blobs, written.id, key, size)) == body
    assert os.path.getsize(blobs.path(written.id)) == (
        stored_size(size) + 8 * blocks(size) + FOOTER_BYTES
    )


# -- changed bytes ------------------------------------------------------------------------------

POSITIONS = {
    "data": 5,
    "the tag": BLOCK_BYTES + 3,
    "a later block": 2 * SEALED_BYTES + 1,
    "the last block": 3 * SEALED_BYTES + 16,
    "the last tag": 3 * SEALED_BYTES + 17 + OVERHEAD - 1,
}


@pytest.mark.parametrize("where", POSITIONS)
@pytest.mark.parametrize("mended", [False, True])
def test_a_flipped_bit_is_an_error(
    blobs: FileBlobs, run: Run, key: DataKey, where: str, mended: bool
) -> None:
    written = run(keep(blobs, BODY, key))
    path = blobs.path(written.id)

    def flip(data: bytearray) -> bytes:
        data[POSITIONS[where]] ^= 1
        return bytes(data)

    if mended:
        rewrite(path, flip)
    else:
        raw = bytearray(Path(path).read_bytes())
        raw[POSITIONS[where]] ^= 1
        Path(path).write_bytes(raw)
    with pytest.raises(BlobDamaged, match="does not open" if mended else "is damaged"):
        run(read(blobs, written.id, key))


@pytest.mark.parametrize("bit", range(0, 8 * (FOOTER_BYTES - 8), 5))
def test_a_flipped_bit_of_the_footer_is_an_error(blobs: FileBlobs, run: Run, bit: int) -> None:
    key = new_key(AES256)
    written = run(keep(blobs, BODY, key))
    raw = bytearray(Path(blobs.path(written.id)).read_bytes())
    raw[len(raw) - FOOTER_BYTES + bit // 8] ^= 1 << bit % 8
    Path(blobs.path(written.id)).write_bytes(raw)
    with pytest.raises(BlobDamaged):
        run(read(blobs, written.id, key))


def test_blocks_that_changed_places_are_an_error(blobs: FileBlobs, run: Run, key: DataKey) -> None:
    written = run(keep(blobs, BODY, key))
    one, two, three = 0, SEALED_BYTES, 2 * SEALED_BYTES
    rewrite(blobs.path(written.id), lambda data: data[two:three] + data[one:two] + data[three:])
    with pytest.raises(BlobDamaged, match="block 0"):
        run(read(blobs, written.id, key))
    with pytest.raises(BlobDamaged, match="block 1"):
        run(read(blobs, written.id, key, start=BLOCK_BYTES))


def test_files_that_changed_places_are_an_error(blobs: FileBlobs, run: Run, key: DataKey) -> None:
    first, second = run(keep(blobs, BODY, key)), run(keep(blobs, BODY[::-1], key))
    shutil.copy(blobs.path(second.id), blobs.path(first.id))
    with pytest.raises(BlobDamaged, match="another's"):
        run(read(blobs, first.id, key))
    rewrite(blobs.path(first.id), bytes, blob=first.id)
    with pytest.raises(BlobDamaged, match="block 0 does not open"):
        run(read(blobs, first.id, key))


def test_a_file_and_a_row_that_were_both_shortened_are_an_error(
    blobs: FileBlobs, run: Run, key: DataKey
) -> None:
    written = run(keep(blobs, BODY, key))
    shorter = 2 * BLOCK_BYTES
    rewrite(blobs.path(written.id), lambda data: bytes(data[: 2 * SEALED_BYTES]), size=shorter)
    with pytest.raises(BlobDamaged, match="block 1 does not open"):
        run(read(blobs, written.id, key, shorter, BLOCK_BYTES))


@pytest.mark.parametrize("left", [0, 1, SEALED_BYTES, SIZE, stored_size(SIZE), -FOOTER_BYTES, -1])
def test_a_file_that_is_cut_off_is_an_error(
    blobs: FileBlobs, run: Run, key: DataKey, left: int
) -> None:
    written = run(keep(blobs, BODY, key))
    path = blobs.path(written.id)
    os.truncate(path, left if left >= 0 else os.path.getsize(path) + left)
    with pytest.raises(BlobDamaged):
        run(read(blobs, written.id, key))


def test_a_plain_file_in_the_place_of_an_encrypted_one_is_an_error(
    blobs: FileBlobs, run: Run, key: DataKey
) -> None:
    written, plain = run(keep(blobs, BODY, key)), run(blobs.write(b"x" * SIZE, _nothing))
    shutil.copy(blobs.path(plain.id), blobs.path(written.id))
    with pytest.raises(BlobDamaged):
        run(read(blobs, written.id, key))


def test_a_range_opens_the_blocks_it_touches_alone(
    blobs: FileBlobs, run: Run, key: DataKey
) -> None:
    written = run(keep(blobs, BODY, key))

    def damage_the_first(data: bytearray) -> bytes:
        data[0] ^= 1
        return bytes(data)

    rewrite(blobs.path(written.id), damage_the_first)
    start = 2 * BLOCK_BYTES + 9
    assert run(read(blobs, written.id, key, start=start)) == BODY[start:]


def test_sm4_is_never_opened_in_the_event_loop(blobs: FileBlobs, run: Run) -> None:
    for cipher, at_once in ((SM4, False), (AES256, True)):
        key = new_key(cipher)
        written = run(keep(blobs, BODY, key))
        run(read(blobs, written.id, key))  # now it lies in the page cache
        reader = blobs.read(written.id, SIZE, 0, SIZE, key)
        assert (reader.next_nowait() is not None) is at_once
        reader.close()
