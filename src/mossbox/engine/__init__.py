"""What is kept: the protocols that the operations see, and the records they exchange.

Two seams carry everything (docs/decisions/0002): a `Database` that runs SQL in units of work, and
`Blobs` that keep bytes. Each is small so that another implementation is a few hundred lines, and
each has a contract suite in tests/contract that every implementation passes.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol, TypeVar

import msgspec

from mossbox.engine.cipher import DataKey
from mossbox.http.message import Reader

T = TypeVar("T")
Row = tuple[Any, ...]


class Tx(Protocol):
    """A unit of work under way. Only `Database.write` makes one."""

    def rows(self, sql: str, *args: Any) -> list[Row]:
        """The result of a statement, read to its end."""

    def next_rank(self) -> int:
        """A rank below all earlier ones: minus a sequence, so that ascending is newest first."""

    def count(self, bucket: int, storage_class: int, **deltas: int) -> None:
        """Add to a bucket's usage; folded into one statement when the unit is committed."""


class Database(Protocol):
    """Rows behind SQL that SQLite and PostgreSQL share: ``$1`` marks, keys as bytes."""

    def rows(self, sql: str, *args: Any) -> list[Row]:
        """The result of a read, as of the last commit."""

    async def write(self, work: Callable[[Tx], T], *, catalog: bool = False) -> T:
        """Run a unit of work; when this returns, it is durable.

        `work` is a plain function without side effects: it may run again as a whole, and its
        exception undoes it alone. `catalog` marks changes of what workers cache (buckets, keys).
        Raises ServiceUnavailable when the store is full or turned read-only.
        """

    def fault(self) -> str:
        """Why writes are refused, or an empty string."""

    def close(self) -> None:
        """Finish what was accepted and let go."""


class Written(Protocol):
    """A blob that is safely stored but named by no row yet."""

    id: int
    size: int
    md5: str
    crc64: int

    def settle(self) -> None:
        """A row names it now, or never will: from here on the sweep may judge it."""


class Blobs(Protocol):
    """Bytes under ids that are never used again."""

    async def write(
        self, first: bytes, read: Callable[[], Awaitable[bytes]], key: DataKey | None = None
    ) -> Written:
        """Keep `first` and then what `read` gives until it gives b""; returns when it is synced.

        With a `key` no plain byte is stored; sizes and sums are of the plain bytes all the same.
        """

    def read(
        self, blob: int, size: int, start: int, stop: int, key: DataKey | None = None
    ) -> Reader:
        """Bytes [start, stop) of a blob of `size` plain bytes. Raises FileNotFoundError."""

    async def delete(self, ids: Iterable[int]) -> None:
        """Remove blobs; unknown ones are no error."""

    async def sweep(self, known: Callable[[list[int]], set[int]]) -> int:
        """Remove blobs that nobody is writing and `known` does not name; tells how many."""

    def close(self) -> None:
        """Let go."""


class ObjectMeta(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What an object carries besides its columns; kept as MessagePack, so fields may be added."""

    headers: dict[str, str] = {}
    user: dict[str, str] = {}
    tags: dict[str, str] = {}
    sse: dict[str, str] = {}
    target: bytes = b""  # of a symbolic link
    sealed_ms: int = 0  # of an appendable object
    restored_from_ms: int = 0  # when the restored copy of an archived object can be read
    restored_until_ms: int = 0
    retain_until_ms: int = 0
    retention_mode: str = ""
    legal_hold: bool = False


encode_meta = msgspec.msgpack.Encoder().encode
decode_meta = msgspec.msgpack.Decoder(ObjectMeta).decode
NO_META = ObjectMeta()


class Bucket(msgspec.Struct, frozen=True):
    """A bucket's row, as workers cache it."""

    id: int
    name: str
    account: int
    created_ms: int
    region: str
    storage_class: int
    redundancy: int
    acl: int
    versioning: int  # NEVER, ENABLED or SUSPENDED
    encryption: str | None = None  # the default of objects that ask for none, as JSON
    settings: dict[str, bytes] = {}  # what each request asks for, where it came from the cache
    cors: bytes | None = None  # what only requests of other origins ask for


class Version(msgspec.Struct, gc=False):
    """An object version's row."""

    rank: int
    kind: int  # index into names.OBJECT_TYPES
    null_id: int
    size: int
    modified_ms: int
    etag: str
    crc64: int | None
    storage_class: int
    acl: int
    content_type: str
    meta: bytes | None
    blob: int | None
    extents: int

    def details(self) -> ObjectMeta:
        """Headers, metadata and the rarer facts."""
        return NO_META if self.meta is None else decode_meta(self.meta)


NORMAL, MULTIPART, APPENDABLE, SYMLINK, DELETE_MARKER = range(5)
NEVER, ENABLED, SUSPENDED = range(3)
