"""Peers that are slow, many, silent or gone: they cost little, and nobody else anything."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.reliability.raw import (
    HEALTH,
    Peer,
    connect,
    descriptors,
    head,
    memory_kib,
    put,
    until,
)
from tests.support import Server

BIG = 24 << 20


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without patience, with a big object that everybody may read."""
    arguments = (
        "--header-timeout-s", "0.5", "--body-timeout-s", "1", "--idle-timeout-s", "1.5",
        "--bucket", "open:public-read",
    )  # fmt: skip
    with Server(tmp_path_factory.mktemp("strict"), *arguments) as running:
        assert running.request("PUT", "open", "big", body=bytes(BIG)).status == 200
        yield running


@pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\nHost: loc", HEALTH + b"GET"])
def test_a_head_that_does_not_come_is_refused(strict: Server, start: bytes) -> None:
    with connect(strict) as peer:
        peer.send(start)
        if start.startswith(HEALTH):
            assert peer.answer().status == 200
        answer = peer.answer()
        assert (answer.status, answer.code) == (400, "RequestTimeout")
        assert answer.headers["connection"] == "close"
        assert peer.rest() == b""


@pytest.mark.parametrize(
    "headers", [{"content-length": "1000000"}, {"transfer-encoding": "chunked"}]
)
def test_a_body_that_does_not_come_is_refused(strict: Server, headers: dict[str, str]) -> None:
    with connect(strict) as peer:
        peer.send(head("PUT", "open", "slow", headers) + b"5\r\nhello\r\n")
        answer = peer.answer()
        assert (answer.status, answer.code) == (400, "RequestTimeout")
        assert peer.rest() == b""
    assert strict.request("GET", "open", "slow").status == 404


def test_a_body_that_trickles_is_refused_too(strict: Server) -> None:
    with connect(strict) as peer:
        peer.socket.settimeout(0.2)
        peer.send(head("PUT", "open", "slow", {"content-length": "1000"}))
        received = b""
        for _ in range(100):
            peer.send(b"x")
            with contextlib.suppress(TimeoutError):
                received += peer.socket.recv(65536)
                break
        assert b"RequestTimeout" in received


@pytest.mark.parametrize("start", [b"", HEALTH])
def test_an_idle_connection_is_closed(strict: Server, start: bytes) -> None:
    with connect(strict) as peer:
        peer.send(start)
        if start:
            assert peer.answer().status == 200
        assert peer.rest() == b""


def small_window(server: Server, size_bytes: int = 4096) -> Peer:
    """A connection whose own buffer is tiny."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size_bytes)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", server.port))
    return Peer(connection)


def test_a_reader_that_never_reads_is_cut_off(strict: Server) -> None:
    before = descriptors(strict)
    with small_window(strict) as peer:
        peer.send(b"GET /open/big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: '"GET /open/big" 200 CutOff' in strict.access, "the cut-off download")
        until(lambda: descriptors(strict) <= before, "the descriptors to be closed")
        with pytest.raises(ConnectionResetError):  # never a clean end of a short body
            peer.rest()


def test_neither_is_one_that_never_reads_small_answers(strict: Server) -> None:
    before = descriptors(strict)
    with small_window(strict) as peer:
        strict.request("PUT", "open", "small", body=bytes(100_000))
        peer.send(b"GET /open/small HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        assert peer.line().startswith(b"HTTP/1.1 200")  # and no more than this is read
        until(lambda: descriptors(strict) <= before, "the connection to be cut off")


def test_a_slow_reader_gets_everything(strict: Server) -> None:
    with small_window(strict, 64 << 10) as peer:
        peer.send(b"GET /open/big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert len(peer.answer().body) == BIG


@pytest.mark.slow
def test_pipelining_without_reading_takes_no_memory(server: Server, bucket_name: str) -> None:
    server.request("PUT", bucket_name, headers={"x-oss-acl": "public-read"})
    server.request("PUT", bucket_name, "k", body=bytes(100_000))
    before_kib = memory_kib(server)
    count = 1000  # 100 MB of answers
    with small_window(server) as peer:
        peer.send(f"GET /{bucket_name}/k HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * count)
        for _ in range(10):
            assert server.request("GET", bucket_name, "k").status == 200
        assert memory_kib(server) - before_kib < 30_000
        peer.send(b"GET /-/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert peer.rest().count(b"HTTP/1.1 200 OK") == count + 1
    assert memory_kib(server) - before_kib < 30_000


def test_500_idle_connections_do_not_hurt(server: Server, bucket_name: str) -> None:
    before = descriptors(server)
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connect(server)) for _ in range(500)]
        for peer in idle:
            peer.send(HEALTH + b"GET /-/hea")
            assert peer.answer().body == b"ok\n"  # so it was taken, and waits for the rest
        assert server.request("PUT", bucket_name).status == 200
        for number in range(20):
            assert server.request("PUT", bucket_name, f"k{number}", body=b"x").status == 200
        for peer in idle[::50]:
            peer.send(b"lth HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert peer.answer().body == b"ok\n"
    until(lambda: descriptors(server) <= before + 5, "the connections to be gone")


def test_a_connection_that_is_to_be_closed_is(server: Server) -> None:
    before = descriptors(server)
    for _ in range(50):
        with connect(server) as peer:
            peer.send(b"GET /-/health HTTP/1.0\r\n\r\n")
            assert peer.answer().status == 200
            assert peer.rest() == b""
    assert descriptors(server) <= before + 10  # none of them lingers


def test_neither_lingers_one_that_had_no_more_to_ask(server: Server, bucket_name: str) -> None:
    server.request("PUT", bucket_name)
    server.request("PUT", bucket_name, "k", body=bytes(5 << 20))
    before = descriptors(server)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            peer = stack.enter_context(connect(server))
            peer.send(head("GET", bucket_name, "k", {"connection": "close"}))
            peer.socket.shutdown(socket.SHUT_WR)
            assert len(peer.answer().body) == 5 << 20
        until(lambda: descriptors(server) <= before, "the connections to be gone", timeout_s=3)


@pytest.mark.parametrize("linger", [False, True], ids=["closed", "reset"])
def test_peers_that_leave_during_a_download_leave_nothing(
    server: Server, bucket_name: str, linger: bool
) -> None:
    server.request("PUT", bucket_name)
    server.request("PUT", bucket_name, "k", body=bytes(5 << 20))
    before = descriptors(server)
    for _ in range(20):
        with small_window(server) as peer:
            peer.send(head("GET", bucket_name, "k"))
            assert peer.line().startswith(b"HTTP/1.1 200")
            if linger:
                option = b"\1\0\0\0\0\0\0\0"  # close with a reset
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
    until(lambda: descriptors(server) <= before, "the descriptors to be closed")
    assert server.request("GET", bucket_name, "k").body == bytes(5 << 20)


def test_peers_that_leave_during_an_upload_leave_nothing(server: Server, bucket_name: str) -> None:
    server.request("PUT", bucket_name)
    before = descriptors(server)
    for _ in range(20):
        with connect(server) as peer:
            peer.send(put(bucket_name, "k", bytes(2 << 20))[: 1 << 20])
    until(lambda: descriptors(server) <= before, "the descriptors to be closed")
    assert server.request("GET", bucket_name, "k").status == 404


def test_both_loopback_addresses_are_served(server: Server) -> None:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        connection = socket.socket(family)
        connection.settimeout(10)
        connection.connect((address, server.port))
        with Peer(connection) as peer:
            peer.send(HEALTH)
            assert peer.answer().body == b"ok\n"
