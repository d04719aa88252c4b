"""The database in SQLite: reads on the event loop, writes grouped by one thread a worker.

Rules it keeps, with what each is worth, are in docs/decisions/0003.
"""

import asyncio
import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar, cast

import apsw

from mossbox import errors
from mossbox.engine import Row
from mossbox.engine.schema import (
    APPLICATION_ID,
    MIGRATIONS,
    PAGE_BYTES,
    SQLITE,
    TABLES,
    VERSION,
)
from mossbox.shared import Shared

T = TypeVar("T")

GROUP_MAX = 256  # units committed together
_USAGE = ("objects", "bytes", "markers", "uploads", "parts")
_WAL_PAGES = 1000
_WAL_BYTES_KEPT = 64 << 20
_CACHE_KIB = 32 << 10  # of pages a connection: taken as it is used
_BUSY_MS = 5000


class StoreError(RuntimeError):
    """The data directory can't be used, in words for the person who starts the server."""


_texts: dict[str, str] = {}


def _sqlite_text(sql: str) -> str:
    """``$1`` is a name to SQLite, bound in order of appearance; ``?1`` is the number."""
    text = _texts[sql] = sql.replace("$", "?")
    return text


def connect(file: str) -> apsw.Connection:
    """A connection with the settings that every one must have."""
    connection = apsw.Connection(file)
    # Workers never meet here (DataLock): this is for the moment in which another process reads
    # the log of a killed one, and for people who look into the file with their own tools.
    connection.set_busy_timeout(_BUSY_MS)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)  # or some texts are parsed every time
    connection.pragma("synchronous", "full")
    connection.pragma("wal_autocheckpoint", _WAL_PAGES)
    connection.pragma("journal_size_limit", _WAL_BYTES_KEPT)
    connection.pragma("temp_store", "memory")
    connection.pragma("cache_size", -_CACHE_KIB)
    return connection


def prepare(file: str) -> apsw.Connection:
    """Create the tables where there are none, and bring older ones up to date.

    Raises StoreError for a file that is not ours, or that a newer program wrote.
    """
    try:
        connection = apsw.Connection(file)
        connection.set_busy_timeout(_BUSY_MS)
        version = connection.pragma("user_version")
    except apsw.Error as error:
        raise StoreError(f"{file} can't be opened as a database: {error}") from None
    if version == 0 and not connection.pragma("schema_version"):
        connection.pragma("page_size", PAGE_BYTES)
        connection.pragma("auto_vacuum", "incremental")
        with connection:
            connection.execute(TABLES.format(**SQLITE)).fetchall()
            connection.execute("insert into facts values ('sequence', '0')").fetchall()
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", VERSION)
    elif connection.pragma("application_id") != APPLICATION_ID:
        raise StoreError(f"{file} is a database of another program")
    elif version > VERSION:
        raise StoreError(f"{file} was written by a newer Mossbox (format {version})")
    else:
        _migrate(connection, version)
    if file != ":memory:" and connection.pragma("journal_mode", "wal") != "wal":
        raise StoreError(f"{file} lies on a file system that can't hold a write-ahead log")
    return connection


def _migrate(connection: apsw.Connection, version: int) -> None:
    """From one version to the next, each step whole or not at all."""
    while version < VERSION:
        with connection:
            connection.execute(MIGRATIONS[version].format(**SQLITE)).fetchall()
            version += 1
            connection.pragma("user_version", version)


class DataLock:
    """The right to write, passed between processes in the order in which they asked.

    Whoever wants it holds the gate while it waits, so nobody is overtaken twice; SQLite's own
    waiting sleeps and starves (p99 1.6 s against 6 ms).
    """

    def __init__(self, folder: Path) -> None:
        self._gate = os.open(folder / "write.gate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._lock = os.open(folder / "write.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> None:
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def __exit__(self, *_exc: object) -> None:
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the files."""
        os.close(self._gate)
        os.close(self._lock)


class SqliteTx:
    """A unit of work on SQLite; many of them make one transaction."""

    def __init__(self, connection: apsw.Connection, now_ms: Callable[[], int]) -> None:
        self._execute = connection.cursor().execute
        self._now_ms = now_ms
        self._sequence = self._stored = int(
            self.rows("select value from facts where name = $1", "sequence")[0][0]
        )
        self._usage: dict[tuple[int, int], list[int]] = {}
        self._unit: list[tuple[int, int, dict[str, int]]] = []

    def rows(self, sql: str, *args: Any) -> list[Row]:
        """The result of a statement, read to its end."""
        rows: list[Row] = self._execute(_texts.get(sql) or _sqlite_text(sql), args).fetchall()
        return rows

    def next_rank(self) -> int:
        """A rank below all earlier ones."""
        self._sequence += 1
        return -self._sequence

    def count(self, bucket: int, storage_class: int, **deltas: int) -> None:
        """Add to a bucket's usage."""
        self._unit.append((bucket, storage_class, deltas))

    def unit_done(self) -> None:
        """The unit stands: what it counted counts."""
        for bucket, storage_class, deltas in self._unit:
            sums = self._usage.setdefault((bucket, storage_class), [0] * len(_USAGE))
            for position, name in enumerate(_USAGE):
                sums[position] += deltas.get(name, 0)
        self._unit.clear()

    def unit_undone(self) -> None:
        """The unit is undone, so what it counted does not count."""
        self._unit.clear()

    def fold(self) -> None:
        """Write the group's sequence and usage; its last statements."""
        if self._sequence != self._stored:
            self.rows("update facts set value = $1 where name = 'sequence'", str(self._sequence))
        now = self._now_ms()
        for (bucket, storage_class), sums in self._usage.items():
            self.rows(
                "insert into usage select id, $2, $3, $4, $5, $6, $7, $8 from buckets"
                " where id = $1"  # the group may have deleted the bucket, and its usage with it
                " on conflict (bucket, storage_class) do update set objects = objects + $3,"
                " bytes = bytes + $4, markers = markers + $5, uploads = uploads + $6,"
                " parts = parts + $7, modified_ms = $8",
                bucket, storage_class, *sums, now,
            )  # fmt: skip


class _Unit(NamedTuple):
    work: Callable[[Any], Any]
    catalog: bool
    future: "asyncio.Future[Any]"


_Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]


