"""One worker: engine, front, pipeline and door put together, from start to drained."""

import asyncio
import hmac
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvloop

from mossbox import clock, errors, jobs
from mossbox.accesslog import AccessLog
from mossbox.auth.credentials import Keys, root_key
from mossbox.engine import Bucket, Tx, buckets, identities
from mossbox.engine.identities import Account
from mossbox.engine.store import BUCKETS_MAX, Engine, open_directory, open_memory
from mossbox.errors import ServiceError
from mossbox.fronts.hosts import Hosts
from mossbox.fronts.oss import OssFront
from mossbox.http.connection import Door, Limits
from mossbox.http.listen import Acceptor
from mossbox.http.message import Request, Response
from mossbox.metrics import Counters, render
from mossbox.operation import REGISTER
from mossbox.operations.call import Endpoints
from mossbox.pipeline import Note, Pipeline
from mossbox.settings import Settings, SettingsError, is_loopback
from mossbox.shared import Shared
from mossbox.wire import names

log = logging.getLogger("mossbox")

_DEFAULT_UID = "1000000000000001"
_FLUSH_EVERY_S = 0.25
_LABELS = [*REGISTER, "none"]
_NO_OPERATION = len(REGISTER)


@dataclass(frozen=True)
class Sockets:
    """What the supervisor opened."""

    plain: list[socket.socket]
    tls: list[socket.socket]


class Worker:
    """Everything that one process needs to serve."""

    def __init__(self, settings: Settings, shared: Shared, number: int) -> None:
        self.settings = settings
        self.shared = shared
        self.number = number
        self.engine = _engine(settings, shared, number)
        self.counters = Counters(shared.counters(number))
        self.access = AccessLog(settings.access_log)
        self._door: Door | None = None

    async def prepare(self) -> None:
        """Accounts and buckets that the settings ask for; raises SettingsError."""
        await prepare(self.engine, self.settings)

    def serve(
        self,
        sockets: Sockets,
        tls: ssl.SSLContext | None,
        ready: Callable[[], None],
        parent: int = 0,
    ) -> None:
        """Serve until SIGTERM, then drain. Ends at once when process `parent` is gone."""
        if clock.test_pipe() is not None:
            clock.share(self.shared.clock_shift)
        uvloop.run(self._serve(sockets, tls, ready, parent))

    async def _serve(
        self, sockets: Sockets, tls: ssl.SSLContext | None, ready: Callable[[], None], parent: int
    ) -> None:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self.access.reopen)
        pipe = clock.test_pipe()
        if pipe is not None and self.number == 0:
            loop.add_reader(pipe, clock.read_pipe, pipe)
        await self.prepare()
        door = self._door = self._make_door()
        door.tick()
        acceptors = [Acceptor(s, door, self._crowded) for s in sockets.plain]
        acceptors += [Acceptor(s, door, self._crowded, tls) for s in sockets.tls]
        folder = None if self.settings.memory else Path(self.settings.data)
        job = loop.create_task(jobs.run(self.engine, folder))
        ticker = loop.create_task(self._tick(door, stopping, parent))
        ready()
        await stopping.wait()
        for acceptor in acceptors:
            acceptor.stop()
        await self._drain(door)
        job.cancel()
        ticker.cancel()
        await asyncio.gather(job, ticker, return_exceptions=True)
        self.access.flush()
        self.engine.close()

    def _make_door(self) -> Door:
        settings = self.settings
        front = OssFront(
            Hosts(settings.domain, settings.cname, strict=settings.development),
            _keys(self.engine, settings),
            guard_origin=settings.development,
            strict_regions=settings.strict_regions,
        )
        self.pages = Pages(self)
        pipeline = Pipeline(self.engine, front, Endpoints(settings.region), self.pages.answer)
        limits = Limits(settings.header_timeout_s, settings.body_timeout_s, settings.idle_timeout_s)
        return Door(pipeline.handle, pipeline.refuse, self._done, limits)

    def _crowded(self) -> bool:
        """Whether this worker has clearly more connections than another."""
        if self.shared.workers == 1 or self._door is None:
            return False
        mine = len(self._door.connections)
        self.counters.connections(mine)
        return mine > 1 + min(self.shared.counters(n)[0] for n in range(self.shared.workers))

    async def _tick(self, door: Door, stopping: asyncio.Event, parent: int) -> None:
        beat = 0
        while True:
            await asyncio.sleep(_FLUSH_EVERY_S)
            self.access.flush()
            beat += 1
            if beat % 4 == 0:
                door.tick()
                self.counters.connections(len(door.connections))
            if parent and os.getppid() != parent:
                os._exit(1)  # an orphan must not go on serving beside a new server

    async def _drain(self, door: Door) -> None:
        """Let requests under way finish; close the others."""
        door.draining = True
        deadline = clock.monotonic() + self.settings.drain_timeout_s
        while door.connections and clock.monotonic() < deadline:
            for connection in list(door.connections):
                connection.close_idle()
            await asyncio.sleep(0.02)

    def _done(self, request: Request, response: Response, sent: int, cut_off: bool) -> None:
        note: Note = request.note
        took_us = (clock.perf_ns() - request.started_ns) // 1000
        operation = note.operation
        received = request.body.received
        self.counters.observe(
            operation.index if operation else _NO_OPERATION,
            response.status, took_us, received, sent, cut_off,
        )  # fmt: skip
        if self.access.enabled:
            self.access.add(
                note.request_id, request.peer, note.key_id, operation.name if operation else "",
                request.method, request.path, request.query, response.status,
                "CutOff" if cut_off else note.error, received, sent, took_us,
                request.headers.get("user-agent", "-"),
            )  # fmt: skip


