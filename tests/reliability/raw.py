"""Raw bytes to a server and back, and waiting for what it does."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from mossbox.auth import Subject, oss_v4
from tests.support import KEY_ID, REGION, SECRET, Server

HEALTH = b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Raw(NamedTuple):
    """An answer, taken apart."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return self.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


def head(
    method: str,
    bucket: str = "",
    key: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    version: str = "1.1",
    secret: str = SECRET,
    sign: bool = True,
    host: str = "localhost",
    query: str = "",
) -> bytes:
    """The head of a path-style request, signed."""
    given = {name.lower(): value for name, value in (headers or {}).items()}
    if sign:
        given["x-oss-date"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        given["x-oss-content-sha256"] = "UNSIGNED-PAYLOAD"
        subject = Subject(method, bucket, key.encode(), {query: ""} if query else {}, given)
        given["authorization"] = oss_v4.sign(subject, KEY_ID, secret, REGION)
    path = f"/{bucket}/{quote(key)}" if bucket else "/"
    first = f"{method} {path}{'?' + query if query else ''} HTTP/{version}"
    lines = [first, f"Host: {host}", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def put(bucket: str, key: str, body: bytes, **more: str) -> bytes:
    """A whole upload."""
    return head("PUT", bucket, key, {"content-length": str(len(body)), **more}) + body


class Peer:
    """A connection that reads answers one by one; a context manager."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = b""

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self, ending: bytes = b"\r\n\r\n") -> bytes:
        """Bytes up to and including an ending; fewer at the end of the connection."""
        while ending not in self._buffer:
            data = self.socket.recv(65536)
            if not data:
                break
            self._buffer += data
        found, ending, self._buffer = self._buffer.partition(ending)
        return found + ending

    def answer(self, method: str = "GET") -> Raw:
        """The next answer."""
        first, *lines = self.line().decode("latin-1").rstrip("\r\n").split("\r\n")
        assert first.startswith("HTTP/1.1 "), first
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        size = 0 if method == "HEAD" else int(headers.get("content-length", 0))
        while len(self._buffer) < size:
            data = self.socket.recv(1 << 20)
            assert data, "the connection ended within a body"
            self._buffer += data
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return Raw(int(first.split()[1]), headers, body)

    def rest(self) -> bytes:
        """Everything up to the end of the connection, which has to come cleanly."""
        parts = [self._buffer]
        self._buffer = b""
        while data := self.socket.recv(1 << 20):
            parts.append(data)
        return b"".join(parts)


def connect(server: Server, timeout_s: float = 20.0) -> Peer:
    return Peer(server.connect(timeout_s))


def until(condition: Callable[[], object], what: str, timeout_s: float = 15.0) -> None:
    """Wait for something that the server does in its own time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.02)


def descriptors(server: Server) -> int:
    """Open descriptors of the server's process."""
    assert server.process is not None
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def memory_kib(server: Server) -> int:
    """Memory of the server's process."""
    assert server.process is not None
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
