"""A server under strace: to see its system calls, or to make some of them fail."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import require
from tests.reliability.load import children
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
