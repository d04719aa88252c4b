"""TLS beside plain HTTP, with a certificate of one's own making."""

import os
import socket
import ssl
import stat
from collections.abc import Iterator

import pytest

from tests.reliability.raw import HEALTH, Peer, connect, descriptors, head, put, until
from tests.support import Server, free_port

SIZE = 5 << 20


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that made its certificate itself."""
    port = free_port()
    arguments = (
        "--tls-listen", f"localhost:{port}", "--tls-self-signed", "--bucket", "safe:public-read",
        "--header-timeout-s", "2", "--body-timeout-s", "2",
    )  # fmt: skip
    with Server(tmp_path_factory.mktemp("tls"), *arguments) as running:
        running.tls_port = port  # type: ignore[attr-defined]
        yield running


def trusting(server: Server) -> ssl.SSLContext:
    """A client that trusts this one certificate and checks names."""
    return ssl.create_default_context(cafile=str(server.data / "tls-cert.pem"))


def connect_tls(server: Server, address: str = "127.0.0.1", name: str = "localhost") -> Peer:
    plain = socket.create_connection((address, server.tls_port), timeout=20)  # type: ignore[attr-defined]
    return Peer(trusting(server).wrap_socket(plain, server_hostname=name))


def test_both_are_served_on_both_addresses(secure: Server) -> None:
    with connect(secure) as peer:
        peer.send(HEALTH)
        assert peer.answer().body == b"ok\n"
    for address in ("127.0.0.1", "::1"):
        with connect_tls(secure, address) as peer:
            peer.send(HEALTH * 2)
            assert peer.answer().body == b"ok\n"
            assert peer.answer().body == b"ok\n"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_the_certificate_fits_the_names_of_this_machine(secure: Server, name: str) -> None:
    with connect_tls(secure, name=name) as peer:
        assert peer.socket.version() in ("TLSv1.2", "TLSv1.3")  # type: ignore[attr-defined]


def test_nobody_else_can_read_the_key(secure: Server) -> None:
    for name in ("tls-key.pem", "mossbox.db"):
        assert stat.S_IMODE(os.stat(secure.data / name).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(secure.data).st_mode) == 0o700


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_older_versions_are_refused(secure: Server) -> None:
    context = trusting(secure)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", secure.tls_port), timeout=20) as plain,  # type: ignore[attr-defined]
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize("size", [5, SIZE])
def test_bodies_come_back_as_they_went(secure: Server, size: int) -> None:
    body = os.urandom(size)
    with connect_tls(secure) as peer:
        peer.send(put("safe", "k", body) + head("GET", "safe", "k"))
        assert peer.answer().status == 200
        assert peer.answer().body == body
        peer.send(head("HEAD", "safe", "k") + HEALTH)
        assert peer.answer("HEAD").headers["content-length"] == str(size)
        assert peer.answer().body == b"ok\n"
    assert secure.request("GET", "safe", "k").body == body  # the same store


def test_an_early_refusal_can_be_read(secure: Server) -> None:
    length = {"content-length": str(SIZE)}
    for _ in range(40):
        with connect_tls(secure) as peer:
            peer.send(head("PUT", "safe", "refused", length, secret="wrong") + bytes(SIZE))
            answer = peer.answer()
            assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
            assert answer.headers["connection"] == "close"
    assert secure.request("GET", "safe", "refused").status == 404


def test_a_doubtful_head_is_refused_as_well(secure: Server) -> None:
    with connect_tls(secure) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + HEALTH)
        assert peer.answer().status == 400
        assert peer.rest() == b""


def test_a_cut_off_upload_keeps_nothing(secure: Server) -> None:
    with connect_tls(secure) as peer:
        peer.send(put("safe", "cut", bytes(SIZE))[: SIZE // 2])
    until(lambda: '"PUT /safe/cut" 400' in secure.access, "the access line")
    assert secure.request("GET", "safe", "cut").status == 404


def test_peers_that_say_nothing_or_vanish_leave_nothing(secure: Server) -> None:
    secure.request("PUT", "safe", "big", body=bytes(SIZE))
    before = descriptors(secure)
    silent = socket.create_connection(("127.0.0.1", secure.tls_port), timeout=20)  # type: ignore[attr-defined]
    for _ in range(10):
        with connect_tls(secure) as peer:
            peer.send(head("GET", "safe", "big"))
            assert peer.line().startswith(b"HTTP/1.1 200")
    assert silent.recv(100) == b""  # no handshake came in time
    silent.close()
    until(lambda: descriptors(secure) <= before, "the descriptors to be closed")


def test_plain_http_on_the_port_of_tls_is_no_request(secure: Server) -> None:
    plain = socket.create_connection(("127.0.0.1", secure.tls_port), timeout=20)  # type: ignore[attr-defined]
    with Peer(plain) as peer:
        peer.send(HEALTH)
        assert b"HTTP/" not in peer.rest()


def test_the_certificate_outlives_a_restart(secure: Server) -> None:
    before = (secure.data / "tls-cert.pem").read_bytes()
    assert secure.stop() == 0
    secure.start()
    assert (secure.data / "tls-cert.pem").read_bytes() == before
    with connect_tls(secure) as peer:
        peer.send(HEALTH)
        assert peer.answer().body == b"ok\n"
