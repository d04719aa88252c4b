"""The client of all requests that the server makes: one address, one answer, one deadline.

The name is resolved once, every address of the answer must be permitted, and the connection goes
to one of these. Redirects are not followed, proxies of the environment are not asked, and no
connection is used twice.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import httptools

from mossbox import clock
from mossbox.egress.addresses import Rules, Target, source_address

DEADLINE_S = 5.0
ANSWER_MAX_BYTES = 1 << 20
HEAD_MAX_BYTES = 64 << 10
UNDER_WAY_MAX = 128  # requests of one worker at once
_ADDRESSES_MAX = 3  # that are tried one after the other
_CHUNK_BYTES = 64 << 10

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
T = TypeVar("T")


class EgressError(Exception):
    """A request of ours that got no answer; the text says nothing about this network."""


class Forbidden(EgressError):
    """The name leads to an address that may not be called."""


class Unresolved(EgressError):
    """The name leads nowhere."""


class Unreachable(EgressError):
    """Nobody listens there, the certificate is not the name's, or the connection broke."""


class TooSlow(EgressError):
    """The deadline passed."""


class TooLarge(EgressError):
    """The answer is longer than it may be."""


class NotHttp(EgressError):
    """What answered does not speak HTTP."""


class Busy(EgressError):
    """As many requests are under way as may be."""


class Destination(NamedTuple):
    """A target and the checked addresses of its name; `spent_s` of the deadline are gone."""

    target: Target
    addresses: tuple[str, ...]
    spent_s: float = 0.0


class Answer(NamedTuple):
    """What came back; `sized` tells whether a Content-Length announced the body."""

    status: int
    body: bytes
    sized: bool


