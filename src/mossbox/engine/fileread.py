"""Reading a range of a blob's file: checked, and opened where it is encrypted, block by block."""

import asyncio
import errno
import mmap
import os
from collections.abc import Callable
from struct import unpack

from mossbox.engine.blobfile import (
    BLOCK_BYTES,
    FOOTER_BYTES,
    OVERHEAD,
    BlobDamaged,
    Footer,
    blocks,
    parse_footer,
)
from mossbox.engine.cipher import SEALED_BYTES, DataKey, codec, end_of, stored_size
from mossbox.wire.checksum import crc64

_READ_BLOCKS = 2
_READ_BYTES = _READ_BLOCKS * BLOCK_BYTES
_CHECKS_READ = 4096  # CRCs fetched at a time


class Scratch:
    """What the readers of one worker share: buffers of the event loop, and threads."""

    def __init__(self, in_thread: "Callable[..., asyncio.Future[bytes]]") -> None:
        self.stored = memoryview(mmap.mmap(-1, _READ_BLOCKS * SEALED_BYTES))
        self.opened = memoryview(mmap.mmap(-1, _READ_BYTES))
        self.nowait = os.RWF_NOWAIT
        self.in_thread = in_thread


class FileReader:
    """A range of a file, checked block by block before any of it is given out."""

    def __init__(self, scratch: Scratch, fd: int, size: int, start: int, stop: int) -> None:
        self.length = stop - start
        self._scratch = scratch
        self._fd = fd
        self._size = size
        self._position = start
        self._stop = stop
        self._checks: tuple[int, ...] = ()
        self._first_check = 0

    def next_nowait(self) -> memoryview | bytes | None:
        """The next piece from the page cache, in the worker's scratch buffer."""
        if self._position >= self._stop:
            return b""
        flags = self._scratch.nowait
        if not flags:
            return None
        first, start, stop = self._span()
        if not self._have_checks(first, flags):
            return None
        view = self._scratch.stored[: stop - start]
        try:
            count = os.preadv(self._fd, [view], start, flags)
        except OSError as error:
            self._cannot(error)
            return None
        return self._checked(view, first) if count == len(view) else None

    async def next(self) -> bytes:
        """The next piece, waiting for the disk in a thread."""
        if self._position >= self._stop:
            return b""
        return await self._scratch.in_thread(self._read_waiting)

    def _read_waiting(self) -> bytes:
        first, start, stop = self._span()
        self._have_checks(first, 0)
        data = os.pread(self._fd, stop - start, start)
        if len(data) != stop - start:
            raise BlobDamaged("the file is shorter than its row says")
        return bytes(self._checked(memoryview(data), first))

    def _span(self) -> tuple[int, int, int]:
        """First block, and the aligned bytes to read for the next piece."""
        first = self._position // BLOCK_BYTES
        start = first * BLOCK_BYTES
        stop = min(start + _READ_BYTES, blocks(self._stop) * BLOCK_BYTES, self._size)
        return first, start, stop

    def _have_checks(self, first: int, flags: int) -> bool:
        """Fetch the CRCs of the blocks to come; False when that would have to wait."""
        last = min(first + _READ_BLOCKS, blocks(self._stop))
        if self._first_check <= first and last <= self._first_check + len(self._checks):
            return True
        count = min(_CHECKS_READ, blocks(self._stop) - first)
        raw = bytearray(8 * count)
        try:
            got = os.preadv(self._fd, [raw], self._checks_start() + 8 * first, flags)
        except OSError as error:
            self._cannot(error)
            return False
        if got != len(raw):
            if flags:
                return False
            raise BlobDamaged("the file ends within its checks")
        self._checks = unpack(f"<{count}Q", raw)
        self._first_check = first
        return True

    def _checks_start(self) -> int:
        return self._size

    def _checked(self, view: memoryview, first: int) -> memoryview:
        base = first - self._first_check
        for number in range(blocks(len(view))):
            block = view[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
            if crc64(block) != self._checks[base + number]:
                raise BlobDamaged(f"block {first + number} is damaged")
        return self._piece(view, first)

    def _piece(self, view: memoryview, first: int) -> memoryview:
        """What is wanted of plain blocks."""
        start = first * BLOCK_BYTES
        piece = view[self._position - start : self._stop - start]
        self._position += len(piece)
        return piece

    def _cannot(self, error: OSError) -> None:
        if error.errno in (errno.EOPNOTSUPP, errno.EINVAL):
            self._scratch.nowait = 0  # this file system does not say whether it would wait
        elif error.errno != errno.EAGAIN:
            raise error

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class SealedReader(FileReader):
    """The same for an encrypted blob; only the blocks that the range touches are opened."""

    def __init__(
        self, scratch: Scratch, fd: int, size: int, start: int, stop: int, blob: int, key: DataKey
    ) -> None:
        super().__init__(scratch, fd, size, start, stop)
        self._footer: Footer | None = Footer(blob, size, key.cipher)  # until it was compared
        self._codec = codec(key, blob)

    def next_nowait(self) -> memoryview | bytes | None:
        """The next piece, where opening it is as fast as reading it."""
        if self._codec.slow and self._position < self._stop:
            return None
        return super().next_nowait()

    def _span(self) -> tuple[int, int, int]:
        first = self._position // BLOCK_BYTES
        last = min(first + _READ_BLOCKS, blocks(self._stop))
        return first, first * SEALED_BYTES, min(last * SEALED_BYTES, stored_size(self._size))

    def _have_checks(self, first: int, flags: int) -> bool:
        if self._footer is not None and not self._compare(self._footer, flags):
            return False
        return super()._have_checks(first, flags)

    def _compare(self, wanted: Footer, flags: int) -> bool:
        """Raise BlobDamaged for a file that says it is another's; False when it had to wait."""
        raw = bytearray(FOOTER_BYTES)
        start = self._checks_start() + 8 * blocks(self._size)
        try:
            got = os.preadv(self._fd, [raw], start, flags)
        except OSError as error:
            self._cannot(error)
            return False
        if got != len(raw) and flags:
            return False
        if parse_footer(bytes(raw[:got])) != wanted:
            raise BlobDamaged("the file is another's")
        self._footer = None
        return True

    def _checks_start(self) -> int:
        return stored_size(self._size)

    def _checked(self, view: memoryview, first: int) -> memoryview:
        # In the event loop the stored bytes lie in one scratch buffer and go to the other.
        in_loop = view.obj is self._scratch.stored.obj
        out = self._scratch.opened if in_loop else memoryview(bytearray(_READ_BYTES))
        base = first - self._first_check
        used = 0
        for number in range(-(-len(view) // SEALED_BYTES)):
            stored = view[number * SEALED_BYTES : (number + 1) * SEALED_BYTES]
            if crc64(stored) != self._checks[base + number]:
                raise BlobDamaged(f"block {first + number} is damaged")
            room = out[used : used + len(stored) - OVERHEAD]
            self._codec.open(first + number, stored, end_of(first + number, self._size), room)
            used += len(room)
        return self._piece(out[:used], first)
