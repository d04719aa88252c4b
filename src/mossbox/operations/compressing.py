"""GetObject's answers compressed for those who ask (OSS documentation, "GetObject").

Text and scripts of at least 1 KiB that are stored as they are, asked for whole.
"""

import asyncio
import zlib
from collections.abc import Mapping

from mossbox.engine.reading import Bytes
from mossbox.http.message import UNKNOWN, Reader

_SIZE_MIN = 1 << 10
_AT_ONCE_MAX = 16 << 10  # more than this takes a millisecond, which belongs into a thread
_LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS
_TYPES = frozenset(
    """
    application/javascript application/json application/rss+xml application/x-javascript
    text/cache-manifest text/css text/json text/plain text/xml
    """.split()
)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip and does not refuse it."""
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0.") not in ("q=", "q")
    return False


async def packed(
    body: Bytes, length: int, content_type: str, stored: Mapping[str, str]
) -> Reader | None:
    """The same body compressed, if it is of a kind that OSS compresses; else None.

    `stored` are the headers that the object was put with.
    """
    kind = content_type.partition(";")[0].strip().lower()
    encoded = any(name.lower() == "content-encoding" for name in stored)
    if length < _SIZE_MIN or kind not in _TYPES or encoded:
        return None
    if not isinstance(body, bytes | memoryview):
        return GzipReader(body)
    if len(body) <= _AT_ONCE_MAX:
        return Packed(_whole(body))
    return Packed(await asyncio.to_thread(_whole, body))


def _whole(data: bytes | memoryview) -> bytes:
    return zlib.compress(data, _LEVEL, _GZIP)


class Packed:
    """Compressed bytes sent in chunks: oss2 takes a Content-Length for that of what it unpacks."""

    length = UNKNOWN

    def __init__(self, data: bytes) -> None:
        self._data = data

    def next_nowait(self) -> bytes:
        """All of them, then none."""
        data, self._data = self._data, b""
        return data

    async def next(self) -> bytes:
        """The same."""
        return self.next_nowait()

    def close(self) -> None:
        """Nothing is held."""


class GzipReader:
    """A body compressed while it is sent, in threads; its length is not known before."""

    length = UNKNOWN

    def __init__(self, inner: Reader) -> None:
        self._inner = inner
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._ended = False

    def next_nowait(self) -> bytes | None:
        """Nothing is at hand, ever: compressing is work for a thread."""
        return b"" if self._ended else None

    async def next(self) -> bytes:
        """The next compressed bytes."""
        while not self._ended:
            piece = self._inner.next_nowait()
            data = await self._inner.next() if piece is None else bytes(piece)
            if data:
                out = await asyncio.to_thread(self._deflate.compress, data)
            else:
                self._ended = True
                out = self._deflate.flush()
            if out:
                return out
        return b""

    def close(self) -> None:
        """Let go of the body."""
        self._inner.close()
