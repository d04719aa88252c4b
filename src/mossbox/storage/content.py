"""Bodies: bytes, files and asynchronous iterators, cut to the size that was announced."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import IO

from mossbox.storage.backend import Content
from mossbox.storage.errors import RestrictionDissatisfied
from mossbox.storage.model import IoCallback

Data = bytes | bytearray | memoryview | IO[bytes] | AsyncIterable[bytes]
"""What can be written."""

_PIECE_BYTES = 256 << 10


class Counted:
    """A body of exactly `size` bytes, or of all there are; `count` is what has gone out."""

    def __init__(self, data: Data, size: int | None, callback: IoCallback | None) -> None:
        self.count = 0
        self._size = size
        self._callback = callback
        if isinstance(data, bytes | bytearray | memoryview):
            self.content: Content = self._whole(bytes(data))
        elif isinstance(data, AsyncIterable):
            self.content = self._pieces(data)
        else:
            self.content = self._pieces(_read(data))

    def _whole(self, data: bytes) -> bytes:
        if self._size is not None:
            if self._size > len(data):
                raise _too_short(self._size, len(data))
            data = data[: self._size]
        self.count = len(data)
        if self._callback is not None:
            self._callback(data)
        return data

    async def _pieces(self, source: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        async for piece in source:
            if self._size is not None:
                piece = piece[: self._size - self.count]
            self.count += len(piece)
            if self._callback is not None:
                self._callback(piece)
            yield piece
            if self.count == self._size:
                break
        if self._size is not None and self.count < self._size:
            raise _too_short(self._size, self.count)


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    """A file's bytes, read outside the event loop."""
    while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
        yield piece


def _too_short(size: int, count: int) -> RestrictionDissatisfied:
    return RestrictionDissatisfied(f"size says {size} bytes, and there are {count}")
