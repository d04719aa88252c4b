"""A database to look into, and a way to fill it fast."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mossbox import clock
from mossbox.engine.sqlite import SqliteDatabase
from mossbox.engine.store import prepare_directory
from mossbox.shared import Shared


@pytest.fixture
def db() -> Iterator[SqliteDatabase]:
    """A database in memory."""
    made = SqliteDatabase(":memory:", shared=Shared(1), now_ms=clock.now_ms)
    yield made
    made.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A prepared data directory."""
    folder = tmp_path / "data"
    prepare_directory(folder)
    return folder
