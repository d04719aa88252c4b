"""An upload server to ask, and an STS that says what a test wants."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from mossbox.upload import UploadSettings, upload_server
from mossbox.upload.keys import Keys

KEY = Keys("the-id", "the-secret-of-the-server")
BASE = "http://127.0.0.1:8000"
SETTINGS = UploadSettings(bucket="photos", endpoint="http://oss-cn-hangzhou.aliyuncs.com")

Ask = Callable[..., httpx.Response]


class Sts:
    """Answers AssumeRole; `lives_s` long keys, or the refusal that stands in `refusal`."""

    def __init__(self) -> None:
        self.lives_s = 3600
        self.refusal: tuple[int, Any] | None = None
        self.asked: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.01,)).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sts = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                url = urlsplit(self.path)
                length = int(self.headers.get("content-length", 0))
                sts.asked.append(
                    {
                        "path": url.path,
                        "headers": {name.lower(): value for name, value in self.headers.items()},
                        "body": self.rfile.read(length),
                        **dict(parse_qsl(url.query)),
                    }
                )
                status, body = sts.refusal or (200, sts.answer())
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def answer(self) -> dict[str, Any]:
        until = time.gmtime(time.time() + self.lives_s)
        number = len(self.asked)
        return {
            "RequestId": "1",
            "Credentials": {
                "AccessKeyId": f"STS.{number}",
                "AccessKeySecret": f"secret-{number}",
                "SecurityToken": f"token-{number}",
                "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", until),
            },
        }


@pytest.fixture
def sts() -> Iterator[Sts]:
    running = Sts()
    yield running
    running.server.shutdown()
    running.server.server_close()


def asking(app: Any, *requests: Any, base: str = BASE) -> list[httpx.Response]:
    """The answers to requests that are sent all at once: paths, or (method, path, headers)."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            whole = [("GET", one, {}) if isinstance(one, str) else one for one in requests]
            return await asyncio.gather(
                *(client.request(method, path, headers=more) for method, path, more in whole)
            )

    return asyncio.run(ask())


def ask(path: str, settings: UploadSettings = SETTINGS, **more: Any) -> httpx.Response:
    """One question to a server of its own."""
    method, headers = more.pop("method", "GET"), more.pop("headers", {})
    app = upload_server(settings, access_key=KEY, **more)
    return asking(app, (method, path, headers))[0]
