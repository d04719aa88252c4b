"""The how-to page on browsers does what it says."""

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT
from tests.integrations.browser.visit import Visit, site
from tests.support import Server

TEXT = (ROOT / "docs" / "how-to" / "browsers.md").read_text()
ADDRESS, PAGE = "http://127.0.0.1:9000", "http://127.0.0.1:8000"
UPLOAD = "async url => [await upload(url, new File(['meow'], 'cat.txt', { type: 'text/plain' }))]"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_page_is_true(server: Server, bucket_name: str, page: Page) -> None:
    (script,), (program,) = blocks("js"), blocks("python")
    file = f'<!doctype html><link rel="icon" href="data:,"><script>{script}</script>'
    with site({"/": ("text/html", file.encode())}) as port:
        origin = f"http://127.0.0.1:{port}"

        def here(text: str) -> str:
            text = text.replace("page-photos", bucket_name).replace(PAGE, origin)
            return text.replace(ADDRESS, server.endpoint)

        def run(*words: str) -> str:
            python = os.path.dirname(sys.executable)
            environment = {**os.environ, "MOSSBOX_ENDPOINT": server.endpoint}
            environment["PATH"] = f"{python}:{environment['PATH']}"
            done = subprocess.run(
                words, env=environment, capture_output=True, text=True, timeout=60, check=True
            )
            return done.stdout

        commands, preflight = blocks("console")
        _, *steps = re.split(r"^\$ ", commands, flags=re.MULTILINE)
        for step in steps:
            command, _, expected = step.partition("\n")
            assert run("sh", "-ec", here(command)) == here(expected)
        url = run(sys.executable, "-c", here(program)).strip()
        visit = Visit(page, f"{origin}/")
        (etag,) = visit.run(UPLOAD, url)
        got = server.request("GET", bucket_name, "cat.txt")
        assert (got.body, got.headers["etag"]) == (b"meow", etag)
        visit.heard()
        told = run("sh", "-ec", here(preflight.removeprefix("$ ")))
        assert told.startswith("HTTP/1.1 200 ")
        assert f"Access-Control-Allow-Origin: {origin}\n" in told.replace("\r", "")
