"""Chunked transfer coding, decoded strictly and without a socket."""

from mossbox import errors
from mossbox.http.message import UNKNOWN, Reader

_LINE_MAX = 256
_TRAILER_MAX = 8 << 10  # all of its lines
_HEXADECIMAL = b"0123456789abcdefABCDEF"


class ChunkedDecoder:
    """Feed it bytes; it gives back body bytes, and after the last chunk what follows the body."""

    __slots__ = ("_buffer", "_left", "_line_max", "_trailer", "ended", "rest")

    def __init__(self) -> None:
        self._buffer = b""
        self._left = 0  # bytes of the current chunk with its CR LF still to come
        self._trailer = False
        self._line_max = _LINE_MAX
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Body bytes in `data`; raises BadRequest for anything but well-formed chunks."""
        data = self._buffer + data if self._buffer else data
        self._buffer = b""
        pieces: list[bytes] = []
        position = 0
        while not self.ended and position < len(data):
            if self._left:
                position = self._chunk(data, position, pieces)
            else:
                end = data.find(b"\r\n", position)
                if end < 0:
                    self._keep(data[position:])
                    return pieces
                self._line(data[position:end])
                position = end + 2
        if self.ended:
            self.rest = data[position:]
        return pieces

    def _chunk(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        take = min(self._left, len(data) - position)
        body = min(take, self._left - 2)
        if body > 0:
            pieces.append(data[position : position + body])
        if take > body:
            ending = data[position + max(body, 0) : position + take]
            expected = b"\r\n"[2 - min(self._left, 2) :]
            if not expected.startswith(ending):
                raise errors.BadRequest("A chunk does not end where its size says.")
        self._left -= take
        return position + take

    def _line(self, line: bytes) -> None:
        self._check_size(line)
        if b"\r" in line or b"\n" in line or b"\0" in line:
            raise errors.BadRequest("A line between chunks holds a stray control character.")
        if self._trailer:
            self._line_max -= len(line)
            self.ended = not line
            return
        size, _, _extension = line.partition(b";")
        size = size.rstrip(b" \t")
        if not size or len(size) > 15 or size.strip(_HEXADECIMAL):
            raise errors.BadRequest("A chunk's size is not a hexadecimal number.")
        count = int(size, 16)
        if count:
            self._left = count + 2
        else:
            self._trailer = True
            self._line_max = _TRAILER_MAX

    def _keep(self, data: bytes) -> None:
        self._check_size(data.removesuffix(b"\r"))
        self._buffer = data

    def _check_size(self, line: bytes) -> None:
        if len(line) > self._line_max:
            raise errors.BadRequest("A line between chunks is too long.")


class ChunkedReader:
    """A body in chunks, for a peer that can't be told its length; pieces are copied."""

    length = UNKNOWN

    def __init__(self, inner: Reader) -> None:
        self._inner = inner
        self._ended = False

    def next_nowait(self) -> bytes | None:
        """The next chunk if it is at hand."""
        if self._ended:
            return b""
        piece = self._inner.next_nowait()
        return None if piece is None else self._chunk(piece)

    async def next(self) -> bytes:
        """The next chunk."""
        return b"" if self._ended else self._chunk(await self._inner.next())

    def _chunk(self, piece: memoryview | bytes) -> bytes:
        if not piece:
            self._ended = True
        return b"".join((b"%x\r\n" % len(piece), piece, b"\r\n"))

    def close(self) -> None:
        """Let go of the body."""
        self._inner.close()
