"""The SQL of bytes: rows of blobs, the extents that name ranges of them, and garbage."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from mossbox.engine import Database, Tx


class StoredBlob(msgspec.Struct, frozen=True, gc=False):
    """A blob's row: `data` is None when the bytes lie in a file."""

    size: int
    cipher: int
    wrapped_key: bytes | None
    crc64: int | None
    data: bytes | None


class NewBlob(NamedTuple):
    """A body about to be named by a row: inline `data`, or a file that is already synced.

    `size` is that of the plain bytes; `crc64` is over the bytes as they are kept inline.
    """

    id: int
    size: int
    crc64: int | None
    data: bytes | None
    cipher: int = 0
    wrapped_key: bytes | None = None


class Extent(NamedTuple):
    """A range of a blob; an object's extents in their order are its bytes."""

    blob: int
    start: int
    size: int


def insert_blob(tx: Tx, blob: NewBlob) -> None:
    """A row for a blob that one row is about to name."""
    tx.rows(
        "insert into blobs values ($1, $2, $3, $4, $5, $6)",
        blob.id, blob.size, blob.cipher, blob.wrapped_key, blob.crc64, blob.data,
    )  # fmt: skip


def find_blob(db: Database, blob: int) -> StoredBlob | None:
    """A blob's row."""
    rows = db.rows("select size, cipher, wrapped_key, crc64, data from blobs where id = $1", blob)
    return StoredBlob(*rows[0]) if rows else None


def hold(tx: Tx, blob: int) -> None:
    """One more row names the blob.

    That is counted beside the blob: changing its row would write a small body anew.
    """
    tx.rows(
        "insert into shares values ($1, 1)"
        " on conflict (blob) do update set extra = shares.extra + 1",
        blob,
    )


def insert_extents(tx: Tx, owner: int, extents: Iterable[Extent], position: int = 0) -> None:
    """Give an owner these ranges from `position` on; the references are the caller's to count."""
    for blob, start, size in extents:
        tx.rows("insert into extents values ($1, $2, $3, $4, $5)", owner, position, blob, start,
                size)  # fmt: skip
        position += size


def extents_of(source: Database | Tx, owner: int) -> list[Extent]:
    """All ranges of an owner in their order."""
    rows = source.rows(
        "select blob, start, size from extents where owner = $1 order by position", owner
    )
    return [Extent(*row) for row in rows]


def extents_between(source: Database | Tx, owner: int, start: int, stop: int) -> list[Extent]:
    """The ranges that make up bytes [start, stop) of an owner, cut to fit."""
    rows = source.rows(
        "select position, blob, start, size from extents where owner = $1 and position >="
        " (select max(position) from extents where owner = $1 and position <= $2)"
        " and position < $3 order by position",
        owner, start, stop,
    )  # fmt: skip
    found = []
    for position, blob, first, size in rows:
        skipped = max(0, start - position)
        left = min(position + size, stop) - position - skipped
        found.append(Extent(blob, first + skipped, left))
    return found


def release(tx: Tx, blob: int, now_ms: int) -> None:
    """Give up one reference; a blob without any goes.

    A small body that was never shared goes at once. All others become garbage: whoever is reading
    an object of many looks at their rows one after the other, until the reaper takes them.
    """
    left = _give_up(tx, blob)
    if left is None and tx.rows(
        "delete from blobs where id = $1 and data is not null returning id", blob
    ):
        return
    if left is None or left < 0:
        tx.rows("insert into garbage values ($1, $2)", blob, now_ms)


def release_extents(tx: Tx, owner: int, now_ms: int) -> None:
    """Give up an owner's ranges; what nobody else names becomes garbage."""
    for (blob,) in tx.rows("select blob from extents where owner = $1", owner):
        left = _give_up(tx, blob)
        if left is None or left < 0:
            tx.rows("insert into garbage values ($1, $2)", blob, now_ms)
    tx.rows("delete from extents where owner = $1", owner)


def _give_up(tx: Tx, blob: int) -> int | None:
    """How many references beyond the first are left, -1 for none at all; None if never shared."""
    rows = tx.rows("update shares set extra = extra - 1 where blob = $1 returning extra", blob)
    return rows[0][0] if rows else None


def garbage(db: Database, count: int) -> list[int]:
    """Blobs that may be deleted, oldest first."""
    rows = db.rows("select blob from garbage order by blob limit $1", count)
    return [row[0] for row in rows]


def forget_garbage(tx: Tx, blobs: list[int]) -> None:
    """The files are gone: now their rows."""
    for blob in blobs:
        tx.rows("delete from blobs where id = $1", blob)
        tx.rows("delete from shares where blob = $1", blob)
        tx.rows("delete from garbage where blob = $1", blob)


def known_blobs(db: Database, blobs: list[int]) -> set[int]:
    """Which of these ids a row still names (waiting garbage included)."""
    found = set()
    for blob in blobs:
        if db.rows("select 1 from blobs where id = $1", blob) or db.rows(
            "select 1 from garbage where blob = $1", blob
        ):
            found.add(blob)
    return found


def highest_blob(db: Database) -> int:
    """The highest id that is still known: drawing it again would let its garbage take the new."""
    highest = 0
    for text in ("select max(id) from blobs", "select max(blob) from garbage"):
        highest = max(highest, db.rows(text)[0][0] or 0)
    return highest