class SqliteDatabase:
    """`Database` over one file, or in memory without threads.

    Raises StoreError at start when the file can't be used.
    """

    def __init__(
        self, file: str, *, shared: Shared, now_ms: Callable[[], int], workers: int = 1
    ) -> None:
        self._memory = file == ":memory:"
        self._shared = shared
        self._now_ms = now_ms
        self._fault = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        if self._memory:
            self._writer = self._reader = prepare(file)
        else:
            self._writer, self._reader = connect(file), connect(file)
        self._read = self._reader.cursor().execute
        self._lock = DataLock(Path(file).parent) if not self._memory and workers > 1 else None
        self._queue: SimpleQueue[_Unit | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def rows(self, sql: str, *args: Any) -> list[Row]:
        """The result of a read, as of the last commit."""
        rows: list[Row] = self._read(_texts.get(sql) or _sqlite_text(sql), args).fetchall()
        return rows

    async def write(self, work: Callable[[Any], T], *, catalog: bool = False) -> T:
        """Run a unit of work; when this returns, it is durable."""
        if self._fault:
            raise errors.ServiceUnavailable(f"The store is read-only: {self._fault}")
        loop = asyncio.get_running_loop()
        unit = _Unit(work, catalog, loop.create_future())
        if self._memory:
            _deliver(self._commit([unit]))
        else:
            if self._thread is None:
                self._loop = loop
                self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
                self._thread.start()
            self._queue.put(unit)
        return cast("T", await unit.future)

    def fault(self) -> str:
        """Why writes are refused, or an empty string."""
        return self._fault

    def close(self) -> None:
        """Finish what was accepted and let go."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._reader.close()
        self._writer.close()
        if self._lock is not None:
            self._lock.close()

    # -- the writer thread ----------------------------------------------------------------------

    def _run(self) -> None:
        loop = cast("asyncio.AbstractEventLoop", self._loop)
        while (first := self._queue.get()) is not None:
            group = [first]
            with self._lock or cast("AbstractContextManager[None]", nullcontext()):
                # Only now, so that what arrived while we waited for the lock rides along.
                stop = self._drain(group)
                outcomes = self._commit(group)
            try:
                loop.call_soon_threadsafe(_deliver, outcomes)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more
            if stop:
                return

    def _drain(self, group: list[_Unit]) -> bool:
        while len(group) < GROUP_MAX:
            try:
                unit = self._queue.get_nowait()
            except Empty:
                return False
            if unit is None:
                return True
            group.append(unit)
        return False

    def _commit(self, group: list[_Unit]) -> list[_Outcome]:
        """Run a group in one transaction; every unit in its own savepoint."""
        shared = self._shared
        shared.catalog_changed()  # whoever died between its two marks left it odd
        execute = self._writer.cursor().execute
        try:
            execute("begin immediate").fetchall()
            tx = SqliteTx(self._writer, self._now_ms)
            outcomes = [self._unit(tx, execute, unit) for unit in group]
            tx.fold()
            if any(unit.catalog for unit in group):
                shared.catalog_changes()
            execute("commit").fetchall()
        except Exception as error:
            return self._group_failed(group, error)
        finally:
            shared.catalog_changed()
        return outcomes

    def _unit(self, tx: SqliteTx, execute: Callable[..., Any], unit: _Unit) -> _Outcome:
        execute("savepoint unit").fetchall()
        try:
            result = unit.work(tx)
        except Exception as error:
            if not self._writer.in_transaction:
                raise  # SQLite undid everything (full, I/O error): so the whole group fails
            execute("rollback to unit").fetchall()
            execute("release unit").fetchall()
            tx.unit_undone()
            return unit.future, None, _refusal(error)
        execute("release unit").fetchall()
        tx.unit_done()
        return unit.future, result, None

    def _group_failed(self, group: list[_Unit], error: Exception) -> list[_Outcome]:
        if self._writer.in_transaction:
            self._writer.execute("rollback").fetchall()
        if not isinstance(error, apsw.FullError | apsw.BusyError):
            # After a failed sync nobody knows what the disk holds: no more writes in this process.
            self._fault = f"{type(error).__name__}: {error}"
        return [(unit.future, None, _refusal(error)) for unit in group]


def _refusal(error: Exception) -> Exception:
    if isinstance(error, apsw.FullError):
        return errors.ServiceUnavailable("The store is full.")
    if isinstance(error, apsw.BusyError):
        return errors.ServiceUnavailable("Another program holds the database.")
    return error


def _deliver(outcomes: list[_Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():
            continue  # the client left; what it asked for is done all the same
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
