"""A store as a process of its own, and raw requests to it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from mossbox.auth import Subject, oss_v4

KEY_ID, SECRET, REGION = "mossbox", "mossbox-secret", "cn-hangzhou"


class Server:
    """`mossbox serve` on a free port; a context manager that ends it by its pid."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        workers: int = 1,
        environment: Mapping[str, str] | None = None,
        wrapper: tuple[str, ...] = (),
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.arguments = arguments
        self.workers = workers
        self.environment = dict(environment or {})
        self.wrapper = wrapper
        self.pass_fds = pass_fds
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    @property
    def access(self) -> str:
        return (self.folder / "access.log").read_text(errors="replace")

    def accessed(self) -> str:
        """The access lines, once they tell of all that was asked before; of one worker."""
        mark = f"fence-{os.urandom(6).hex()}"
        self.request("GET", "fence", mark, sign=False)
        deadline = time.monotonic() + 10
        while mark not in self.access:
            assert time.monotonic() < deadline, self.access[-2000:]
            time.sleep(0.02)
        return self.access

    def start(self, timeout_s: float = 20.0) -> Self:
        """Start it; a restart keeps the port."""
        log = open(self.folder / "server.log", "ab")  # noqa: SIM115
        offset = log.tell()
        command = [
            *self.wrapper, sys.executable, "-m", "mossbox", "serve",
            "--listen", f"127.0.0.1:{self.port}", "--data", str(self.data),
            "--console", "off", "--access-log", str(self.folder / "access.log"),
            "--workers", str(self.workers), *self.arguments,
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
            pass_fds=self.pass_fds,
            cwd=self.folder,  # a store in memory writes its certificate there
        )
        log.close()
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            text = (self.folder / "server.log").read_bytes()[offset:].decode(errors="replace")
            if "Mossbox is ready" in text and "curl" in text:
                line = next(part for part in text.splitlines() if "endpoint" in part)
                self.port = int(line.rpartition(":")[2])
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        self.kill()
        raise RuntimeError(f"the server did not start:\n{self.log}")

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; gives the exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(30)
        self.process = None
        return status

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    # -- requests -------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        bucket: str = "",
        key: str | bytes = b"",
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        sign: bool = True,
        key_id: str = KEY_ID,
        secret: str = SECRET,
        host: str = "",
        region: str = REGION,
    ) -> "Answer":
        """One V4-signed path-style request (unsigned with ``sign=False``)."""
        raw = key.encode() if isinstance(key, str) else key
        query = dict(query or {})
        given = {name.lower(): value for name, value in (headers or {}).items()}
        if sign:
            given.setdefault("x-oss-date", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
            given.setdefault("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
            subject = Subject(method, bucket, raw, query, given)
            given["authorization"] = oss_v4.sign(subject, key_id, secret, region)
        path = f"/{bucket}/{quote(raw, safe='/')}" if bucket else "/"
        if query:
            path += "?" + "&".join(
                f"{quote(n, safe='')}={quote(v, safe='')}" if v else quote(n, safe="")
                for n, v in query.items()
            )
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            if host:
                given["host"] = host
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def connect(self, timeout_s: float = 10.0) -> socket.socket:
        """A raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s)


class Answer:
    """What came back; `code` is the error code of a refusal."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @property
    def code(self) -> str:
        return self.element("Code")

    def element(self, name: str) -> str:
        """The text of the first element of this name in the body (or in x-oss-err)."""
        import base64
        from xml.sax.saxutils import unescape

        text = self.body.decode(errors="replace")
        if not text and "x-oss-err" in self.headers:
            text = base64.b64decode(self.headers["x-oss-err"]).decode()
        _, found, rest = text.partition(f"<{name}>")
        return unescape(rest.partition(f"</{name}>")[0]) if found else ""

    def __repr__(self) -> str:
        return f"Answer({self.status}, {self.code!r}, {self.body[:300]!r})"


def free_port() -> int:
    """A port that nobody listens on; somebody may yet take it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