class Egress:
    """The client of one worker; `observe` is told of each request whether it was answered."""

    def __init__(
        self,
        rules: Rules,
        *,
        deadline_s: float = DEADLINE_S,
        resolve: Resolve | None = None,
        observe: Callable[[bool], None] = lambda _answered: None,
    ) -> None:
        self._rules = rules
        self._deadline_s = deadline_s
        self._resolve = resolve or _resolve
        self._observe = observe
        self._tls: ssl.SSLContext | None = None
        self.under_way = 0

    async def find(self, target: Target) -> Destination:
        """Resolve a target's name, once and for all that follows.

        Raises Forbidden unless every address of the answer may be called, Unresolved, Busy.
        """
        started = clock.monotonic()
        try:
            found = await self._run(partial(self._resolve, target.host, target.port), 0.0)
        except (OSError, TimeoutError, UnicodeError):
            raise Unresolved("The name has no address.") from None
        addresses = tuple(dict.fromkeys(found))
        if not addresses:
            raise Unresolved("The name has no address.")
        if not all(self._rules.permit(target, address) for address in addresses):
            raise Forbidden("The address may not be called.")
        return Destination(target, addresses, clock.monotonic() - started)

    async def send(
        self, method: str, destination: Destination, headers: Sequence[tuple[str, str]], body: bytes
    ) -> Answer:
        """Send a request and read its answer, whatever its status.

        Raises Unreachable, TooSlow, TooLarge, NotHttp, Busy.
        """
        request = _request(method, destination.target, headers, body)
        answered = False
        try:
            answer = await self._run(
                partial(self._exchange, destination, request), destination.spent_s
            )
            answered = True
        except TimeoutError:
            raise TooSlow("The answer took too long.") from None
        except OSError:
            raise Unreachable("The connection failed.") from None
        finally:
            self._observe(answered)
        return answer

    @staticmethod
    def source(destination: Destination) -> str:
        """The address of ours that the destination sees."""
        try:
            return source_address(destination.addresses[0], destination.target.port)
        except OSError:
            return "127.0.0.1"  # there is no way there, so nobody will read this

    async def _run(self, work: Callable[[], Awaitable[T]], spent_s: float) -> T:
        """Await some work in a task of its own, within what is left of the deadline."""
        if self.under_way >= UNDER_WAY_MAX:
            raise Busy("Too many requests are under way.")

        async def timed() -> T:
            async with asyncio.timeout(max(0.0, self._deadline_s - spent_s)):
                return await work()

        self.under_way += 1
        try:
            return await asyncio.get_running_loop().create_task(timed())
        finally:
            self.under_way -= 1

    async def _exchange(self, destination: Destination, request: bytes) -> Answer:
        reader, writer = await self._connect(destination)
        whole = False
        try:
            writer.write(request)
            answer = await _read(reader)
            whole = True
        finally:
            if whole:
                writer.close()
            else:
                writer.transport.abort()
        return answer

    async def _connect(
        self, destination: Destination
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        target = destination.target
        name = None
        if target.secure:
            name = target.host.rstrip(".")
            if self._tls is None:  # reading all authorities takes a while
                self._tls = await asyncio.to_thread(ssl.create_default_context)
        for address in destination.addresses[:_ADDRESSES_MAX]:
            try:
                return await asyncio.open_connection(
                    address, target.port, ssl=self._tls if name else None, server_hostname=name
                )
            except ssl.SSLError:
                raise
            except OSError:
                continue
        raise ConnectionError


async def _resolve(host: str, port: int) -> Sequence[str]:
    """The system's resolver, which also knows odd spellings of addresses for what they are."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _request(method: str, target: Target, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    """The bytes of a request; raises ValueError for a header that would end its line."""
    lines = [f"{method} {target.path}{target.query} HTTP/1.1"]
    given = [("Host", target.host_header)] if not any(n == "Host" for n, _ in headers) else []
    for name, value in (*given, *headers):
        if "\r" in value or "\n" in value:
            raise ValueError(f"the header {name} has a line's end in it")
        lines.append(f"{name}: {value}")
    lines.append(f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode() + body


class _Reading:
    """An answer as the parser tells it; what follows it is nobody's."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._other_bytes = 0  # heads, what stands around chunks, and trailers
        self._sized = self._framed = self._in_body = False
        self._status = 0
        self._body = bytearray()
        self.ended = False

    # -- called by the parser -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """One more answer, after an interim one."""
        if not self.ended:
            self._sized = self._framed = self._in_body = False

    def on_header(self, name: bytes, _value: bytes) -> None:
        """How long the body is to be."""
        lowered = name.lower()
        if not self.ended and lowered in (b"content-length", b"transfer-encoding"):
            self._framed = True
            self._sized = self._sized or lowered == b"content-length"

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if not self.ended:
            self._status = self._parser.get_status_code()
            self._in_body = self._status >= 200

    def on_body(self, data: bytes) -> None:
        """Some of the body; more than may be is not kept."""
        if not self.ended and len(self._body) <= ANSWER_MAX_BYTES:
            self._body += data

    def on_message_complete(self) -> None:
        """That was all, unless it was an interim answer."""
        self.ended = self.ended or self._in_body

    # -- called by the reader -------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take bytes; raises TooLarge, NotHttp."""
        kept = len(self._body)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.ended = True
        except httptools.HttpParserError:
            if not self.ended:
                raise NotHttp("That is not HTTP.") from None
        self._other_bytes += len(data) - (len(self._body) - kept)
        most = ANSWER_MAX_BYTES if self._in_body else HEAD_MAX_BYTES
        if len(self._body) > ANSWER_MAX_BYTES or self._other_bytes > most:
            raise TooLarge("The answer is too long.")

    def end(self) -> None:
        """The peer sends no more; raises ConnectionError where that is no end."""
        if not self._in_body or self._framed:
            raise ConnectionError
        self.ended = True

    def answer(self) -> Answer:
        """The whole of it."""
        return Answer(self._status, bytes(self._body), self._sized)


async def _read(reader: asyncio.StreamReader) -> Answer:
    """An answer to its end; raises TooLarge, NotHttp, OSError."""
    reading = _Reading()
    while not reading.ended:
        if data := await reader.read(_CHUNK_BYTES):
            reading.feed(data)
        else:
            reading.end()
    return reading.answer()
