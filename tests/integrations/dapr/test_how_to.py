"""What the how-to page about Dapr shows, as it stands there but for the ports."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integrations.dapr.servers import Ours, curl, stored
from tests.support import KEY_ID, SECRET, Server

PAGE = (ROOT / "docs" / "how-to" / "dapr.md").read_text()
KEYS = {"OSS_ACCESS_KEY_ID": KEY_ID, "OSS_ACCESS_KEY_SECRET": SECRET}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("file", blocks("yaml"), ids=["plain", "referred"])
def test_the_file_and_the_command(server: Server, tmp_path: Path, file: str) -> None:
    curl()
    (tmp_path / "components").mkdir()
    server.request("PUT", "photos")
    text = file.replace("http://127.0.0.1:9000", server.endpoint)
    (tmp_path / "components" / "photos.yaml").write_text(text)
    (command,) = re.findall(r"^\$ mossbox (dapr-http .*)$", PAGE, re.MULTILINE)
    words = (*command.split(), "--listen", "127.0.0.1:0")
    with Ours(tmp_path, *words, environment=KEYS) as ours:
        (line,) = blocks("sh")
        done = subprocess.run(
            ["sh", "-c", line.replace("3500", str(ours.port))],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (0, "")
        assert ("plain text" in ours.log) == (SECRET in file)
    assert stored(server, "photos", "cat.txt") == (b'"meow"', "text/plain")


def test_the_python_program(server: Server) -> None:
    server.request("PUT", "photos")
    (text,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", text.replace("http://127.0.0.1:9000", server.endpoint)],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.stdout == "b'purr'\n", done.stderr
