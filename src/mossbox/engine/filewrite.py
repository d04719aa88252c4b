"""Writing one blob into a file: buffers between socket and disk, sums, encryption, footer."""

import asyncio
import errno
import hashlib
import mmap
import os
import threading
from collections.abc import Callable
from typing import Any, Protocol

from mossbox.engine.blobfile import BLOCK_BYTES, OVERHEAD, trailer
from mossbox.engine.cipher import Codec, DataKey, codec
from mossbox.wire.checksum import crc64, crc64_combine

PLAIN_BYTES = 8 * BLOCK_BYTES  # of a body, handed to a thread at a time
ALIGNMENT = 4096  # of O_DIRECT, and of all disks we know
# What was left over from before stands in front of sealed blocks, which are longer than plain ones.
_BUFFER_BYTES = PLAIN_BYTES + 2 * ALIGNMENT


class Folder(Protocol):
    """Where files are made, as a write sees it."""

    def create(self) -> tuple[int, int]:
        """A new locked file: its blob id and descriptor."""

    def path(self, blob: int) -> str:
        """Where a blob's file lies."""

    def sync_directory(self, blob: int) -> None:
        """Make the file's name durable."""

    def take_buffer(self) -> mmap.mmap:
        """A buffer that nobody uses."""

    def give_back(self, buffers: list[mmap.mmap]) -> None:
        """Keep some buffers for the next body."""

    def in_thread(self, function: Callable[..., None], *args: Any) -> "asyncio.Future[None]":
        """Run something that waits for the disk."""


def new_buffer() -> mmap.mmap:
    """A page-aligned buffer, as O_DIRECT wants it."""
    return mmap.mmap(-1, _BUFFER_BYTES)


class Feed:
    """Two buffers between the socket and the disk: one fills while the other is written."""

    def __init__(self, files: Folder, key: DataKey | None) -> None:
        self._files = files
        self._buffers = [files.take_buffer()]
        self._busy: asyncio.Future[None] | None = None
        self._used = 0
        self._sealed: list[mmap.mmap] = []
        if key is None:
            self.write = FileWrite(files)
        else:
            self._sealed.append(files.take_buffer())
            self.write = SealedWrite(files, key, self._sealed[0])

    async def take(self, chunk: bytes) -> None:
        """Put bytes into the buffer, handing full ones to a thread."""
        rest = memoryview(chunk)
        while rest:
            if self._used == PLAIN_BYTES:
                await self._hand_over()
            count = min(len(rest), PLAIN_BYTES - self._used)
            self._buffers[0][self._used : self._used + count] = rest[:count]
            self._used += count
            rest = rest[count:]

    async def _hand_over(self) -> None:
        if self._busy is not None:
            await self._busy
        else:
            self._buffers.append(self._files.take_buffer())
        self._busy = self._files.in_thread(self.write.put, self._buffers[0])
        self._buffers.reverse()
        self._used = 0

    async def finish(self) -> None:
        """Write what is left; afterwards the blob is on the disk."""
        if self._busy is not None:
            await self._busy
        self._busy = self._files.in_thread(self.write.finish, self._buffers[0], self._used)
        await self._busy
        self._files.give_back(self._buffers + self._sealed)

    def give_up(self) -> None:
        """A thread may still use the buffers: they are left to it."""
        if self._busy is not None:
            self._busy.add_done_callback(_heard)


