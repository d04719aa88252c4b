"""One connection: requests in, answers out, in order and one at a time."""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any, cast

from mossbox import clock, errors
from mossbox.clock import http_date, now
from mossbox.errors import ServiceError
from mossbox.http.chunked import ChunkedDecoder, ChunkedReader
from mossbox.http.head import HEAD_SIZE_MAX, STATUS_LINES, HeadParser, body_length
from mossbox.http.message import (
    HIGH_WATER_BYTES,
    NO_BODY,
    UNKNOWN,
    Body,
    Done,
    Reader,
    Request,
    Response,
)
from mossbox.http.sender import Sender, SocketSender, TransportSender
from mossbox.http.step import rest_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

DRAIN_BYTES = 64 << 20  # what a refused upload may still send before it is cut off
DRAIN_S = 5.0
BODY_RATE_MIN = 128  # bytes a second, over one body_timeout_s
_PENDING_MAX = 64 << 10
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: drop what is unsent, and reset


@dataclass(frozen=True)
class Limits:
    """How long peers may take, in seconds."""

    header_timeout_s: float = 20.0
    body_timeout_s: float = 30.0
    idle_timeout_s: float = 75.0


@dataclass
class Door:
    """What all connections of a worker share."""

    handler: Handler
    refuse: Callable[[ServiceError, Request], Response]
    done: Done
    limits: Limits = field(default_factory=Limits)
    connections: "set[Connection]" = field(default_factory=set)
    draining: bool = False
    now: float = field(default_factory=clock.monotonic)  # advanced by tick(), read everywhere

    def tick(self) -> None:
        """Once a second: tell the time, and cut off peers that stand still."""
        self.now = clock.monotonic()
        for connection in list(self.connections):
            connection.check_time(self.now)


# What a connection waits for. Plain numbers: an enum's members are slow to reach in Python 3.11.
_HEAD, _BUSY, _DRAIN, _CLOSED = range(4)


