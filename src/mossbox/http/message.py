"""What passes through the door: requests with their bodies, and responses."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from mossbox import errors
from mossbox.errors import ServiceError

HIGH_WATER_BYTES = 1 << 20  # a body that nobody reads stops the socket here
LOW_WATER_BYTES = 256 << 10


class Body:
    """The bytes that follow a request's head; `length` is None for a chunked one.

    Reading it is what tells the peer to go on (``100 Continue``), so a request that is refused
    before costs nobody the transfer.
    """

    __slots__ = (
        "_chunks", "_error", "_flow", "_pace", "_waiter", "buffered", "ended", "length", "received",
    )  # fmt: skip

    def __init__(self, length: int | None, flow: "Flow | None" = None) -> None:
        self.length = length
        self.received = 0
        self.buffered = 0
        self.ended = length == 0
        self._chunks: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._error: ServiceError | None = None
        self._flow = flow
        self._pace: Pace | None = None

    def slow(self, pace: "Pace") -> None:
        """Give the bytes out at a rate from now on."""
        self._pace = pace

    def feed(self, data: bytes) -> None:
        """Take bytes from the socket."""
        if self._error is not None:
            return  # what follows a fault is no part of anything
        self._chunks.append(data)
        self.received += len(data)
        self.buffered += len(data)
        self._wake()

    def end(self) -> None:
        """All bytes have come; a body that failed before stays so."""
        if self._error is None:
            self.ended = True
            self._wake()

    def fail(self, error: ServiceError) -> None:
        """The rest will never come; whoever reads is told why."""
        if not self.ended and self._error is None:
            self._error = error
            self._wake()

    def whole(self) -> bytes | None:
        """The rest of the body if all of it is here already and may be had at once, else None."""
        if not self.ended or self._pace is not None:
            return None
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self.buffered = 0
        return data

    async def read(self) -> bytes:
        """The next bytes, b"" at the end.

        Raises IncompleteBody or RequestTimeout when the peer does not send what it announced.
        """
        while not self._chunks:
            if self.ended:
                return b""
            if self._error is not None:
                raise self._error
            if self._flow is not None:
                self._flow.want_body()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk = self._chunks.popleft()
        self.buffered -= len(chunk)
        if self._flow is not None and self.buffered < LOW_WATER_BYTES:
            self._flow.resume_body()
        if self._pace is not None:
            await asyncio.sleep(self._pace.spend(len(chunk)))
        return chunk

    async def collect(self, limit: int) -> bytes:
        """The whole body; raises EntityTooLarge as soon as it is known to pass `limit` bytes."""
        if self.length is not None and self.length > limit:
            raise errors.EntityTooLarge(MaxSizeAllowed=limit)
        parts, size = [], 0
        while chunk := await self.read():
            size += len(chunk)
            if size > limit:
                raise errors.EntityTooLarge(MaxSizeAllowed=limit)
            parts.append(chunk)
        return b"".join(parts)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Pace(Protocol):
    """The timetable of a body that is slowed down."""

    def spend(self, size: int) -> float:
        """Seconds until so many bytes more have had their time."""


class Flow(Protocol):
    """How a body tells its connection that it wants more."""

    def want_body(self) -> None:
        """Somebody waits for the body: let the peer send it."""

    def resume_body(self) -> None:
        """The buffer has room again."""


NO_BODY = Body(0)


class Request(msgspec.Struct):
    """One request: its head as it came, split once, and its body.

    `path` and `query` are raw bytes of the target; `headers` has lower-case names, and of doubled
    ones the first. In `note` the floors above keep what they want to log.
    """

    method: str
    path: bytes
    query: bytes
    headers: dict[str, str]
    version: str
    keep_alive: bool = True
    body: Body = NO_BODY
    peer: str = ""
    secure: bool = False
    started_ns: int = 0
    note: Any = None
    pace: Any = None  # a Pacer, where the transfer is to be slow


UNKNOWN = -1
"""The length of a body that is made while it is sent."""


class Reader(Protocol):
    """A body that is read while it is sent, in pieces that were checked before.

    `length` may be UNKNOWN.
    """

    length: int

    def next_nowait(self) -> memoryview | bytes | None:
        """The next piece if it can be had without waiting; b"" at the end, None to wait.

        The piece may be overwritten by the next call of any reader.
        """

    async def next(self) -> bytes:
        """The next piece, b"" at the end. Raises OSError when the bytes are not what was kept."""

    def close(self) -> None:
        """Give up what reading needed."""


class Response(msgspec.Struct):
    """An answer: status, header lines (each ended by CR LF) and a body.

    `length` overrides Content-Length for answers to HEAD; `close` ends the connection.
    """

    status: int
    head: str = ""
    body: bytes | Reader = b""
    length: int | None = None
    close: bool = False


Done = Callable[[Request, Response, int, bool], None]
"""Told of each answer: request, response, body bytes sent, and whether it was cut off."""
