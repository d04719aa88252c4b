"""Blobs in files: what lies on the disk, and what damage to it does."""

import asyncio
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from mossbox import clock
from mossbox.engine.blobfile import BLOCK_BYTES, FOOTER_BYTES, BlobDamaged, blocks, parse_footer
from mossbox.engine.files import FileBlobs, FileWrite
from mossbox.engine.ids import HOUR_MS, IdSource, hour_of
from mossbox.wire.checksum import crc64
from tests.conftest import Run

SIZE = 3 * BLOCK_BYTES + 17
BODY = os.urandom(SIZE)


class Clock:
    """A clock that a test sets."""

    ms = 1_795_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def now() -> Clock:
    return Clock()


@pytest.fixture
def blobs(tmp_path: Path, now: Clock) -> Iterator[FileBlobs]:
    made = FileBlobs(tmp_path, IdSource(0, now), now)
    yield made
    made.close()


async def _nothing() -> bytes:
    return b""


async def keep(blobs: FileBlobs, body: bytes) -> FileWrite:
    written = await blobs.write(body, _nothing)
    written.settle()
    return written


async def read_all(blobs: FileBlobs, blob: int, size: int, start: int = 0) -> bytes:
    reader = blobs.read(blob, size, start, size)
    try:
        parts = []
        while piece := await reader.next():
            parts.append(piece)
        return b"".join(parts)
    finally:
        reader.close()


def flip(path: Path, position: int) -> None:
    with open(path, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes((byte ^ 0x40,)))


