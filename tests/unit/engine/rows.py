"""Rows of versions without the ceremony of a put."""

from collections.abc import Iterable

from mossbox.engine.sqlite import SqliteDatabase

_INSERT = (
    "insert into versions values"
    " (?1, ?2, ?3, ?4, ?5, 1, 7, 0, 'ETAG', 0, 0, 0, 'text/plain', null, null, 0)"
)


def insert_live(db: SqliteDatabase, bucket: int, keys: Iterable[bytes]) -> None:
    """One live object a key."""
    rows = [(bucket, key, -rank, 1, 0) for rank, key in enumerate(keys, 1)]
    with db._writer:
        db._writer.executemany(_INSERT, rows)


def insert_markers(db: SqliteDatabase, bucket: int, keys: Iterable[bytes]) -> None:
    """Keys whose newest version is a delete marker above an older, hidden object."""
    rows = []
    for rank, key in enumerate(keys, 1):
        rows += [(bucket, key, -2 * rank, 0, 4), (bucket, key, -2 * rank + 1, 0, 0)]
    with db._writer:
        db._writer.executemany(_INSERT, rows)
