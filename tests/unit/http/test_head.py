"""Request heads: what is understood, and what is refused because it could be read in two ways."""

import pytest

from mossbox.errors import ServiceError
from mossbox.http.head import HeadParser, body_length
from mossbox.http.message import Request


def parse(text: str | bytes) -> Request:
    return HeadParser().parse(text.encode() if isinstance(text, str) else text)


def head(*lines: str, start: str = "GET /b/k HTTP/1.1", host: str = "Host: h") -> bytes:
    return "\r\n".join([start, *([host] if host else []), *lines, "", ""]).encode("latin-1")


def code(block: bytes) -> str:
    with pytest.raises(ServiceError) as caught:
        body_length(parse(block))
    assert caught.value.code.status == 400
    return caught.value.code.name


def test_a_plain_head() -> None:
    request = parse("PUT /b/k%20+?x=1&y HTTP/1.1\r\nHost: h:9000\r\nX-Oss-Meta-A:  v\r\n\r\n")
    assert (request.method, request.path, request.query) == ("PUT", b"/b/k%20+", b"x=1&y")
    assert request.headers == {"host": "h:9000", "x-oss-meta-a": "v"}
    assert request.version == "1.1"
    assert request.keep_alive


def test_of_doubled_names_the_first_counts() -> None:
    assert parse(head("X-Oss-Acl: a", "x-oss-acl: b")).headers["x-oss-acl"] == "a"


@pytest.mark.parametrize(
    "name", ["Host", "Content-Length", "Transfer-Encoding", "Authorization", "Content-MD5",
             "Content-Type"]
)  # fmt: skip
def test_what_may_come_only_once(name: str) -> None:
    value = "chunked" if name == "Transfer-Encoding" else "5"
    lines = [f"{name}: {value}", f"{name.lower()}: {value}"]
    assert code(head(*lines, host="" if name == "Host" else "Host: h")) == "BadRequest"


def test_values_keep_their_bytes() -> None:
    block = b"GET / HTTP/1.1\r\nHost: h\r\nX-A: \xc3\xa4\r\nX-B: \xff\r\n\r\n"
    headers = parse(block).headers
    assert headers["x-a"] == "ä"
    assert headers["x-b"].encode("utf-8", "surrogateescape") == b"\xff"


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [
        ("1.1", "", True),
        ("1.1", "keep-alive", True),
        ("1.1", "close", False),
        ("1.1", "Keep-Alive, CLOSE", False),
        ("1.1", "upgrade", True),
        ("1.0", "", False),
        ("1.0", "keep-alive", True),
        ("1.0", "close", False),
    ],
)
def test_whether_a_connection_stays(version: str, connection: str, stays: bool) -> None:
    lines = [f"Connection: {connection}"] if connection else []
    assert parse(head(*lines, start=f"GET / HTTP/{version}")).keep_alive is stays


def test_one_parser_takes_one_head_after_another() -> None:
    parser = HeadParser()
    for number, lines in enumerate(
        [[], ["Content-Length: 5"], ["Connection: Upgrade", "Upgrade: h2c"],
         ["Transfer-Encoding: chunked"], ["Content-Length: 0"], []]
    ):  # fmt: skip
        request = parser.parse(head(*lines, start=f"PUT /{number} HTTP/1.1"))
        assert request.path == f"/{number}".encode()
        assert len(request.headers) == 1 + len(lines)


@pytest.mark.parametrize(
    ("target", "path", "query", "host"),
    [
        ("http://other/b/k?x", b"/b/k", b"x", "other"),
        ("HTTPS://other:80/b", b"/b", b"", "other:80"),
        ("http://other", b"/", b"", "other"),
        ("http://other?x=/a", b"/", b"x=/a", "other"),
        ("http://[::1]:9000/b", b"/b", b"", "[::1]:9000"),
        ("//b/k", b"//b/k", b"", "h"),
    ],
)
def test_targets(target: str, path: bytes, query: bytes, host: str) -> None:
    request = parse(head(start=f"GET {target} HTTP/1.1"))
    assert (request.path, request.query, request.headers["host"]) == (path, query, host)


