"""The server inside other people's programs."""

import re
import subprocess
import sys
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette

from mossbox.upload import app, router
from tests.conftest import ROOT
from tests.unit.upload.conftest import asking

POST = "/get_post_signature_for_oss_upload"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSSBOX_UPLOAD_BUCKET", "photos")
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", "env-id")
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", "env-secret")


@pytest.mark.parametrize("mounted", [app, router])
@pytest.mark.parametrize("kind", [FastAPI, Starlette])
def test_under_a_path(kind: Any, mounted: Any) -> None:
    own = kind()
    own.mount("/upload", mounted)
    form, page, wrong = asking(own, f"/upload{POST}", "/upload/", ("POST", f"/upload{POST}", {}))
    assert form.json()["host"].endswith("photos")
    assert "<title>" in page.text
    assert wrong.status_code == 405
    assert asking(own, "/strange")[0].status_code == 404


def test_in_starlette_among_its_own_routes() -> None:
    assert asking(Starlette(routes=[*router.routes]), POST)[0].status_code == 200


BEFORE = {
    "Django": """
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("own", lambda request: HttpResponse("own"))]
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", SECRET_KEY="x")
django.setup()
""",
}
AFTER = """
import asyncio, httpx
async def ask():
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
        for name in ("upload/get_post_signature_for_oss_upload", "upload/", "own"):
            answer = await client.get(f"/{name}", headers={"x-team": "photos"})
            print(answer.status_code, answer.text.replace("\\n", " ")[:15])
asyncio.run(ask())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("FastAPI", '404 {"detail":"Not '), ("Starlette", "404 Not Found"), ("Django", "200 own"),
    ],
)  # fmt: skip
def test_the_programs_of_the_page_about_it(name: str, own: str) -> None:
    page = (ROOT / "docs" / "how-to" / "upload-server.md").read_text()
    found = re.search(rf"^{name}.*?^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert found
    code = BEFORE.get(name, "") + found[1] + AFTER
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.splitlines() == ['200 {"policy":"eyJl', "200 <!DOCTYPE html>", own], (
        done.stderr
    )


def test_neither_the_package_nor_the_command_line_pays_for_it() -> None:
    code = (
        "import sys, mossbox, mossbox.apps.cli, mossbox.upload, mossbox.supervisor\n"
        "mossbox.apps.cli.parser(); mossbox.upload.UploadSettings\n"
        "print([n for n in ('starlette', 'uvicorn', 'anyio', 'http.client') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_there_is_nothing_else_in_it() -> None:
    import mossbox.upload

    with pytest.raises(AttributeError):
        _ = mossbox.upload.cake
