"""JuiceFS with its blocks in OSS: a file system served over WebDAV, which needs no FUSE."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tests.integrations.juicefs.build import juicefs
from tests.integrations.world import until
from tests.support import KEY_ID, SECRET, Server, free_port

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1800)]  # the build takes its time

DATA = os.urandom((9 << 20) + 3)  # three blocks


class Volume:
    """A formatted file system, and the server of its files."""

    def __init__(self, program: Path, server: Server, bucket: str, folder: Path) -> None:
        self.program = str(program)
        self.meta = f"sqlite3://{folder / 'meta.db'}"
        self.bucket = f"http://{bucket}.127.0.0.1:{server.port}"  # it takes the bucket off again
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [self.program, *words], capture_output=True, text=True, timeout=120, cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def format(self) -> None:
        self.run(
            "format", "--storage", "oss", "--bucket", self.bucket, "--access-key", KEY_ID,
            "--secret-key", SECRET, "--trash-days", "0", self.meta, "volume",
        )  # fmt: skip

    def serve(self) -> None:
        words = [
            self.program, "webdav", "--no-usage-report", "--cache-size", "0",
            "--cache-dir", str(self.folder / "cache"), self.meta, f"127.0.0.1:{self.port}",
        ]  # fmt: skip
        log = self.folder / "webdav.log"
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                words, stdout=output, stderr=subprocess.STDOUT, cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder)},
            )  # fmt: skip
        until(self.answers, log.read_text)

    def answers(self) -> bool:
        try:
            return bool(self.ask("OPTIONS", "/") is not None)
        except URLError:
            return False

    def ask(self, method: str, path: str, data: bytes | None = None, **headers: str) -> bytes:
        url = f"http://127.0.0.1:{self.port}{path}"
        request = Request(url, data, headers, method=method)
        with urlopen(request, timeout=60) as answer:
            return bytes(answer.read())

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


@pytest.fixture
def volume(server: Server, bucket_name: str, tmp_path: Path) -> Iterator[Volume]:
    assert server.request("PUT", bucket_name).status == 200
    made = Volume(juicefs(), server, bucket_name, tmp_path)
    made.format()
    made.serve()
    yield made
    made.stop()


def blocks(server: Server, bucket: str) -> list[str]:
    text = server.request("GET", bucket, query={"prefix": "volume/chunks/"}).body.decode()
    return re.findall("<Key>(.*?)</Key>", text)


def test_files_survive_a_new_start(volume: Volume, server: Server, bucket_name: str) -> None:
    volume.ask("MKCOL", "/folder")
    volume.ask("PUT", "/folder/data", DATA)
    volume.ask("PUT", "/folder/text", b"Hello World")
    assert len(blocks(server, bucket_name)) == 4
    volume.stop()
    volume.serve()
    assert volume.ask("GET", "/folder/data") == DATA
    assert volume.ask("GET", "/folder/data", Range="bytes=4194300-4194310") == DATA[4194300:4194311]
    volume.ask("MOVE", "/folder/text", Destination=f"http://127.0.0.1:{volume.port}/moved")
    assert volume.ask("GET", "/moved") == b"Hello World"
    volume.ask("DELETE", "/folder")
    with pytest.raises(HTTPError):
        volume.ask("GET", "/folder/data")
    until(lambda: len(blocks(server, bucket_name)) == 1)


def test_its_own_test_of_a_store(volume: Volume, server: Server) -> None:
    said = volume.run(
        "objbench", "--storage", "oss", "--access-key", KEY_ID, "--secret-key", SECRET,
        "--big-object-size", "8", "--small-objects", "10",
        "--threads", "2", volume.bucket,
    )  # fmt: skip
    rows = re.findall(r"^\| +(?:basic|sync) \| +(.*?) \| +(.*?) \|$", said, re.MULTILINE)
    assert len(rows) > 15
    others = {name: told for name, told in rows if told not in ("pass", "not support")}
    # It asks OSS to refuse what lies beyond the end, and warns that OSS does.
    assert list(others) == ["get partial object"]
    assert others["get partial object"].startswith("failed to get object with the offset out of r")
