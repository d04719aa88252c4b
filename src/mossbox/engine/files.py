"""Blobs in files: one file a blob, one directory an hour, nothing renamed or written twice."""

import asyncio
import errno
import fcntl
import hashlib
import mmap
import os
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from struct import unpack
from typing import Any, TypeVar

from mossbox import errors
from mossbox.engine.blobfile import BLOCK_BYTES, BlobDamaged, blocks, trailer
from mossbox.engine.ids import IdSource, current_hour, hour_of
from mossbox.wire.checksum import crc64, crc64_combine

T = TypeVar("T")

_BUFFER_BYTES = 8 * BLOCK_BYTES
_ALIGNMENT = 4096  # of O_DIRECT, and of all disks we know
_FULL = (errno.ENOSPC, errno.EDQUOT)
_READ_BYTES = 2 * BLOCK_BYTES
_CHECKS_READ = 4096  # CRCs fetched at a time
_BUFFERS_KEPT = 16
_THREADS = 8
_CLEAN = "clean"  # marks an hour that holds no leftovers
_SWEPT_AT_ONCE = 64  # files that a sweep holds open together


class FileBlobs:
    """`Blobs` below a folder; the same class serves all workers, each with its own instance."""

    def __init__(self, folder: Path, ids: IdSource, now_ms: Callable[[], int]) -> None:
        self.folder = folder
        self._ids = ids
        self._now_ms = now_ms
        self._pool = ThreadPoolExecutor(_THREADS, "blobs")
        self._buffers: list[mmap.mmap] = []
        self._hours: dict[int, int] = {}  # directories known to exist, with a descriptor to sync
        self.scratch = memoryview(mmap.mmap(-1, _READ_BYTES))
        self.nowait = os.RWF_NOWAIT

    # -- writing --------------------------------------------------------------------------------

    async def write(self, first: bytes, read: Callable[[], Awaitable[bytes]]) -> "FileWrite":
        """Keep a body; two buffers take turns between the socket and the disk."""
        write = FileWrite(self)
        feed = _Feed(self, write)
        try:
            chunk = first or await read()
            while chunk:
                await feed.take(chunk)
                chunk = await read()
            await feed.finish()
        except BaseException as error:
            feed.give_up()
            self._abandon(write)
            if isinstance(error, OSError) and error.errno in _FULL:
                raise errors.ServiceUnavailable("The store is full.") from None
            raise
        return write

    def _abandon(self, write: "FileWrite") -> None:
        try:
            self._pool.submit(write.abandon)  # a thread may still be writing, so not here
        except RuntimeError:  # the threads have ended: the server is stopping
            write.abandon()

    def take_buffer(self) -> mmap.mmap:
        """A page-aligned buffer, as O_DIRECT wants it."""
        return self._buffers.pop() if self._buffers else mmap.mmap(-1, _BUFFER_BYTES)

    def give_back(self, buffers: list[mmap.mmap]) -> None:
        """Keep some buffers for the next body."""
        self._buffers.extend(buffers[: _BUFFERS_KEPT - len(self._buffers)])

    def create(self) -> tuple[int, int]:
        """A new locked file: its blob id and descriptor."""
        while True:
            blob = self._ids.draw()
            self._hour(hour_of(blob))
            try:
                fd = _open_new(self.path(blob))
            except FileExistsError:
                continue  # the clock was set back, and a crash left this file
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)  # the sweep was faster
                continue
            if os.fstat(fd).st_nlink:
                return blob, fd
            os.close(fd)

    def path(self, blob: int) -> str:
        """Where a blob's file lies."""
        return f"{self.folder}/{hour_of(blob):06x}/{blob:016x}"

    def sync_directory(self, blob: int) -> None:
        """Make the file's name durable."""
        os.fsync(self._hour(hour_of(blob)))

    def _hour(self, hour: int) -> int:
        fd = self._hours.get(hour)
        if fd is None:
            path = self.folder / f"{hour:06x}"
            path.mkdir(mode=0o700, exist_ok=True)
            (path / _CLEAN).unlink(missing_ok=True)  # the clock was set back: to be swept again
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            sync_directory(self.folder)
            while len(self._hours) > 3:
                os.close(self._hours.pop(min(self._hours)))
            self._hours[hour] = fd
        return fd

    # -- reading --------------------------------------------------------------------------------

    def read(self, blob: int, size: int, start: int, stop: int) -> "FileReader":
        """Bytes [start, stop); raises FileNotFoundError."""
        fd = os.open(self.path(blob), os.O_RDONLY | os.O_CLOEXEC)
        return FileReader(self, fd, size, start, stop)

    def in_thread(self, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        """Run something that waits for the disk."""
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *args)

    # -- removing -------------------------------------------------------------------------------

    async def delete(self, ids: Iterable[int]) -> None:
        """Remove files; missing ones are no error."""
        paths = [self.path(blob) for blob in ids]
        await asyncio.get_running_loop().run_in_executor(self._pool, _remove, paths)

    async def sweep(self, known: Callable[[list[int]], set[int]]) -> int:
        """Remove what crashes left: files whose lock is free and which no row names.

        A writer holds its file's lock until its row is committed, so whoever gets the lock knows
        that the row is there or will never be.
        """
        loop = asyncio.get_running_loop()
        removed = 0
        for folder in await loop.run_in_executor(self._pool, self._unclean):
            listed = await loop.run_in_executor(self._pool, os.listdir, folder)
            names = [name for name in listed if len(name) == 16]
            busy = False
            for start in range(0, len(names), _SWEPT_AT_ONCE):
                some = names[start : start + _SWEPT_AT_ONCE]
                count, others = await self._sweep_some(folder, some, known)
                removed += count
                busy |= others
            if not busy and int(folder.name, 16) < current_hour(self._now_ms()) - 1:
                (folder / _CLEAN).touch(mode=0o600)
        return removed

    async def _sweep_some(
        self, folder: Path, names: list[str], known: Callable[[list[int]], set[int]]
    ) -> tuple[int, bool]:
        """Sweep a few files of an hour: how many are gone, and whether some are being written."""
        loop = asyncio.get_running_loop()
        locked, busy = await loop.run_in_executor(self._pool, _lock_all, folder, names)
        try:
            # `known` reads the database, which belongs to this thread.
            named = known(list(locked))
            stray = [blob for blob in locked if blob not in named]
            await loop.run_in_executor(self._pool, _remove, [self.path(b) for b in stray])
        finally:
            for fd in locked.values():
                os.close(fd)
        return len(stray), busy

    def _unclean(self) -> list[Path]:
        names = [name for name in os.listdir(self.folder) if len(name) == 6]
        return [self.folder / n for n in sorted(names) if not (self.folder / n / _CLEAN).exists()]

    def close(self) -> None:
        """Wait for the threads and let go."""
        self._pool.shutdown(wait=True)
        for fd in self._hours.values():
            os.close(fd)
        self._hours.clear()


