"""Fixtures that every suite may use: real servers, and the rule about missing tools."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One store for a whole session; tests make buckets of their own names."""
    with Server(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def bucket_name(request: pytest.FixtureRequest) -> str:
    """A bucket name that no other test uses."""
    return f"t-{os.urandom(6).hex()}"


def require(tool: str, found: bool, how: str) -> None:
    """Skip, naming what would enable the test; with MOSSBOX_TEST_REQUIRE_ALL it fails instead."""
    if found:
        return
    message = f"{tool} is not here: {how}"
    if os.environ.get("MOSSBOX_TEST_REQUIRE_ALL"):
        pytest.fail(message)
    pytest.skip(message)


ROOT = Path(__file__).parent.parent
