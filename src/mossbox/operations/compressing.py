"""GetObject's answers compressed for those who ask (OSS documentation, "GetObject").

Text and scripts of at least 1 KiB that are stored as they are, asked for whole.
"""

import asyncio
import zlib
from typing import TYPE_CHECKING

from mossbox.http.message import UNKNOWN, Reader

if TYPE_CHECKING:
    from mossbox.operations.getting import GetObjectResult

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


async def compress(result: "GetObjectResult") -> None:
    """Compress an answer, if it is of a kind that OSS compresses.

    Tag and checksums are left out: they are of the bytes that are stored.
    """
    kind = result.content_type.partition(";")[0].strip().lower()
    encoded = any(name.lower() == "content-encoding" for name in result.stored)
    if result.length < _SIZE_MIN or kind not in _TYPES or encoded:
        return
    body = result.body
    if not isinstance(body, bytes | memoryview):
        result.body = GzipReader(body)
    elif len(body) <= _AT_ONCE_MAX:
        result.body = Packed(_whole(body))
    else:
        result.body = Packed(await asyncio.to_thread(_whole, body))
    result.etag = result.content_md5 = result.crc64 = None
    result.stored = {**result.stored, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}


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
