"""A form of the how-to page, sent by a browser that runs no script."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT
from tests.integrations.browser.visit import site
from tests.support import Server

TEXT = (ROOT / "docs" / "how-to" / "post-object.md").read_text()


@pytest.mark.slow
def test_the_form_of_the_page(server: Server, bucket_name: str, page: Page, tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    program = program.replace("http://127.0.0.1:9000", server.endpoint)
    program = program.replace("form-photos", bucket_name)
    assert server.request("PUT", bucket_name).status == 200
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    files = {"ä cat.png": b"\x89PNG\r\n\x1a\n" + bytes(300_000), "cat.txt": b"meow"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with site({"/form.html": ("text/html; charset=utf-8", made.stdout)}) as port:
        for name in files:
            page.goto(f"http://127.0.0.1:{port}/form.html")
            with page.expect_file_chooser() as chooser:
                page.click("input[type=file]")
            chooser.value.set_files(tmp_path / name)
            with page.expect_navigation() as told:
                page.click("button")
            answer = told.value.text()
            assert told.value.url == f"{server.endpoint}/{bucket_name}"
            if name == "cat.txt":
                assert told.value.status == 403
                assert 'Policy Condition failed: ["in",' in answer
            else:
                assert told.value.status == 201
                assert f"<Key>cats/{name}</Key>" in answer
    got = server.request("GET", bucket_name, "cats/ä cat.png")
    assert (got.body, got.headers["content-type"]) == (files["ä cat.png"], "image/png")
    assert server.request("HEAD", bucket_name, "cats/cat.txt").status == 404
