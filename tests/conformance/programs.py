"""Programs in other languages that use the store through a client of theirs.

Each lies in a folder of its own, takes the names of checks on its command line and prints one line
a check: ``ok NAME`` or ``not ok NAME: WHY``. Where the store is stands in its environment. What
they need is installed, and they are built, once a version of their sources, outside the checkout.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.keys import AWKWARD, directory_of_files
from tests.conformance.raw import ask
from tests.conftest import require
from tests.support import KEY_ID, REGION, SECRET, Server

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mossbox-tests"
BROKEN = 75  # the exit status of a program that ended itself in the middle
RESUMABLE_SIZE, PART_SIZE = (2 << 20) + 17, 256 << 10
Build = Callable[[Path], None]


def cached(name: str, sources: Iterable[Path], build: Build) -> Path:
    """The folder that `build` filled for these sources; without it the test is skipped."""
    text = b"".join(path.name.encode() + path.read_bytes() for path in sorted(sources))
    folder = CACHE / f"{name}-{hashlib.sha256(text).hexdigest()[:16]}"
    if os.environ.get("MOSSBOX_TEST_REQUIRE_ALL") and not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        build(unfinished)
        unfinished.rename(folder)
    how = "run once with MOSSBOX_TEST_REQUIRE_ALL=1, which downloads and builds it in ~/.cache"
    require(name, folder.exists(), how)
    return folder


def command(folder: Path, *words: str) -> None:
    """Run a command of a build; its output is shown when it fails."""
    done = subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"},
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@dataclass(frozen=True)
class Program:
    """A program: its folder's name, the tools it is built with, how it is built and started."""

    name: str
    tools: tuple[str, ...]
    how: str
    build: tuple[tuple[str, ...], ...]
    start: tuple[str, ...]

    def built(self) -> tuple[str, ...]:
        """The command that starts it."""
        require(self.name, all(map(shutil.which, self.tools)), self.how)
        source = HERE / self.name

        def build(folder: Path) -> None:
            shutil.copytree(source, folder, dirs_exist_ok=True)
            for words in self.build:
                command(folder, *words)

        files = [path for path in source.rglob("*") if path.is_file()]
        folder = cached(self.name, files, build)
        return tuple(word.replace("FOLDER", str(folder)) for word in self.start)


class Session:
    """One program on one store with one signature, and what it printed."""

    def __init__(self, program: Program, server: Server, signature: str, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.bucket = f"of-{program.name}-{signature}".replace("_", "-")
        self.words = program.built()
        self.files = self._files()
        (folder / "resumable.bin").write_bytes(os.urandom(RESUMABLE_SIZE))
        (folder / "checkpoint").mkdir()
        self.environment: Mapping[str, str] = {
            **os.environ,
            "OSS_ENDPOINT": server.endpoint, "OSS_REGION": REGION, "OSS_SIGNATURE": signature,
            "OSS_ACCESS_KEY_ID": KEY_ID, "OSS_ACCESS_KEY_SECRET": SECRET,
            "BUCKET": self.bucket, "FOLDER": str(folder),
            "KEYS": ",".join(base64.b64encode(key.encode()).decode() for key in AWKWARD),
        }  # fmt: skip
        assert server.request("PUT", self.bucket).status == 200

    def _files(self) -> dict[str, Path]:
        """Files for the program, in one directory."""
        (self.folder / "noise").mkdir()
        found = {}
        for name, path in directory_of_files(self.folder / "noise").items():
            found[name] = self.folder / "files" / name
            found[name].parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, found[name])
        return found

    def run(self, *checks: str, status: int = 0) -> dict[str, str]:
        """What the program says of each check: ``ok``, or why not."""
        done = subprocess.run(
            [*self.words, *checks],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, done.stdout + done.stderr
        found = {}
        for line in done.stdout.splitlines():
            if told := re.fullmatch(r"(?:(ok)|not ok) (\w+)(?:: (.*))?", line):
                found[told[2]] = told[1] or told[3]
        return found

    def resume(self, direction: str, operation: str) -> None:
        """A process dies in the middle of a transfer; the next sends only what is missing."""
        self.run(f"{direction}_breaks", status=BROKEN)
        before = moved(self.server, operation)
        assert self.run(f"{direction}_resumes")[f"{direction}_resumes"] == "ok"
        again = moved(self.server, operation) - before
        assert 0 < again <= RESUMABLE_SIZE // 2 + 2 * PART_SIZE


def moved(server: Server, operation: str) -> int:
    """How many bytes of bodies the requests of this operation have moved so far."""
    lines = ask(server, "GET", "/-/metrics").body.decode().splitlines()
    wanted = ("mossbox_body_bytes_total", f'operation="{operation}"')
    found = [line for line in lines if all(part in line for part in wanted)]
    return sum(int(float(line.split()[-1])) for line in found)
