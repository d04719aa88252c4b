"""Ids are never drawn twice, whatever the clock and the threads do."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mossbox.engine import Bucket, bodies, buckets, objects
from mossbox.engine.bodies import NewBlob
from mossbox.engine.ids import HOUR_MS, IdSource, current_hour, hour_of
from mossbox.engine.objects import NewVersion
from mossbox.engine.sqlite import SqliteDatabase
from tests.conftest import Run

NOW = 1_795_000_000_000


class Clock:
    """A clock that a test sets."""

    def __init__(self, ms: int = NOW) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_ids_rise_while_the_clock_stands() -> None:
    source = IdSource(3, Clock())
    drawn = [source.draw() for _ in range(50_000)]  # more than one millisecond holds
    assert drawn == sorted(set(drawn))


def test_ids_rise_while_the_clock_goes_back() -> None:
    clock = Clock()
    source = IdSource(3, clock)
    drawn = []
    for ms in (NOW, NOW - 5_000, NOW - HOUR_MS, NOW + 1, NOW):
        clock.ms = ms
        drawn += [source.draw() for _ in range(100)]
    assert drawn == sorted(set(drawn))


def test_ids_rise_above_those_before_a_restart() -> None:
    clock = Clock()
    last = [IdSource(0, clock).draw() for _ in range(9)][-1]
    clock.ms -= 10 * HOUR_MS
    assert IdSource(0, clock, after=last).draw() > last
    assert IdSource(5, clock, after=last).draw() > last


def test_workers_never_draw_the_same() -> None:
    clock = Clock()
    sources = [IdSource(slot, clock) for slot in range(64)]
    drawn = [source.draw() for source in sources for _ in range(200)]
    assert len(set(drawn)) == len(drawn)


def test_threads_never_draw_the_same(switching: None) -> None:
    source = IdSource(0, Clock())
    with ThreadPoolExecutor(8) as pool:
        drawn = [
            blob
            for some in pool.map(lambda _: [source.draw() for _ in range(3_000)], range(8))
            for blob in some
        ]
    assert len(set(drawn)) == 24_000


def test_ids_fit_into_63_bits_for_a_century() -> None:
    century_ms = 100 * 365 * 24 * HOUR_MS
    assert IdSource(63, Clock(NOW + century_ms)).draw() < 1 << 63


def test_an_id_tells_its_hour() -> None:
    blob = IdSource(63, Clock()).draw()
    assert hour_of(blob) == current_hour(NOW)
    assert hour_of(IdSource(0, Clock(NOW + HOUR_MS)).draw()) == current_hour(NOW) + 1


@pytest.mark.parametrize("slot", [-1, 64])
def test_a_slot_outside_its_bits_is_refused(slot: int) -> None:
    with pytest.raises(ValueError, match="slot"):
        IdSource(slot, Clock())


def test_the_highest_id_is_known_even_when_it_is_garbage(db: SqliteDatabase, run: Run) -> None:
    assert bodies.highest_blob(db) == 0
    bucket, _ = run(
        db.write(lambda tx: buckets.create(tx, Bucket(0, "b", 1, 0, "r", 0, 0, 0, 0), 9))
    )

    def put(blob: int, data: bytes | None) -> None:
        new = NewVersion(
            0, 3, 0, "E", 0, 0, 0, "text/plain", None, NewBlob(blob, 3, 0, data)
        )  # fmt: skip
        run(db.write(lambda tx: objects.put(tx, bucket, b"k", new, forbid_overwrite=False)))

    put(7, None)
    assert bodies.highest_blob(db) == 7
    run(db.write(lambda tx: objects.delete(tx, bucket, b"k", 0)))
    assert bodies.garbage(db, 10) == [7]
    assert bodies.highest_blob(db) == 7
    put(9, b"abc")
    assert bodies.highest_blob(db) == 9
