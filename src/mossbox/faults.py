"""Faults on purpose: rules by which a store under test is late, refuses, or breaks off.

Nothing here is loaded unless a test gives the store a pipe (`mossbox.testpipe`), and a store
without rules answers through the plain pipeline.
"""

import asyncio
from copy import copy
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from mossbox import errors
from mossbox.errors import ServiceError
from mossbox.fronts import Place
from mossbox.fronts.rpc import RpcFront, RpcPlace
from mossbox.http.head import STATUS_LINES
from mossbox.http.message import Reader, Request, Response
from mossbox.operation import Operation
from mossbox.operations.register import OPERATIONS
from mossbox.pipeline import Note, Pipeline

_LATENCY_MAX_MS = 600_000
_DROPS = ("", "before", "after", "within")


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """What is to happen, and to which requests.

    `operation`, `bucket` and `key` are shell patterns. It begins with the `nth` request that
    matches and happens `times` times, for ever if that is 0. `drop` ends the connection before
    the operation is done, after it, or within the answer's body.
    """

    id: int
    operation: str = "*"
    bucket: str = "*"
    key: str = "*"
    nth: int = 1
    times: int = 0
    latency_ms: int = 0
    error: str = ""
    status: int = 0  # the error's own where it has one
    message: str = ""
    drop: str = ""
    seen: int = 0
    hits: int = 0
    stopped: bool = False

    def check(self) -> None:
        """Raise ValueError, in words for the test's author, for what can't be meant."""
        if not any(fnmatchcase(entry.name, self.operation) for entry in OPERATIONS):
            raise ValueError(f"operation: OSS, RAM and STS have none called {self.operation!r}")
        if self.drop not in _DROPS:
            raise ValueError(f"drop: {self.drop!r} is not before, after or within")
        if not (self.latency_ms or self.error or self.drop):
            raise ValueError("a fault needs a latency, an error or a drop")
        if self.error:
            self.refusal()
        self._check_numbers()

    def refusal(self) -> ServiceError:
        """The error to answer; one that this store never says needs a status."""
        known = errors.CATALOGUE.get(self.error)
        status = self.status or (known.status if known else 0)
        if not status:
            raise ValueError(f"error: this store has no {self.error!r}, so it needs a status")
        if status not in STATUS_LINES or status < 400:
            raise ValueError(f"status: {status} is not one of an error")
        code = copy(known or errors.InternalError)
        code.name, code.status = self.error, status
        return code(self.message or (known.message if known else self.error))

    def _check_numbers(self) -> None:
        if self.nth < 1 or self.times < 0:
            raise ValueError("nth counts from 1, times from 0 (for ever)")
        if not 0 <= self.latency_ms <= _LATENCY_MAX_MS:
            raise ValueError("latency is between 0 and 600 seconds")

    def strikes(self, operation: str, bucket: str, key: str) -> bool:
        """Whether it happens to this request, which is counted."""
        if self.stopped or not (
            fnmatchcase(operation, self.operation)
            and fnmatchcase(bucket, self.bucket)
            and fnmatchcase(key, self.key)
        ):
            return False
        self.seen += 1
        late_enough = self.seen >= self.nth
        happens = late_enough and (not self.times or self.hits < self.times)
        self.hits += happens
        return happens


class Dropped(BaseException):
    """The connection ends before the operation; no handler of ours may take it for an error."""


class MarkedNote(Note):
    """A note with what is to happen to the answer."""

    fault: Fault | None = None


class Rules:
    """The faults of one store, in the order in which they came; the first that strikes counts."""

    def __init__(self) -> None:
        self.faults: dict[int, Fault] = {}

    @property
    def any(self) -> bool:
        """Whether there is a rule that still holds."""
        return not all(fault.stopped for fault in self.faults.values())

    def meet(self, operation: Operation, bucket: str, key: bytes, request: Request) -> None:
        """Raise what is to happen before the operation; mark what is to happen to its answer."""
        text = key.decode("utf-8", "surrogateescape")
        # A list: each counts what it matches, also behind one that strikes.
        struck = [f for f in self.faults.values() if f.strikes(operation.name, bucket, text)]
        if not struck:
            return
        fault = request.note.fault = struck[0]
        if fault.drop == "before":
            raise Dropped
        if fault.error:
            raise fault.refusal()


class FaultyPipeline(Pipeline):
    """The pipeline, with rules; `plain` are the arguments of `Pipeline`."""

    def __init__(self, rules: Rules, *plain: Any) -> None:
        super().__init__(*plain)
        self._rules = rules

    async def handle(self, request: Request) -> Response:
        """The answer, if it is to come."""
        try:
            response = await super().handle(request)
        except Dropped:
            await asyncio.sleep(0)  # only what has become a task can end without an answer
            raise ConnectionAbortedError from None
        fault: Fault | None = request.note.fault
        if fault is None:
            return response
        if fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        if not fault.drop or fault.error:
            return response
        if fault.drop == "within" and request.method != "HEAD":
            return _cut(response)
        if not isinstance(response.body, bytes):
            response.body.close()
        await asyncio.sleep(0)
        raise ConnectionAbortedError

    def _new_note(self) -> Note:
        return MarkedNote(super()._new_note().request_id)

    def _match(self, place: Place, request: Request) -> Operation:
        operation = super()._match(place, request)
        request.note.operation = operation
        self._rules.meet(operation, place.bucket, place.key, request)
        return operation


class FaultyRpcFront(RpcFront):
    """The RPC dialect, with rules."""

    def __init__(self, rules: Rules, *plain: Any, **more: Any) -> None:
        super().__init__(*plain, **more)
        self._rules = rules
        self._request: Request | None = None

    async def read(self, place: Place, request: Request) -> RpcPlace:
        """The request; it is remembered for `match`, which follows at once."""
        asked = await super().read(place, request)
        self._request = request
        return asked

    def match(self, place: RpcPlace) -> Operation:
        """The operation, unless something is to happen first."""
        operation = super().match(place)
        request, self._request = self._request, None
        assert request is not None
        request.note.operation = operation
        self._rules.meet(operation, "", b"", request)
        return operation


def _cut(response: Response) -> Response:
    """The same answer, of which half the body comes."""
    body = response.body
    response.body = CutReader(body) if not isinstance(body, bytes) else CutBytes(body)
    return response


class CutBytes:
    """Half of some bytes, and then no more."""

    def __init__(self, data: bytes) -> None:
        self.length = len(data)
        self._half = data[: len(data) // 2]

    def next_nowait(self) -> bytes:
        """The half, once."""
        half, self._half = self._half, b""
        if not half:
            raise ConnectionAbortedError
        return half

    async def next(self) -> bytes:
        """The half, once."""
        return self.next_nowait()

    def close(self) -> None:
        """Nothing to let go."""


class CutReader:
    """A body that is read while it is sent, up to its half."""

    def __init__(self, body: Reader) -> None:
        self.length = body.length
        self._body = body
        self._left = max(1, body.length // 2)

    def next_nowait(self) -> memoryview | bytes | None:
        """The next piece of the half."""
        if not self._left:
            raise ConnectionAbortedError
        piece = self._body.next_nowait()
        return piece if piece is None else self._cut(piece)

    async def next(self) -> bytes:
        """The next piece of the half."""
        if not self._left:
            raise ConnectionAbortedError
        return bytes(self._cut(await self._body.next()))

    def _cut(self, piece: memoryview | bytes) -> memoryview | bytes:
        piece = piece[: self._left]
        self._left -= len(piece) or self._left
        return piece

    def close(self) -> None:
        """Let go of the body."""
        self._body.close()
