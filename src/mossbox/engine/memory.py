"""Blobs in memory, for `--memory`: the same promises but for durability."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable

from mossbox import errors
from mossbox.engine.cipher import SM4, DataKey, open_body, seal_body, stored_size
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

    async def write(
        self, first: bytes, read: Callable[[], Awaitable[bytes]], key: DataKey | None = None
    ) -> "MemoryWrite":
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
        written = MemoryWrite(self, blob, data)
        if key is not None:
            data = await self._sealed(key, blob, data)
        self._blobs[blob] = data
        self._writing.add(blob)
        return written

    async def _sealed(self, key: DataKey, blob: int, data: bytes) -> bytes:
        more = stored_size(len(data)) - len(data)
        try:
            stored = await asyncio.to_thread(seal_body, key, blob, data)
        except BaseException:
            self._held -= len(data)
            raise
        self._held += more
        return stored

    def settle(self, blob: int) -> None:
        """A row names it now, or never will."""
        self._writing.discard(blob)

    def read(
        self, blob: int, size: int, start: int, stop: int, key: DataKey | None = None
    ) -> "MemoryReader":
        """Bytes [start, stop); raises FileNotFoundError."""
        data = self._blobs.get(blob)
        if data is None:
            raise FileNotFoundError(blob)
        if key is None:
            return MemoryReader(data, start, stop)
        return SealedBody(key, blob, data, size, start, stop)

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


class SealedBody(MemoryReader):
    """A range of an encrypted body whose stored bytes are already here: small, or in memory."""

    def __init__(
        self, key: DataKey, blob: int, stored: bytes, size: int, start: int, stop: int
    ) -> None:
        super().__init__(stored, start, stop)
        self._key = key
        self._blob = blob
        self._stored = stored
        self._size = size

    def next_nowait(self) -> memoryview | bytes | None:
        """The next piece, where opening it is fast."""
        if self._key.cipher == SM4 and self._position < self._stop:
            return None
        return self._open()

    async def next(self) -> bytes:
        """The next piece, opened in a thread."""
        if self._position >= self._stop:
            return b""
        return bytes(await asyncio.to_thread(self._open))

    def _open(self) -> memoryview:
        start = self._position
        stop = min(self._stop, start + _PIECE_BYTES)
        piece = open_body(self._key, self._blob, self._stored, self._size, start, stop)
        self._position = stop
        return piece