def test_a_star_is_for_options() -> None:
    assert parse(head(start="OPTIONS * HTTP/1.1")).path == b"/"


REFUSED = {
    "no host": head(host=""),
    "a star for GET": head(start="GET * HTTP/1.1"),
    "a fragment": head(start="GET /a#b HTTP/1.1"),
    "a fragment in a host": head(start="GET http://h#f HTTP/1.1"),
    "a user in a host": head(start="GET http://u@h/ HTTP/1.1"),
    "no host in a URL": head(start="GET http:///a HTTP/1.1"),
    "another scheme": head(start="GET ftp://h/a HTTP/1.1"),
    "no target": head(start="GET HTTP/1.1"),
    "a target that is no path": head(start="GET a HTTP/1.1"),
    "a tunnel": head(start="CONNECT h:80 HTTP/1.1"),
    "bytes that are not ASCII": head(start="GET /\xe4 HTTP/1.1"),
    "a space in a target": head(start="GET /a b HTTP/1.1"),
    "HTTP/0.9": head(start="GET /", host=""),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\n",
    "another version": head(start="GET / HTTP/1.2"),
    "another protocol": head(start="GET / RTSP/1.0"),
    "a method that is none": head(start="FLY / HTTP/1.1"),
    "a method in lower case": head(start="get / HTTP/1.1"),
    "a folded line": head("X-A: b", " c"),
    "a folded first line": head(" X-A: b", host=""),
    "space before the colon": head("X-A : b"),
    "no name": head(": b"),
    "no colon": head("X-A"),
    "a bare line feed": b"GET / HTTP/1.1\r\nHost: h\nX-A: b\r\n\r\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: h\rX-A: b\r\n\r\n",
    "a zero byte": head("X-A: a\0b"),
    "a control character": head("X-A: a\x01b"),
    "a signed length": head("Content-Length: +5"),
    "a negative length": head("Content-Length: -5"),
    "a hexadecimal length": head("Content-Length: 0x5"),
    "a list of lengths": head("Content-Length: 5, 5"),
    "an empty length": head("Content-Length:"),
    "a length with a space": head("Content-Length: 5 5"),
    "a monstrous length": head(f"Content-Length: {'9' * 19}"),
    "length and coding": head("Content-Length: 5", "Transfer-Encoding: chunked"),
    "coding and length": head("Transfer-Encoding: chunked", "Content-Length: 5"),
    "two codings": head("Transfer-Encoding: chunked, identity"),
    "a coding before": head("Transfer-Encoding: gzip, chunked"),
    "chunked twice": head("Transfer-Encoding: chunked, chunked"),
    "no coding": head("Transfer-Encoding: identity"),
    "an empty coding": head("Transfer-Encoding:"),
    "nearly chunked": head("Transfer-Encoding: xchunked"),
    "a quoted coding": head('Transfer-Encoding: "chunked"'),
    "a coding of HTTP/1.0": head("Transfer-Encoding: chunked", start="PUT / HTTP/1.0"),
}  # fmt: skip


@pytest.mark.parametrize("block", REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways(block: bytes) -> None:
    assert code(block) == "BadRequest"


def test_too_many_fields() -> None:
    parse(head(*[f"X-{n}: v" for n in range(199)]))
    assert code(head(*[f"X-{n}: v" for n in range(200)])) == "RequestHeaderTooLarge"


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([], 0),
        (["Content-Length: 0"], 0),
        (["Content-Length: 007"], 7),
        (["Content-Length: 5368709120"], 5368709120),
        (["Transfer-Encoding: chunked"], None),
        (["Transfer-Encoding: CHUNKED"], None),
    ],
)
def test_the_length_of_a_body(lines: list[str], length: int | None) -> None:
    assert body_length(parse(head(*lines, start="PUT / HTTP/1.1"))) == length
