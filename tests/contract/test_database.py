"""What every `Database` promises."""

import asyncio

import pytest

from mossbox import errors
from mossbox.engine import Database, Tx
from mossbox.errors import ServiceError
from mossbox.shared import Shared
from tests.conftest import Run

ZERO = (0,) * 5  # objects, bytes, markers, uploads, parts


def set_fact(tx: Tx, name: str, value: str = "") -> None:
    tx.rows("insert into facts values ($1, $2)", name, value)


def facts(db: Database) -> set[str]:
    return {row[0] for row in db.rows("select name from facts")} - {"sequence"}


def make_bucket(tx: Tx, name: str = "bucket") -> int:
    rows = tx.rows(
        "insert into buckets (name, account, created_ms, region, storage_class, redundancy, acl,"
        " versioning) values ($1, 1, 0, 'r', 0, 0, 0, 0) returning id",
        name,
    )
    return int(rows[0][0])


def usage(db: Database, bucket: int) -> dict[int, tuple[int, ...]]:
    rows = db.rows(
        "select storage_class, objects, bytes, markers, uploads, parts from usage"
        " where bucket = $1",
        bucket,
    )
    return {row[0]: row[1:] for row in rows}


def test_a_unit_gives_back_what_its_function_gives(db: Database, run: Run) -> None:
    assert run(db.write(lambda tx: tx.rows("select 1 + $1, $2", 2, b"x"))) == [(3, b"x")]


def test_marks_are_bound_by_number_and_may_repeat(db: Database) -> None:
    assert db.rows("select $2, $1, $2", 1, 2) == [(2, 1, 2)]


def test_a_read_sees_the_last_commit(db: Database, run: Run) -> None:
    assert facts(db) == set()
    run(db.write(lambda tx: set_fact(tx, "a")))
    assert facts(db) == {"a"}
    run(db.write(lambda tx: tx.rows("delete from facts where name = $1", "a")))
    assert facts(db) == set()


def test_a_unit_sees_its_own_changes(db: Database, run: Run) -> None:
    def work(tx: Tx) -> list[tuple[str]]:
        set_fact(tx, "a", "1")
        return tx.rows("select value from facts where name = $1", "a")

    assert run(db.write(work)) == [("1",)]


def test_an_exception_undoes_all_of_its_unit(db: Database, run: Run) -> None:
    def work(tx: Tx) -> None:
        set_fact(tx, "a")
        set_fact(tx, "b")
        raise errors.NoSuchKey()

    with pytest.raises(ServiceError, match="NoSuchKey"):
        run(db.write(work))
    assert facts(db) == set()


def test_a_statement_that_fails_undoes_all_of_its_unit(db: Database, run: Run) -> None:
    def work(tx: Tx) -> None:
        set_fact(tx, "a")
        set_fact(tx, "a")  # the primary key refuses it

    with pytest.raises(Exception, match="UNIQUE"):
        run(db.write(work))
    assert facts(db) == set()
    assert db.fault() == ""


def test_neighbours_of_a_unit_that_fails_stand(db: Database, run: Run) -> None:
    def fails(tx: Tx) -> None:
        set_fact(tx, "never")
        raise ValueError("on purpose")

    async def side_by_side() -> list[object]:
        return await asyncio.gather(
            *(
                db.write(fails if n % 3 == 1 else lambda tx, n=n: set_fact(tx, f"n{n}"))
                for n in range(30)
            ),
            return_exceptions=True,
        )

    outcomes = run(side_by_side())
    failed = {n for n, outcome in enumerate(outcomes) if isinstance(outcome, ValueError)}
    assert failed == set(range(1, 30, 3))
    assert facts(db) == {f"n{n}" for n in range(30) if n % 3 != 1}


def test_units_of_one_moment_run_one_after_the_other(db: Database, run: Run) -> None:
    def add(tx: Tx) -> int:
        number = tx.rows("select count(*) from facts")[0][0]
        set_fact(tx, f"n{number}")
        return int(number)

    async def many() -> list[int]:
        return list(await asyncio.gather(*(db.write(add) for _ in range(600))))

    assert sorted(run(many())) == list(range(1, 601))


def test_a_caller_that_leaves_does_not_disturb_the_others(db: Database, run: Run) -> None:
    async def scenario() -> None:
        left = asyncio.ensure_future(db.write(lambda tx: set_fact(tx, "left")))
        stays = asyncio.ensure_future(db.write(lambda tx: set_fact(tx, "stays")))
        await asyncio.sleep(0)
        left.cancel()
        await stays
        await db.write(lambda tx: set_fact(tx, "after"))

    run(scenario())
    assert {"stays", "after"} <= facts(db)


# -- ranks and usage ----------------------------------------------------------------------------


def test_ranks_fall_within_and_between_units(db: Database, run: Run) -> None:
    ranks = []
    for _ in range(3):
        ranks += run(db.write(lambda tx: [tx.next_rank(), tx.next_rank()]))
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)
    assert max(ranks) < 0


