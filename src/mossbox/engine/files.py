"""Blobs in files: one file a blob, one directory an hour, nothing renamed or written twice."""

import asyncio
import errno
import fcntl
import mmap
import os
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from mossbox import errors
from mossbox.engine.cipher import DataKey
from mossbox.engine.fileread import FileReader, Scratch, SealedReader
from mossbox.engine.filewrite import Feed, FileWrite, new_buffer, open_new, remove
from mossbox.engine.ids import IdSource, current_hour, hour_of

T = TypeVar("T")

_FULL = (errno.ENOSPC, errno.EDQUOT)
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
        self._scratch = Scratch(self.in_thread)

    # -- writing --------------------------------------------------------------------------------

    async def write(
        self, first: bytes, read: Callable[[], Awaitable[bytes]], key: DataKey | None = None
    ) -> FileWrite:
        """Keep a body; two buffers take turns between the socket and the disk."""
        feed = Feed(self, key)
        try:
            chunk = first or await read()
            while chunk:
                await feed.take(chunk)
                chunk = await read()
            await feed.finish()
        except BaseException as error:
            feed.give_up()
            self._abandon(feed.write)
            if isinstance(error, OSError) and error.errno in _FULL:
                raise errors.ServiceUnavailable("The store is full.") from None
            raise
        return feed.write

    def _abandon(self, write: FileWrite) -> None:
        try:
            self._pool.submit(write.abandon)  # a thread may still be writing, so not here
        except RuntimeError:  # the threads have ended: the server is stopping
            write.abandon()

    def take_buffer(self) -> mmap.mmap:
        """A buffer that nobody uses."""
        return self._buffers.pop() if self._buffers else new_buffer()

    def give_back(self, buffers: list[mmap.mmap]) -> None:
        """Keep some buffers for the next body."""
        self._buffers.extend(buffers[: _BUFFERS_KEPT - len(self._buffers)])

    def create(self) -> tuple[int, int]:
        """A new locked file: its blob id and descriptor."""
        while True:
            blob = self._ids.draw()
            self._hour(hour_of(blob))
            try:
                fd = open_new(self.path(blob))
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

    def read(
        self, blob: int, size: int, start: int, stop: int, key: DataKey | None = None
    ) -> FileReader:
        """Bytes [start, stop); raises FileNotFoundError."""
        fd = os.open(self.path(blob), os.O_RDONLY | os.O_CLOEXEC)
        if key is None:
            return FileReader(self._scratch, fd, size, start, stop)
        return SealedReader(self._scratch, fd, size, start, stop, blob, key)

    def in_thread(self, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        """Run something that waits for the disk."""
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *args)

    # -- removing -------------------------------------------------------------------------------

    async def delete(self, ids: Iterable[int]) -> None:
        """Remove files; missing ones are no error."""
        paths = [self.path(blob) for blob in ids]
        await asyncio.get_running_loop().run_in_executor(self._pool, remove, paths)

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
            await loop.run_in_executor(self._pool, remove, [self.path(b) for b in stray])
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
