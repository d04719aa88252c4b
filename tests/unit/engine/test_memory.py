"""Blobs in memory keep to their limit, whatever arrives side by side."""

import asyncio

import pytest

from mossbox import clock
from mossbox.engine.ids import IdSource
from mossbox.engine.memory import MemoryBlobs
from mossbox.errors import ServiceError
from tests.conftest import Run

LIMIT = 1000


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs(IdSource(0, clock.now_ms), LIMIT)


class Pieces:
    """Pieces of a body, one a turn of the loop."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return self._pieces.pop(0) if self._pieces else b""


def test_the_limit_itself_fits(blobs: MemoryBlobs, run: Run) -> None:
    assert run(blobs.write(b"x" * LIMIT, Pieces().read)).size == LIMIT


def test_one_byte_more_is_refused(blobs: MemoryBlobs, run: Run) -> None:
    with pytest.raises(ServiceError, match="full"):
        run(blobs.write(b"x" * 500, Pieces(b"x" * 501).read))


def test_a_refused_body_takes_no_room(blobs: MemoryBlobs, run: Run) -> None:
    with pytest.raises(ServiceError, match="full"):
        run(blobs.write(b"x" * 900, Pieces(b"x" * 200).read))
    assert run(blobs.write(b"x" * LIMIT, Pieces().read)).size == LIMIT


def test_a_deleted_body_gives_its_room_back(blobs: MemoryBlobs, run: Run) -> None:
    written = run(blobs.write(b"x" * LIMIT, Pieces().read))
    run(blobs.delete([written.id]))
    run(blobs.delete([written.id]))  # only once
    assert run(blobs.write(b"x" * LIMIT, Pieces().read)).size == LIMIT
    with pytest.raises(ServiceError, match="full"):
        run(blobs.write(b"x", Pieces().read))


def test_bodies_that_arrive_side_by_side_share_the_limit(blobs: MemoryBlobs, run: Run) -> None:
    async def scenario() -> list[object]:
        return await asyncio.gather(
            *(blobs.write(b"x" * 200, Pieces(b"x" * 200, b"x" * 200).read) for _ in range(3)),
            return_exceptions=True,
        )

    outcomes = run(scenario())
    assert sum(not isinstance(outcome, ServiceError) for outcome in outcomes) <= 1
    assert blobs._held <= LIMIT
    assert blobs._held == sum(len(data) for data in blobs._blobs.values())