def test_a_rank_of_an_undone_unit_is_below_the_earlier_and_above_the_later(
    db: Database, run: Run
) -> None:
    drawn: list[int] = []

    def fails(tx: Tx) -> None:
        drawn.append(tx.next_rank())
        raise ValueError("on purpose")

    before = run(db.write(lambda tx: tx.next_rank()))
    with pytest.raises(ValueError, match="on purpose"):
        run(db.write(fails))
    after = run(db.write(lambda tx: tx.next_rank()))
    assert after < before
    assert drawn[0] < before


def test_usage_is_folded_by_bucket_and_storage_class(db: Database, run: Run) -> None:
    first = run(db.write(make_bucket))
    second = run(db.write(lambda tx: make_bucket(tx, "other")))

    def work(tx: Tx) -> None:
        tx.count(first, 0, objects=1, bytes=10)
        tx.count(first, 0, objects=1, bytes=20)
        tx.count(first, 2, markers=1, uploads=2, parts=3)
        tx.count(second, 0, objects=5)

    run(db.write(work))
    assert usage(db, first) == {0: (2, 30, 0, 0, 0), 2: (0, 0, 1, 2, 3)}
    assert usage(db, second) == {0: (5, 0, 0, 0, 0)}
    run(db.write(lambda tx: tx.count(first, 0, objects=-2, bytes=-30)))
    assert usage(db, first)[0] == ZERO


def test_usage_of_an_undone_unit_does_not_count(db: Database, run: Run) -> None:
    bucket = run(db.write(make_bucket))

    def fails(tx: Tx) -> None:
        tx.count(bucket, 0, objects=100, bytes=100)
        raise ValueError("on purpose")

    async def side_by_side() -> None:
        await asyncio.gather(
            db.write(lambda tx: tx.count(bucket, 0, objects=1, bytes=1)),
            db.write(fails),
            db.write(lambda tx: tx.count(bucket, 0, objects=1, bytes=1)),
            return_exceptions=True,
        )

    run(side_by_side())
    assert usage(db, bucket) == {0: (2, 2, 0, 0, 0)}


def test_usage_dies_with_its_bucket_in_the_same_group(db: Database, run: Run) -> None:
    bucket = run(db.write(make_bucket))
    run(db.write(lambda tx: tx.count(bucket, 0, objects=1)))

    def last_object(tx: Tx) -> None:
        tx.count(bucket, 0, objects=-1)

    def delete(tx: Tx) -> None:
        tx.rows("delete from usage where bucket = $1", bucket)
        tx.rows("delete from buckets where id = $1", bucket)

    async def side_by_side() -> None:
        await asyncio.gather(db.write(last_object), db.write(delete, catalog=True))

    run(side_by_side())
    assert usage(db, bucket) == {}


# -- the generation -----------------------------------------------------------------------------


def test_a_catalog_unit_moves_the_generation_on(db: Database, shared: Shared, run: Run) -> None:
    before = shared.generation
    run(db.write(make_bucket, catalog=True))
    assert shared.generation > before
    assert shared.generation % 2 == 0


def test_other_units_leave_the_generation_alone(db: Database, shared: Shared, run: Run) -> None:
    before = shared.generation
    run(db.write(lambda tx: set_fact(tx, "a")))
    assert shared.generation == before


def test_the_generation_is_even_again_after_a_catalog_unit_that_failed(
    db: Database, shared: Shared, run: Run
) -> None:
    def fails(tx: Tx) -> None:
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        run(db.write(fails, catalog=True))
    assert shared.generation % 2 == 0


def test_whoever_died_between_the_marks_is_made_good(
    db: Database, shared: Shared, run: Run
) -> None:
    shared.catalog_changes()
    assert shared.generation % 2 == 1
    run(db.write(lambda tx: set_fact(tx, "a")))
    assert shared.generation % 2 == 0


# -- bytes --------------------------------------------------------------------------------------


def test_keys_sort_by_bytes(db: Database, run: Run) -> None:
    keys = [b"", b"A", b"Z", b"a", b"a\x00", b"a/", b"a0", b"\xc3\xa9", b"\xef\xbf\xbf",
            b"\xf0\x9f\x98\x80", b"\xff"]  # fmt: skip

    def work(tx: Tx) -> None:
        for number, key in enumerate(reversed(keys)):
            tx.rows("insert into bucket_settings values ($1, $2, $3)", number, "k", key)

    run(db.write(work))
    rows = db.rows("select document from bucket_settings order by document")
    assert [row[0] for row in rows] == keys


@pytest.mark.parametrize("size", [0, 1, 4096, 128 << 10])
def test_bytes_come_back_as_they_were(db: Database, run: Run, size: int) -> None:
    data = bytes(n % 256 for n in range(size))
    run(db.write(lambda tx: tx.rows("insert into bucket_settings values (1, 'k', $1)", data)))
    assert db.rows("select document from bucket_settings") == [(data,)]


def test_big_integers_come_back_as_they_were(db: Database) -> None:
    assert db.rows("select $1, $2", (1 << 63) - 1, -(1 << 63)) == [((1 << 63) - 1, -(1 << 63))]
