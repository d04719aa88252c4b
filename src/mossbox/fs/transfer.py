"""Whole objects on their way: uploads in parts side by side, downloads into files, copies."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from mossbox.fs.client import Calls
from mossbox.fs.config import PART_MAX_BYTES

_COPY_MAX = 1 << 30  # above it OSS asks for UploadPartCopy (OSS documentation, CopyObject)
_COPY_PART = 256 << 20
_PARTS_MAX = 10_000
_PARALLEL = 4  # parts of one object; each lies in memory while it travels
HEADERS = (
    "content_type", "content_encoding", "content_disposition", "cache_control", "metadata",
    "storage_class",
)  # fmt: skip

Source = Callable[[int, int], Awaitable[bytes]]


def wanted_range(start: int | None, end: int | None, size: int) -> str | None:
    """Python's slice as a range of HTTP; empty for all, None where there is nothing to read.

    `size` is needed only where one of them counts from the end.
    """
    first = start or 0
    if first < 0:
        first = max(0, size + first)
    if end is None:
        return f"{first}-" if first else ""
    last = end if end >= 0 else size + end
    return f"{first}-{last - 1}" if last > first else None


def part_bytes(number: int, least: int) -> int:
    """How large a part is: they grow, so that 10,000 of them, 8 MiB at first, hold 7 TiB."""
    return min(least << (number // 1000), PART_MAX_BYTES)


def pieces(size: int, least: int) -> list[tuple[int, int, int]]:
    """Number, start and stop of every part of an object."""
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < size:
        stop = min(size, at + part_bytes(len(found), least))
        found.append((len(found) + 1, at, stop))
        at = stop
    return found


class Transfer:
    """What needs more than one request."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.config = calls.config

    async def upload_bytes(
        self, bucket: str, key: str, value: Any, forbid: bool, given: dict[str, Any]
    ) -> None:
        """Write an object; `forbid` raises FileExistsError where there is one."""
        data = memoryview(value).cast("B")

        async def read(start: int, stop: int) -> bytes:
            return bytes(data[start:stop])

        await self._upload(bucket, key, len(data), read, forbid, given, None)

    async def upload_file(
        self, bucket: str, key: str, path: Any, forbid: bool, given: dict[str, Any], callback: Any
    ) -> None:
        """Write an object from a file, which may not shrink meanwhile."""
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            callback.set_size(size)

            async def read(start: int, stop: int) -> bytes:
                data = await asyncio.to_thread(os.pread, file.fileno(), stop - start, start)
                if len(data) < stop - start:
                    raise OSError(f"{path} became shorter while it was read")
                return data

            await self._upload(bucket, key, size, read, forbid, given, callback)

    async def _upload(
        self, bucket: str, key: str, size: int, read: Source, forbid: bool,
        given: dict[str, Any], callback: Any,
    ) -> None:  # fmt: skip
        given = {name: given[name] for name in HEADERS if name in given}
        if size <= self.config.threshold_bytes:
            await self.calls.put(bucket, key, await read(0, size), forbid, **given)
            if callback is not None:
                callback.relative_update(size)
            return
        async with self.calls.uploading(bucket, key, forbid, **given) as upload:

            async def send(number: int, start: int, stop: int) -> None:
                await self.calls.part(upload, number, await read(start, stop))
                if callback is not None:
                    callback.relative_update(stop - start)

            await _each(send, pieces(size, self.config.part_bytes))

    async def download(self, bucket: str, key: str, path: Any, callback: Any) -> None:
        """Read an object into a file, which takes its name once it is whole."""
        found = await self.calls.stream(bucket, key)
        beside = f"{os.fspath(path)}.{uuid4().hex[:8]}.part"
        try:
            callback.set_size(found.content_length)
            with open(beside, "wb") as file:
                async for piece in self.calls.pieces(found, f"{bucket}/{key}"):
                    await asyncio.to_thread(file.write, piece)
                    callback.relative_update(len(piece))
            os.replace(beside, path)
        finally:
            await found.body.close()
            if os.path.exists(beside):
                os.unlink(beside)

    async def copy(self, source: tuple[str, str], bucket: str, key: str, forbid: bool) -> None:
        """Copy an object with what it tells of itself, in parts where it is large."""
        found = await self.calls.head(*source)
        if found.content_length <= _COPY_MAX:
            await self.calls.copy(source, bucket, key, forbid)
            return
        async with self.calls.uploading(bucket, key, forbid, **told(found)) as upload:

            async def send(number: int, start: int, stop: int) -> None:
                await self.calls.part_copy(upload, number, source, start, stop, found.etag)

            await _each(send, pieces(found.content_length, _COPY_PART))


def told(found: Any) -> dict[str, Any]:
    """What an object tells of itself, for one that takes its place."""
    values = {name: value for name in HEADERS if (value := getattr(found, name))}
    if "metadata" in values:
        values["metadata"] = dict(values["metadata"])
    return values


async def _each(
    send: Callable[[int, int, int], Awaitable[None]], parts: list[tuple[int, int, int]]
) -> None:
    """Send a few at a time; the first fault ends the others before anything is given up."""
    if len(parts) > _PARTS_MAX:
        raise OSError(27, "an object has at most 10,000 parts")
    waiting = iter(parts)

    async def worker() -> None:
        for piece in waiting:
            await send(*piece)

    workers = [asyncio.ensure_future(worker()) for _ in range(min(_PARALLEL, len(parts)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for one in workers:
            one.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
