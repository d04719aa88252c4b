"""The whole line below the door on a store in memory: requests in, responses out."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote

import pytest

from mossbox import clock
from mossbox.auth import Subject, oss_v4
from mossbox.auth.credentials import Keys, root_key
from mossbox.engine import identities
from mossbox.engine.store import Engine, open_memory
from mossbox.fronts.hosts import Hosts
from mossbox.fronts.oss import OssFront
from mossbox.http.message import Body, Request, Response
from mossbox.operations.call import Endpoints
from mossbox.pipeline import Pipeline
from mossbox.shared import Shared
from tests.support import Answer

UIDS = {"mine": "1000000000000001", "other": "2000000000000002"}


class Line:
    """Requests to a pipeline, signed by an account's root key or by nobody."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.engine: Engine = open_memory(
            Shared(1), now_ms=clock.now_ms, inline_limit=1024, limit_bytes=64 << 20
        )
        keys = {}
        for name, uid in UIDS.items():
            self.run(
                self.engine.db.write(lambda tx, uid=uid: identities.create(tx, uid, uid, 1000))
            )
            account = identities.find(self.engine.db, uid)
            assert account is not None
            keys[name] = root_key(name, "secret", account.id, uid)
        front = OssFront(Hosts(strict=False), Keys(keys), guard_origin=False)
        self.paged: list[bytes] = []
        self.pipeline = Pipeline(self.engine, front, Endpoints("cn-hangzhou"), self._page)

    async def _page(self, request: Request) -> Response | None:
        self.paged.append(request.path)
        return Response(200, "", b"a page")

    def request(
        self,
        method: str,
        path: str,
        body: Body | bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str = "mine",
    ) -> Request:
        """A request as the door would hand it on."""
        name, _, query = path.partition("?")
        given = {"host": "localhost", **(headers or {})}
        if isinstance(body, bytes):
            data, body = body, Body(len(body) or None)
            given.setdefault("content-length", str(len(data)))
            if data:
                body.feed(data)
            body.end()
        if key:
            given["x-oss-date"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            bucket, _, rest = name[1:].partition("/")
            values = dict(parse_qsl(query, keep_blank_values=True))
            subject = Subject(method, bucket, rest.encode(), values, given)
            given["authorization"] = oss_v4.sign(subject, key, "secret", "cn-hangzhou")
        return Request(method, quote(name).encode(), query.encode(), given, "1.1", body=body)

    def send(self, *arguments, **more) -> Answer:
        """The answer to a request."""
        return self.answer(self.request(*arguments, **more))

    def answer(self, request: Request) -> Answer:
        response = self.run(self.pipeline.handle(request))
        lines = [line.split(": ", 1) for line in response.head.split("\r\n") if line]
        body = response.body
        if not isinstance(body, bytes | memoryview):
            reader, body = body, b""
            while piece := self.run(reader.next()):
                body += piece
        return Answer(response.status, dict(lines), bytes(body))


@pytest.fixture
def line() -> Iterator[Line]:
    with asyncio.Runner() as runner:
        made = Line(runner)
        assert made.send("PUT", "/photos").status == 200
        yield made
        made.engine.close()
