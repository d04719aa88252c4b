"""The door's framing: nothing that could be read in two ways, nothing whole that was cut off."""

import pytest

from tests.reliability.raw import HEALTH, connect, head, put, until
from tests.support import Server


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    assert server.request("PUT", bucket_name).status == 200
    return bucket_name


def lines(
    *more: str, start: str = "GET /-/health HTTP/1.1", host: str = "Host: localhost"
) -> bytes:
    return "\r\n".join([start, *([host] if host else []), *more, "", ""]).encode("latin-1")


SMUGGLING = {
    "length and coding": lines("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "coding and length": lines("Transfer-Encoding: chunked", "Content-Length: 5") + b"0\r\n\r\n",
    "two lengths": lines("Content-Length: 5", "Content-Length: 6") + b"hello",
    "one length twice": lines("Content-Length: 5", "Content-Length: 5") + b"hello",
    "a list of lengths": lines("Content-Length: 5, 5") + b"hello",
    "a signed length": lines("Content-Length: +5") + b"hello",
    "a negative length": lines("Content-Length: -1"),
    "a hexadecimal length": lines("Content-Length: 0x5") + b"hello",
    "two codings": lines("Transfer-Encoding: chunked, identity") + b"0\r\n\r\n",
    "a coding before": lines("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "one coding twice": lines("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "nearly chunked": lines("Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "a coding of HTTP/1.0": lines("Transfer-Encoding: chunked", start="PUT /b/k HTTP/1.0"),
    "two hosts": lines("Host: 127.0.0.1"),
    "no host": lines(host=""),
    "two signatures": lines("Authorization: a", "Authorization: b"),
    "a folded line": lines("X-A: b", " c"),
    "a folded first line": lines(" X-A: b"),
    "space before a colon": lines("Content-Length : 0"),
    "a tab before a colon": lines("Content-Length\t: 0"),
    "no name": lines(": b"),
    "no colon": lines("X-A"),
    "a bare line feed": b"GET / HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n",
    "bare line feeds only": b"GET / HTTP/1.1\nHost: localhost\n\n\r\n\r\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: localhost\rX-A: b\r\n\r\n",
    "a zero byte in a value": lines("X-A: a\0b"),
    "a zero byte in a name": lines("X-\0A: b"),
    "a zero byte in a target": lines(start="GET /a\0b HTTP/1.1"),
    "a fragment": lines(start="GET /-/health#x HTTP/1.1"),
    "a space in a target": lines(start="GET /-/health x HTTP/1.1"),
    "a target that is no path": lines(start="GET health HTTP/1.1"),
    "a user in a URL": lines(start="GET http://u@localhost/-/health HTTP/1.1"),
    "HTTP/0.9": b"GET /-/health\r\n\r\n",
    "HTTP/0.9 with a version": lines(start="GET /-/health HTTP/0.9"),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": lines(start="GET /-/health HTTP/1.9"),
    "another protocol": lines(start="GET /-/health RTSP/1.0"),
    "a tunnel": lines(start="CONNECT localhost:80 HTTP/1.1"),
    "a method that is none": lines(start="FLY / HTTP/1.1"),
    "TLS on a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "too many fields": lines(*[f"X-{n}: v" for n in range(201)]),
    "too large a field": lines("X-A: " + "a" * (66 << 10)),
    "too large a target": lines(start="GET /" + "a" * (66 << 10) + " HTTP/1.1"),
}  # fmt: skip


@pytest.mark.parametrize("data", SMUGGLING.values(), ids=SMUGGLING.keys())
def test_a_doubtful_head_ends_the_connection(server: Server, data: bytes) -> None:
    with connect(server) as peer:
        peer.send(data + HEALTH)
        answer = peer.answer()
        assert answer.status == 400
        assert answer.code in ("BadRequest", "RequestHeaderTooLarge")
        assert answer.headers["connection"] == "close"
        assert b"Traceback" not in answer.body
        assert peer.rest() == b""  # what follows was not taken for a request


CHUNKS = {
    "no size": b"\r\nhello\r\n",
    "a prefix": b"0x5\r\nhello\r\n",
    "a sign": b"+5\r\nhello\r\n",
    "a negative size": b"-1\r\nhello\r\n",
    "a space before": b" 5\r\nhello\r\n",
    "an overflow": b"10000000000000005\r\nhello\r\n",
    "a bare line feed": b"5\nhello\n",
    "a line feed in an extension": b"5;a\nb\r\nhello\r\n",
    "a carriage return in an extension": b"5;a\rb\r\nhello\r\n",
    "a chunk that is longer than its size": b"3\r\nhello\r\n",
    "a chunk that is shorter than its size": b"6\r\nhello\r\n",
    "a bare line feed after a chunk": b"5\r\nhello\n",
    "a long extension": b"5;" + b"a" * 4096 + b"\r\nhello\r\n",
    "a line feed in a trailer": b"0\r\na: b\nc: d\r\n\r\n",
    "a long trailer": b"0\r\n" + b"a" * 20_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS.keys())
def test_a_doubtful_chunk_ends_the_connection_and_keeps_nothing(
    server: Server, bucket: str, chunks: bytes
) -> None:
    with connect(server) as peer:
        start = head("PUT", bucket, "k", {"transfer-encoding": "chunked"})
        peer.send(start + b"2\r\nab\r\n" + chunks + b"0\r\n\r\n" + HEALTH)
        answer = peer.answer()
        assert (answer.status, answer.code) == (400, "BadRequest")
        assert answer.headers["connection"] == "close"
        assert peer.rest() == b""
    assert server.request("GET", bucket, "k").status == 404


def test_chunks_in_any_pieces_are_one_body(server: Server, bucket: str) -> None:
    with connect(server) as peer:
        peer.send(head("PUT", bucket, "k", {"transfer-encoding": "chunked"}))
        for piece in (b"5;x=", b"y\r", b"\nhel", b"lo\r\n", b"0\r\nX-Trailer: 1\r\n", b"\r\n"):
            peer.send(piece)
        assert peer.answer().status == 200
        peer.send(head("GET", bucket, "k"))
        assert peer.answer().body == b"hello"


def test_pipelined_requests_are_answered_in_order(server: Server, bucket: str) -> None:
    with connect(server) as peer:
        for number in range(30):
            server.request("PUT", bucket, f"k{number}", body=bytes([number]) * (number * 9_000))
        peer.send(b"".join(head("GET", bucket, f"k{number}") for number in range(30)))
        for number in range(30):
            assert peer.answer().body == bytes([number]) * (number * 9_000)


def test_also_behind_a_slow_upload(server: Server, bucket: str) -> None:
    body = bytes(range(256)) * 2000  # into a file
    upload = put(bucket, "k", body)
    with connect(server) as peer:
        peer.send(upload[:1000])
        server.request("GET", bucket, "other")  # the server turns to others meanwhile
        peer.send(upload[1000:] + head("GET", bucket, "k") + HEALTH)
        assert peer.answer().headers["x-oss-hash-crc64ecma"]
        assert peer.answer().body == body
        assert peer.answer().body == b"ok\n"


def test_bytes_beyond_the_length_are_the_next_request(server: Server, bucket: str) -> None:
    with connect(server) as peer:
        peer.send(put(bucket, "k", b"hello") + b"\r\n" + HEALTH + b"\r\n\r\n" + HEALTH)
        assert [peer.answer().status for _ in range(3)] == [200, 200, 200]
        peer.send(head("GET", bucket, "k"))
        assert peer.answer().body == b"hello"


def test_a_body_that_nobody_wants_is_no_request(server: Server, bucket: str) -> None:
    hidden = HEALTH
    with connect(server) as peer:
        peer.send(head("GET", bucket, "none", {"content-length": str(len(hidden))}) + hidden)
        assert peer.answer().status == 404
        peer.send(HEALTH)
        assert peer.answer().body == b"ok\n"


CUT_OFF = {
    "by length": ({"content-length": "500000"}, b"x" * 400_000),
    "by length, early": ({"content-length": "5"}, b"x"),
    "in a chunk": ({"transfer-encoding": "chunked"}, b"100000\r\n" + b"x" * 300_000),
    "between chunks": ({"transfer-encoding": "chunked"}, b"5\r\nhello\r\n"),
    "in the last line": ({"transfer-encoding": "chunked"}, b"5\r\nhello\r\n0\r\n"),
}


@pytest.mark.parametrize(("headers", "body"), CUT_OFF.values(), ids=CUT_OFF.keys())
def test_what_was_cut_off_is_never_whole(
    server: Server, bucket: str, headers: dict[str, str], body: bytes
) -> None:
    server.request("PUT", bucket, "old", body=b"old")
    for key in ("new", "old"):
        with connect(server) as peer:  # this peer only says that it has no more
            peer.send(head("PUT", bucket, key, headers) + body)
            peer.socket.shutdown(1)
            answer = peer.answer()
            assert (answer.status, answer.code) == (400, "IncompleteBody")
            assert peer.rest() == b""
        with connect(server) as peer:  # this one is gone
            peer.send(head("PUT", bucket, key, headers) + body)
        until(
            lambda key=key: server.access.count(f'"PUT /{bucket}/{key}" 400 ') == 2,
            "the access lines of both uploads",
        )
    assert server.request("GET", bucket, "new").status == 404
    assert server.request("GET", bucket, "old").body == b"old"


def test_the_last_bytes_of_a_failed_body_change_nothing(server: Server, bucket: str) -> None:
    """A reader that is behind must not take the end of a broken body for its end."""
    start = head("PUT", bucket, "k", {"transfer-encoding": "chunked"})
    with connect(server) as peer:
        peer.send(start + b"80000\r\n" + b"x" * 0x80000 + b"\r\n")
        peer.send(b"nonsense\r\n")
        peer.send(b"5\r\nhello\r\n0\r\n\r\n")
        assert peer.answer().status == 400
    assert server.request("GET", bucket, "k").status == 404


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_when_a_connection_stays(server: Server, version: str) -> None:
    for connection, stays in (
        ("", version == "1.1"), ("keep-alive", True), ("close", False), ("Close", False),
    ):  # fmt: skip
        more = [f"Connection: {connection}"] if connection else []
        request = lines(*more, start=f"GET /-/health HTTP/{version}")
        with connect(server) as peer:
            peer.send(request)
            answer = peer.answer()
            assert answer.status == 200
            assert answer.headers["connection"] == ("keep-alive" if stays else "close")
            if stays:
                peer.send(request)
                assert peer.answer().status == 200
            else:
                assert peer.rest() == b""


def test_head_has_no_body(server: Server, bucket: str) -> None:
    server.request("PUT", bucket, "k", body=b"hello")
    with connect(server) as peer:
        peer.send(head("HEAD", bucket, "k") + head("HEAD", bucket, "none") + HEALTH)
        found, missing = peer.answer("HEAD"), peer.answer("HEAD")
        assert (found.status, found.headers["content-length"]) == (200, "5")
        assert missing.status == 404
        assert "x-oss-err" in missing.headers
        assert peer.answer().body == b"ok\n"


@pytest.mark.parametrize("size", [5, 5_000_000])
def test_a_peer_that_has_no_more_to_ask_gets_its_answers(
    server: Server, bucket: str, size: int
) -> None:
    body = bytes(251) * (size // 251) + b"end"
    server.request("PUT", bucket, "k", body=body)
    with connect(server) as peer:
        peer.send(head("GET", bucket, "k") * 2 + HEALTH + b"GET /half")
        peer.socket.shutdown(1)
        assert peer.answer().body == body
        assert peer.answer().body == body
        assert peer.answer().body == b"ok\n"
        assert peer.rest() == b""


def test_a_target_may_be_a_whole_url_and_its_host_counts(server: Server, bucket: str) -> None:
    server.request("PUT", bucket, "k", body=b"hello")
    server.request("PUT", bucket, query={"acl": ""}, headers={"x-oss-acl": "public-read"})
    with connect(server) as peer:
        for url, host, status in (
            (f"http://localhost:{server.port}/{bucket}/k", "localhost", 200),
            (f"http://{bucket}.localhost/k", "localhost", 200),
            (f"http://localhost/{bucket}/k", f"{bucket}.localhost", 200),
            (f"http://stranger.example/{bucket}/k", "localhost", 421),
        ):
            peer.send(f"GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = peer.answer()
            assert answer.status == status, url
            assert (answer.body == b"hello") is (status == 200)


def test_no_other_protocol_is_offered(server: Server) -> None:
    with connect(server) as peer:
        for _ in range(3):
            peer.send(lines("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"))
            assert peer.answer().body == b"ok\n"
