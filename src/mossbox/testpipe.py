"""What a test may do to a store that it started itself: move time, break requests, empty it.

The test gives the store one end of a socket pair as ``MOSSBOX_TEST_PIPE``. Each line is a command
in JSON and gets a line of answer, ``{}`` or ``{"error": "..."}``; the first line says where the
store listens. When the other end is closed, the test is gone, and so is the store.
None of this exists in a store without the pipe, and there is no way to it over HTTP.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec

from mossbox import clock
from mossbox.faults import Fault, FaultyPipeline, FaultyRpcFront, Rules
from mossbox.fronts.rpc import RpcFront
from mossbox.http.connection import Door
from mossbox.pipeline import Pipeline
from mossbox.settings import Settings, SettingsError
from mossbox.shared import Shared

_COMMAND_MAX = 1 << 20


class Worker(Protocol):
    """The store's one process, as this module sees it."""

    settings: Settings
    shared: Shared
    door: Door | None

    def make_pipeline(
        self, kind: Callable[..., Pipeline] = ..., rpc_kind: Callable[..., RpcFront] = ...
    ) -> Pipeline:
        """The line from a request to its answer, on the present engine."""

    async def renew(self) -> None:
        """Begin anew with nothing but what the settings ask for."""


class TestPipe:
    """The store's end of the pipe; `stop` ends the store. Raises SettingsError."""

    __test__ = False

    def __init__(self, worker: Worker, port: int, stop: Callable[[], None]) -> None:
        self._worker = worker
        self._stop = stop
        self._rules = Rules()
        if worker.shared.workers != 1:
            raise SettingsError("a store with MOSSBOX_TEST_PIPE has one worker")
        try:
            self._socket = socket.socket(fileno=int(os.environ["MOSSBOX_TEST_PIPE"]))
        except (OSError, ValueError):
            raise SettingsError("MOSSBOX_TEST_PIPE is the number of an open socket") from None
        clock.share(worker.shared.clock_shift)
        self._task = asyncio.get_running_loop().create_task(self._listen(port))

    async def _listen(self, port: int) -> None:
        reader, writer = await asyncio.open_connection(sock=self._socket, limit=_COMMAND_MAX)
        writer.write(msgspec.json.encode({"port": port}) + b"\n")
        while line := await reader.readline():
            try:
                answer = await self._obey(msgspec.json.decode(line))
            except (msgspec.MsgspecError, ValueError, TypeError, KeyError) as error:
                answer = {"error": str(error)}
            writer.write(msgspec.json.encode(answer) + b"\n")
        self._stop()

    async def _obey(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked for; raises ValueError for what can't be done."""
        kind = command.pop("do")
        if kind == "clock":
            self._worker.shared.clock_shift[0] = float(command["shift_s"])
            clock.leave_signers_behind(not command["strict"])
        elif kind == "fault":
            fault = msgspec.convert(command, Fault)
            fault.check()
            self._rules.faults[fault.id] = fault
            self._apply()
        elif kind == "hits":
            fault = self._rules.faults[command["id"]]
            return {"hits": fault.hits, "seen": fault.seen}
        elif kind == "stop":
            self._rules.faults[command["id"]].stopped = True
            self._apply()
        elif kind == "mend":
            self._rules.faults.clear()
            self._apply()
        elif kind == "reset":
            await self._reset()
        else:
            raise ValueError(f"there is no command {kind!r}")
        return {}

    async def _reset(self) -> None:
        """As at the start: the requests of whoever was here before end."""
        if not self._worker.settings.memory:
            raise ValueError("a store on disk is emptied by starting it anew")
        door = self._worker.door
        for connection in list(door.connections if door else ()):
            if connection.busy:
                connection.transport.abort()
        self._worker.shared.clock_shift[0] = 0.0
        clock.leave_signers_behind(False)
        self._rules.faults.clear()
        await self._worker.renew()
        self._apply()

    def _apply(self) -> None:
        """Answer through the rules where there are any, and else as if there never were."""
        if self._rules.any:
            pipeline = self._worker.make_pipeline(
                partial(FaultyPipeline, self._rules), partial(FaultyRpcFront, self._rules)
            )
        else:
            pipeline = self._worker.make_pipeline()
        door = self._worker.door
        assert door is not None
        door.handler, door.refuse = pipeline.handle, pipeline.refuse
