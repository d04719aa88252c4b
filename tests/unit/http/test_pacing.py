"""Timetables by a clock that stands still until it is moved, and what is given out by them."""

import asyncio
from collections import deque

import pytest

from mossbox.http.message import Body
from mossbox.http.pacing import PacedReader, Pacer
from tests.conftest import Run


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Book:
    """A timetable without waits that keeps what was spent."""

    piece = 10

    def __init__(self) -> None:
        self.spent: list[int] = []

    def spend(self, size: int) -> float:
        self.spent.append(size)
        return 0.0

    def ahead(self) -> float:
        return 0.0


class Pieces:
    """A source that gives what it is told."""

    def __init__(self, *pieces: bytes) -> None:
        self.length = sum(map(len, pieces))
        self.pieces = deque(pieces)
        self.closed = False

    def next_nowait(self) -> bytes | None:
        return None

    async def next(self) -> bytes:
        return self.pieces.popleft() if self.pieces else b""

    def close(self) -> None:
        self.closed = True


def test_every_byte_has_its_time() -> None:
    clock = Hands()
    pacer = Pacer(1000, clock)
    assert pacer.spend(500) == pytest.approx(0.5)
    assert pacer.spend(500) == pytest.approx(1.0)  # nobody waited: both have to be waited for
    assert pacer.ahead() == pytest.approx(1.0)
    clock.now += 0.75
    assert pacer.ahead() == pytest.approx(0.25)
    assert pacer.spend(1000) == pytest.approx(1.25)


def test_time_that_passed_unused_is_no_credit() -> None:
    clock = Hands()
    pacer = Pacer(1000, clock)
    pacer.spend(100)
    clock.now += 3600
    assert pacer.ahead() == 0.0
    assert pacer.spend(100) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("rate", "piece"), [(102_400, 10_240), (1_048_576, 104_857), (104_857_600, 131_072), (1, 4096)]
)
def test_pieces_are_a_tenth_of_a_second_where_that_is_a_good_size(rate: int, piece: int) -> None:
    assert Pacer(rate).piece == piece


def read(run: Run, reader: PacedReader) -> list[bytes]:
    async def all_of_it() -> list[bytes]:
        found = []
        while piece := await reader.next():
            assert reader.next_nowait() is None
            found.append(piece)
        return found

    return run(all_of_it())


def test_bytes_are_given_out_in_pieces(run: Run) -> None:
    book = Book()
    reader = PacedReader(b"x" * 25, book)  # type: ignore[arg-type]
    assert reader.length == 25
    assert reader.next_nowait() is None
    assert read(run, reader) == [b"x" * 10, b"x" * 10, b"x" * 5]
    assert book.spent == [10, 10, 5]
    assert reader.next_nowait() == b""
    reader.close()


def test_so_is_another_reader(run: Run) -> None:
    source = Pieces(b"a" * 12, b"b" * 3)
    reader = PacedReader(source, Book())  # type: ignore[arg-type]
    assert reader.length == 15
    assert read(run, reader) == [b"a" * 10, b"aa", b"bbb"]
    reader.close()
    assert source.closed


def test_a_slow_body_is_never_at_hand_as_a_whole(run: Run) -> None:
    book = Book()
    body = Body(7)
    body.slow(book)
    body.feed(b"hel")
    body.feed(b"lo u")
    body.end()
    assert body.whole() is None

    async def all_of_it() -> list[bytes]:
        return [await body.read(), await body.read(), await body.read()]

    assert run(all_of_it()) == [b"hel", b"lo u", b""]
    assert book.spent == [3, 4]


def test_it_sleeps_as_long_as_it_is_told(run: Run) -> None:
    class Forever(Book):
        def spend(self, _size: int) -> float:
            return 3600.0

    body = Body(3)
    body.slow(Forever())
    body.feed(b"one")

    async def impatient() -> bool:
        task = asyncio.ensure_future(body.read())
        done, _ = await asyncio.wait([task], timeout=0.01)
        task.cancel()
        return bool(done)

    assert run(impatient()) is False
