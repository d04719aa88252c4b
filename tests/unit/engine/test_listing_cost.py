"""What a page costs, in steps of SQLite's machine and in statements: work, not time."""

from typing import NamedTuple

import apsw
import pytest

from mossbox import clock
from mossbox.engine import listing
from mossbox.engine.sqlite import SqliteDatabase
from mossbox.shared import Shared
from tests.unit.engine.rows import insert_live, insert_markers

MANY, FEW, PREFIXES, HIDDEN, PLAIN = 1, 2, 3, 4, 5


class Work(NamedTuple):
    """Steps and statements of one page."""

    steps: int
    statements: int


@pytest.fixture(scope="module")
def db() -> SqliteDatabase:
    made = SqliteDatabase(":memory:", shared=Shared(1), now_ms=clock.now_ms)
    insert_live(made, MANY, (b"key-%08d" % n for n in range(100_000)))
    insert_live(made, FEW, (b"key-%08d" % n for n in range(1_500)))
    insert_live(
        made, PREFIXES, (b"dir-%04d/%03d" % (d, n) for d in range(1_001) for n in range(60))
    )
    insert_markers(made, HIDDEN, (b"a-%06d" % n for n in range(100_000)))
    insert_live(made, HIDDEN, (b"key-%08d" % n for n in range(1_500)))
    return made


def work(
    db: SqliteDatabase, bucket: int, *, marker: bytes = b"", delimiter: bytes = b"",
    prefix: bytes = b"", count: int = 1000,
) -> tuple[Work, listing.Page]:  # fmt: skip
    steps: list[int] = []

    def profiled(event: dict[str, object]) -> None:
        status = event["stmt_status"]
        assert isinstance(status, dict)
        steps.append(status["SQLITE_STMTSTATUS_VM_STEP"])

    db._reader.trace_v2(apsw.SQLITE_TRACE_PROFILE, profiled)
    try:
        page = listing.page(
            db, bucket, prefix=prefix, marker=marker, delimiter=delimiter, count=count
        )
    finally:
        db._reader.trace_v2(0, None)
    return Work(sum(steps), len(steps)), page


def test_first_middle_and_last_page_cost_the_same(db: SqliteDatabase) -> None:
    small, _ = work(db, FEW)
    assert small.statements == 1
    assert small.steps > 1000
    for marker in (b"", b"key-00050000", b"key-00098998"):
        cost, page = work(db, MANY, marker=marker)
        assert len(page.rows) == 1000
        assert page.truncated
        assert abs(cost.steps - small.steps) <= 10, marker
        assert cost.statements == 1


def test_a_page_costs_what_it_shows(db: SqliteDatabase) -> None:
    ten, _ = work(db, MANY, count=10)
    hundred, _ = work(db, MANY, count=100)
    assert ten.steps < 500
    assert 5 < hundred.steps / ten.steps < 12


def test_a_delimiter_costs_one_seek_a_prefix(db: SqliteDatabase) -> None:
    cost, page = work(db, PREFIXES, delimiter=b"/")
    assert len(page.prefixes) == 1000
    assert page.truncated
    assert cost.statements <= 1002
    assert cost.steps < 1002 * 100  # a walk over all keys would take 60,000 rows
    assert cost.steps < work(db, PREFIXES, count=1000)[0].steps * 6


def test_the_last_page_of_prefixes_costs_as_little(db: SqliteDatabase) -> None:
    first, _ = work(db, PREFIXES, delimiter=b"/", count=100)
    last, page = work(db, PREFIXES, delimiter=b"/", count=100, marker=b"dir-0900/")
    assert len(page.prefixes) == 100
    assert abs(last.steps - first.steps) <= 50
    assert last.statements == first.statements


def test_plain_keys_under_a_delimiter_are_read_in_strides(db: SqliteDatabase) -> None:
    cost, page = work(db, MANY, delimiter=b"/")
    assert len(page.rows) == 1000
    assert cost.statements <= 6


@pytest.mark.parametrize("delimiter", [b"", b"/"])
def test_delete_markers_before_the_first_key_cost_nothing(
    db: SqliteDatabase, delimiter: bytes
) -> None:
    clean, _ = work(db, FEW, delimiter=delimiter)
    cost, page = work(db, HIDDEN, delimiter=delimiter)
    assert page.rows[0][0] == b"key-00000000"
    assert abs(cost.steps - clean.steps) <= 10
    assert cost.statements == clean.statements
