"""What the how-to pages about tests and about storage show, as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mossbox.storage import Storager
from mossbox.testing import MossboxServer
from tests.conftest import ROOT

pytestmark = pytest.mark.slow  # whole runs of pytest, and programs


def blocks(page: str, language: str = "python") -> list[str]:
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(*words: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_pass_and_the_programs_run(tmp_path: Path) -> None:
    tests = 0
    for number, text in enumerate(blocks("testing")):
        if "def mossbox_options" in text:
            continue
        if "def test_" in text and "unittest" not in text:
            (tmp_path / f"test_{number}.py").write_text(text)
            tests += 1
        else:
            (tmp_path / "program.py").write_text(text)
            run("program.py", folder=tmp_path)
    assert tests == 4
    assert "4 passed" in run("-m", "pytest", folder=tmp_path)


def test_options_as_the_page_gives_them(tmp_path: Path) -> None:
    (options,) = (text for text in blocks("testing") if "def mossbox_options" in text)
    (tmp_path / "conftest.py").write_text(options)
    (tmp_path / "test_it.py").write_text(
        "def test_it(mossbox):\n    assert mossbox.oss2_bucket().bucket_name == 'photos'\n"
    )
    assert "1 passed" in run("-m", "pytest", folder=tmp_path)


def test_the_programs_about_storage(mossbox: MossboxServer, tmp_path: Path) -> None:
    first, second = (
        text.replace("http:127.0.0.1:9000", f"http:127.0.0.1:{mossbox.port}")
        for text in blocks("storage")
    )
    (tmp_path / "program.py").write_text(first)
    assert run("program.py", folder=tmp_path).splitlines() == ["b'meow'", "cat.txt ObjectMode.READ"]
    (tmp_path / "program.py").write_text(second)
    assert run("program.py", folder=tmp_path) == "b'meow'\n"


def test_the_file_about_storage(tmp_path: Path) -> None:
    (text,) = blocks("storage", "yaml")
    (tmp_path / "oss.yaml").write_text(text)
    meta = Storager.from_file(tmp_path / "oss.yaml").metadata()
    assert (meta.name, meta.work_dir, meta.location) == ("photos", "/albums/", "cn-hangzhou")
    assert Storager.from_config(yaml.safe_load(text)).metadata() == meta
