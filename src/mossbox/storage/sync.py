"""The same servicer and storager for programs without an event loop.

All of them share one loop in a thread of its own; calls from several threads run side by side.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from mossbox.storage import servicer, storager
from mossbox.storage.content import Data
from mossbox.storage.model import (
    AppendPairs,
    ContentPairs,
    CreatePairs,
    DirPairs,
    ListMode,
    NewPairs,
    Object,
    Part,
    ReadPairs,
    StorageMeta,
    WritePairs,
)

T = TypeVar("T")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="mossbox.storage", daemon=True).start()
    return loop


os.register_at_fork(after_in_child=_loop.cache_clear)  # threads stay with the parent


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result()


def _items(items: AsyncIterator[T]) -> Iterator[T]:
    async def following() -> T:
        return await anext(items)

    while True:
        try:
            yield _run(following())
        except StopAsyncIteration:
            return


class Servicer:
    """`mossbox.storage.Servicer`, waiting for every answer."""

    def __init__(self, inner: servicer.Servicer) -> None:
        self._inner = inner

    @classmethod
    def from_config(cls, fields: Mapping[str, Any]) -> Self:
        """From ``credential``, ``endpoint`` and ``location``; raises ConfigInvalid."""
        return cls(servicer.Servicer.from_config(fields))

    @classmethod
    def from_file(cls, file: str | Path) -> Self:
        """The same fields from a YAML file; raises ConfigInvalid."""
        return cls(servicer.Servicer.from_file(file))

    @classmethod
    def from_string(cls, text: str) -> Self:
        """From ``oss://?credential=…&endpoint=…``; raises ConfigInvalid."""
        return cls(servicer.Servicer.from_string(text))

    def create(self, name: str, *, location: str = "") -> "Storager":
        """Make a bucket."""
        return Storager(_run(self._inner.create(name, location=location)))

    def delete(self, name: str) -> None:
        """Delete an empty bucket."""
        _run(self._inner.delete(name))

    def get(self, name: str, *, work_dir: str = "/") -> "Storager":
        """The storager of a bucket; nothing is asked."""
        return Storager(self._inner.get(name, work_dir=work_dir))

    def list(self, *, location: str = "") -> Iterator["Storager"]:
        """The storagers of all buckets, or of those in one location."""
        return map(Storager, _items(self._inner.list(location=location)))

    def close(self) -> None:
        """Let go of connections."""
        _run(self._inner.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Storager:
    """`mossbox.storage.Storager`, waiting for every answer."""

    def __init__(self, inner: storager.Storager) -> None:
        self._inner = inner

    def __repr__(self) -> str:
        return repr(self._inner)

    @property
    def name(self) -> str:
        """The bucket."""
        return self._inner.name

    @classmethod
    def from_config(cls, fields: Mapping[str, Any]) -> Self:
        """From ``credential``, ``endpoint``, ``name``, ``work_dir`` and ``location``.

        Raises ConfigInvalid.
        """
        return cls(storager.Storager.from_config(fields))

    @classmethod
    def from_file(cls, file: str | Path) -> Self:
        """The same fields from a YAML file; raises ConfigInvalid."""
        return cls(storager.Storager.from_file(file))

    @classmethod
    def from_string(cls, text: str) -> Self:
        """From ``oss://<name>/<work_dir>?credential=…&endpoint=…``; raises ConfigInvalid."""
        return cls(storager.Storager.from_string(text))

    def metadata(self) -> StorageMeta:
        """Name, place and limits."""
        return self._inner.metadata()

    def create(self, path: str, **pairs: Unpack[CreatePairs]) -> Object:
        """An object to work on, without asking whether it is there."""
        return self._inner.create(path, **pairs)

    def read(self, path: str, **pairs: Unpack[ReadPairs]) -> bytes:
        """An object's bytes."""
        return _run(self._inner.read(path, **pairs))

    def stream(self, path: str, **pairs: Unpack[ReadPairs]) -> Iterator[bytes]:
        """The same in pieces, as they come."""
        return _items(self._inner.stream(path, **pairs))

    def write(
        self, path: str, data: Data, size: int | None = None, **pairs: Unpack[WritePairs]
    ) -> int:
        """Write an object, of `size` bytes or of all there are; gives their number."""
        return _run(self._inner.write(path, data, size, **pairs))

    def stat(self, path: str, **pairs: Unpack[CreatePairs]) -> Object:
        """What there is."""
        return _run(self._inner.stat(path, **pairs))

    def delete(self, path: str, **pairs: Unpack[CreatePairs]) -> None:
        """Delete an object, a directory's own mark or an unfinished upload, there or not."""
        _run(self._inner.delete(path, **pairs))

    def list(self, path: str = "", *, list_mode: ListMode = ListMode.PREFIX) -> Iterator[Object]:
        """The objects of a directory, all below a prefix, or unfinished uploads below it."""
        return _items(self._inner.list(path, list_mode=list_mode))

    def create_append(self, path: str, **pairs: Unpack[NewPairs]) -> Object:
        """An empty object to append to, in the place of one that was there."""
        return _run(self._inner.create_append(path, **pairs))

    def write_append(
        self, o: Object, data: Data, size: int | None = None, **pairs: Unpack[AppendPairs]
    ) -> int:
        """Append to an object; gives the number of bytes."""
        return _run(self._inner.write_append(o, data, size, **pairs))

    def commit_append(self, o: Object) -> None:
        """End appending."""
        _run(self._inner.commit_append(o))

    def create_dir(self, path: str, **pairs: Unpack[DirPairs]) -> Object:
        """An empty object that marks a directory."""
        return _run(self._inner.create_dir(path, **pairs))

    def create_link(self, path: str, target: str) -> Object:
        """A symbolic link; `target` is a path, which need not be there."""
        return _run(self._inner.create_link(path, target))

    def create_multipart(self, path: str, **pairs: Unpack[NewPairs]) -> Object:
        """Begin an upload in parts."""
        return _run(self._inner.create_multipart(path, **pairs))

    def write_multipart(
        self,
        o: Object,
        data: Data,
        size: int | None = None,
        index: int = 0,
        **pairs: Unpack[ContentPairs],
    ) -> Part:
        """Write a part, counted from 0."""
        return _run(self._inner.write_multipart(o, data, size, index, **pairs))

    def list_multipart(self, o: Object) -> Iterator[Part]:
        """The parts that were written."""
        return _items(self._inner.list_multipart(o))

    def complete_multipart(self, o: Object, parts: Sequence[Part]) -> None:
        """Make the object of its parts; `o` is readable then."""
        _run(self._inner.complete_multipart(o, parts))

    def close(self) -> None:
        """Let go of connections, which all storagers of a servicer share."""
        _run(self._inner.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