class Pages:
    """``/-/…``: the server's own pages, on endpoint hosts only."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._hosts = Hosts(worker.settings.domain, worker.settings.cname, strict=False)

    def answer(self, request: Request) -> Response | None:
        """A page, or None where the address belongs to a bucket's host."""
        if not self._hosts.resolve(request.headers.get("host", "localhost")).endpoint:
            return None
        if request.method not in ("GET", "HEAD"):
            raise errors.MethodNotAllowed(Method=request.method, ResourceType="page")
        if request.path == b"/-/health":
            return _text(200, "ok\n")
        if request.path == b"/-/ready":
            fault = self._worker.engine.db.fault()
            return _text(503, f"not ready: {fault}\n") if fault else _text(200, "ready\n")
        if request.path == b"/-/metrics":
            return self._metrics(request)
        raise errors.NoSuchPage()

    def _metrics(self, request: Request) -> Response:
        token = self._worker.settings.metrics_token
        if token:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
                raise errors.AccessDenied("Metrics need their token.")
        elif not is_loopback(request.peer):
            raise errors.AccessDenied("Metrics are for this machine unless a token is set.")
        shared = self._worker.shared
        stripes = [shared.counters(number) for number in range(shared.workers)]
        return _text(200, render(stripes, _LABELS).decode(), "text/plain; version=0.0.4")


def _text(status: int, text: str, kind: str = "text/plain") -> Response:
    head = f"Content-Type: {kind}; charset=utf-8\r\nCache-Control: no-store\r\n"
    return Response(status, head, text.encode())


def _engine(settings: Settings, shared: Shared, number: int) -> Engine:
    inline_limit = settings.inline_limit_kib << 10
    if settings.memory:
        limit = settings.memory_limit_mib << 20
        return open_memory(
            shared, now_ms=clock.now_ms, inline_limit=inline_limit, limit_bytes=limit
        )
    return open_directory(
        Path(settings.data), shared, worker=number, now_ms=clock.now_ms, inline_limit=inline_limit
    )


def _further_accounts(settings: Settings) -> list[tuple[str, str, str]]:
    """Uid, key id and secret of each of ``MOSSBOX_ACCOUNTS``."""
    found = []
    for text in filter(None, settings.accounts.split(",")):
        parts = text.strip().split(":")
        if len(parts) != 3 or not all(parts):
            raise SettingsError("MOSSBOX_ACCOUNTS: write UID:KEYID:SECRET, separated by commas")
        found.append((parts[0], parts[1], parts[2]))
    return found


async def prepare(engine: Engine, settings: Settings) -> None:
    """Make the accounts and buckets that the settings ask for; repeatable."""
    root = identities.root(engine.db)
    wanted = settings.account_id or (root.uid if root else _DEFAULT_UID)
    if root is not None and root.uid != wanted:
        raise SettingsError(f"this store's account id is {root.uid}, fixed at its first start")
    now = clock.now_ms()
    for uid, name in [(wanted, wanted), *((uid, uid) for uid, _, _ in _further_accounts(settings))]:
        if identities.find(engine.db, uid) is None:
            await engine.db.write(partial(identities.create, uid=uid, name=name, now_ms=now))
    account = identities.find(engine.db, wanted)
    assert account is not None
    for text in settings.bucket:
        await _make_bucket(engine, settings, account, text)


async def _make_bucket(engine: Engine, settings: Settings, account: Account, text: str) -> None:
    name, _, acl = text.partition(":")
    try:
        names.check_new_bucket(name)
    except ServiceError:
        raise SettingsError(f"--bucket {name!r} is not a bucket's name") from None
    if acl not in ("", *names.ACLS[1:]):
        raise SettingsError(f"--bucket {text!r}: the ACL is one of {', '.join(names.ACLS[1:])}")
    asked = Bucket(
        0, name, account.id, clock.now_ms(), settings.region, 0, 0,
        names.ACLS.index(acl or "private"), 0,
    )  # fmt: skip

    def work(tx: Tx) -> None:
        buckets.create(tx, asked, BUCKETS_MAX)

    await engine.db.write(work, catalog=True)


def _keys(engine: Engine, settings: Settings) -> Keys:
    root = identities.root(engine.db)
    assert root is not None
    key_id, secret = settings.root_key
    keys = {key_id: root_key(key_id, secret, root.id, root.uid)}
    for uid, other_id, other_secret in _further_accounts(settings):
        account = identities.find(engine.db, uid)
        assert account is not None
        keys[other_id] = root_key(other_id, other_secret, account.id, uid)
    return Keys(keys)
