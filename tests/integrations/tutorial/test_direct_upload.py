"""docs/tutorial-direct-upload.md, command for command, with a real browser where it says so."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.support import Server, free_port

TUTORIAL = ROOT / "docs" / "tutorial-direct-upload.md"
BLOCK = re.compile(r"^```console (\d)\n(.*?)^```", re.DOTALL | re.MULTILINE)
PNG = bytes.fromhex("89504e470d0a1a0a") + os.urandom(64 << 10)

pytestmark = pytest.mark.slow


class Terminal:
    """A shell that a person types into; `type` waits for the prompt and gives what was printed."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.shell = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=environment, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def send(self, text: str) -> None:
        assert self.shell.stdin is not None
        self.shell.stdin.write(f"{text}\n")

    def until(self, mark: str) -> str:
        assert self.shell.stdout is not None
        printed = ""
        for line in self.shell.stdout:
            printed += line
            if mark in line:
                return printed
        raise AssertionError(f"the terminal ended: {printed}")

    def type(self, command: str) -> str:
        self.send(f'{command}\necho "prompt $?"')
        printed, _, status = self.until("prompt ").rpartition("prompt ")
        assert status.strip() == "0", f"{command}\n{printed}"
        return printed

    def close(self) -> None:
        """Shut the window: what runs in it ends too."""
        os.killpg(self.shell.pid, signal.SIGTERM)
        self.shell.kill()  # interactive or not, a shell may wait for its program
        self.shell.communicate()  # until all that held the terminal have let go


def commands(text: str) -> Iterator[tuple[str, str]]:
    """(terminal, command) in the page's order; what stands below a prompt belongs to it."""
    for terminal, block in BLOCK.findall(text):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            yield terminal, command.rstrip("\n")


def upload(page: Page, url: str, picture: Path) -> None:
    """Step 3, by the file chooser."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(url)
    with page.expect_file_chooser() as chooser:
        page.locator("#file").click()
    chooser.value.set_files(picture)
    expect(page.get_by_text("Uploaded", exact=False).first).to_be_visible()
    assert said == []


def test_each_command_of_the_tutorial(tmp_path: Path, page: Page) -> None:
    """Every block is run, in order; between the server's start and the check a file is uploaded."""
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    picture = tmp_path / "photo.png"
    picture.write_bytes(PNG)
    port = free_port()
    ours = {n: v for n, v in os.environ.items() if not n.startswith(("OSS_", "MOSSBOX_"))}
    with Server(tmp_path) as server:
        text = TUTORIAL.read_text().replace("http://127.0.0.1:9000", server.endpoint)
        text = text.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{port}")
        environment = {**ours, "MOSSBOX_ENDPOINT": server.endpoint}
        application = {"MOSSBOX_UPLOAD_ENDPOINT": server.endpoint, "PORT": str(port)}
        terminals = {
            "2": Terminal(tmp_path, environment),
            "3": Terminal(tmp_path, {**environment, **application}),
        }
        printed: dict[str, str] = {}
        try:
            for number, command in commands(text):
                if command == "make serve":
                    continue  # the server that runs already
                if command.startswith("mossbox upload-server"):
                    terminals[number].send(command)
                    terminals[number].until(f"127.0.0.1:{port}")
                    continue
                if command.startswith("mossbox bucket show"):
                    upload(page, f"http://127.0.0.1:{port}/", picture)
                    key = "user-dir/photo.png"
                    assert server.request("GET", "web-direct-upload", key).body == PNG
                printed[command] = terminals[number].type(command)
        finally:
            for terminal in terminals.values():
                terminal.close()
        check_what_was_printed(printed)
        assert re.search(r"STS\.\S+/mossbox-upload-server PostObject ", server.accessed())
        assert server.request("GET", "web-direct-upload").status == 404
        assert not list(tmp_path.glob("upload-*"))


def check_what_was_printed(printed: dict[str, str]) -> None:
    """What the tutorial says of some commands' output."""
    (form,) = [said for command, said in printed.items() if "get_post_signature" in command]
    assert json.loads(form)["x_oss_signature_version"] == "OSS4-HMAC-SHA256"
    (shown,) = [said for command, said in printed.items() if "bucket show" in command]
    assert shown.split()[0] == str(len(PNG))
    assert shown.split()[-1] == "user-dir/photo.png"
    allowed, refused = (said for command, said in printed.items() if "policy explain" in command)
    assert "may do oss:PutObject" in allowed
    assert refused.splitlines()[-1] == "refused"


def test_what_the_tutorial_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TUTORIAL.read_text()):
        assert (TUTORIAL.parent / target).exists(), target
