"""Disks that fail, fill up and forget: a failed request, never a wrong answer."""

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.reliability.load import blob_files, listed, signed_head, tidy, wait_until
from tests.reliability.tracing import failing
from tests.support import Answer, Server

BLOCK = 128 << 10
OLD = b"the object as it was " * 20_000
NEW = os.urandom(3 << 20)
SIZE = 20 * BLOCK + 5
BODY = os.urandom(SIZE)
pytestmark = pytest.mark.slow

# -- failed syncs and full disks ----------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Server]:
    """A server with one large and one small object."""
    with Server(tmp_path) as server:
        assert server.request("PUT", "bucket").status == 200
        assert server.request("PUT", "bucket", "old", body=OLD).status == 200
        assert server.request("PUT", "bucket", "small", body=b"old").status == 200
        yield server


def check_unchanged(server: Server) -> None:
    """What was kept before is there, whole, and nothing else."""
    assert server.request("GET", "bucket", "old").body == OLD
    assert server.request("GET", "bucket", "small").body == b"old"
    assert listed(server, "bucket") == {"old": len(OLD), "small": 3}
    assert server.request("GET", "bucket", "new").code == "NoSuchKey"
    stat = server.request("GET", "bucket", query={"stat": ""})
    assert stat.element("ObjectCount") == "2"
    assert stat.element("Storage") == str(len(OLD) + 3)


def check_works(server: Server) -> None:
    """New objects are taken again, large and small."""
    assert page(server, "ready").status == 200
    for key, body in (("old", NEW), ("small", b"new"), ("new", NEW)):
        assert server.request("PUT", "bucket", key, body=body).status == 200
        assert server.request("GET", "bucket", key).body == body
    wait_until(lambda: tidy(server.data), "no file is left that no row names")


def page(server: Server, name: str) -> Answer:
    """One of the server's own pages."""
    return server.request("GET", "-", name, sign=False)


def hour_directory(server: Server) -> Path:
    return next((server.data / "blobs").iterdir())


def blob_file(server: Server) -> Path:
    return next(hour_directory(server).iterdir())


@pytest.mark.parametrize("key", ["old", "new"])
def test_a_failed_sync_of_a_body_is_a_failed_request(store: Server, key: str) -> None:
    with failing(store, "fsync,fdatasync", "EIO"):
        assert store.request("PUT", "bucket", key, body=NEW).status == 500
        check_unchanged(store)
    check_unchanged(store)
    check_works(store)


def test_a_failed_sync_of_a_directory_is_a_failed_request(store: Server) -> None:
    with failing(store, "fsync", "EIO", str(hour_directory(store))):
        assert store.request("PUT", "bucket", "old", body=NEW).status == 500
        assert store.request("PUT", "bucket", "new", body=NEW).status == 500
        check_unchanged(store)
    check_unchanged(store)
    check_works(store)


@pytest.mark.parametrize("body", [b"small", NEW])
def test_a_failed_sync_of_the_log_makes_the_store_read_only(store: Server, body: bytes) -> None:
    assert page(store, "ready").status == 200
    with failing(store, "fsync,fdatasync", "EIO", str(store.data / "mossbox.db-wal")):
        assert store.request("PUT", "bucket", "new", body=body).status >= 500
    # The disk is well again, but nobody knows what it kept.
    check_unchanged(store)
    ready = page(store, "ready")
    assert ready.status == 503
    assert b"not ready" in ready.body
    assert page(store, "health").status == 200
    for method, key in (("PUT", "old"), ("PUT", "new"), ("DELETE", "old")):
        answer = store.request(method, "bucket", key, body=b"x" if method == "PUT" else None)
        assert (answer.status, answer.code) == (503, "ServiceUnavailable"), (method, key)
    check_unchanged(store)
    store.kill()
    store.start()
    assert store.request("GET", "bucket", "old").body == OLD
    answer = store.request("GET", "bucket", "new")  # it was refused, but it may stand
    assert answer.status == 404 or answer.body == body
    check_works(store)


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT"])
def test_a_full_disk_under_a_body_is_a_failed_request(store: Server, error: str) -> None:
    with failing(store, "pwrite64", error):
        for key in ("old", "new"):
            answer = store.request("PUT", "bucket", key, body=NEW)
            assert (answer.status, answer.code) == (503, "ServiceUnavailable")
        check_unchanged(store)
    check_unchanged(store)
    assert len(blob_files(store.data)) == 1
    check_works(store)


def test_a_full_disk_under_the_log_is_a_failed_request(store: Server) -> None:
    with failing(store, "pwrite64", "ENOSPC", str(store.data / "mossbox.db-wal")):
        for key, body in (("small", b"new"), ("new", b"new"), ("old", NEW)):
            answer = store.request("PUT", "bucket", key, body=body)
            assert (answer.status, answer.code) == (503, "ServiceUnavailable")
        assert store.request("DELETE", "bucket", "old").status == 503
        check_unchanged(store)
    check_unchanged(store)
    check_works(store)


