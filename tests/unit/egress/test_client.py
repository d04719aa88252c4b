"""The client against real sockets; answers are bytes as a server would send them."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mossbox.egress import client
from mossbox.egress.addresses import Rules, parse_url
from mossbox.egress.client import (
    Answer,
    Busy,
    Egress,
    Forbidden,
    NotHttp,
    TooLarge,
    TooSlow,
    Unreachable,
    Unresolved,
)
from tests.conftest import Run

Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def peer(
    reply: bytes | Reply, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server's port, and the requests that it got."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        requests.append(head + await reader.readexactly(length))
        if callable(reply):
            await reply(reader, writer)
        else:
            writer.write(reply)
        writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], requests


async def ask(
    egress: Egress, url: str, body: bytes = b"hello", headers: Sequence[tuple[str, str]] = ()
) -> Answer:
    return await egress.send("POST", await egress.find(parse_url(url)), headers, body)


def allowing(*allow: str, deadline_s: float = 5.0) -> Egress:
    return Egress(Rules(allow or ["127.0.0.1"]), deadline_s=deadline_s)


def test_a_request_and_its_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def story() -> None:
        async with peer(OK) as (port, requests):
            url = f"http://127.0.0.1:{port}/a%20b?c=d"
            assert await ask(allowing(), url, headers=[("X-One", "1")]) == Answer(200, b"{}", True)
            assert requests == [
                f"POST /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-One: 1\r\n"
                "Connection: close\r\nContent-Length: 5\r\n\r\nhello".encode()
            ]
            await ask(allowing(), url, headers=[("Host", "named.test")])
            assert requests[1].startswith(b"POST /a%20b?c=d HTTP/1.1\r\nHost: named.test\r\nConn")

    run(story())


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            Answer(200, b"{}", False),
        ),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", Answer(200, b"{}", False)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204, b"", False)),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", Answer(500, b"", True)),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, Answer(200, b"{}", True)),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
         Answer(101, b"", False)),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         Answer(302, b"", True)),
        (OK + b"what nobody asked for", Answer(200, b"{}", True)),
        (OK + b"HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\nx", Answer(200, b"{}", True)),
    ],
)  # fmt: skip
def test_answers(run: Run, reply: bytes, expected: Answer) -> None:
    async def story() -> None:
        async with peer(reply) as (port, requests):
            assert await ask(allowing(), f"http://127.0.0.1:{port}/") == expected
            assert len(requests) == 1

    run(story())


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Le", Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", Unreachable),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", Unreachable),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", NotHttp),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", NotHttp),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n" + b" " * 1048577, TooLarge),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b" " * (2 << 20), TooLarge),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * (65 << 10), TooLarge),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, TooLarge),
        (CHUNKS + b"1;x=" + b"x" * (2 << 20), TooLarge),
        (CHUNKS + b"0\r\nX: " + b"x" * (2 << 20), TooLarge),
        (CHUNKS + b"0\r\n" + b"X: x\r\n" * 400_000, TooLarge),
    ],
)
def test_what_is_no_answer(run: Run, reply: bytes, error: type[Exception]) -> None:
    async def story() -> None:
        async with peer(reply) as (port, _):
            with pytest.raises(error):
                await ask(allowing(), f"http://127.0.0.1:{port}/")

    run(story())


def test_a_slow_peer(run: Run) -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK[:-1])
        assert await reader.read() == b""  # we gave up

    async def story() -> None:
        outcomes: list[bool] = []
        egress = Egress(Rules(["127.0.0.1"]), deadline_s=0.1, observe=outcomes.append)
        async with peer(wait) as (port, _):
            with pytest.raises(TooSlow):
                await ask(egress, f"http://127.0.0.1:{port}/")
        assert outcomes == [False]
        assert egress.under_way == 0

    run(story())


def test_nobody_listens(run: Run) -> None:
    async def story() -> None:
        async with peer(OK) as (port, _):
            pass
        with pytest.raises(Unreachable):
            await ask(allowing(), f"http://127.0.0.1:{port}/")

    run(story())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "017700000001",
        "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "localhost",
        "LOCALHOST", "localhost.", "169.254.169.254", "10.0.0.1", "3232235777",
    ],
)  # fmt: skip
def test_odd_spellings_of_near_addresses(run: Run, host: str) -> None:
    async def story() -> None:
        with pytest.raises(Forbidden):
            await Egress(Rules()).find(parse_url(f"http://{host}:8000/"))

    run(story())


def test_every_address_must_be_permitted(run: Run) -> None:
    async def story(found: list[str]) -> None:
        async def resolve(_host: str, _port: int) -> Sequence[str]:
            return found

        await Egress(Rules(), resolve=resolve).find(parse_url("http://app.test/"))

    run(story(["8.8.8.8", "2606:4700::1111"]))
    with pytest.raises(Forbidden):
        run(story(["8.8.8.8", "127.0.0.1"]))
    with pytest.raises(Unresolved):
        run(story([]))


def test_a_name_is_asked_once(run: Run) -> None:
    """An answer that changes between check and use changes nothing."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    async def story() -> None:
        egress = Egress(Rules(["127.0.0.1"]), resolve=resolve)
        async with peer(OK) as (port, requests):
            destination = await egress.find(parse_url(f"http://rebound.test:{port}/"))
            assert destination.addresses == ("127.0.0.1",)
            assert await egress.send("POST", destination, [], b"") == Answer(200, b"{}", True)
            assert f"Host: rebound.test:{port}".encode() in requests[0]
        assert asked == ["rebound.test"]

    run(story())


