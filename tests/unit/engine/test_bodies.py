"""References, ranges and garbage; and who is waited for before a blob goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.engine import bodies
from mossbox.engine.bodies import Extent, NewBlob
from mossbox.engine.readers import Readers
from mossbox.engine.sqlite import SqliteDatabase, SqliteTx
from mossbox.shared import Shared
from tests.unit.examples import few


@pytest.fixture
def tx(db: SqliteDatabase) -> SqliteTx:
    return SqliteTx(db._writer, lambda: 0)


@few
@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.data())
def test_a_range_is_cut_out_of_its_extents(sizes: list[int], data: st.DataObject) -> None:
    db = SqliteDatabase(":memory:", shared=Shared(1), now_ms=lambda: 0)
    tx = SqliteTx(db._writer, lambda: 0)
    extents = [Extent(blob, blob * 100, size) for blob, size in enumerate(sizes, 1)]
    bodies.insert_extents(tx, -1, extents)
    bodies.insert_extents(tx, -2, [Extent(99, 0, 5)])
    whole = [(e.blob, e.start + n) for e in extents for n in range(e.size)]
    start = data.draw(st.integers(0, len(whole) - 1))
    stop = data.draw(st.integers(start + 1, len(whole)))
    found = bodies.extents_between(db, -1, start, stop)
    assert [(e.blob, e.start + n) for e in found for n in range(e.size)] == whole[start:stop]
    assert bodies.extents_of(db, -1) == extents
    db.close()


def test_a_blob_goes_with_its_last_reference(db: SqliteDatabase, tx: SqliteTx) -> None:
    bodies.insert_blob(tx, NewBlob(1, 3, 0, b"abc"))
    bodies.insert_blob(tx, NewBlob(2, 3, None, None))
    bodies.insert_blob(tx, NewBlob(3, 3, 0, b"abc"))
    for _ in range(2):
        bodies.hold(tx, 3)
    for left in (2, 1):
        bodies.release(tx, 3, 5)
        assert bodies.find_blob(db, 3) is not None, left
        assert bodies.garbage(db, 9) == []
    for blob in (1, 2, 3):
        bodies.release(tx, blob, 5)
    assert bodies.find_blob(db, 1) is None  # of a small body that nobody shared nothing is left
    assert bodies.garbage(db, 9) == [2, 3]
    bodies.forget_garbage(tx, [2, 3])
    assert bodies.find_blob(db, 2) is bodies.find_blob(db, 3) is None
    assert db.rows("select * from shares") == bodies.garbage(db, 9) == []


def test_extents_that_are_given_up_can_be_read_until_the_reaper_comes(
    db: SqliteDatabase, tx: SqliteTx
) -> None:
    bodies.insert_blob(tx, NewBlob(1, 3, 0, b"abc"))
    bodies.insert_blob(tx, NewBlob(2, 3, None, None))
    bodies.insert_extents(tx, -1, [Extent(1, 0, 3), Extent(2, 0, 3)])
    bodies.hold(tx, 2)
    bodies.release_extents(tx, -1, 5)
    assert bodies.extents_of(db, -1) == []
    assert bodies.garbage(db, 9) == [1]
    assert bodies.find_blob(db, 1) is not None
    bodies.forget_garbage(tx, [1])
    assert bodies.find_blob(db, 1) is None
    assert bodies.find_blob(db, 2) is not None


def test_reads_that_began_before_are_waited_for() -> None:
    shared = Shared(2)
    mine, other = Readers(shared, 0), Readers(shared, 1)
    early = mine.enter()
    later = other.enter()
    moment = shared.reading[1]  # when the second one began
    assert not mine.done_since(moment)
    mine.leave(early)
    assert not mine.done_since(moment)
    other.leave(later)
    assert mine.done_since(moment)
    newest = other.enter()
    assert mine.done_since(moment)  # it began after, so it can't see what was dropped before
    other.leave(newest)
    other.leave(newest)


def test_a_worker_that_died_reading_holds_nobody_up() -> None:
    shared = Shared(1)
    Readers(shared, 0).enter()
    moment = shared.reading[0]
    assert not Readers.done_since(_peek(shared), moment)
    assert Readers(shared, 0).done_since(moment)


def _peek(shared: Shared) -> Readers:
    """The cells as they are: making another `Readers` would reset them."""
    found = object.__new__(Readers)
    found._oldest = shared.reading
    return found
