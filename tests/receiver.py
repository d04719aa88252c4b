"""An application server that receives upload callbacks, written by the vendor's document alone."""

import json
import ssl
import threading
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import MD5
from cryptography.hazmat.primitives.serialization import load_pem_public_key

OK = b'{"Status":"OK"}'


class Callback:
    """One callback that came in."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def key_url(self) -> str:
        return b64decode(self.headers["x-oss-pub-key-url"]).decode()

    @property
    def verified(self) -> bool:
        """Whether OSS sent this: the key from its URL, MD5-RSA over path, query and body."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.key_url, timeout=10) as answer:
            public: Any = load_pem_public_key(answer.read())
        parts = urlsplit(self.path)
        text = unquote(parts.path).encode()
        if parts.query:
            text += b"?" + parts.query.encode()
        text += b"\n" + self.body
        try:
            public.verify(b64decode(self.headers["authorization"]), text, PKCS1v15(), MD5())
        except InvalidSignature:
            return False
        return True


class Receiver:
    """A server on a free port of loopback; `answer` gives the raw bytes of its answers."""

    def __init__(
        self,
        answer: bytes | Callable[[Callback], bytes] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.got: list[Callback] = []
        self.answer = answer if answer is not None else http_answer(OK)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                callback = Callback(self.path, headers, body)
                outer.got.append(callback)
                answer = outer.answer(callback) if callable(outer.answer) else outer.answer
                self.wfile.write(answer)

            def log_message(self, *_arguments: object) -> None:
                """Nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self.url = f"https://localhost:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def http_answer(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *more]
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode() + body


def packed(**fields: Any) -> str:
    """A callback's parameter."""
    return b64encode(json.dumps(fields).encode()).decode()