def test_a_file_is_data_then_checks_then_footer(blobs: FileBlobs, run: Run) -> None:
    written = run(keep(blobs, BODY))
    raw = Path(blobs.path(written.id)).read_bytes()
    assert raw[:SIZE] == BODY
    for number in range(blocks(SIZE)):
        check = raw[SIZE + 8 * number : SIZE + 8 * number + 8]
        block = BODY[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        assert int.from_bytes(check, "little") == crc64(block)
    assert len(raw) == SIZE + 8 * blocks(SIZE) + FOOTER_BYTES
    assert parse_footer(raw[-FOOTER_BYTES:]) == (written.id, SIZE, 0)
    assert int.from_bytes(raw[-8:], "little") == crc64(raw[SIZE:-8])


def test_a_file_lies_in_the_directory_of_its_hour(
    blobs: FileBlobs, run: Run, now: Clock, tmp_path: Path
) -> None:
    first = run(keep(blobs, b"1"))
    now.ms += HOUR_MS
    second = run(keep(blobs, b"2"))
    for one in (first, second):
        assert (tmp_path / f"{hour_of(one.id):06x}" / f"{one.id:016x}").exists()
    assert hour_of(second.id) == hour_of(first.id) + 1


def test_files_are_for_the_owner_alone(blobs: FileBlobs, run: Run) -> None:
    path = Path(blobs.path(run(keep(blobs, b"1")).id))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_many_hours_keep_few_descriptors(blobs: FileBlobs, run: Run, now: Clock) -> None:
    run(keep(blobs, b"x"))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        now.ms += HOUR_MS
        run(keep(blobs, b"x"))
    assert len(os.listdir("/proc/self/fd")) <= before + 4


# -- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(4))
def test_a_damaged_block_is_never_given_out(blobs: FileBlobs, run: Run, block: int) -> None:
    written = run(keep(blobs, BODY))
    flip(Path(blobs.path(written.id)), block * BLOCK_BYTES + 5)
    with pytest.raises(BlobDamaged, match=f"block {block}"):
        run(read_all(blobs, written.id, SIZE))
    reader = blobs.read(written.id, SIZE, block * BLOCK_BYTES + 6, SIZE)
    with pytest.raises(BlobDamaged):
        reader.next_nowait()
    reader.close()


def test_blocks_beside_a_damaged_one_can_be_read(blobs: FileBlobs, run: Run) -> None:
    written = run(keep(blobs, BODY))
    flip(Path(blobs.path(written.id)), 0)
    assert run(read_all(blobs, written.id, SIZE, 2 * BLOCK_BYTES)) == BODY[2 * BLOCK_BYTES :]


def test_a_damaged_check_damages_its_block(blobs: FileBlobs, run: Run) -> None:
    written = run(keep(blobs, BODY))
    flip(Path(blobs.path(written.id)), SIZE + 8 * 2)
    with pytest.raises(BlobDamaged, match="block 2"):
        run(read_all(blobs, written.id, SIZE))


@pytest.mark.parametrize("left", [0, 1, BLOCK_BYTES, SIZE - 1, SIZE, SIZE + 8 * 4 - 1])
def test_a_file_that_is_cut_off_is_damaged(blobs: FileBlobs, run: Run, left: int) -> None:
    written = run(keep(blobs, BODY))
    os.truncate(blobs.path(written.id), left)
    with pytest.raises(BlobDamaged):
        run(read_all(blobs, written.id, SIZE))


# -- the sweep ----------------------------------------------------------------------------------


def test_past_hours_without_leftovers_are_not_looked_at_again(
    blobs: FileBlobs, run: Run, now: Clock
) -> None:
    run(keep(blobs, b"1"))
    asked: list[int] = []

    def known(ids: list[int]) -> set[int]:
        asked.extend(ids)
        return set(ids)

    run(blobs.sweep(known))
    run(blobs.sweep(known))
    assert len(asked) == 2  # the present hour is looked at every time
    now.ms += 3 * HOUR_MS
    run(blobs.sweep(known))
    run(blobs.sweep(known))
    assert len(asked) == 3


def test_an_hour_with_a_write_under_way_is_looked_at_again(
    blobs: FileBlobs, run: Run, now: Clock
) -> None:
    written = run(blobs.write(b"1", _nothing))
    now.ms += 3 * HOUR_MS
    assert run(blobs.sweep(lambda ids: set())) == 0
    written.settle()
    assert run(blobs.sweep(lambda ids: set())) == 1


def test_an_hour_that_is_written_to_again_is_looked_at_again(
    tmp_path: Path, blobs: FileBlobs, run: Run, now: Clock
) -> None:
    run(keep(blobs, b"1"))
    now.ms += 3 * HOUR_MS
    assert run(blobs.sweep(lambda ids: set(ids))) == 0
    now.ms -= 3 * HOUR_MS
    later = FileBlobs(tmp_path, IdSource(0, now, after=0), now)
    run(keep(later, b"2"))
    now.ms += 3 * HOUR_MS
    assert run(later.sweep(lambda ids: set())) == 2
    later.close()


def test_a_sweep_needs_few_descriptors(blobs: FileBlobs, run: Run) -> None:
    for _ in range(200):
        run(keep(blobs, b"x"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 100, hard))
    try:
        assert run(blobs.sweep(lambda ids: set())) == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_id_whose_file_is_there_already_is_passed_over(
    tmp_path: Path, run: Run, now: Clock
) -> None:
    """A crash left a file, and the clock was set back to its millisecond."""
    leftover = FileBlobs(tmp_path, IdSource(0, now), now)
    first = run(keep(leftover, b"leftover"))
    leftover.close()
    again = FileBlobs(tmp_path, IdSource(0, now), now)
    second = run(keep(again, b"new"))
    assert second.id != first.id
    assert run(read_all(again, first.id, 8)) == b"leftover"
    assert run(read_all(again, second.id, 3)) == b"new"
    again.close()


# -- failures of the disk -----------------------------------------------------------------------


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, run: Run) -> None:
    """A limit on the size of files is a failure that a test can order."""
    blobs = FileBlobs(tmp_path, IdSource(0, clock.now_ms), clock.now_ms)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(OSError) as failed:
            run(blobs.write(os.urandom(5 << 20), _nothing))
        assert failed.value.errno == errno.EFBIG
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    blobs.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_write_cancelled_after_the_threads_ended_leaves_nothing(tmp_path: Path, run: Run) -> None:
    """At shutdown the pool ends first, and then what was under way is cancelled."""
    blobs = FileBlobs(tmp_path, IdSource(0, clock.now_ms), clock.now_ms)

    async def scenario() -> None:
        stalled = asyncio.Event()

        async def stall() -> bytes:
            stalled.set()
            await asyncio.Event().wait()
            raise AssertionError

        task = asyncio.ensure_future(blobs.write(os.urandom(3 << 20), stall))
        await stalled.wait()
        await asyncio.to_thread(blobs.close)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(scenario())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
