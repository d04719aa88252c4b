"""What the documents print: what is found there, what a reader changes, and what does not parse."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require
from tests.integrations.documents.documents import LANGUAGES, PLACEHOLDERS, Sample, sample, samples
from tests.integrations.documents.servers import JAVA, java_files, java_library

PRINTED = [
    *(f"001 {method} {what}" for method in ("sts", "post", "url") for what in (*LANGUAGES, "page")),
    *(f"003 {what}" for what in ("Java", "Python", "Node.js", "Go", "PHP", "page", "policy")),
]
# Nothing in these is to be replaced: they name examplebucket and a region, as the tests do.
VERBATIM = [
    "001 sts Go", "001 sts Ruby", "001 post page", "001 url Go", "001 url page", "003 Java",
    "003 Python", "003 Node.js", "003 Go", "003 PHP", "003 page", "003 policy",
]  # fmt: skip


def test_every_sample_is_found() -> None:
    sample("003 page")
    assert sorted(samples()) == sorted(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_a_reader_fills_in_placeholders_and_nothing_else(name: str) -> None:
    found = sample(name)
    assert found.difference == ""
    filled = found.filled()
    assert (filled.difference == "") == (name in VERBATIM or name == "003 policy"), (
        filled.difference
    )
    before, after = found.text.splitlines(), filled.text.splitlines()
    for old, new in zip(before, after, strict=True):
        assert (old == new) or any(place in old for place in PLACEHOLDERS)
    code = [line for line in after if not re.match(r"\s*(//|#|\*)", line)]
    assert [line for line in code if re.search(r"<\w+[-_]\w+>|\$\{your", line)] == []


@pytest.mark.parametrize("method", ["sts", "post", "url"])
def test_python_has_lost_its_indentation(method: str) -> None:
    """Nothing else is wrong with it: with spaces before its lines it is Python."""
    found = sample(f"001 {method} Python")
    with pytest.raises(IndentationError):
        compile(found.text, found.name, "exec")
    indented = found.indented()
    compile(indented.text, found.name, "exec")
    assert [line.strip() for line in indented.text.splitlines()] == found.text.splitlines()


@pytest.mark.slow
def test_java_of_method_1_does_not_compile(tmp_path: Path) -> None:
    """A role and a semicolon are missing, a name is declared twice and another nowhere."""
    files, package = java_files(sample("001 sts Java"))
    assert package == "sample"
    paths = [tmp_path / name for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    words = [*JAVA, "-cp", f"{java_library()}/*", "-d", str(tmp_path), *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "error: ';' expected" in done.stderr
    assert "error: reached end of file while parsing" in done.stderr


def check(program: str, words: list[str], how: str, text: Sample, folder: Path) -> bool:
    """Whether a language's own program can read a sample."""
    require(program, shutil.which(program) is not None, how)
    path = text.write(folder / "sample")
    return subprocess.run([*words, str(path)], capture_output=True, timeout=60).returncode == 0


def test_ruby_of_method_2_has_another_sample_at_its_end(tmp_path: Path) -> None:
    words = ["ruby", "-c"]
    found = sample("001 post Ruby")
    assert not check("ruby", words, "apt install ruby", found, tmp_path)
    assert check("ruby", words, "apt install ruby", found.cut(76), tmp_path)
    assert not check("ruby", words, "apt install ruby", found.cut(77), tmp_path)


@pytest.mark.parametrize(
    "name", ["001 sts Ruby", "001 url Ruby", "001 sts PHP", "001 url PHP", "003 PHP"]
)
def test_what_is_not_run_can_be_read_at_least(name: str, tmp_path: Path) -> None:
    """The packages of these are not to be had here: see docs/reference/samples.md."""
    program = "ruby" if name.endswith("Ruby") else "php"
    words = [program, "-c"] if program == "ruby" else [program, "-l"]
    assert check(program, words, f"apt install {program}", sample(name).filled(), tmp_path)
