"""Programs in a private world: `mossbox run` under way, which further programs enter."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.conftest import require
from tests.support import Server

MOSSBOX = (sys.executable, "-m", "mossbox")
_STARTS_S = 60.0


def namespaces() -> None:
    """Without user namespaces there are no private worlds."""
    words = ["unshare", "--user", "--map-root-user", "--net", "--mount", "true"]
    found = shutil.which("unshare") is not None
    found = found and subprocess.run(words, capture_output=True).returncode == 0
    require("user namespaces", found, "allow unprivileged ones (kernel.unprivileged_userns_clone)")


class World:
    """A world that lasts as long as this context; its first program only waits for its end."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.pid = 0
        self._run: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        namespaces()
        log = self.folder / "run.log"
        with open(log, "wb") as errors:
            self._run = subprocess.Popen(
                [*MOSSBOX, "run", "--endpoint", self.server.endpoint, "--", "cat"],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        until(lambda: "--join" in log.read_text() or self._run.poll() is not None, log.read_text)
        found = re.search(r"--join (\d+)", log.read_text())
        assert found, log.read_text()
        self.pid = int(found[1])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._run is not None
        assert self._run.stdin is not None
        self._run.stdin.close()
        assert self._run.wait(20) == 0

    def words(self, *program: str) -> list[str]:
        """The command that runs a program in here."""
        return [*MOSSBOX, "run", "--join", str(self.pid), "--", *program]

    def run(self, *program: str, folder: Path | None = None, status: int = 0) -> str:
        """What a program prints in here, until it ends with this status."""
        done = subprocess.run(
            self.words(*program), cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout


class Program:
    """A program that serves in a world, from its start until the end of a context."""

    def __init__(
        self, world: World, words: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.world = world
        self.given = words
        self.folder = folder
        self.environment = {**os.environ, **environment}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return (self.folder / "program.log").read_text(errors="replace")

    def start(self, port: int) -> Self:
        """Start it, and wait until it listens."""
        with open(self.folder / "program.log", "wb") as log:
            self.process = subprocess.Popen(
                self.world.words(*self.given),
                cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        process = self.process
        until(lambda: listens(process.pid, port) or process.poll() is not None, lambda: self.said)
        assert process.poll() is None, self.said
        return self

    def stop(self) -> None:
        """End it, and whatever it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)


def listens(process: int, port: int) -> bool:
    """Whether somebody listens on a port in the network of a process that has joined it."""
    ours = os.readlink("/proc/self/ns/net")
    try:
        if os.readlink(f"/proc/{process}/ns/net") == ours:
            return False
        tables = [Path(f"/proc/{process}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    except OSError:
        return False
    rows = (row.split() for table in tables for row in table.splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def until(holds: Callable[[], bool], told: Callable[[], str] | str = "") -> None:
    """Wait for something; what was told meanwhile stands in the failure."""
    deadline = time.monotonic() + _STARTS_S
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(told() if callable(told) else told)
        time.sleep(0.02)
