"""What is offered is tried through somebody else's client."""

import re

import pytest

from mossbox.operations.register import OPERATIONS
from tests.house.source import ROOT

OFFERED = [entry.name for entry in OPERATIONS if not entry.refused]


@pytest.mark.parametrize("name", OFFERED)
def test_every_operation_has_a_conformance_test_that_names_it(name: str) -> None:
    texts = (path.read_text() for path in (ROOT / "tests" / "conformance").rglob("test_*.py"))
    assert any(re.search(rf"\b{name}\b", text) for text in texts)
