"""Every implementation of the engine's two protocols, each made empty for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mossbox import clock
from mossbox.engine import Blobs, Database
from mossbox.engine.cipher import AES256, PLAIN, SM4, DataKey, new_key
from mossbox.engine.files import FileBlobs
from mossbox.engine.ids import IdSource
from mossbox.engine.memory import MemoryBlobs
from mossbox.engine.sqlite import SqliteDatabase
from mossbox.engine.store import prepare_directory
from mossbox.shared import Shared


@pytest.fixture
def shared() -> Shared:
    return Shared(2)


@pytest.fixture(params=["file", "file between workers", "memory"])
def db(request: pytest.FixtureRequest, tmp_path: Path, shared: Shared) -> Iterator[Database]:
    if request.param == "memory":
        made = SqliteDatabase(":memory:", shared=shared, now_ms=clock.now_ms)
    else:
        prepare_directory(tmp_path / "data")
        workers = 2 if "workers" in request.param else 1
        made = SqliteDatabase(
            str(tmp_path / "data" / "mossbox.db"),
            shared=shared, now_ms=clock.now_ms, workers=workers,
        )  # fmt: skip
    yield made
    made.close()


class KeyedFiles(FileBlobs):
    """Blobs whose every body has the same key, or none."""

    key: DataKey | None = None

    async def write(self, first, read, key=None):  # type: ignore[no-untyped-def]
        return await super().write(first, read, self.key)

    def read(self, blob, size, start, stop, key=None):  # type: ignore[no-untyped-def]
        return super().read(blob, size, start, stop, self.key)


class KeyedMemory(MemoryBlobs):
    """The same in memory."""

    key: DataKey | None = None

    async def write(self, first, read, key=None):  # type: ignore[no-untyped-def]
        return await super().write(first, read, self.key)

    def read(self, blob, size, start, stop, key=None):  # type: ignore[no-untyped-def]
        return super().read(blob, size, start, stop, self.key)


@pytest.fixture(params=[PLAIN, AES256, SM4], ids=["plain", "AES256", "SM4"])
def key(request: pytest.FixtureRequest) -> DataKey | None:
    return new_key(request.param) if request.param else None


@pytest.fixture(params=["files", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, key: DataKey | None) -> Iterator[Blobs]:
    ids = IdSource(0, clock.now_ms)
    made: KeyedFiles | KeyedMemory
    if request.param == "memory":
        made = KeyedMemory(ids, 64 << 20)
    else:
        (tmp_path / "blobs").mkdir()
        made = KeyedFiles(tmp_path / "blobs", ids, clock.now_ms)
    made.key = key
    yield made
    made.close()
