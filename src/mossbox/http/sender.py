"""Sending bodies that are read while they are sent.

On plain TCP the head and every piece go straight to the socket, through a duplicate of its
descriptor: the transport would copy each piece and hold it back to the end of the turn, and a
duplicate can't come to mean another peer's connection. With TLS they pass through the transport.
"""

import asyncio
import os
import socket
from abc import ABC, abstractmethod
from typing import Protocol

from mossbox.http.message import Reader

TURN_BYTES = 1 << 20  # what one body may send before the others get a turn
_BLOCKED = (BlockingIOError, InterruptedError)


class Outlet(Protocol):
    """The connection as a sender sees it."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    paused: bool

    def sent(self, error: BaseException | None) -> None:
        """The body is out, or it can't be sent to its end."""


class Sender(ABC):
    """One body under way; `progress` counts its bytes."""

    def __init__(self, outlet: Outlet, head: bytes, reader: Reader) -> None:
        self.outlet = outlet
        self.reader = reader
        self.progress = 0
        self._left: bytes = head
        self.began = False  # whether any of it left: until then another answer is possible
        self._task: asyncio.Task[bytes] | None = None
        self._over = False

    def start(self) -> None:
        """Send as much as goes without waiting, and the rest as the peer takes it."""
        self._turn()

    def resume(self) -> None:
        """The transport has room again (TLS)."""
        if not self._over and self._task is None:
            self._turn()

    def abort(self) -> None:
        """The connection is gone: let go of everything."""
        if self._task is not None:
            self._task.cancel()
        self._close()

    def _turn(self) -> None:
        if self._over or self._task is not None:
            return
        budget = TURN_BYTES
        try:
            while budget > 0:
                piece = self.reader.next_nowait()
                if piece is None:
                    self._wait_for_disk()
                    return
                if not piece and not self._left:
                    self._finish(None)
                    return
                if not self._put(piece):
                    return
                budget -= len(piece)
        except Exception as error:  # rot, or a peer that is gone: never a clean end
            self._finish(error)
            return
        self.outlet.loop.call_soon(self._turn)

    def _wait_for_disk(self) -> None:
        self._task = self.outlet.loop.create_task(self._next())
        self._task.add_done_callback(self._disk_answered)

    async def _next(self) -> bytes:
        return await self.reader.next()

    def _disk_answered(self, task: asyncio.Task[bytes]) -> None:
        self._task = None
        if self._over or task.cancelled():
            return
        error = task.exception()
        try:
            if error is not None:
                self._finish(error)
            elif self._put(task.result()):
                self._turn()
        except OSError as gone:
            self._finish(gone)

    @abstractmethod
    def _put(self, piece: memoryview | bytes) -> bool:
        """Send a piece; False when the rest waits for the peer."""

    def _finish(self, error: BaseException | None) -> None:
        if not self._over:
            self._close()
            self.outlet.sent(error)

    def _close(self) -> None:
        if not self._over:
            self._over = True
            self.reader.close()


class TransportSender(Sender):
    """Through the transport: TLS."""

    def _put(self, piece: memoryview | bytes) -> bool:
        self.began = True
        if self._left:
            self.outlet.transport.write(self._left)
            self._left = b""
        if piece:
            self.outlet.transport.write(bytes(piece))
            self.progress += len(piece)
            return not self.outlet.paused
        return True


class SocketSender(Sender):
    """Straight to the socket: plain TCP."""

    def __init__(self, outlet: Outlet, head: bytes, reader: Reader) -> None:
        super().__init__(outlet, head, reader)
        handle = outlet.transport.get_extra_info("socket")
        self._socket = socket.socket(fileno=os.dup(handle.fileno()))
        self._watching = False

    def start(self) -> None:
        """As above, once whatever the transport still holds has left before us."""
        if self.outlet.transport.get_write_buffer_size():
            self.outlet.loop.call_later(0.002, self._start_later)
        else:
            self._turn()

    def _start_later(self) -> None:
        if not self._over:
            self.start()

    def _put(self, piece: memoryview | bytes) -> bool:
        head = self._left
        try:
            count = self._socket.sendmsg([head, piece]) if head else self._socket.send(piece)
        except _BLOCKED:
            count = 0
        self.began = self.began or count > 0
        if count == len(head) + len(piece):
            self._left = b""
            self.progress += len(piece)
            return True
        # The piece lies in a buffer that others will use, so what is left of it is copied.
        self.progress += count
        self._left = (head + bytes(piece))[count:] if head else bytes(piece[count:])
        self._watch()
        return False

    def _watch(self) -> None:
        self._watching = True
        self.outlet.loop.add_writer(self._socket.fileno(), self._writable)

    def _writable(self) -> None:
        try:
            count = self._socket.send(self._left)
        except _BLOCKED:
            return
        except OSError as error:
            self._finish(error)
            return
        self.progress += count
        self._left = self._left[count:]
        if not self._left:
            self._unwatch()
            self._turn()

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            self.outlet.loop.remove_writer(self._socket.fileno())

    def _close(self) -> None:
        if not self._over:
            self._unwatch()
            self._socket.close()
            super()._close()
