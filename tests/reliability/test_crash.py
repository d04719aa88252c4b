"""Nothing that was acknowledged is lost or mixed, whoever is killed whenever."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.reliability.clients import Appender, Client, Uploader, Writer, check, stop
from tests.reliability.load import (
    blob_files,
    kill_all,
    named_blobs,
    put_head,
    running,
    tidy,
    wait_until,
    workers_of,
)
from tests.reliability.rows import faults
from tests.support import Server

ROUNDS = int(os.environ.get("MOSSBOX_ROUNDS", "6"))


KINDS: tuple[type[Client], ...] = (Writer, Appender, Uploader)


def start_writers(server: Server, bucket: str, before: list[Client] | None = None) -> list[Client]:
    if before is None:
        writers = [KINDS[number % 3](server, bucket, number) for number in range(6)]
    else:
        writers = [writer.again() for writer in before]
    for writer in writers:
        writer.start()
    return writers


def after_writes(writers: list[Client], count: int) -> None:
    """Return when so many more requests were acknowledged."""
    wanted = sum(writer.acknowledged for writer in writers) + count
    wait_until(
        lambda: sum(writer.acknowledged for writer in writers) >= wanted, "requests are answered"
    )


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_crashes_under_load(workers: int, tmp_path: Path) -> None:
    with Server(tmp_path, workers=workers) as server:
        assert server.request("PUT", "bucket").status == 200
        writers = None
        for _ in range(ROUNDS):
            writers = start_writers(server, "bucket", writers)
            after_writes(writers, random.randrange(20, 120))
            time.sleep(random.random() * 0.02)  # the moment of the crash is to be anywhere
            kill_all(server)
            stop(writers)
            server.start()
            check(server, "bucket", writers)
        wait_until(lambda: tidy(server.data), "leftovers are swept and garbage is reaped")
        check(server, "bucket", writers or [])
        assert faults(server.data, swept=True) == []
        assert "Traceback" not in server.log


@pytest.mark.slow
def test_what_a_crash_leaves_is_swept(tmp_path: Path) -> None:
    """A file whose row never came, made for certain: the upload is under way at the kill."""
    with Server(tmp_path) as server:
        assert server.request("PUT", "bucket").status == 200
        assert server.request("PUT", "bucket", "whole", body=b"w" * 300_000).status == 200
        with server.connect() as upload:
            upload.sendall(put_head(server, "bucket", "half", 9 << 20) + b"h" * (8 << 20))
            wait_until(lambda: len(blob_files(server.data)) == 2, "the upload has a file")
            server.kill()
        server.start()
        wait_until(lambda: tidy(server.data), "the leftover is swept")
        assert len(blob_files(server.data)) == 1
        assert server.request("GET", "bucket", "half").code == "NoSuchKey"
        assert server.request("GET", "bucket", "whole").body == b"w" * 300_000


@pytest.mark.slow
def test_garbage_is_reaped_without_a_restart(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        assert server.request("PUT", "bucket").status == 200
        for body in (b"first" * 60_000, b"second" * 60_000):
            assert server.request("PUT", "bucket", "k", body=body).status == 200
        wait_until(lambda: len(blob_files(server.data)) == 1, "the replaced body is gone")
        assert server.request("GET", "bucket", "k").body == b"second" * 60_000
        assert server.request("DELETE", "bucket", "k").status == 204
        wait_until(lambda: blob_files(server.data) == set(), "the deleted body is gone")
        wait_until(lambda: tidy(server.data), "no row of garbage is left")


@pytest.mark.slow
def test_garbage_of_a_crash_is_reaped(tmp_path: Path) -> None:
    """Killed between the delete's answer and the reaper: the row of garbage survives."""
    with Server(tmp_path) as server:
        assert server.request("PUT", "bucket").status == 200
        for number in range(20):
            assert server.request("PUT", "bucket", f"k{number}", body=b"x" * 200_000).status == 200
        for number in range(20):
            assert server.request("DELETE", "bucket", f"k{number}").status == 204
        server.kill()
        assert named_blobs(server.data)[0] == set()
        server.start()
        wait_until(lambda: blob_files(server.data) == set(), "the garbage is reaped")
        wait_until(lambda: tidy(server.data), "its rows are gone")


# -- workers and supervisor ---------------------------------------------------------------------


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_is_replaced(tmp_path: Path) -> None:
    with Server(tmp_path, workers=2) as server:
        assert server.request("PUT", "bucket").status == 200
        writers = start_writers(server, "bucket")
        for _ in range(3):
            after_writes(writers, 60)
            victim, other = workers_of(server)
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: not running(victim), "the worker is gone")  # noqa: B023
            wait_until(lambda: len(workers_of(server)) == 2, "another worker was started")
            assert other in workers_of(server)
            after_writes(writers, 20)
        stop(writers)
        check(server, "bucket", writers)
        assert server.log.count("starting another") == 3
        assert server.stop() == 0
        server.start()  # a running server sweeps every ten minutes, a new one at once
        wait_until(lambda: tidy(server.data), "leftovers are swept and garbage is reaped")


@pytest.mark.slow
def test_both_workers_killed_at_once_lose_nothing(tmp_path: Path) -> None:
    with Server(tmp_path, workers=2) as server:
        assert server.request("PUT", "bucket").status == 200
        writers = start_writers(server, "bucket")
        after_writes(writers, 20)
        for victim in workers_of(server):
            os.kill(victim, signal.SIGKILL)
        after_writes(writers, 20)
        stop(writers)
        check(server, "bucket", writers)


@pytest.mark.slow
def test_a_killed_supervisor_takes_its_workers_along(tmp_path: Path) -> None:
    with Server(tmp_path, workers=2) as server:
        assert server.request("PUT", "bucket").status == 200
        assert server.request("PUT", "bucket", "k", body=b"kept").status == 200
        workers = workers_of(server)
        assert len(workers) == 2
        server.kill()
        server.start()  # on the same port and directory, at once
        assert not any(map(running, workers))
        assert server.request("GET", "bucket", "k").body == b"kept"
        assert server.stop() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_second_start_on_the_same_directory_is_refused(tmp_path: Path, workers: str) -> None:
    with Server(tmp_path) as server:
        assert server.process is not None
        second = subprocess.run(
            [
                sys.executable, "-m", "mossbox", "serve", "--listen", "127.0.0.1:0",
                "--data", str(server.data), "--console", "off", "--workers", workers,
            ],
            capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        assert second.returncode == 2
        assert "is in use by another Mossbox" in second.stderr
        assert f"process {server.process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        assert second.stdout == ""
        assert server.request("PUT", "bucket").status == 200  # the first is unharmed


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with Server(tmp_path / "one") as server:
        second = subprocess.run(
            [
                sys.executable, "-m", "mossbox", "serve", "--listen", f"127.0.0.1:{server.port}",
                "--data", str(tmp_path / "two"), "--console", "off",
            ],
            capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        assert second.returncode == 2
        assert f"cannot listen on 127.0.0.1:{server.port}" in second.stderr


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mossbox.db").write_bytes(b"not a database " * 500)
    started = subprocess.run(
        [
            sys.executable, "-m", "mossbox", "serve", "--listen", "127.0.0.1:0",
            "--data", str(tmp_path / "data"), "--console", "off",
        ],
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert started.returncode == 2
    assert "can't be opened as a database" in started.stderr
    assert "Traceback" not in started.stderr
