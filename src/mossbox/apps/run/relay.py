"""What answers in a private world: names, and connections that are passed on to the store."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from urllib.parse import urlsplit

from mossbox.apps.run.authority import Authority
from mossbox.apps.run.names import answer, leads_here

_CHUNK_BYTES = 256 << 10
_DATAGRAM_BYTES = 4096
_KEY_PAGE = "/-/callback-key.pem"

_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


class Relay:
    """Serves a world's sockets; `endpoint` is the store's address outside."""

    def __init__(self, endpoint: str, authority: Authority) -> None:
        address = urlsplit(endpoint)
        self._endpoint = endpoint
        self._tls = address.scheme == "https"
        self._host = address.hostname or ""
        self._port = address.port or (443 if self._tls else 80)
        self._authority = authority
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Begin to answer, on a socket for names by UDP and on `spaces.LISTENERS`."""
        datagrams, names, plain, secure, key_plain, key_secure = sockets
        datagrams.setblocking(False)
        asyncio.get_running_loop().add_reader(datagrams, _datagram, datagrams)
        await asyncio.start_server(self._each(_names), sock=names)
        for handler, open_socket, closed_socket in (
            (self._each(self._pass_on), plain, secure),
            (self._each(self._show_key), key_plain, key_secure),
        ):
            await asyncio.start_server(handler, sock=open_socket)
            await asyncio.start_server(handler, sock=closed_socket, ssl=self._context())

    def _each(
        self, handler: _Handler
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        """What begins a task for each connection, and holds it until its end.

        The streams' own tasks are forgotten when the client has sent all, whether or not it has
        its answer, and those that a run's end cuts off are reported as errors.
        """

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(handler(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return begin

    def _context(self) -> ssl.SSLContext:
        def choose(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name and leads_here(name):
                tls.context = self._authority.context(name.lower())

        made = self._authority.context("")
        made.sni_callback = choose
        return made

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        store = await self._connect(writer)
        if store is not None:
            theirs, ours = store
            await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))
            ours.close()
            writer.close()

    async def _show_key(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whatever is asked for, answer with the key that the store signs its callbacks with."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
            if (store := await self._connect(writer)) is not None:
                theirs, ours = store
                head = f"GET {_KEY_PAGE} HTTP/1.1\r\nHost: {self._host}\r\nConnection: close\r\n"
                ours.write(f"{head}\r\n".encode())
                await _copy(theirs, writer)
                ours.close()
        writer.close()

    async def _connect(
        self, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the store; where there is none, `writer` is told so."""
        try:
            return await asyncio.open_connection(
                self._host, self._port, ssl=ssl.create_default_context() if self._tls else None
            )
        except OSError as error:
            text = f"The store at {self._endpoint} can't be reached: {error.strerror or error}\n"
            head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Length: {len(text.encode())}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n{text}".encode())
            writer.close()
            return None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything that comes from one side goes to the other; the end too."""
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
            return
    writer.close()


def _datagram(names: socket.socket) -> None:
    """Answer one query by UDP."""
    with contextlib.suppress(OSError):
        data, peer = names.recvfrom(_DATAGRAM_BYTES)
        if said := answer(data):
            names.sendto(said, peer)


async def _names(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The name server by TCP, where two bytes of length stand before each message."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            said = answer(await reader.readexactly(size))
            if said is None:
                break
            writer.write(len(said).to_bytes(2, "big") + said)
            await writer.drain()
    writer.close()