class FileWrite:
    """One blob being written; its methods run in a thread, one after the other."""

    cipher = 0

    def __init__(self, files: Folder) -> None:
        self._files = files
        self._fd = -1
        self._dead = False
        self._turn = threading.Lock()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._checks: list[int] = []
        self._offset = 0  # of the file: what lies before it is written
        self.id = 0
        self.size = 0
        self.md5 = ""
        self.crc64 = 0

    def put(self, buffer: mmap.mmap) -> None:
        """A full buffer, after which more will come."""
        with self._turn:
            if self._open():
                self._put(memoryview(buffer)[:PLAIN_BYTES])

    def finish(self, buffer: mmap.mmap, used: int) -> None:
        """The last, perhaps shorter buffer; afterwards the blob is on the disk."""
        with self._turn:
            if not self._open():
                return
            self._finish(memoryview(buffer), used)
            self.md5 = self._md5.hexdigest().upper()
            os.fsync(self._fd)
            self._files.sync_directory(self.id)

    def _put(self, data: memoryview) -> None:
        self._digest(data)
        self._write(data)

    def _finish(self, buffer: memoryview, used: int) -> None:
        self._digest(buffer[:used])
        self._write_tail(buffer, used)

    def _write(self, data: memoryview) -> None:
        """Aligned bytes, at the file's end."""
        while data:
            count = os.pwrite(self._fd, data, self._offset)
            self._offset += count
            data = data[count:]

    def _write_tail(self, view: memoryview, used: int) -> None:
        """The rest of the data and the trailer, padded for O_DIRECT and cut to size."""
        rest = memoryview(trailer(self.id, self.size, self._checks, cipher=self.cipher))
        end = self._offset + used + len(rest)
        while True:
            count = min(len(rest), len(view) - used)
            view[used : used + count] = rest[:count]
            rest = rest[count:]
            self._write(view[: _aligned(used + count + ALIGNMENT - 1)])
            if not rest:
                break
            used = 0
        os.ftruncate(self._fd, end)

    def _digest(self, data: memoryview) -> None:
        self._md5.update(data)
        for start in range(0, len(data), BLOCK_BYTES):
            block = data[start : start + BLOCK_BYTES]
            check = crc64(block)
            self._checks.append(check)
            self.crc64 = crc64_combine(self.crc64, check, len(block)) if self.size else check
            self.size += len(block)

    def abandon(self) -> None:
        """The body did not come whole: leave nothing behind."""
        with self._turn:
            self._dead = True
            if self._fd >= 0:
                remove([self._files.path(self.id)])
                self.settle()

    def _open(self) -> bool:
        if self._fd < 0 and not self._dead:
            self.id, self._fd = self._files.create()
        return not self._dead

    def settle(self) -> None:
        """A row names the blob now, or never will."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class SealedWrite(FileWrite):
    """The same, encrypted: sealed blocks are a stream of bytes, cut where the disk wants it."""

    def __init__(self, files: Folder, key: DataKey, buffer: mmap.mmap) -> None:
        super().__init__(files)
        self.cipher = key.cipher
        self._key = key
        self._codec: Codec | None = None  # it wants to know the id, which is drawn late
        self._sealed = memoryview(buffer)
        self._used = 0

    def _put(self, data: memoryview) -> None:
        self._seal(data, 0)
        whole = _aligned(self._used)
        self._write(self._sealed[:whole])
        left = self._used - whole
        self._sealed[:left] = self._sealed[whole : self._used]
        self._used = left

    def _finish(self, buffer: memoryview, used: int) -> None:
        self._seal(buffer[:used], self.size + used)
        self._write_tail(self._sealed, self._used)

    def _seal(self, data: memoryview, end: int) -> None:
        """Seal blocks behind what waits; `end` is the body's size when these are its last."""
        if self._codec is None:
            self._codec = codec(self._key, self.id)
        self._md5.update(data)
        self.crc64 = crc64(data, self.crc64) if self.size else crc64(data)
        for start in range(0, len(data), BLOCK_BYTES):
            block = data[start : start + BLOCK_BYTES]
            self.size += len(block)
            out = self._sealed[self._used : self._used + len(block) + OVERHEAD]
            self._codec.seal(len(self._checks), block, end if self.size == end else 0, out)
            self._checks.append(crc64(out))
            self._used += len(out)


def _aligned(count: int) -> int:
    return count // ALIGNMENT * ALIGNMENT


def _heard(done: "asyncio.Future[None]") -> None:
    """Look at a failure that another one hides, or the loop would complain."""
    if not done.cancelled():
        done.exception()


def open_new(path: str) -> int:
    """Make a file for writing around the page cache, where the file system allows that."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_DIRECT, 0o600)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        if os.path.exists(path):  # made before O_DIRECT was refused
            os.unlink(path)
        return os.open(path, flags, 0o600)


def remove(paths: list[str]) -> None:
    """Delete files; missing ones are no error."""
    for path in paths:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
