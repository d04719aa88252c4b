"""The generated reference pages are current and whole."""

import importlib.util
from dataclasses import fields

import pytest

from mossbox.apps.cli import parser
from mossbox.errors import CATALOGUE
from mossbox.operations.register import OPERATIONS
from mossbox.settings import Settings, environment_name, flag_name
from mossbox.upload.settings import UploadSettings, twins
from tests.house.source import ROOT

FOLDER = ROOT / "docs" / "reference"


def generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


@pytest.mark.parametrize("name", ["coverage.md", "errors.md", "settings.md"])
def test_a_page_is_what_the_source_says(name: str) -> None:
    assert (FOLDER / name).read_text() == generated()[name], "run `make docs`"


def test_every_operation_code_setting_and_command_stands_on_its_page() -> None:
    coverage, errors, settings = (
        (FOLDER / name).read_text() for name in ("coverage.md", "errors.md", "settings.md")
    )
    assert [one.name for one in OPERATIONS if f"| {one.name} |" not in coverage] == []
    assert [name for name in CATALOGUE if f"| `{name}` |" not in errors] == []
    for item in fields(Settings):
        assert f"`{environment_name(item.name)}`" in settings
        assert (f"`{flag_name(item.name)}`" in settings) is item.metadata["flag"]
    for item in fields(UploadSettings):
        assert f"| `{flag_name(item.name)}` | `{twins(item.name)[0]}`" in settings
    for action in parser()._actions:
        for command in action.choices or action.option_strings[-1:]:
            assert f"| `mossbox {command}` |" in settings
