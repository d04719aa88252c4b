"""Listening sockets, and taking connections from them fairly between workers."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

from mossbox.http.connection import Connection, Door

BACKLOG = 1024
_ACCEPT_FAILED_PAUSE_S = 0.1
_DEFERRED_S = 0.002


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to an address; ``localhost`` means 127.0.0.1 and [::1] on one port.

    Raises OSError when the address is taken: the port is proven free before a worker starts.
    """
    hosts = ["127.0.0.1", "::1"] if host in ("localhost", "127.0.0.1") else [host]
    sockets: list[socket.socket] = []
    for number, address in enumerate(hosts):
        try:
            sockets.append(_bind(address, port))
        except OSError as error:
            if number and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                continue  # a machine without IPv6
            for made in sockets:
                made.close()
            raise
        port = sockets[0].getsockname()[1]
    return sockets


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


class Acceptor:
    """Takes connections from a socket that all workers share, one a wake-up.

    Taking all that wait would give one worker everything; `crowded` lets a worker with more than
    its share leave the rest to the others for a moment.
    """

    def __init__(
        self, listener: socket.socket, door: Door, crowded: Callable[[], bool],
        tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self._listener = listener
        self._door = door
        self._crowded = crowded
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._deferred = False
        self.resume()

    def resume(self) -> None:
        """Take connections."""
        if self._listener.fileno() >= 0:
            self._loop.add_reader(self._listener.fileno(), self._ready)

    def close(self) -> None:
        """Take no more; once all processes have closed the socket, peers are refused."""
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._loop.call_later(seconds, self.resume)

    def _ready(self) -> None:
        if self._crowded() and not self._deferred:
            self._deferred = True  # once: whoever has fewer may be stuck, or dead
            self._pause(_DEFERRED_S)
            return
        self._deferred = False
        try:
            peer, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # out of descriptors: the connections we have come first
            self._pause(_ACCEPT_FAILED_PAUSE_S)
            return
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._take(peer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, peer: socket.socket) -> None:
        secure = self._tls is not None
        try:
            await self._loop.connect_accepted_socket(
                lambda: Connection(self._door, secure=secure),
                peer,
                ssl=self._tls,
                ssl_handshake_timeout=self._door.limits.header_timeout_s if secure else None,
            )
        except (OSError, ssl.SSLError):
            peer.close()