class _Feed:
    """Two buffers between the socket and the disk: one fills while the other is written."""

    def __init__(self, files: FileBlobs, write: "FileWrite") -> None:
        self._files = files
        self._write = write
        self._buffers = [files.take_buffer()]
        self._busy: asyncio.Future[None] | None = None
        self._used = 0

    async def take(self, chunk: bytes) -> None:
        """Put bytes into the buffer, handing full ones to a thread."""
        rest = memoryview(chunk)
        while rest:
            if self._used == _BUFFER_BYTES:
                await self._hand_over()
            count = min(len(rest), _BUFFER_BYTES - self._used)
            self._buffers[0][self._used : self._used + count] = rest[:count]
            self._used += count
            rest = rest[count:]

    async def _hand_over(self) -> None:
        if self._busy is not None:
            await self._busy
        else:
            self._buffers.append(self._files.take_buffer())
        self._busy = self._files.in_thread(self._write.put, self._buffers[0])
        self._buffers.reverse()
        self._used = 0

    async def finish(self) -> None:
        """Write what is left; afterwards the blob is on the disk."""
        if self._busy is not None:
            await self._busy
        self._busy = self._files.in_thread(self._write.finish, self._buffers[0], self._used)
        await self._busy
        self._files.give_back(self._buffers)

    def give_up(self) -> None:
        """A thread may still use the buffers: they are left to it."""
        if self._busy is not None:
            self._busy.add_done_callback(_heard)


