"""What every `Blobs` promises."""

import asyncio
import hashlib
import os
import random
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mossbox.engine import Blobs, Written
from mossbox.engine.files import FileBlobs
from mossbox.wire.checksum import crc64
from tests.conftest import Run

BLOCK = 128 << 10
BUFFER = 1 << 20
SIZES = [
    0, 1, 4095, 4096, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, BUFFER - 1, BUFFER, BUFFER + 1,
    2 * BUFFER - 1, 2 * BUFFER, 2 * BUFFER + 1, 3 * BUFFER + BLOCK, 5 * BUFFER + 77,
]  # fmt: skip
EXAMPLES = int(os.environ.get("MOSSBOX_EXAMPLES", "60"))
BODY = random.Random(1).randbytes(2 * BUFFER + 3 * BLOCK + 5)


class Source:
    """Pieces of a body as a socket would give them, then what `end` says."""

    def __init__(self, pieces: Iterable[bytes], end: BaseException | None = None) -> None:
        self._pieces = list(pieces)
        self._end = end

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        if self._pieces:
            return self._pieces.pop(0)
        if self._end is not None:
            raise self._end
        return b""


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


async def write(blobs: Blobs, data: bytes, piece_size: int = 65_536) -> Written:
    pieces = cut(data, piece_size)
    return await blobs.write(pieces[0] if pieces else b"", Source(pieces[1:]).read)


async def read(blobs: Blobs, blob: int, size: int, start: int, stop: int) -> bytes:
    """All of a range, taking what can be had at once and waiting for the rest."""
    reader = blobs.read(blob, size, start, stop)
    assert reader.length == stop - start
    parts = []
    try:
        while True:
            piece = reader.next_nowait()
            if piece is None:
                piece = await reader.next()
            if not piece:
                return b"".join(parts)
            parts.append(bytes(piece))
    finally:
        reader.close()


async def read_waiting(blobs: Blobs, blob: int, size: int, start: int, stop: int) -> bytes:
    """The same through the waiting way alone."""
    reader = blobs.read(blob, size, start, stop)
    parts = []
    while piece := await reader.next():
        parts.append(piece)
    reader.close()
    return b"".join(parts)


def all_known(blobs: list[int]) -> set[int]:
    return set(blobs)


def none_known(_blobs: list[int]) -> set[int]:
    return set()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece_size", [8_191, BUFFER + 3])
def test_a_body_comes_back_with_its_sums(
    blobs: Blobs, run: Run, size: int, piece_size: int
) -> None:
    data = random.Random(size).randbytes(size)
    written = run(write(blobs, data, piece_size))
    assert written.size == size
    assert written.md5 == hashlib.md5(data).hexdigest().upper()
    assert written.crc64 == crc64(data)
    assert run(read(blobs, written.id, size, 0, size)) == data
    assert run(read_waiting(blobs, written.id, size, 0, size)) == data


def test_bodies_written_side_by_side_do_not_mix(blobs: Blobs, run: Run) -> None:
    bodies = [random.Random(n).randbytes(n * 300_000) for n in range(1, 9)]

    async def scenario() -> None:
        done = await asyncio.gather(*(write(blobs, body, 50_000) for body in bodies))
        assert len({written.id for written in done}) == len(bodies)
        for written, body in zip(done, bodies, strict=True):
            assert await read(blobs, written.id, len(body), 0, len(body)) == body

    run(scenario())


def test_readers_side_by_side_do_not_mix(blobs: Blobs, run: Run) -> None:
    written = run(write(blobs, BODY))
    starts = range(0, len(BODY) - BUFFER, 400_001)

    async def scenario() -> None:
        got = await asyncio.gather(
            *(read(blobs, written.id, len(BODY), s, s + BUFFER) for s in starts)
        )
        assert got == [BODY[s : s + BUFFER] for s in starts]

    run(scenario())


def test_ranges(blobs: Blobs, run: Run) -> None:
    written = run(write(blobs, BODY))
    edges = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, BUFFER, BUFFER + 1, len(BODY) - 1, len(BODY)]
    for start in edges:
        for stop in edges:
            if start <= stop:
                got = run(read(blobs, written.id, len(BODY), start, stop))
                assert got == BODY[start:stop], (start, stop)


def test_any_range(blobs: Blobs, run: Run) -> None:
    written = run(write(blobs, BODY))

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(BODY)), st.integers(0, len(BODY)), st.booleans())
    def check(one: int, other: int, waiting: bool) -> None:
        start, stop = sorted((one, other))
        way = read_waiting if waiting else read
        assert run(way(blobs, written.id, len(BODY), start, stop)) == BODY[start:stop]

    check()


