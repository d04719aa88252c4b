"""The master key: where it comes from, what is refused, and its rotation."""

import os
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from mossbox import clock
from mossbox.engine import masterkey
from mossbox.engine.cipher import AES256
from mossbox.engine.keyring import Keyring
from mossbox.engine.sqlite import SqliteDatabase, StoreError, connect
from mossbox.shared import Shared
from tests.conftest import Run

KEY = bytes(range(32))
TEXT = b64encode(KEY).decode()


@pytest.fixture
def connection(data: Path) -> Iterator[apsw.Connection]:
    made = connect(str(data / "mossbox.db"))
    yield made
    made.close()


def load(data: Path, connection: apsw.Connection, file: str = "", text: str = "") -> bytes:
    return masterkey.load(data, connection, file=file, text=text)


def test_the_first_start_makes_one(data: Path, connection: apsw.Connection) -> None:
    key = load(data, connection)
    path = data / "master.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().strip() == b64encode(key).decode()
    assert load(data, connection) == key
    assert sorted(p.name for p in data.glob("master*")) == ["master.key"]


def test_the_environment_or_another_file_may_give_it(
    data: Path, connection: apsw.Connection, tmp_path: Path
) -> None:
    assert load(data, connection, text=TEXT) == KEY
    assert not (data / "master.key").exists()
    masterkey.write_file(tmp_path / "elsewhere", KEY)
    assert load(data, connection, file=str(tmp_path / "elsewhere")) == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_file_that_others_can_read_is_refused(
    data: Path, connection: apsw.Connection, mode: int
) -> None:
    load(data, connection)
    (data / "master.key").chmod(mode)
    with pytest.raises(StoreError, match="can be read by others"):
        load(data, connection)


@pytest.mark.parametrize(
    "text", ["x", "A" * 44, TEXT[:-4], TEXT + TEXT, b64encode(b"x" * 31).decode()]
)
def test_what_is_no_key_is_refused(data: Path, connection: apsw.Connection, text: str) -> None:
    with pytest.raises(StoreError, match="32 bytes in base64"):
        load(data, connection, text=text)


def test_a_wrong_key_is_refused(data: Path, connection: apsw.Connection) -> None:
    load(data, connection)
    with pytest.raises(StoreError, match="not the master key of this store") as failed:
        load(data, connection, text=TEXT)
    assert TEXT not in str(failed.value)


def test_a_lost_key_is_not_made_anew(data: Path, connection: apsw.Connection) -> None:
    load(data, connection)
    (data / "master.key").unlink()
    with pytest.raises(StoreError, match="is not there"):
        load(data, connection)
    assert not (data / "master.key").exists()


def test_the_database_holds_no_key(data: Path, connection: apsw.Connection) -> None:
    load(data, connection, text=TEXT)
    for path in data.glob("mossbox.db*"):
        raw = path.read_bytes()
        assert KEY not in raw
        assert TEXT.encode() not in raw
        assert KEY.hex().encode() not in raw


def test_a_file_in_place_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    masterkey.write_file(path, KEY)
    with pytest.raises(FileExistsError):
        masterkey.write_file(path, KEY[::-1])
    assert masterkey.read_file(path) == KEY
    assert os.listdir(tmp_path) == ["key"]


# -- rotation -----------------------------------------------------------------------------------


def wrapped_by(data: Path, key: bytes, run: Run) -> tuple[object, bytes]:
    """A data key that was wrapped when `key` was the master key."""
    db = SqliteDatabase(str(data / "mossbox.db"), shared=Shared(1), now_ms=clock.now_ms)
    ring = Keyring(db, key, Shared(1))
    made = ring.make(run(ring.oss_managed(1)), AES256)
    run(ring.default(1, 1))
    db.close()
    return made


def opened(data: Path, key: bytes, wrapped: bytes) -> object:
    db = SqliteDatabase(str(data / "mossbox.db"), shared=Shared(1), now_ms=clock.now_ms)
    try:
        return Keyring(db, key, Shared(1)).open(AES256, wrapped)
    finally:
        db.close()


def test_a_rotation_replaces_the_key_and_opens_what_was(data: Path, run: Run) -> None:
    connection = connect(str(data / "mossbox.db"))
    old = load(data, connection)
    key, wrapped = wrapped_by(data, old, run)
    assert masterkey.rotate_in_place(data, connection, old) == 2
    new = load(data, connection)
    connection.close()
    assert new != old
    assert opened(data, new, wrapped) == key
    with pytest.raises(OSError, match="does not open"):
        opened(data, old, wrapped)
    assert sorted(p.name for p in data.glob("master*")) == ["master.key"]


def test_nothing_that_the_old_key_opens_is_left(data: Path, run: Run) -> None:
    connection = connect(str(data / "mossbox.db"))
    old = load(data, connection)
    wrapped_by(data, old, run)
    before = [row[0] for row in connection.execute("select wrapped from ring_versions")]
    masterkey.rotate_in_place(data, connection, old)
    connection.close()
    raw = b"".join(path.read_bytes() for path in data.glob("mossbox.db*"))
    assert len(before) == 2
    assert all(wrapped not in raw for wrapped in before)
