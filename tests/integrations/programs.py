"""Programs of Python's that the tests with other people's systems import, and a frame for them."""

import importlib
import importlib.util
from typing import Any

from tests.conftest import require

ROWS = {"number": list(range(1000)), "name": [f"name {i % 7} ä" for i in range(1000)]}


def module(name: str) -> Any:
    """A program of the group `integrations`."""
    found = importlib.util.find_spec(name.partition(".")[0]) is not None
    require(name, found, "make setup-integrations")
    return importlib.import_module(name)
