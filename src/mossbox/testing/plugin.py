"""The pytest plugin: the fixture `mossbox`, a store in memory that is empty at each test's start.

Under pytest-xdist each worker has a store of its own. What every store is started with is what
the fixture `mossbox_options` gives; a project's conftest.py may have its own.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mossbox.testing.server import MossboxServer


@pytest.fixture(scope="session")
def mossbox_options() -> Mapping[str, Any]:
    """The keyword arguments of `MossboxServer`."""
    return {}


@pytest.fixture(scope="session")
def mossbox_server(mossbox_options: Mapping[str, Any]) -> "Iterator[MossboxServer]":
    """One store for a whole session; nobody empties it between tests but `mossbox`."""
    from mossbox.testing.server import MossboxServer

    with MossboxServer(**mossbox_options) as server:
        yield server


@pytest.fixture
def mossbox(mossbox_server: "MossboxServer") -> "MossboxServer":
    """An empty store with a ready bucket, the real time and no faults.

    It is emptied when the next test begins, so that a debugger finds what a failed test left.
    """
    mossbox_server.reset()
    return mossbox_server
