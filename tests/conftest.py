"""Fixtures that every suite may use: real servers, and the rule about missing tools."""

import asyncio
import os
import shutil
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.leavings import remove_buckets
from tests.support import KEY_ID, SECRET, Server

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long and tells little new waits for `make nightly`, which asks for it."""
    if "nightly" not in config.option.markexpr:
        left = [item for item in items if item.get_closest_marker("nightly")]
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=left)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One store for a whole session; tests make buckets of their own names."""
    with Server(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A Chromium of the test's own; while it lives, the thread can run no other event loop."""
    program = shutil.which("chromium")
    require("chromium", program is not None, "apt install chromium")
    with sync_playwright() as playwright:
        # In a container of root there is no sandbox to be had; all pages are the tests' own. Names
        # below .test lead to this machine, and to the browser are those of strangers.
        running = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1"],
        )
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Page:
    """An empty tab."""
    return browser.new_page()


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs coroutines one after the other on the one loop of the test."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def bucket_name(request: pytest.FixtureRequest) -> Iterator[str]:
    """A bucket name that no other test uses; what begins with it is removed afterwards."""
    name = f"t-{os.urandom(6).hex()}"
    yield name
    if "server" in request.fixturenames:
        remove_buckets(request.getfixturevalue("server"), name, KEY_ID, SECRET)


def require(tool: str, found: bool, how: str) -> None:
    """Skip, naming what would enable the test; with MOSSBOX_TEST_REQUIRE_ALL it fails instead."""
    if found:
        return
    message = f"{tool} is not here: {how}"
    if os.environ.get("MOSSBOX_TEST_REQUIRE_ALL"):
        pytest.fail(message)
    pytest.skip(message)


ROOT = Path(__file__).parent.parent
DOCUMENTS = Path(os.environ.get("MOSSBOX_DOCUMENTS") or ROOT.parent / "shared" / "seeds")


def document(number: str) -> str:
    """One of the vendor's documents, which are no part of the project: they lie beside it."""
    found = sorted(DOCUMENTS.glob(f"{number}_*"))
    require("the documents", bool(found), "name their folder in MOSSBOX_DOCUMENTS")
    return found[0].read_text()
