"""A web site of one page, and somebody who visits it with a browser."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request


@contextmanager
def site(files: Mapping[str, tuple[str, bytes]]) -> Iterator[int]:
    """Serves files, by their paths with type and bytes, on this machine; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, data = files.get(self.path, ("", b""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_values: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


class Visit:
    """A page that is open; `complaints` are the errors on its console, `asked` whom it asked."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._see)
        page.goto(url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _see(self, request: Request) -> None:
        self.asked.add(urlsplit(request.url).hostname or "")

    def run(self, function: str, *values: Any) -> Any:
        """What a function of JavaScript gives, or the name of the error that it throws."""
        guarded = f"async values => {{ try {{ return await ({function})(...values); }}"
        return self.page.evaluate(guarded + " catch (error) { return error.name; } }", list(values))

    def heard(self, *parts: str) -> None:
        """These complaints have come, each with its part, and no others."""
        unlike = [text for text in self.complaints if not any(part in text for part in parts)]
        assert not unlike
        assert all(any(part in text for text in self.complaints) for part in parts)
        self.complaints.clear()
