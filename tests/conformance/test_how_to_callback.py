"""The programs of the page about callbacks run as they stand there."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.support import Server, free_port


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError("nobody listens")


def test_the_page_s_programs(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "how-to" / "callback.md").read_text()
    receiver, upload = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (command,) = re.findall(r"^\$ mossbox serve (.*)$", text, re.MULTILINE)
    port = free_port()
    with Server(tmp_path, *command.replace("8000", str(port)).split()) as server:
        for name, program in (("receiver.py", receiver), ("upload.py", upload)):
            assert program.startswith(f"# {name}")
            program = program.replace("127.0.0.1:9000", f"127.0.0.1:{server.port}")
            program = program.replace("8000", str(port))
            (tmp_path / name).write_text(program)
        environment = {**os.environ, "no_proxy": "127.0.0.1"}
        called = subprocess.Popen(
            [sys.executable, tmp_path / "receiver.py"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        try:
            wait_for(port)
            done = subprocess.run(
                [sys.executable, tmp_path / "upload.py"],
                capture_output=True, text=True, timeout=60, env=environment,
            )  # fmt: skip
            assert done.stdout == '200 {"Status": "OK"}\n', done.stderr
            assert called.stdout is not None
            told = called.stdout.readline()
        finally:
            called.kill()
            called.wait()
        assert told.startswith("uploaded: {'object': 'cat.txt', 'size': '4', 'etag': ")
        assert told.endswith("'order': '4711'}\n")
        assert server.request("GET", "callback-photos", "cat.txt").body == b"meow"