def test_a_file_that_cannot_be_cut_to_size_is_a_failed_request(store: Server) -> None:
    with failing(store, "ftruncate", "EIO"):
        assert store.request("PUT", "bucket", "old", body=NEW).status == 500
    check_unchanged(store)
    check_works(store)


# -- rot ----------------------------------------------------------------------------------------


@pytest.fixture
def rotten(tmp_path: Path) -> Iterator[Server]:
    """A server with one object of 21 blocks, whose file a test damages."""
    with Server(tmp_path) as server:
        assert server.request("PUT", "bucket").status == 200
        assert server.request("PUT", "bucket", "k", body=BODY).status == 200
        yield server


def flip(position: int) -> Callable[[Path], None]:
    """One bit of the file at a position (from its end if negative) turns over."""

    def damage(path: Path) -> None:
        raw = bytearray(path.read_bytes())
        raw[position] ^= 1
        with open(path, "r+b") as file:
            file.write(raw)

    return damage


def until_reset(connection: socket.socket) -> bytes:
    """What comes before a reset; a clean end is a failure."""
    received = b""
    while True:
        try:
            piece = connection.recv(1 << 20)
        except ConnectionResetError:
            return received
        assert piece, "the connection was ended cleanly"
        received += piece


def cut(size: int) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, size)


FIRST_CHECK = SIZE


@pytest.mark.parametrize(
    "damage",
    [flip(0), flip(BLOCK - 1), flip(FIRST_CHECK), cut(0), cut(100), cut(SIZE), Path.unlink],
    ids=["first byte", "last of first block", "its check", "empty", "cut", "no checks", "no file"],
)
def test_damage_at_the_beginning_is_an_error_without_a_byte(
    rotten: Server, damage: Callable[[Path], None]
) -> None:
    damage(blob_file(rotten))
    answer = rotten.request("GET", "bucket", "k")
    assert (answer.status, answer.code) == (500, "InternalError")
    assert BODY[:16] not in answer.body
    answer = rotten.request("GET", "bucket", "k", headers={"range": "bytes=5-9"})
    assert (answer.status, answer.code) == (500, "InternalError")
    assert rotten.request("HEAD", "bucket", "k").status == 200  # the row is whole
    assert rotten.request("PUT", "bucket", "k", body=BODY).status == 200  # and can be replaced
    assert rotten.request("GET", "bucket", "k").body == BODY


@pytest.mark.parametrize(
    ("damage", "block"),
    [(flip(9 * BLOCK + 7), 9), (flip(SIZE - 1), 20), (flip(FIRST_CHECK + 8 * 15), 15)],
    ids=["middle", "last byte", "a check"],
)
def test_damage_further_on_is_a_reset(
    rotten: Server, damage: Callable[[Path], None], block: int
) -> None:
    damage(blob_file(rotten))
    with rotten.connect() as connection:
        connection.sendall(signed_head(rotten, "GET", "bucket", "k"))
        received = until_reset(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") or not head  # a reset may overtake what was sent
    assert len(body) <= block * BLOCK
    assert BODY.startswith(body)
    wait_until(lambda: "CutOff" in rotten.access, "the access line tells of it")
    # What does not touch the damaged block can be had.
    answer = rotten.request("GET", "bucket", "k", headers={"range": f"bytes=0-{BLOCK - 1}"})
    assert answer.body == BODY[:BLOCK]
    start = block * BLOCK
    answer = rotten.request("GET", "bucket", "k", headers={"range": f"bytes={start}-{start}"})
    assert (answer.status, answer.code) == (500, "InternalError")


def test_a_damaged_footer_harms_nobody(rotten: Server) -> None:
    flip(-9)(blob_file(rotten))
    assert rotten.request("GET", "bucket", "k").body == BODY


def test_a_damaged_small_body_is_refused(rotten: Server) -> None:
    assert rotten.request("PUT", "bucket", "small", body=b"precious bytes").status == 200
    connection = sqlite3.connect(rotten.data / "mossbox.db", timeout=10)
    with connection:
        changed = connection.execute(
            "update blobs set data = cast('precious bites' as blob) where data is not null"
        )
        assert changed.rowcount == 1
    connection.close()
    answer = rotten.request("GET", "bucket", "small")
    assert (answer.status, answer.code) == (500, "InternalError")
    assert b"precious" not in answer.body
    answer = rotten.request("GET", "bucket", "small", headers={"range": "bytes=0-1"})
    assert answer.status == 500
