"""Slowing one transfer down to a rate, without a thread: pieces, and sleep between them."""

import asyncio
from collections.abc import Callable

from mossbox import clock
from mossbox.http.message import Reader

_PIECES_A_SECOND = 10
_PIECE_MIN, _PIECE_MAX = 4 << 10, 128 << 10


class Pacer:
    """The timetable of one transfer at `rate` bytes a second, and how long it waited in all.

    It gives no credit for time in which nothing was moved, so a rate is never made up for.
    """

    __slots__ = ("_now", "_until", "delay_s", "piece", "rate")

    def __init__(self, rate: int, now: Callable[[], float] = clock.monotonic) -> None:
        self.rate = rate
        self.piece = min(max(rate // _PIECES_A_SECOND, _PIECE_MIN), _PIECE_MAX)
        self._now = now
        self._until = 0.0
        self.delay_s = 0.0

    def spend(self, size: int) -> float:
        """Seconds until so many bytes more have had their time."""
        now = self._now()
        self._until = max(self._until, now) + size / self.rate
        wait_s = self._until - now
        self.delay_s += wait_s
        return wait_s

    def ahead(self) -> float:
        """Seconds until all bytes so far have had their time."""
        return max(0.0, self._until - self._now())


class PacedReader:
    """A body that is given out at a rate, in small pieces."""

    def __init__(self, body: bytes | memoryview | Reader, pacer: Pacer) -> None:
        self._source: Reader | None = None
        self._held = memoryview(b"")
        if isinstance(body, bytes | memoryview):
            self._held = memoryview(body)
            self.length = len(body)
        else:
            self._source = body
            self.length = body.length
        self._pacer = pacer
        self._ended = False

    def next_nowait(self) -> memoryview | bytes | None:
        """Nothing is at hand before its time."""
        return b"" if self._ended else None

    async def next(self) -> bytes:
        """The next piece, when the time of the one before it has passed."""
        if not self._held and self._source is not None:
            self._held = memoryview(await self._source.next())
        size = min(self._pacer.piece, len(self._held))
        piece, self._held = bytes(self._held[:size]), self._held[size:]
        self._ended = not piece
        if piece:
            await asyncio.sleep(self._pacer.ahead())
            self._pacer.spend(size)
        return piece

    def close(self) -> None:
        """Let go of the source."""
        if self._source is not None:
            self._source.close()
