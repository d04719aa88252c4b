"""What SQLite in particular has to keep to."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from mossbox import clock
from mossbox.engine.schema import APPLICATION_ID, PAGE_BYTES, VERSION
from mossbox.engine.sqlite import SqliteDatabase, StoreError, prepare
from mossbox.engine.store import prepare_directory
from mossbox.errors import ServiceError
from mossbox.shared import Shared
from tests.conftest import Run


@pytest.fixture
def shared() -> Shared:
    return Shared(1)


@pytest.fixture
def file(data: Path, shared: Shared) -> Iterator[SqliteDatabase]:
    made = SqliteDatabase(str(data / "mossbox.db"), shared=shared, now_ms=clock.now_ms)
    yield made
    made.close()


def add_fact(name: str) -> object:
    return lambda tx: tx.rows("insert into facts values ($1, '')", name)


# -- the file -----------------------------------------------------------------------------------


def test_what_a_new_file_is(data: Path) -> None:
    connection = sqlite3.connect(data / "mossbox.db")
    pragmas = {
        name: connection.execute(f"pragma {name}").fetchone()[0]
        for name in ("application_id", "user_version", "page_size", "auto_vacuum", "journal_mode")
    }
    connection.close()
    assert pragmas == {
        "application_id": APPLICATION_ID,
        "user_version": VERSION,
        "page_size": PAGE_BYTES,
        "auto_vacuum": 2,  # incremental
        "journal_mode": "wal",
    }


def test_preparing_again_changes_nothing(data: Path, run: Run) -> None:
    db = SqliteDatabase(str(data / "mossbox.db"), shared=Shared(1), now_ms=clock.now_ms)
    run(db.write(add_fact("kept")))
    db.close()
    prepare_directory(data)
    db = SqliteDatabase(str(data / "mossbox.db"), shared=Shared(1), now_ms=clock.now_ms)
    assert db.rows("select 1 from facts where name = 'kept'") == [(1,)]
    db.close()


def test_files_are_for_the_owner_alone(data: Path, file: SqliteDatabase, run: Run) -> None:
    run(file.write(add_fact("a")))
    for name in ("mossbox.db", "mossbox.db-wal", "mossbox.db-shm"):
        assert (data / name).stat().st_mode & 0o077 == 0, name


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mossbox.db"
    connection = sqlite3.connect(path)
    connection.execute("create table theirs (a)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        prepare(str(path))
    assert path.read_bytes() == before


def test_a_newer_file_is_refused(data: Path) -> None:
    connection = sqlite3.connect(data / "mossbox.db")
    connection.execute(f"pragma user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match=f"newer Mossbox.*format {VERSION + 1}"):
        prepare(str(data / "mossbox.db"))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mossbox.db"
    path.write_bytes(b"this is text " * 1000)
    with pytest.raises(StoreError, match="can't be opened"):
        prepare(str(path))


@pytest.mark.parametrize("which", ["_writer", "_reader"])
def test_every_connection_has_its_settings(file: SqliteDatabase, which: str) -> None:
    connection: apsw.Connection = getattr(file, which)
    pragmas = {
        name: connection.pragma(name)
        for name in ("synchronous", "wal_autocheckpoint", "journal_size_limit", "temp_store",
                     "cache_size", "mmap_size", "journal_mode")
    }  # fmt: skip
    assert pragmas == {
        "synchronous": 2,  # full
        "wal_autocheckpoint": 1000,
        "journal_size_limit": 64 << 20,
        "temp_store": 2,  # memory
        "cache_size": -(32 << 10),
        "mmap_size": 0,
        "journal_mode": "wal",
    }
    assert connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, -1) == 1


def test_the_sqlite_in_use_is_past_the_race_of_wal_resets() -> None:
    major, minor, patch = map(int, apsw.sqlite_lib_version().split("."))
    assert (major, minor, patch) >= (3, 51, 3)


# -- groups -------------------------------------------------------------------------------------


def test_the_generation_is_odd_at_the_moment_of_the_commit(
    file: SqliteDatabase, shared: Shared, run: Run
) -> None:
    seen: list[int] = []
    file._writer.set_commit_hook(lambda: bool(seen.append(shared.generation)))
    run(file.write(add_fact("plain")))
    run(file.write(add_fact("catalog"), catalog=True))
    assert [number % 2 for number in seen] == [0, 1]
    assert shared.generation == seen[1] + 1


def test_units_that_wait_together_are_committed_together(file: SqliteDatabase, run: Run) -> None:
    commits: list[None] = []
    file._writer.set_commit_hook(lambda: bool(commits.append(None)))

    async def scenario() -> None:
        await asyncio.gather(*(file.write(add_fact(f"n{n}")) for n in range(300)))

    run(scenario())
    assert file.rows("select count(*) from facts where name <> 'sequence'") == [(300,)]
    assert len(commits) < 100


def test_a_commit_that_fails_fails_every_unit_and_ends_writing(
    file: SqliteDatabase, run: Run
) -> None:
    run(file.write(add_fact("before")))
    file._writer.set_commit_hook(lambda: True)  # SQLite turns the commit into a rollback

    async def scenario() -> list[object]:
        return await asyncio.gather(
            *(file.write(add_fact(f"n{n}")) for n in range(5)), return_exceptions=True
        )

    assert all(isinstance(outcome, Exception) for outcome in run(scenario()))
    assert file.fault()
    with pytest.raises(ServiceError, match="read-only"):
        run(file.write(add_fact("after")))
    assert file.rows("select name from facts where name <> 'sequence'") == [("before",)]


def test_a_full_database_refuses_and_recovers(file: SqliteDatabase, run: Run) -> None:
    pages = file._writer.pragma("page_count")
    file._writer.pragma("max_page_count", pages + 10)
    insert = "insert into blobs (id, size, cipher, data) values (1, 1, 0, zeroblob($1))"
    with pytest.raises(ServiceError, match="full"):
        run(file.write(lambda tx: tx.rows(insert, 1 << 20)))
    assert file.fault() == ""
    run(file.write(lambda tx: tx.rows(insert, 1 << 10)))
    assert file.rows("select length(data) from blobs") == [(1 << 10,)]


def test_another_program_that_holds_the_file_is_no_lasting_fault(
    data: Path, file: SqliteDatabase, run: Run
) -> None:
    other = apsw.Connection(str(data / "mossbox.db"))
    file._writer.set_busy_timeout(1)
    other.execute("begin immediate")
    with pytest.raises(ServiceError, match="Another program"):
        run(file.write(add_fact("refused")))
    assert file.fault() == ""
    other.execute("rollback")
    other.close()
    run(file.write(add_fact("taken")))
    assert file.rows("select name from facts where name <> 'sequence'") == [("taken",)]


def test_closing_finishes_what_was_accepted(data: Path, run: Run) -> None:
    db = SqliteDatabase(str(data / "mossbox.db"), shared=Shared(1), now_ms=clock.now_ms)

    async def scenario() -> None:
        waiting = [asyncio.ensure_future(db.write(add_fact(f"n{n}"))) for n in range(50)]
        await asyncio.sleep(0)
        db.close()
        await asyncio.gather(*waiting)

    run(scenario())
    connection = sqlite3.connect(data / "mossbox.db")
    count = connection.execute("select count(*) from facts where name <> 'sequence'").fetchone()
    connection.close()
    assert count == (50,)