class Connection(asyncio.Protocol):
    """The protocol of one socket."""

    __slots__ = (
        "_body", "_chunked", "_door", "_eof", "_head_since", "_parser", "_pending", "_progress",
        "_pumping", "_read_paused", "_received", "_request", "_response", "_sender", "_since",
        "_state", "_task", "loop", "paused", "peer", "secure", "transport",
    )  # fmt: skip

    def __init__(self, door: Door, *, secure: bool) -> None:
        self._door = door
        self.secure = secure
        self.paused = False
        self._parser = HeadParser()
        self._pending = b""
        self._body = NO_BODY
        self._chunked: ChunkedDecoder | None = None
        self._request: Request | None = None
        self._response: Response | None = None
        self._sender: Sender | None = None
        self._task: asyncio.Future[Response] | None = None
        self._pumping = False
        self._eof = False
        self._read_paused = False
        self._state = _HEAD
        self._since = door.now
        self._head_since = 0.0
        self._received = 0
        self._progress = -1

    # -- the socket -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer is here."""
        self.loop = asyncio.get_running_loop()
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if peer else ""
        self._door.connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The peer is gone; whoever still works for it is told."""
        self._state = _CLOSED
        self._door.connections.discard(self)
        self._body.fail(errors.IncompleteBody())
        if self._sender is not None:
            self._sender.abort()
            self.sent(ConnectionResetError())

    def eof_received(self) -> bool:
        """The peer sends no more; whole requests are still answered, and a cut-off one refused."""
        self._eof = True
        self._body.fail(errors.IncompleteBody())
        return self._state == _BUSY and not self.secure

    def pause_writing(self) -> None:
        """The peer reads slower than we write: what it asks next has to wait."""
        self.paused = True
        if self._state == _HEAD:
            self._pause_reading()

    def resume_writing(self) -> None:
        """It caught up."""
        self.paused = False
        if self._sender is not None:
            self._sender.resume()
        elif self._state == _HEAD:
            self._resume_reading()
            self._pump()

    def data_received(self, data: bytes) -> None:
        """Bytes came: part of a body, the next request, or one that has to wait its turn."""
        if self._state == _DRAIN:
            self._drained(len(data))
            return
        self._received += len(data)
        if self._state == _BUSY and not self._body.ended:
            data = self._feed(data)
        self._pending = self._pending + data if self._pending else data
        if self._state == _BUSY and len(self._pending) > _PENDING_MAX:
            self._pause_reading()
        self._pump()

    # -- requests -------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Take up waiting requests, until one has to be waited for itself."""
        if self._pumping:
            return
        self._pumping = True
        while self._state == _HEAD and self._pending and not self.paused:
            data = self._pending
            end = data.find(b"\r\n\r\n", 0, HEAD_SIZE_MAX)
            if data[:2] == b"\r\n":
                self._pending = _without_empty_lines(data)
            elif end >= 0:
                self._pending = b""
                self._begin(data[: end + 4], data[end + 4 :])
            elif self._head_unfinished(data):
                break
        self._pumping = False
        if self.paused or self._eof:
            self._rest()

    def _rest(self) -> None:
        """Between requests: a peer that reads too slowly waits, one that said all is left."""
        if self._state != _HEAD:
            return
        if self.paused:
            self._pause_reading()
        else:
            self.transport.close()

    def _head_unfinished(self, data: bytes) -> bool:
        """Whether more of this head may come; one that is too long is refused."""
        if len(data) >= HEAD_SIZE_MAX:
            self._refuse(errors.RequestHeaderTooLarge("More than 64 KiB of headers."))
            return False
        self._head_since = self._head_since or clock.monotonic()
        return True

    def _begin(self, block: bytes, rest: bytes) -> None:
        """Start the request of this head; `rest` begins with its body."""
        started = perf_counter_ns()
        self._head_since = 0.0
        try:
            request = self._parser.parse(block)
            length = body_length(request)
        except ServiceError as error:
            self._refuse(error)
            return
        request.started_ns = started
        request.peer = self.peer
        request.secure = self.secure
        self._since = self._door.now
        self._state = _BUSY
        self._request = request
        if length != 0:
            self._body = request.body = Body(length, self)
            self._chunked = ChunkedDecoder() if length is None else None
            self._received = len(rest)
            rest = self._feed(rest) if rest else rest
        self._pending = rest
        self._run(request)

    def _feed(self, data: bytes) -> bytes:
        """Give the body what is its own; gives back what lies beyond."""
        body = self._body
        if self._chunked is not None:
            return self._feed_chunked(self._chunked, data)
        left = cast("int", body.length) - body.received
        if len(data) < left:
            body.feed(data)
            if body.buffered > HIGH_WATER_BYTES:
                self._pause_reading()
            return b""
        body.feed(data if len(data) == left else data[:left])
        body.end()
        return data[left:]

    def _feed_chunked(self, decoder: ChunkedDecoder, data: bytes) -> bytes:
        try:
            for piece in decoder.feed(data):
                self._body.feed(piece)
        except ServiceError as error:
            self._body.fail(error)
            if self._request is not None:
                self._request.keep_alive = False
            self._pause_reading()
            return b""
        if decoder.ended:
            self._chunked = None
            self._body.end()
        elif self._body.buffered > HIGH_WATER_BYTES:
            self._pause_reading()
        return decoder.rest

    def _run(self, request: Request) -> None:
        handling = self._door.handler(request)
        try:
            first = handling.send(None)
        except StopIteration as done:
            self._answer(done.value)
            return
        self._task = self.loop.create_task(rest_of(handling, first))
        self._task.add_done_callback(self._ran)

    def _ran(self, task: "asyncio.Future[Response]") -> None:
        self._task = None
        if self._state == _CLOSED:
            if not task.cancelled() and task.exception() is None:
                self._discard(task.result())
            return
        if task.cancelled() or task.exception() is not None:
            self.transport.abort()
            return
        self._answer(task.result())

    def _discard(self, response: Response) -> None:
        """The peer left before its answer."""
        if not isinstance(response.body, bytes):
            response.body.close()
        if self._request is not None:
            self._door.done(self._request, response, 0, True)

    def want_body(self) -> None:
        """Body: somebody waits for it, so the peer may go on."""
        request = self._request
        if request is not None and "expect" in request.headers:
            expected = request.headers.pop("expect").lower()
            first = not self._body.received and request.version != "1.0"
            if expected == "100-continue" and first:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._resume_reading()

    def resume_body(self) -> None:
        """Body: there is room again."""
        self._resume_reading()

    # -- answers --------------------------------------------------------------------------------

    def _answer(self, response: Response) -> None:
        request = cast("Request", self._request)
        self._response = response
        if not self._body.ended or self._door.draining:
            response.close = True
        if response.close:
            request.keep_alive = False
        body = response.body
        if isinstance(body, bytes):
            head = self._head(request, response, len(body))
            self.transport.write(head + body if body and request.method != "HEAD" else head)
            self._finished(0 if request.method == "HEAD" else len(body))
            return
        if body.length == UNKNOWN:
            body = self._unsized(request, body)
        head = self._head(request, response, body.length)
        if request.method == "HEAD":
            body.close()
            self.transport.write(head)
            self._finished(0)
            return
        self._send(head, body)

    def _unsized(self, request: Request, body: Reader) -> Reader:
        """A body whose end is told by chunks, or to old clients by the connection's."""
        if request.version == "1.0":
            request.keep_alive = False
            return body
        return ChunkedReader(body)

    def _send(self, head: bytes, reader: Reader) -> None:
        self._progress = -1
        self._since = self._door.now
        kind = TransportSender if self.secure else SocketSender
        self._sender = kind(self, head, reader)
        self._sender.start()

    def sent(self, error: BaseException | None) -> None:
        """Sender: the body is out, or was cut off; then the peer must see a reset, not an end."""
        sender, self._sender = self._sender, None
        if sender is None:
            return
        if error is None:
            self._finished(sender.progress)
        elif not sender.began and not isinstance(error, ConnectionError):
            # The first block can't be read, and the head is not out yet: say so.
            request = cast("Request", self._request)
            self._answer(self._door.refuse(errors.InternalError(), request))
        else:
            self._done(sender.progress, cut_off=True)
            self._state = _CLOSED
            self._reset()

    def _head(self, request: Request, response: Response, size: int) -> bytes:
        length = size if response.length is None else response.length
        length_line = f"Content-Length: {length}\r\n"
        if length == UNKNOWN:
            length_line = "" if request.version == "1.0" else "Transfer-Encoding: chunked\r\n"
        elif response.status in (204, 304):
            length_line = ""
        connection = "keep-alive" if request.keep_alive else "close"
        return (
            f"{STATUS_LINES[response.status]}Server: AliyunOSS\r\nDate: {http_date(int(now()))}\r\n"
            f"{length_line}Connection: {connection}\r\n{response.head}\r\n"
        ).encode("utf-8", "surrogateescape")

    def _finished(self, sent: int) -> None:
        request = cast("Request", self._request)
        cut_short = not self._body.ended
        self._done(sent, cut_off=False)
        self._since = self._door.now
        if request.keep_alive:
            self._state = _HEAD
            if self._read_paused and not self.paused:
                self._resume_reading()
        else:
            self._close_gently(cut_short=cut_short)
        self._pump()

    def _done(self, sent: int, *, cut_off: bool) -> None:
        request, response = self._request, self._response
        self._request = self._response = None
        self._body = NO_BODY
        self._chunked = None
        if request is not None and response is not None:
            self._door.done(request, response, sent, cut_off)

    def _refuse(self, error: ServiceError) -> None:
        """Answer a head that is no request, and close."""
        self._request = Request("-", b"-", b"", {}, "1.1")
        self._request.started_ns = perf_counter_ns()
        self._request.peer = self.peer
        self._state = _BUSY
        self._response = self._door.refuse(error, self._request)
        self._response.close = True
        self._answer(self._response)

    # -- endings --------------------------------------------------------------------------------

    def _close_gently(self, *, cut_short: bool) -> None:
        """Close so that a peer that is still sending can read its answer first."""
        self._state = _DRAIN
        self._received = 0
        self._since = clock.monotonic()
        self._resume_reading()
        if self._eof:
            self.transport.close()
        elif self.transport.can_write_eof():
            self.transport.write_eof()
        elif not cut_short:  # TLS has no half: the peer ends it, or check_time does
            self.transport.close()

    def _reset(self) -> None:
        """End so that the peer can't take what it got for all there is."""
        handle = self.transport.get_extra_info("socket")
        if handle is not None and not self.transport.is_closing():
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def _drained(self, size: int) -> None:
        self._received += size
        if self._received > DRAIN_BYTES:
            self.transport.abort()

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._state == _BUSY

    def close_idle(self) -> bool:
        """At shutdown: close now if no request is under way; tells whether it was idle."""
        if self._state == _HEAD:
            self.transport.close()
            return True
        return self._state != _BUSY

    def check_time(self, now: float) -> None:
        """Cut off a peer that stands still."""
        limits = self._door.limits
        if self._state == _DRAIN:
            if now - self._since > DRAIN_S:
                self.transport.abort()
        elif self._sender is not None:
            self._check_progress(now, self._sender.progress, limits.body_timeout_s)
        elif self._state == _BUSY:
            self._check_body(now, limits.body_timeout_s)
        elif held := self.transport.get_write_buffer_size():
            self._check_progress(now, held, limits.body_timeout_s)
        elif self._head_since:
            if now - self._head_since > limits.header_timeout_s:
                self._refuse(errors.RequestTimeout())
        elif now - self._since > limits.idle_timeout_s:
            self.transport.close()

    def _check_progress(self, now: float, progress: int, limit_s: float) -> None:
        if progress != self._progress:
            self._progress = progress
            self._since = now
        elif now - self._since > limit_s:
            self._reset()

    def _check_body(self, now: float, limit_s: float) -> None:
        if self._body.ended or self._read_paused:
            self._since = now
            self._received = 0
        elif now - self._since > limit_s:
            if self._received < BODY_RATE_MIN * limit_s:
                self._body.fail(errors.RequestTimeout())
            self._since = now
            self._received = 0

    # -- reading --------------------------------------------------------------------------------

    def _pause_reading(self) -> None:
        if not self._read_paused and not self.transport.is_closing():
            self._read_paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._read_paused and not self.transport.is_closing():
            self._read_paused = False
            self.transport.resume_reading()


def _without_empty_lines(data: bytes) -> bytes:
    """Some clients end a body with one line too many."""
    start = 0
    while data[start : start + 2] == b"\r\n":
        start += 2
    return data[start:]