def test_a_blob_that_is_not_there(blobs: Blobs) -> None:
    with pytest.raises(FileNotFoundError):
        blobs.read(12345, 10, 0, 10)


def test_a_deleted_blob_is_gone(blobs: Blobs, run: Run) -> None:
    written = run(write(blobs, b"a" * BLOCK))
    other = run(write(blobs, b"b" * BLOCK))
    written.settle()
    other.settle()
    run(blobs.delete([written.id, 98765]))  # unknown ones are no error
    with pytest.raises(FileNotFoundError):
        blobs.read(written.id, BLOCK, 0, 1)
    assert run(read(blobs, other.id, BLOCK, 0, BLOCK)) == b"b" * BLOCK


def test_who_began_to_read_a_blob_reads_it_to_its_end(blobs: Blobs, run: Run) -> None:
    written = run(write(blobs, BODY))
    written.settle()
    reader = blobs.read(written.id, len(BODY), 0, len(BODY))
    first = run(reader.next())
    run(blobs.delete([written.id]))
    rest = b""
    while piece := run(reader.next()):
        rest += piece
    reader.close()
    assert first + rest == BODY


# -- the sweep ----------------------------------------------------------------------------------


def test_the_sweep_spares_what_is_being_written(blobs: Blobs, run: Run) -> None:
    written = run(write(blobs, b"x" * BLOCK))
    assert run(blobs.sweep(none_known)) == 0
    assert run(read(blobs, written.id, BLOCK, 0, BLOCK)) == b"x" * BLOCK


def test_the_sweep_spares_what_a_row_names(blobs: Blobs, run: Run) -> None:
    written = run(write(blobs, b"x" * BLOCK))
    written.settle()
    assert run(blobs.sweep(all_known)) == 0
    assert run(read(blobs, written.id, BLOCK, 0, BLOCK)) == b"x" * BLOCK


def test_the_sweep_removes_what_no_row_names(blobs: Blobs, run: Run) -> None:
    kept, stray = run(write(blobs, b"k" * BLOCK)), run(write(blobs, b"s" * BLOCK))
    kept.settle()
    stray.settle()
    assert run(blobs.sweep(lambda ids: {kept.id} & set(ids))) == 1
    assert run(read(blobs, kept.id, BLOCK, 0, BLOCK)) == b"k" * BLOCK
    with pytest.raises(FileNotFoundError):
        blobs.read(stray.id, BLOCK, 0, 1)


def test_the_sweep_asks_about_every_blob(blobs: Blobs, run: Run) -> None:
    written = [run(write(blobs, b"%d" % n)) for n in range(150)]
    for one in written:
        one.settle()
    asked: set[int] = set()

    def known(ids: list[int]) -> set[int]:
        asked.update(ids)
        return set(ids)

    assert run(blobs.sweep(known)) == 0
    assert asked == {one.id for one in written}


# -- writes that come to nothing ----------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 10, BLOCK, BUFFER + 1, 3 * BUFFER + 5])
def test_a_body_that_breaks_off_leaves_nothing(blobs: Blobs, run: Run, size: int) -> None:
    asked: list[int] = []

    async def scenario() -> None:
        source = Source(cut(BODY[:size], 60_000), ConnectionResetError("on purpose"))
        with pytest.raises(ConnectionResetError, match="on purpose"):
            await blobs.write(b"", source.read)
        blobs.close()  # waits for the threads

    run(scenario())
    run(_sweep_of_another(blobs, asked))
    assert asked == []


@pytest.mark.parametrize("size", [10, BUFFER, 2 * BUFFER + 5])
def test_a_cancelled_write_leaves_nothing(blobs: Blobs, run: Run, size: int) -> None:
    asked: list[int] = []

    async def scenario() -> None:
        stalled = asyncio.Event()

        class Stalls(Source):
            async def read(self) -> bytes:
                if self._pieces:
                    return self._pieces.pop(0)
                stalled.set()
                await asyncio.Event().wait()
                raise AssertionError

        task = asyncio.ensure_future(blobs.write(b"", Stalls(cut(BODY[:size], 60_000)).read))
        await stalled.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        blobs.close()

    run(scenario())
    run(_sweep_of_another(blobs, asked))
    assert asked == []


async def _sweep_of_another(blobs: Blobs, asked: list[int]) -> None:
    """What a sweep would find now that `blobs` was closed."""

    def known(ids: list[int]) -> set[int]:
        asked.extend(ids)
        return set(ids)

    if isinstance(blobs, FileBlobs):
        other = FileBlobs(blobs.folder, blobs._ids, blobs._now_ms)
        await other.sweep(known)
        other.close()
        names = [p.name for p in blobs.folder.rglob("*") if p.is_file()]
        assert names == []
    else:
        await blobs.sweep(known)
