"""The master key of a real store: at start, and through a rotation that is killed anywhere."""

import os
import shutil
import signal
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import apsw
import pytest

from mossbox import clock
from mossbox.engine import masterkey
from mossbox.engine.cipher import AES256
from mossbox.engine.keyring import Keyring
from mossbox.engine.sqlite import SqliteDatabase, connect
from mossbox.engine.store import prepare_directory
from mossbox.shared import Shared
from tests.conftest import ROOT, Run, require
from tests.support import Server

# All that changes what a crash leaves behind.
_CALLS = ("fsync", "fdatasync", "rename", "link", "unlink", "pwrite64", "write", "ftruncate")
_FILES = ("mossbox.db", "mossbox.db-wal", "master.key", "master.key.new", "master.key.new.part")


def rotate(
    data: Path, *more: str, wrapper: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    command = [*wrapper, sys.executable, "-m", "mossbox", "master-key", "rotate"]
    return subprocess.run(
        [*command, "--data", str(data), *more], capture_output=True, text=True, check=False
    )


def store(data: Path, run: Run) -> tuple[object, bytes]:
    """A store with keys in its ring: one data key, and how it is kept."""
    prepare_directory(data)
    connection = connect(str(data / "mossbox.db"))
    master = masterkey.load(data, connection, file="", text="")
    connection.close()
    db = SqliteDatabase(str(data / "mossbox.db"), shared=Shared(1), now_ms=clock.now_ms)
    ring = Keyring(db, master, Shared(1))
    run(ring.default(1, 1))
    made = ring.make(run(ring.oss_managed(1)), AES256)
    db.close()
    return made


def opened(data: Path, wrapped: bytes) -> tuple[object, bytes]:
    """What a start makes of it: the data key, and the master key it was opened with."""
    connection = connect(str(data / "mossbox.db"))
    master = masterkey.load(data, connection, file="", text="")
    connection.close()
    db = SqliteDatabase(str(data / "mossbox.db"), shared=Shared(1), now_ms=clock.now_ms)
    try:
        return Keyring(db, master, Shared(1)).open(AES256, wrapped), master
    finally:
        db.close()


@pytest.mark.slow
@pytest.mark.parametrize("call", _CALLS)
def test_a_rotation_that_is_killed_anywhere_leaves_a_store_that_opens(
    tmp_path: Path, run: Run, call: str
) -> None:
    require("strace", shutil.which("strace") is not None, "apt-get install strace")
    key, wrapped = store(tmp_path / "data", run)
    old = (tmp_path / "data" / "master.key").read_bytes()
    rotated = []
    for number in (*range(1, 20), *range(20, 400, 4)):  # the end is the same for many writes
        copy = tmp_path / f"copy{number}"
        shutil.copytree(tmp_path / "data", copy)
        paths = [copy, *(copy / name for name in _FILES)]
        only = [part for path in paths for part in ("-P", str(path))]
        inject = f"inject={call}:signal=KILL:when={number}"
        wrapper = ("strace", "-f", "-qqq", "-o", "/dev/null", "-e", inject, *only)
        done = rotate(copy, wrapper=wrapper)
        found, master = opened(copy, wrapped)
        assert found == key
        left = {path.name for path in copy.glob("master.key*")}
        assert left - {"master.key.new.part"} == {"master.key"}
        rotated.append(b64encode(master) + b"\n" != old)
        shutil.rmtree(copy)
        if done.returncode == 0:
            break
        assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), done
    assert len(rotated) > 1  # it was killed at least once
    assert rotated == sorted(rotated)  # the old key up to one point, the new one from there on
    assert rotated[-1]


def test_a_rotation_to_a_file_that_is_named(tmp_path: Path, run: Run) -> None:
    data, new = tmp_path / "data", tmp_path / "new.key"
    key, wrapped = store(data, run)
    done = rotate(data, "--new-key-file", str(new))
    assert done.returncode == 0, done.stderr
    assert new.stat().st_mode & 0o777 == 0o600
    done = rotate(data)
    assert (done.returncode, "not the master key" in done.stderr) == (2, True)
    done = rotate(data, "--master-key-file", str(new), "--new-key-file", str(new))
    assert (done.returncode, "the present master key" in done.stderr) == (2, True)
    done = rotate(data, "--master-key-file", str(new))
    assert (done.returncode, "--new-key-file" in done.stderr) == (2, True)
    connection = connect(str(data / "mossbox.db"))
    master = masterkey.load(data, connection, file=str(new), text="")
    connection.close()
    db = SqliteDatabase(str(data / "mossbox.db"), shared=Shared(1), now_ms=clock.now_ms)
    assert Keyring(db, master, Shared(1)).open(AES256, wrapped) == key
    db.close()


def test_where_there_is_no_store_there_is_nothing_to_rotate(tmp_path: Path) -> None:
    done = rotate(tmp_path)
    assert (done.returncode, "holds no store" in done.stderr) == (2, True)
    assert os.listdir(tmp_path) == []


def test_a_store_that_is_served_is_not_rotated(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        before = (server.data / "master.key").read_bytes()
        done = rotate(server.data)
        assert (done.returncode, "in use" in done.stderr) == (2, True)
        assert (server.data / "master.key").read_bytes() == before


@pytest.mark.parametrize("workers", [1, 2])
def test_a_store_does_not_start_without_its_master_key(tmp_path: Path, workers: int) -> None:
    server = Server(tmp_path, workers=workers).start()
    assert server.stop() == 0
    path = server.data / "master.key"
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(RuntimeError, match=r"master\.key is not there, and it holds the master"):
        server.start()
    path.write_bytes(b64encode(bytes(32)))
    path.chmod(0o600)
    with pytest.raises(RuntimeError, match=r"master\.key is not the master key of this store"):
        server.start()
    path.chmod(0o644)
    with pytest.raises(RuntimeError, match="can be read by others"):
        server.start()
    path.write_bytes(kept)
    path.chmod(0o600)
    server.start().stop()


def test_a_store_of_the_first_format_gets_a_ring_and_a_key(tmp_path: Path) -> None:
    server = Server(tmp_path)
    (server.data / "blobs").mkdir(parents=True)
    first = apsw.Connection(str(server.data / "mossbox.db"))
    first.execute((ROOT / "tests/unit/engine/version-1.sql").read_text()).fetchall()
    first.close()
    with server:
        assert b"<Name>a-bucket</Name>" in server.request("GET").body
        assert (server.data / "master.key").stat().st_mode & 0o777 == 0o600
        headers = {"x-oss-server-side-encryption": "KMS"}
        assert server.request("PUT", "a-bucket", "k", body=b"x", headers=headers).status == 200
        assert server.request("GET", "a-bucket", "k").body == b"x"


def test_the_key_of_the_environment_is_on_no_command_line(tmp_path: Path) -> None:
    text = b64encode(os.urandom(32)).decode()
    server = Server(tmp_path, workers=2, environment={"MOSSBOX_MASTER_KEY": text})
    with server:
        assert not (server.data / "master.key").exists()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                assert text.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
            except FileNotFoundError:
                continue
        assert text not in server.log
