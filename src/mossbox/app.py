"""One worker: engine, front, pipeline and door put together, from start to drained."""

import asyncio
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

import uvloop

from mossbox import clock, jobs
from mossbox.accesslog import AccessLog
from mossbox.bootstrap import keys, prepare
from mossbox.egress.addresses import Rules, addresses_of
from mossbox.egress.client import Egress
from mossbox.engine.callback_key import PURPOSE, CallbackKey
from mossbox.engine.store import Engine, open_directory, open_memory
from mossbox.fronts.hosts import Hosts
from mossbox.fronts.oss import OssFront
from mossbox.fronts.rpc import RpcFront
from mossbox.http.connection import Door, Limits
from mossbox.http.listen import Acceptor
from mossbox.http.message import Request, Response
from mossbox.metrics import Counters
from mossbox.operations.call import Endpoints, Outgoing
from mossbox.operations.callback import PAGE
from mossbox.operations.register import OPERATIONS
from mossbox.pages import Pages
from mossbox.pipeline import Note, Pipeline
from mossbox.settings import Settings, split_address
from mossbox.shared import Shared

log = logging.getLogger("mossbox")

_FLUSH_EVERY_S = 0.25
_LABELS = [*(entry.name for entry in OPERATIONS), "none"]
_NO_OPERATION = len(OPERATIONS)


@dataclass(frozen=True)
class Sockets:
    """What the supervisor opened."""

    plain: list[socket.socket]
    tls: list[socket.socket]


class Worker:
    """Everything that one process needs to serve."""

    def __init__(self, settings: Settings, shared: Shared, number: int, master: bytes) -> None:
        self.settings = settings
        self.shared = shared
        self.number = number
        self.engine = _engine(settings, shared, number, master)
        self.counters = Counters(shared.counters(number))
        self.access = AccessLog(settings.access_log)
        self.door: Door | None = None
        self._egress = Egress(Rules())
        self._port = 0
        self._job: asyncio.Task[None] | None = None
        self._test: object = None  # held here, or it would be collected

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
        if self.settings.memory:
            await prepare(self.engine.db, self.settings)  # on disk the supervisor did it
        self._egress = self._make_egress(sockets)
        self._port = sockets.plain[0].getsockname()[1]
        door = self.door = self._make_door()
        door.tick()
        acceptors = [Acceptor(s, door, self._crowded) for s in sockets.plain]
        acceptors += [Acceptor(s, door, self._crowded, tls) for s in sockets.tls]
        self._start_jobs()
        ticker = loop.create_task(self._tick(door, stopping, parent))
        if "MOSSBOX_TEST_PIPE" in os.environ:
            from mossbox.testpipe import TestPipe

            self._test = TestPipe(self, sockets.plain[0].getsockname()[1], stopping.set)
        ready()
        await stopping.wait()
        for acceptor in acceptors:
            acceptor.close()
        await self._drain(door)
        ticker.cancel()
        await asyncio.gather(self._stop_jobs(), ticker, return_exceptions=True)
        self.access.flush()
        self.engine.close()

    def _start_jobs(self) -> None:
        folder = None if self.settings.memory else Path(self.settings.data)
        self._job = asyncio.get_running_loop().create_task(jobs.run(self.engine, folder))

    async def _stop_jobs(self) -> None:
        if self._job is not None:
            self._job.cancel()
            await asyncio.gather(self._job, return_exceptions=True)

    async def renew(self) -> None:
        """Begin anew with nothing but what the settings ask for; for stores in memory."""
        await self._stop_jobs()
        old, self.engine = self.engine, _engine(self.settings, self.shared, self.number, b"")
        await prepare(self.engine.db, self.settings)
        self._start_jobs()
        old.close()

    def _make_egress(self, sockets: Sockets) -> Egress:
        """The client of our own requests, which never come back to us."""
        settings = self.settings
        own = [s.getsockname()[:2] for s in (*sockets.plain, *sockets.tls)]
        if settings.console != "off":
            own += addresses_of(settings.console)
        return Egress(
            Rules(settings.egress_allow, own),
            deadline_s=settings.callback_timeout_s,
            observe=self.counters.outgoing,
        )

    def _make_door(self) -> Door:
        settings = self.settings
        pipeline = self.make_pipeline()
        limits = Limits(settings.header_timeout_s, settings.body_timeout_s, settings.idle_timeout_s)
        return Door(pipeline.handle, pipeline.refuse, self._done, limits)

    def make_pipeline(
        self,
        kind: Callable[..., Pipeline] = Pipeline,
        rpc_kind: Callable[..., RpcFront] = RpcFront,
    ) -> Pipeline:
        """The line from a request to its answer, on the present engine."""
        settings = self.settings
        known = keys(self.engine, settings)
        front = OssFront(
            Hosts(settings.domain, settings.cname, strict=settings.development),
            known,
            guard_origin=settings.development,
            strict_region=settings.region if settings.strict_regions else "",
        )
        stripes = [self.shared.counters(number) for number in range(self.shared.workers)]
        key = CallbackKey(self.engine.db, self.engine.directory.derive(PURPOSE))
        pages = Pages(settings, self.engine, stripes, _LABELS, key)
        rpc = rpc_kind(known, self.engine.directory, guard_origin=settings.development)
        outgoing = Outgoing(self._egress, key, self._key_url(), self._port)
        endpoints = Endpoints(settings.region, settings.strict_regions, outgoing)
        return kind(self.engine, front, endpoints, pages.answer, rpc)

    def _key_url(self) -> str:
        """Where receivers of callbacks find the public key; empty where that depends on them."""
        settings = self.settings
        host = settings.domain[0] if settings.domain else split_address(settings.listen)[0]
        if settings.callback_key_url or host in ("0.0.0.0", "::"):  # noqa: S104  (compared)
            return settings.callback_key_url
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}{PAGE.decode()}"

    def _crowded(self) -> bool:
        """Whether this worker has more connections than another."""
        if self.shared.workers == 1 or self.door is None:
            return False
        mine = len(self.door.connections)
        self.counters.connections(mine)
        return mine > min(self.shared.counters(n)[0] for n in range(self.shared.workers))

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
        """Let requests under way finish, of peers that have left too; close the others."""
        door.draining = True
        deadline = clock.monotonic() + self.settings.drain_timeout_s
        while (door.connections or self._egress.under_way) and clock.monotonic() < deadline:
            for connection in list(door.connections):
                connection.close_idle()
            await asyncio.sleep(0.02)

    def _done(self, request: Request, response: Response, sent: int, cut_off: bool) -> None:
        note: Note = request.note
        took_us = (perf_counter_ns() - request.started_ns) // 1000
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
                request.headers.get("user-agent", "-"), request.headers.get("host", "-"),
            )  # fmt: skip


def _engine(settings: Settings, shared: Shared, number: int, master: bytes) -> Engine:
    engine = _open(settings, shared, number, master)
    engine.restore_delay_ms = int(settings.restore_delay_s * 1000)
    engine.directory.sts_rate = settings.sts_rate
    return engine


def _open(settings: Settings, shared: Shared, number: int, master: bytes) -> Engine:
    inline_limit = settings.inline_limit_kib << 10
    if settings.memory:
        limit = settings.memory_limit_mib << 20
        return open_memory(
            shared, now_ms=clock.now_ms, inline_limit=inline_limit, limit_bytes=limit
        )
    return open_directory(
        Path(settings.data), shared, master,
        worker=number, now_ms=clock.now_ms, inline_limit=inline_limit,
    )  # fmt: skip
