"""The server inside other people's programs."""

import subprocess
import sys
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from mossbox.upload import app, router
from tests.conftest import ROOT
from tests.unit.upload.conftest import asking

POST = "/get_post_signature_for_oss_upload"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSSBOX_UPLOAD_BUCKET", "photos")
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", "env-id")
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", "env-secret")


def works(program: Any, path: str) -> None:
    form, page, stranger, wrong = asking(
        program, path + POST, f"{path}/", "/own", ("POST", path + POST, {})
    )
    assert form.json()["host"].endswith("photos")
    assert "<title>" in page.text
    assert stranger.text == "own"
    assert wrong.status_code == 405


@pytest.mark.parametrize("mounted", [app, router])
def test_in_fastapi(mounted: Any) -> None:
    own = FastAPI()
    own.add_api_route("/own", lambda: "own")
    own.mount("/upload", mounted)
    form, page, wrong = asking(own, "/upload" + POST, "/upload/", ("POST", "/upload" + POST, {}))
    assert form.json()["host"].endswith("photos")
    assert "<title>" in page.text
    assert wrong.status_code == 405
    assert asking(own, "/own")[0].json() == "own"


@pytest.mark.parametrize("mounted", [app, router])
def test_in_starlette(mounted: Any) -> None:
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    own = Route("/own", lambda _: PlainTextResponse("own"))
    works(Starlette(routes=[own, Mount("/upload", mounted)]), "/upload")


def test_in_starlette_among_its_own_routes() -> None:
    assert asking(Starlette(routes=[*router.routes]), POST)[0].status_code == 200


DJANGO = """
import asyncio, django, httpx
from django.conf import settings
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", SECRET_KEY="x", DEBUG=False)
django.setup()
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
from starlette.applications import Starlette
from starlette.routing import Mount
from mossbox.upload import app

urlpatterns = [path("own", lambda request: HttpResponse("own"))]
application = Starlette(routes=[Mount("/upload", app), Mount("/", get_asgi_application())])

async def ask():
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
        for path in ("/upload/get_post_signature_for_oss_upload", "/upload/", "/own"):
            answer = await client.get(path)
            print(answer.status_code, answer.text[:15].strip())
asyncio.run(ask())
"""


def test_in_django() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DJANGO], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.split("\n")[:3] == [
        '200 {"policy":"eyJl',
        "200 <!DOCTYPE html>",
        "200 own",
    ], done.stderr


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
