"""What a storager stands on: a bucket's plain operations, in OSS or in memory."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from mossbox.storage.model import Part

Content = bytes | AsyncIterator[bytes]
"""A body, whole or in pieces."""

Options = Mapping[str, Any]
"""Pairs, by the names of both this package and the official client."""


@dataclass(frozen=True)
class Found:
    """What a bucket tells of a key; `kind` is Normal, Appendable, Multipart or Symlink."""

    key: str
    size: int
    kind: str = "Normal"
    etag: str | None = None
    modified: datetime | None = None
    content_type: str | None = None
    content_md5: str | None = None
    storage_class: str | None = None
    next_position: int | None = None
    encryption: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """A page of a list; `next` is what the following one is asked by, None at the end."""

    found: Sequence[Found] = ()
    prefixes: Sequence[str] = ()
    next: Any = None


class Bucket(Protocol):
    """One bucket. Every operation raises `StorageError`s; keys are whole."""

    async def put(self, key: str, content: Content, options: Options) -> None:
        """Write an object."""

    def get(self, key: str, offset: int, size: int | None) -> AsyncIterator[bytes]:
        """Read `size` bytes from `offset` on, or all that is left."""

    async def head(self, key: str) -> Found:
        """What there is under a key."""

    async def delete(self, key: str) -> None:
        """Delete an object, which need not be there."""

    async def page(self, prefix: str, delimiter: str, after: Any) -> Page:
        """A page of objects."""

    async def append(self, key: str, position: int, content: Content, options: Options) -> int:
        """Append at a position; gives the next one."""

    async def put_link(self, key: str, target: str) -> None:
        """Make a symbolic link."""

    async def link_target(self, key: str) -> str:
        """The key that a link leads to."""

    async def begin(self, key: str, options: Options) -> str:
        """Begin an upload in parts; gives its id."""

    async def put_part(
        self, key: str, upload: str, number: int, content: Content, options: Options
    ) -> str:
        """Write a part, counted from 1; gives its ETag."""

    async def parts(self, key: str, upload: str, after: Any) -> tuple[Sequence[Part], Any]:
        """Parts of an upload, and what the following ones are asked by."""

    async def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """Make an object of parts."""

    async def abort(self, key: str, upload: str) -> None:
        """Give an upload up."""

    async def uploads(self, prefix: str, after: Any) -> tuple[Sequence[tuple[str, str]], Any]:
        """Key and id of unfinished uploads, and what the following ones are asked by."""


class Service(Protocol):
    """All buckets of an account."""

    def bucket(self, name: str) -> Bucket:
        """One of them; nothing is asked."""

    async def create(self, name: str) -> None:
        """Make a bucket."""

    async def delete(self, name: str) -> None:
        """Delete an empty bucket."""

    async def page(self, after: Any) -> tuple[Sequence[tuple[str, str]], Any]:
        """Names and locations of buckets, and what the following ones are asked by."""

    async def close(self) -> None:
        """Let go of connections."""
