"""Rules about the source that no linter knows: one clock, one parser, one place that catches."""

import ast
import subprocess
import sys

import pytest

from tests.house.source import ROOT, calls, files, imports, name_of, tree

WALL_CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today"}
MAY_READ_THE_CLOCK = {
    "clock.py": "it is the clock",
    "pipeline.py": "request ids begin with the real time of the start, whatever tests pretend",
}
MAY_CATCH_SERVICE_ERROR = {
    "pipeline.py": "the one place that answers refusals",
    "bootstrap.py": "a setting that names a bad bucket is told in the setting's words",
    "http/connection.py": "a head that is no request never reaches the pipeline",
    "operations/receive.py": "a refused body is thrown away, and the refusal goes on",
    "operations/deleting.py": "each key of a batch gets its own refusal",
    "fs/files.py": "a file that is no XML is told by its name",
}
XML_PARSERS = ("xml", "lxml", "pyexpat", "html.parser", "defusedxml")
NOT_AT_START = (
    "cryptography", "prometheus_client", "xml.etree", "xml.sax", "typer", "rich", "argparse",
    "http.client", "urllib.request", "unittest", "sqlite3", "multiprocessing",
)  # fmt: skip


def test_there_is_one_clock() -> None:
    found = {
        f"{name_of(path)}: {call}"
        for path in files()
        if name_of(path) not in MAY_READ_THE_CLOCK
        for call in calls(path)
        if any(call == clock or call.endswith(f".{clock}") for clock in WALL_CLOCKS)
    }
    assert found == set()


def test_chance_comes_from_the_operating_system() -> None:
    assert [name_of(path) for path in files() if "random" in imports(path)] == []


def test_one_file_parses_xml() -> None:
    users = [
        name_of(path)
        for path in files()
        if any(name.split(".")[0] in XML_PARSERS or name in XML_PARSERS for name in imports(path))
    ]
    assert users == ["wire/xml.py"]


def catches_service_error(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler) or node.type is None:
        return False
    return any(
        ast.unparse(kind).rpartition(".")[2] == "ServiceError" for kind in ast.walk(node.type)
        if isinstance(kind, ast.Name | ast.Attribute)
    )  # fmt: skip


def test_few_places_catch_refusals() -> None:
    places = {name_of(p) for p in files() if any(map(catches_service_error, ast.walk(tree(p))))}
    assert places == set(MAY_CATCH_SERVICE_ERROR)


def undocumented(body: list[ast.stmt], inside: str) -> list[str]:
    found = []
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            found.append(f"{inside}{node.name}")
        if isinstance(node, ast.ClassDef):
            found += undocumented(node.body, f"{inside}{node.name}.")
    return found


def test_every_module_and_public_name_says_what_it_is() -> None:
    missing = []
    for path in files():
        module = tree(path)
        if not ast.get_docstring(module):
            missing.append(name_of(path))
        missing += undocumented(module.body, f"{name_of(path)}: ")
    assert missing == []


def test_the_server_starts_without_what_it_may_never_need() -> None:
    code = (
        "import sys, mossbox.supervisor\n"
        f"print(sorted(n for n in {NOT_AT_START!r} if n in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["Manager", "Helper", "Util"])
def test_names_say_something(name: str) -> None:
    for path in files():
        assert name.lower() not in path.stem
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                assert name not in node.name
