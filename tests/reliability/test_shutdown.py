"""SIGTERM: what is under way is finished, nothing new is begun, and the exit status is 0."""

import os
import signal
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.reliability.load import blob_files, put_head, signed_head, tidy, wait_until
from tests.support import Server

BODY = os.urandom(12 << 20)
pytestmark = pytest.mark.slow


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, workers=request.param) as server:
        assert server.request("PUT", "bucket").status == 200
        yield server


def idle(server: Server) -> socket.socket:
    """A connection that has had its answer and stays open."""
    connection = server.connect()
    connection.sendall(signed_head(server, "GET", "bucket", ""))
    answer = HTTPResponse(connection)
    answer.begin()
    assert answer.status == 200
    answer.read()
    return connection


def begin_upload(server: Server, key: str) -> socket.socket:
    """A connection that has sent half of a body, and the server has begun to keep it."""
    connection = server.connect(timeout_s=30)
    connection.sendall(put_head(server, "bucket", key, len(BODY)) + BODY[: len(BODY) // 2])
    wait_until(lambda: bool(blob_files(server.data)), "the upload has a file")
    return connection


def told_to_stop(server: Server, number: int = signal.SIGTERM) -> None:
    """Send the signal, and return when every worker has heard it: idle connections end."""
    assert server.process is not None
    waiting = [idle(server) for _ in range(8)]  # so many are shared between the workers
    server.process.send_signal(number)
    for connection in waiting:
        assert connection.recv(1) == b""
        connection.close()


def exit_status(server: Server) -> int:
    assert server.process is not None
    status = server.process.wait(30)
    assert "Traceback" not in server.log
    return status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends(store: Server, number: int) -> None:
    told_to_stop(store, number)
    assert exit_status(store) == 0


def test_an_upload_under_way_is_finished(store: Server) -> None:
    with begin_upload(store, "k") as upload:
        told_to_stop(store)
        upload.sendall(BODY[len(BODY) // 2 :])
        answer = HTTPResponse(upload)
        answer.begin()
        assert answer.status == 200
        assert answer.getheader("connection") == "close"
        answer.read()
    assert exit_status(store) == 0
    store.start()
    assert store.request("GET", "bucket", "k").body == BODY


def test_a_download_under_way_is_finished(store: Server) -> None:
    assert store.request("PUT", "bucket", "k", body=BODY).status == 200
    with socket.socket() as download:
        download.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        download.settimeout(30)
        download.connect(("127.0.0.1", store.port))
        download.sendall(signed_head(store, "GET", "bucket", "k"))
        answer = HTTPResponse(download)
        answer.begin()
        beginning = answer.read(100_000)
        told_to_stop(store)
        assert beginning + answer.read() == BODY
    assert exit_status(store) == 0


def test_nobody_new_is_let_in(store: Server) -> None:
    with begin_upload(store, "k"):
        told_to_stop(store)
        wait_until(lambda: refused(store), "new connections are refused")
    assert exit_status(store) == 0


def refused(store: Server) -> bool:
    try:
        store.connect().close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_what_takes_too_long_is_given_up(tmp_path: Path, workers: int) -> None:
    environment = {"MOSSBOX_DRAIN_TIMEOUT_S": "0.5"}
    with Server(tmp_path, workers=workers, environment=environment) as store:
        assert store.request("PUT", "bucket").status == 200
        with begin_upload(store, "k"):
            told_to_stop(store)
            assert exit_status(store) == 0
        store.start()
        assert store.request("GET", "bucket", "k").code == "NoSuchKey"
        wait_until(lambda: tidy(store.data), "no file is left")
        assert blob_files(store.data) == set()