def test_a_name_that_is_nobodys(run: Run) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    async def story() -> None:
        with pytest.raises(Unresolved):
            await Egress(Rules(), resolve=resolve).find(parse_url("http://app.test/"))

    run(story())


def test_a_resolver_that_hangs(run: Run) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        raise AssertionError

    async def story() -> None:
        egress = Egress(Rules(), resolve=resolve, deadline_s=0.05)
        with pytest.raises(Unresolved):
            await egress.find(parse_url("http://app.test/"))

    run(story())


def test_what_resolving_took_is_gone(run: Run) -> None:
    async def story() -> None:
        async with peer(OK) as (port, _):
            egress = allowing()
            destination = await egress.find(parse_url(f"http://127.0.0.1:{port}/"))
            with pytest.raises(TooSlow):
                await egress.send("POST", destination._replace(spent_s=5.0), [], b"")

    run(story())


def test_the_second_address_is_tried(run: Run) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1", "127.0.0.1"]

    async def story() -> None:
        egress = Egress(Rules(["127.0.0.0/8"]), resolve=resolve)
        async with peer(OK) as (port, _):
            assert (await ask(egress, f"http://app.test:{port}/")).status == 200

    run(story())


def test_over_ipv6(run: Run) -> None:
    async def story() -> None:
        async with peer(OK, "::1") as (port, requests):
            assert (await ask(allowing("::1"), f"http://[::1]:{port}/")).status == 200
            assert f"Host: [::1]:{port}".encode() in requests[0]

    run(story())


def test_so_many_and_no_more(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "UNDER_WAY_MAX", 1)

    async def story() -> None:
        arrived, go = asyncio.Event(), asyncio.Event()

        async def wait(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            arrived.set()
            await go.wait()
            writer.write(OK)

        async with peer(wait) as (port, _):
            egress = allowing()
            first = asyncio.ensure_future(ask(egress, f"http://127.0.0.1:{port}/"))
            await arrived.wait()
            with pytest.raises(Busy):
                await egress.find(parse_url("http://127.0.0.1/"))
            go.set()
            assert (await first).status == 200

    run(story())


def test_no_header_ends_its_line(run: Run) -> None:
    async def story() -> None:
        with pytest.raises(ValueError, match="line"):
            await ask(allowing(), "http://127.0.0.1:1/", headers=[("X", "a\r\nY: b")])

    run(story())


def test_tls_is_verified(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=app.test",
         "-addext", "subjectAltName=DNS:app.test"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    names: list[str] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def call(name: str, port: int) -> Answer:
        egress = Egress(Rules(["127.0.0.1"]), resolve=resolve)
        return await ask(egress, f"https://{name}:{port}/")

    async def story() -> None:
        async with peer(OK, tls=context) as (port, requests):
            with pytest.raises(Unreachable):
                await call("app.test", port)  # nobody vouches for it
            monkeypatch.setenv("SSL_CERT_FILE", str(cert))
            assert (await call("app.test", port)).status == 200
            with pytest.raises(Unreachable):
                await call("other.test", port)
            assert names == ["app.test", "app.test", "other.test"]
            assert len(requests) == 1

    run(story())
