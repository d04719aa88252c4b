"""A store, the set-up of direct uploads, the upload server before it, and a person at its page."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Self

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from mossbox.apps.cli import main
from tests.conftest import ROOT, require
from tests.support import Server

BIG_SIZE = 20 * 1024**2 + 5  # three parts
expect.set_options(timeout=15_000)


def mossbox(server: Server, *words: str) -> str:
    """A command that works on a running store, done in this process; gives what it prints."""
    with redirect_stdout(StringIO()) as printed:
        assert main([*words, "--endpoint", server.endpoint]) == 0
    return printed.getvalue()


@dataclass
class Bucket:
    """A bucket that `mossbox setup direct-upload` has made, and the variables that it printed."""

    server: Server
    name: str
    variables: dict[str, str]

    def expose(self, *names: str) -> None:
        """Set its CORS rule anew, with headers that pages may read."""
        mossbox(
            self.server, "cors", "set", "--bucket", self.name, "--origin", "*",
            "--methods", "POST,PUT,GET", "--headers", "*", "--expose", ",".join(names),
        )  # fmt: skip

    def read(self, key: str) -> bytes:
        answer = self.server.request("GET", self.name, key)
        assert answer.status == 200, answer
        return answer.body

    def type_of(self, key: str) -> str:
        return self.server.request("HEAD", self.name, key).headers["content-type"]


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> Bucket:
    made = json.loads(mossbox(server, "setup", "direct-upload", "--bucket", bucket_name, "--json"))
    return Bucket(server, bucket_name, made)


class UploadServer:
    """`mossbox upload-server` on a free port; a context manager that ends it by its pid."""

    def __init__(
        self,
        bucket: Bucket,
        *flags: str,
        variables: Mapping[str, str] | None = None,
        program: Sequence[str] = (),
        folder: Path = ROOT,
    ) -> None:
        ours = (
            "mossbox", "upload-server", "--listen", "127.0.0.1:0",
            "--bucket", bucket.name, "--endpoint", bucket.server.endpoint, *flags,
        )  # fmt: skip
        given = bucket.variables if variables is None else variables
        clean = {n: v for n, v in os.environ.items() if not n.startswith(("OSS_", "ALIBABA_"))}
        named = {"BUCKET": bucket.name, "ENDPOINT": bucket.server.endpoint}
        self.process = subprocess.Popen(
            [sys.executable, "-m", *(program or ours)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            cwd=folder, env={**clean, **named, **given},
        )  # fmt: skip
        self.url = ""

    def __enter__(self) -> Self:
        """Wait until it says where it is, and is heard there."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            found = re.search(r"(?:address|running on)\s+(http://[^/\s]+)", line)
            if found:
                self.url = found[1]
                return self
        raise RuntimeError(f"it ended with {self.process.wait()}: {said}")

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> int:
        """SIGTERM; gives the exit status."""
        self.process.terminate()
        status = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


@pytest.fixture
def uploads(bucket: Bucket) -> Iterator[UploadServer]:
    """The upload server as the documents run theirs."""
    with UploadServer(bucket) as running:
        yield running


@pytest.fixture(scope="module")
def chromium(server: Server) -> Iterator[Browser]:
    """One browser for a file of tests; to it the cloud's hosts are the store."""
    program = Path("/usr/bin/chromium")
    require("chromium", program.exists(), "apt install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                # A page that a test puts in comes from no address, and might ask no local one.
                "--disable-features=LocalNetworkAccessChecks",
                f"--host-resolver-rules=MAP *.aliyuncs.com 127.0.0.1:{server.port}",
            ],
        )
        yield running
        running.close()


@dataclass
class Person:
    """Somebody in front of a page, and all that the page does."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # From the beginning, so that no key is pressed before the browser hands its choosers over.
        self.page.on("filechooser", lambda _: None)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        self.page.on("request", lambda request: self.requests.append(request))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def choose(self, *paths: Path) -> None:
        """With the file chooser."""
        with self.page.expect_file_chooser() as chooser:
            self.page.locator("#file").click()
        chooser.value.set_files(paths)

    def row(self, name: str) -> "Row":
        return Row(self.page, name)

    def expect_errors(self, *parts: str) -> None:
        """What a browser itself complains of on the console, which no page can keep it from."""
        self.expected += parts


class Row:
    """A file in the page's list."""

    def __init__(self, page: Page, name: str) -> None:
        exact = page.get_by_text(name, exact=True)
        self.node = page.locator("#list li").filter(has=exact)

    def ends(self, state: str) -> str:
        """Wait until it is done, failed or cancelled; gives what the row says of an error."""
        expect(self.node).to_have_attribute("data-state", state)
        return self.node.locator(".error p").inner_text() if state == "failed" else ""

    def press(self, button: str) -> None:
        self.node.get_by_role("button", name=button).click()


@pytest.fixture
def person(chromium: Browser) -> Iterator[Person]:
    """Fails for whatever the console complains of, unless the test expects it."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    somebody = Person(context.new_page())
    yield somebody
    context.close()
    strange = [
        text for text in somebody.errors if not any(part in text for part in somebody.expected)
    ]
    assert strange == []


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One small file of each kind, and a big one."""
    folder = tmp_path_factory.mktemp("files")
    # One pixel, in green.
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
        "789c6360d8f00f00030301a098c9d6a30000000049454e44ae426082"
    )
    big = os.urandom(1024**2) * 20 + b"12345"
    contents = {
        "green.png": png, "notes.txt": b"first line\nsecond line\n", "empty.bin": b"",
        "photo of 图片 & co.dat": os.urandom(70_000), "big.bin": big,
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in contents}
