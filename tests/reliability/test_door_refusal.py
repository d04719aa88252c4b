"""Uploads that are refused while they come: the client reads why, and sends nothing for nothing."""

import pytest

from tests.reliability.raw import HEALTH, Peer, connect, head, put
from tests.support import Server

SIZE = 5 << 20
TRIES = 40


@pytest.fixture(scope="module")
def bucket(server: Server) -> str:
    assert server.request("PUT", "refusals").status == 200
    return "refusals"


REFUSALS = {
    "signature": ({"secret": "wrong"}, "SignatureDoesNotMatch"),
    "permission": ({"sign": False}, "AccessDenied"),
}


@pytest.mark.parametrize(("how", "code"), REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize(
    "headers",
    [{"content-length": str(SIZE)}, {"transfer-encoding": "chunked"}],
    ids=["length", "chunked"],
)
def test_a_client_that_is_still_sending_reads_its_refusal(
    server: Server, bucket: str, how: dict, code: str, headers: dict[str, str]
) -> None:
    body = bytes(SIZE)
    if "transfer-encoding" in headers:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (SIZE, body)
    for _ in range(TRIES):
        with connect(server) as peer:
            peer.send(head("PUT", bucket, "k", headers, **how) + body)
            answer = peer.answer()
            assert (answer.status, answer.code) == (403, code)
            assert answer.headers["connection"] == "close"
            assert peer.rest() == b""


@pytest.mark.parametrize(("how", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_who_asks_first_is_refused_without_a_100(
    server: Server, bucket: str, how: dict, code: str
) -> None:
    expecting = {"content-length": str(SIZE), "expect": "100-continue"}
    for _ in range(TRIES):
        with connect(server) as peer:
            peer.send(head("PUT", bucket, "k", expecting, **how))
            answer = peer.answer()
            assert (answer.status, answer.code) == (403, code)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-length": str((5 << 30) + 1)}, "EntityTooLarge"),
        ({"content-length": "5", "content-md5": "nonsense"}, "InvalidDigest"),
        ({"content-length": "5", "x-oss-legal-hold": "ON"}, "NotImplemented"),
        ({"content-length": "5", "x-oss-storage-class": "Wood"}, "InvalidArgument"),
    ],
)
def test_neither_does_a_request_that_can_not_be_met(
    server: Server, bucket: str, headers: dict[str, str], code: str
) -> None:
    with connect(server) as peer:
        peer.send(head("PUT", bucket, "k", {**headers, "expect": "100-continue"}))
        answer = peer.answer()
        assert (answer.status, answer.code) == (400, code)


def upload_in_two(peer: Peer, bucket: str, body: bytes, **headers: str) -> None:
    """The head, then the body once the server asks for it."""
    expecting = {"content-length": str(len(body)), "expect": "100-continue", **headers}
    peer.send(head("PUT", bucket, "k", expecting))
    assert peer.line() == b"HTTP/1.1 100 Continue\r\n\r\n"
    peer.send(body)
    assert peer.answer().status == 200


@pytest.mark.parametrize("size", [5, 300_000])
def test_who_may_is_told_to_continue(server: Server, bucket: str, size: int) -> None:
    body = bytes(251) * (size // 251) + b"end"
    with connect(server) as peer:
        upload_in_two(peer, bucket, body)
        peer.send(head("GET", bucket, "k"))
        assert peer.answer().body == body


def test_who_does_not_wait_needs_no_100(server: Server, bucket: str) -> None:
    with connect(server) as peer:
        peer.send(put(bucket, "k", b"hello", expect="100-continue") + HEALTH)
        assert peer.answer().status == 200
        assert peer.answer().body == b"ok\n"


def test_http_1_0_knows_no_100(server: Server, bucket: str) -> None:
    with connect(server) as peer:
        headers = {"content-length": "5", "expect": "100-continue"}
        peer.send(head("PUT", bucket, "k", headers, version="1.0"))
        server.request("GET", bucket, "k")  # the server had time to answer
        peer.send(b"hello")
        assert peer.answer().status == 200


def test_a_document_is_asked_for_only_of_those_who_may(server: Server, bucket: str) -> None:
    expecting = {"content-length": "10", "content-md5": "x", "expect": "100-continue"}
    with connect(server) as peer:
        peer.send(head("POST", bucket, "", expecting, query="delete", secret="wrong"))
        assert peer.answer().status == 403
    with connect(server) as peer:
        peer.send(head("POST", bucket, "", expecting, query="delete"))
        assert peer.line() == b"HTTP/1.1 100 Continue\r\n\r\n"
