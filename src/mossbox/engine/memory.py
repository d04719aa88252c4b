"""Blobs in memory, for `--memory`: the same promises but for durability."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable

from mossbox import errors
from mossbox.engine.ids import IdSource
from mossbox.wire.checksum import crc64

_PIECE_BYTES = 1 << 20


class MemoryBlobs:
    """`Blobs` in a dictionary of at most `limit` bytes; then writes are ServiceUnavailable."""

    def __init__(self, ids: IdSource, limit: int) -> None:
        self._ids = ids
        self._limit = limit
        self._held = 0
        self._blobs: dict[int, bytes] = {}
        self._writing: set[int] = set()

    async def write(self, first: bytes, read: Callable[[], Awaitable[bytes]]) -> "MemoryWrite":
        """Keep a body."""
        parts = []
        size = 0
        try:
            chunk = first or await read()
            while chunk:
                if self._held + len(chunk) > self._limit:
                    raise errors.ServiceUnavailable("The store is full.")
                size += len(chunk)
                self._held += len(chunk)  # at once: bodies that arrive side by side share the room
                parts.append(chunk)
                chunk = await read()
        except BaseException:
            self._held -= size
            raise
        data = b"".join(parts)
        blob = self._ids.draw()
        self._blobs[blob] = data
        self._writing.add(blob)
        return MemoryWrite(self, blob, data)

    def settle(self, blob: int) -> None:
        """A row names it now, or never will."""
        self._writing.discard(blob)

    def read(self, blob: int, size: int, start: int, stop: int) -> "MemoryReader":
        """Bytes [start, stop); raises FileNotFoundError."""
        data = self._blobs.get(blob)
        if data is None:
            raise FileNotFoundError(blob)
        return MemoryReader(data, start, stop)

    async def delete(self, ids: Iterable[int]) -> None:
        """Remove blobs; unknown ones are no error."""
        for blob in ids:
            self._held -= len(self._blobs.pop(blob, b""))

    async def sweep(self, known: Callable[[list[int]], set[int]]) -> int:
        """Remove blobs that nobody is writing and `known` does not name."""
        candidates = [blob for blob in self._blobs if blob not in self._writing]
        stray = set(candidates) - known(candidates)
        await self.delete(stray)
        return len(stray)

    def close(self) -> None:
        """Nothing to let go."""


class MemoryWrite:
    """A blob in memory that no row names yet."""

    def __init__(self, blobs: MemoryBlobs, blob: int, data: bytes) -> None:
        self._blobs = blobs
        self.id = blob
        self.size = len(data)
        self.md5 = hashlib.md5(data, usedforsecurity=False).hexdigest().upper()
        self.crc64 = crc64(data)

    def settle(self) -> None:
        """A row names the blob now, or never will."""
        self._blobs.settle(self.id)


class MemoryReader:
    """A range of bytes that are already here."""

    def __init__(self, data: bytes, start: int, stop: int) -> None:
        self.length = stop - start
        self._data = memoryview(data)
        self._position = start
        self._stop = stop

    def next_nowait(self) -> memoryview | bytes | None:
        """The next piece."""
        stop = min(self._stop, self._position + _PIECE_BYTES)
        piece = self._data[self._position : stop]
        self._position = stop
        return piece

    async def next(self) -> bytes:
        """The next piece."""
        return bytes(self.next_nowait() or b"")

    def close(self) -> None:
        """Nothing to let go."""
