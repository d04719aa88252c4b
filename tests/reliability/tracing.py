"""A server under strace: to see its system calls, or to make some of them fail."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import require
from tests.reliability.load import children, wait_until
from tests.support import Server


@contextmanager
def traced(folder: Path, *options: str) -> Iterator[Server]:
    """A server under `strace -f` with these options; its trace is written to `folder`/trace."""
    require("strace", shutil.which("strace") is not None, "apt-get install strace")
    command = ("strace", "-f", "-e", "signal=none", "-o", str(folder / "trace"), *options)
    server = Server(folder, wrapper=command).start()
    assert server.process is not None
    strace, [serving] = server.process, children(server.process.pid)
    try:
        yield server
    finally:
        os.kill(serving, signal.SIGKILL)  # strace ends with it; the other way round it would stay
        strace.wait(30)
        server.process = None


@contextmanager
def failing(server: Server, calls: str, error: str, path: str = "") -> Iterator[None]:
    """Make these system calls fail in a running server, where a path is given only on that file."""
    require("strace", shutil.which("strace") is not None, "apt-get install strace")
    assert server.process is not None
    command = [
        "strace", "-f", "-qqq", "-p", str(server.process.pid),
        "-o", str(server.folder / "injected"), "-e", "signal=none",
        "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}",
        *(["-P", path] if path else []),
    ]  # fmt: skip
    strace = subprocess.Popen(command, stderr=subprocess.PIPE)
    tracing = Path(f"/proc/{server.process.pid}/status")
    try:
        wait_until(lambda: f"TracerPid:\t{strace.pid}\n" in tracing.read_text(), "strace is there")
        wait_until(lambda: _all_traced(tracing.parent, strace.pid), "it has all threads")
        yield
    finally:
        strace.terminate()
        strace.communicate(timeout=30)


def _all_traced(process: Path, tracer: int) -> bool:
    return all(
        f"TracerPid:\t{tracer}\n" in (task / "status").read_text()
        for task in (process / "task").iterdir()
    )
