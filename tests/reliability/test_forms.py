"""Forms that are large, cut off or overtaken by the server's end."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.forms import BOUNDARY, File, body, post, signed
from tests.reliability.raw import until
from tests.support import Server

HERE = b"@@the file@@"
SIZE = 2 << 30
MEMORY_KIB = 120 << 10


def around(key: str, size: int) -> tuple[bytes, bytes]:
    """What a request sends before and after a file of this size."""
    form = body(("key", key), *signed("v4").items(), File(HERE), ("submit", "Upload"))
    before, after = form.split(HERE)
    head = (
        "POST /forms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(before) + size + len(after)}\r\n\r\n"
    )
    return head.encode() + before, after


def peak_kib(server: Server) -> int:
    """The most memory that the server's process ever had."""
    assert server.process is not None
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A store of one process, with a bucket."""
    with Server(tmp_path) as running:
        assert running.request("PUT", "forms").status == 200
        yield running


@pytest.mark.slow
def test_a_file_of_2_gib_passes_through_a_little_memory(server: Server) -> None:
    """Made while it is sent, with what looks like the boundary's beginning in many places."""
    chunk = bytearray(os.urandom(1 << 20))
    for at in range(0, len(chunk), 65_521):
        chunk[at : at + 20] = f"\r\n--{BOUNDARY}"[:20].encode()
    digest = hashlib.md5()
    before, after = around("big", SIZE)
    with server.connect(120) as connection:
        connection.sendall(before)
        for _ in range(SIZE // len(chunk)):
            digest.update(chunk)
            connection.sendall(chunk)
        connection.sendall(after)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 204 ")
    assert peak_kib(server) < MEMORY_KIB
    head = server.request("HEAD", "forms", "big").headers
    assert head["content-length"] == str(SIZE)
    assert head["etag"] == f'"{digest.hexdigest().upper()}"'
    shutil.rmtree(server.data)  # pytest keeps its folders for a while


def test_a_form_that_is_cut_off(server: Server) -> None:
    """Whoever leaves within the file, or within what follows it, has stored nothing."""
    size = 3 << 20
    before, after = around("cut", size)
    whole = before + bytes(size) + after
    for sent in (len(before), len(before) + size // 2, len(before) + size, len(whole) - 1):
        with server.connect() as connection:
            connection.sendall(whole[:sent])
    until(lambda: server.access.count(" PostObject ") == 4, "the access lines of all four")
    assert server.request("HEAD", "forms", "cut").status == 404


def test_what_was_answered_outlives_the_server(server: Server) -> None:
    files = {"small": b"a", "large": os.urandom(1 << 20)}
    for key, data in files.items():
        assert post(server, "forms", {"key": key, **signed("v1")}, File(data)).status == 204
    server.kill()
    server.start()
    got = [server.request("GET", "forms", key).body for key in files]
    assert got == list(files.values())
