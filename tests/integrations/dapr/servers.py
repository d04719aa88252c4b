"""Our two programs as processes of their own, and requests to whoever answers for bindings."""

import http.client
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.conftest import require
from tests.support import Server

FORM = "application/x-www-form-urlencoded"  # what curl -d sends


class Ours:
    """`mossbox dapr-http` or `mossbox dapr-component`, until the end of the context."""

    def __init__(
        self, folder: Path, *words: str, environment: Mapping[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.words = folder, words
        self.environment = {**os.environ, **(environment or {})}
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it said of errors."""
        return (self.folder / "ours.log").read_text()

    def __enter__(self) -> Self:
        with open(self.folder / "ours.log", "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mossbox", *self.words],
                stdout=subprocess.PIPE, stderr=log, cwd=self.folder, env=self.environment,
            )  # fmt: skip
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], 30)
        said = self.process.stdout.readline() if ready else b""
        assert b"ready" in said, self.log
        if self.words[0] == "dapr-http":
            found = re.search(rb":(\d+)/v1.0", self.process.stdout.readline())
            assert found
            self.port = int(found[1])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)
        assert self.process.returncode == 0, self.log


class Told(NamedTuple):
    """An answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def said(self) -> tuple[int, bytes]:
        """Status and body, without what differs from one request to the next."""
        return self.status, re.sub(rb"RequestId=[0-9A-F]{24}", b"RequestId=...", self.body)

    @property
    def message(self) -> str:
        """The words of a refusal."""
        text: str = json.loads(self.body)["message"]
        return text


def ask(
    port: int, binding: str, body: object = None, *,
    method: str = "POST", path: str = "", headers: Mapping[str, str] | None = None,
) -> Told:  # fmt: skip
    """One request; a body that is neither text nor bytes is written as JSON."""
    if isinstance(body, str):
        body = body.encode()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        target = path or f"/v1.0/bindings/{binding}"
        connection.request(method, target, raw, {"content-type": FORM, **(headers or {})})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Told(answer.status, answer.read(), found)
    finally:
        connection.close()


def curl() -> None:
    """The page's commands are curl's."""
    require("curl", shutil.which("curl") is not None, "apt install curl")


def keys(store: Server, bucket: str) -> list[str]:
    """The keys of a bucket."""
    body = store.request("GET", bucket, query={"list-type": "2", "max-keys": "1000"}).body
    return re.findall(r"<Key>(.*?)</Key>", body.decode())


def stored(store: Server, bucket: str, key: str) -> tuple[bytes, Any]:
    """An object's bytes and its content type."""
    answer = store.request("GET", bucket, key)
    assert answer.status == 200, answer
    return answer.body, answer.headers["content-type"]