class FileWrite:
    """One blob being written; its methods run in a thread, one after the other."""

    def __init__(self, files: FileBlobs) -> None:
        self._files = files
        self._fd = -1
        self._dead = False
        self._turn = threading.Lock()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._checks: list[int] = []
        self.id = 0
        self.size = 0
        self.md5 = ""
        self.crc64 = 0

    def put(self, buffer: mmap.mmap) -> None:
        """A full buffer."""
        with self._turn:
            if not self._open():
                return
            self._digest(memoryview(buffer))
            _write_all(self._fd, memoryview(buffer), self.size - _BUFFER_BYTES)

    def finish(self, buffer: mmap.mmap, used: int) -> None:
        """The last, perhaps shorter buffer; afterwards the blob is on the disk."""
        with self._turn:
            if not self._open():
                return
            offset = self.size
            self._digest(memoryview(buffer)[:used])
            self.md5 = self._md5.hexdigest().upper()
            self._write_tail(memoryview(buffer), used, offset)
            os.fsync(self._fd)
            self._files.sync_directory(self.id)

    def _write_tail(self, view: memoryview, used: int, offset: int) -> None:
        """The rest of the data and the trailer, padded for O_DIRECT and cut to size."""
        rest = memoryview(trailer(self.id, self.size, self._checks))
        end = self.size + len(rest)
        while True:
            count = min(len(rest), _BUFFER_BYTES - used)
            view[used : used + count] = rest[:count]
            rest = rest[count:]
            padded = -(-(used + count) // _ALIGNMENT) * _ALIGNMENT
            _write_all(self._fd, view[:padded], offset)
            if not rest:
                break
            offset += padded
            used = 0
        os.ftruncate(self._fd, end)

    def abandon(self) -> None:
        """The body did not come whole: leave nothing behind."""
        with self._turn:
            self._dead = True
            if self._fd >= 0:
                _remove([self._files.path(self.id)])
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

    def _digest(self, data: memoryview) -> None:
        self._md5.update(data)
        for start in range(0, len(data), BLOCK_BYTES):
            block = data[start : start + BLOCK_BYTES]
            check = crc64(block)
            self._checks.append(check)
            self.crc64 = crc64_combine(self.crc64, check, len(block)) if self.size else check
            self.size += len(block)


class FileReader:
    """A range of a file, checked block by block before any of it is given out."""

    def __init__(self, files: FileBlobs, fd: int, size: int, start: int, stop: int) -> None:
        self.length = stop - start
        self._files = files
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
        if not self._files.nowait:
            return None
        first, start, stop = self._span()
        if not self._have_checks(first, stop, self._files.nowait):
            return None
        view = self._files.scratch[: stop - start]
        try:
            count = os.preadv(self._fd, [view], start, self._files.nowait)
        except OSError as error:
            self._cannot(error)
            return None
        return self._checked(view, first, start) if count == len(view) else None

    async def next(self) -> bytes:
        """The next piece, waiting for the disk in a thread."""
        if self._position >= self._stop:
            return b""
        return await self._files.in_thread(self._read_waiting)

    def _read_waiting(self) -> bytes:
        first, start, stop = self._span()
        self._have_checks(first, stop, 0)
        data = os.pread(self._fd, stop - start, start)
        if len(data) != stop - start:
            raise BlobDamaged("the file is shorter than its row says")
        return bytes(self._checked(memoryview(data), first, start))

    def _span(self) -> tuple[int, int, int]:
        """First block, and the aligned bytes to read for the next piece."""
        first = self._position // BLOCK_BYTES
        start = first * BLOCK_BYTES
        stop = min(start + _READ_BYTES, blocks(self._stop) * BLOCK_BYTES, self._size)
        return first, start, stop

    def _have_checks(self, first: int, stop: int, flags: int) -> bool:
        """Fetch the CRCs of the blocks to come; False when that would have to wait."""
        last = blocks(stop)
        if self._first_check <= first and last <= self._first_check + len(self._checks):
            return True
        count = min(_CHECKS_READ, blocks(self._stop) - first)
        raw = bytearray(8 * count)
        try:
            got = os.preadv(self._fd, [raw], self._size + 8 * first, flags)
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

    def _checked(self, view: memoryview, first: int, start: int) -> memoryview:
        base = first - self._first_check
        for number in range(blocks(len(view))):
            block = view[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
            if crc64(block) != self._checks[base + number]:
                raise BlobDamaged(f"block {first + number} is damaged")
        piece = view[self._position - start : self._stop - start]
        self._position += len(piece)
        return piece

    def _cannot(self, error: OSError) -> None:
        if error.errno in (errno.EOPNOTSUPP, errno.EINVAL):
            self._files.nowait = 0  # this file system does not say whether it would wait
        elif error.errno != errno.EAGAIN:
            raise error

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _heard(done: "asyncio.Future[None]") -> None:
    """Look at a failure that another one hides, or the loop would complain."""
    if not done.cancelled():
        done.exception()


def _open_new(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_DIRECT, 0o600)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        if os.path.exists(path):  # made before O_DIRECT was refused
            os.unlink(path)
        return os.open(path, flags, 0o600)


def _write_all(fd: int, view: memoryview, offset: int) -> None:
    while view:
        count = os.pwrite(fd, view, offset)
        offset += count
        view = view[count:]


def _remove(paths: list[str]) -> None:
    for path in paths:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass


def _lock_all(folder: Path, names: list[str]) -> tuple[dict[int, int], bool]:
    """Descriptors of the files nobody is writing, by blob id, and whether others are."""
    locked: dict[int, int] = {}
    busy = False
    for name in names:
        try:
            fd = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy = True
            os.close(fd)
        else:
            locked[int(name, 16)] = fd
    return locked, busy


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
