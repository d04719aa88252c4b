"""The page of programs that run on the store: every tested one stands there, with its version."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.house.source import ROOT

PAGE = (ROOT / "docs" / "reference" / "programs.md").read_text()
NAMES = ("dapr", "dask[dataframe]", "duckdb", "opendal", "ossfs", "pandas", "pyarrow", "pylance")


def test_versions_of_python_s_programs_are_those_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    group = dict(
        one.split("==") for one in project["dependency-groups"]["integrations"] if "==" in one
    )
    assert sorted(group) == sorted(NAMES)
    assert [name for name, version in group.items() if version not in PAGE] == []


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "tests" / "integrations").glob("*/README.md")),
    ids=lambda p: p.parent.name,
)
def test_every_system_has_its_row_and_its_five_lines(path: Path) -> None:
    title, about, *lines = [line for line in path.read_text().splitlines() if line]
    assert re.search(rf"^\| \[{re.escape(title.removeprefix('# '))}\]", PAGE, re.MULTILINE)
    assert "../../../docs/" in about
    words = [match[1] for line in lines if (match := re.match(r"- \*\*(\w+)\*\* ", line))]
    assert words == ["Install", "Configure", "Mind", "Result"]
