"""The programs in the how-to pages of the clients run as they stand there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance import test_ali_oss, test_ossutil
from tests.conformance.programs import Program
from tests.conformance.test_programs import PROGRAMS
from tests.conftest import ROOT
from tests.support import Server

BUILT = {program.name: program for program in (*PROGRAMS, test_ossutil.PROGRAM)}
Way = Callable[[Path, Path], list[str]]


def folder_of(program: Program) -> Path:
    """Where it was built; its libraries are there too."""
    return next(Path(word).parent for word in program.built() if "/" in word and "*" not in word)


def python(page: Path, _folder: Path) -> list[str]:
    return [sys.executable, str(page)]


def node(page: Path, folder: Path) -> list[str]:
    (folder / "node_modules").symlink_to(folder_of(test_ali_oss.PROGRAM) / "node_modules")
    return ["node", str(page)]


def go(name: str) -> Way:
    def way(page: Path, folder: Path) -> list[str]:
        for file in ("go.mod", "go.sum"):
            shutil.copy(folder_of(BUILT[name]) / file, folder)
        return ["go", "run", page.name]

    return way


def java(name: str) -> Way:
    def way(page: Path, _folder: Path) -> list[str]:
        classes = BUILT[name].built()[-2].split(":")[1]
        return ["java", "-cp", classes, str(page)]

    return way


def shell(page: Path, folder: Path) -> list[str]:
    (folder / "ossutil").symlink_to(folder_of(BUILT["ossutil"]) / "program")
    return ["sh", "-e", str(page)]


PAGES: dict[str, tuple[str, str, Way]] = {
    "client-python-oss2": ("python", "photos.py", python),
    "client-python-v2": ("python", "photos.py", python),
    "client-node": ("js", "photos.js", node),
    "client-go-v1": ("go", "main.go", go("go_v1")),
    "client-go-v2": ("go", "main.go", go("go_v2")),
    "client-java-v1": ("java", "Photos.java", java("java_v1")),
    "client-java-v2": ("java", "Photos.java", java("java_v2")),
    "client-ossutil": ("sh", "photos.sh", shell),
}


@pytest.mark.parametrize("page", PAGES)
def test_the_program_of_the_page_stores_a_cat(
    server: Server, bucket_name: str, tmp_path: Path, page: str
) -> None:
    language, file, way = PAGES[page]
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text()
    (program,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert "http://127.0.0.1:9000" in program
    program = program.replace("http://127.0.0.1:9000", server.endpoint)
    (tmp_path / file).write_text(program.replace("photos", bucket_name))
    done = subprocess.run(
        way(tmp_path / file, tmp_path),
        cwd=tmp_path,
        env={
            **os.environ,
            "HOME": str(tmp_path) if language == "sh" else str(Path.home()),
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "GOFLAGS": "-mod=mod",
            "GOTOOLCHAIN": "local",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "meow" in done.stdout.split()
    assert server.request("GET", bucket_name, "cat.txt").body.strip() == b"meow"


def test_every_page_of_a_client_is_tried_and_linked() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "how-to").glob("client-*.md")}
    assert pages == set(PAGES)
    overview = (ROOT / "docs" / "how-to" / "clients.md").read_text()
    assert [page for page in sorted(pages) if f"({page}.md)" not in overview] == []
