"""How SQLite finds what the engine asks for: by keys, never by walking over a table."""

from typing import Any

import pytest

from mossbox.engine import (
    Bucket,
    Row,
    Version,
    bodies,
    buckets,
    identities,
    listing,
    objects,
    versions,
)
from mossbox.engine.bodies import Extent, NewBlob
from mossbox.engine.objects import NewVersion
from mossbox.engine.sqlite import SqliteDatabase, SqliteTx

BUCKET = Bucket(1, "bucket", 1, 0, "r", 0, 0, 0, 0)
PAST_ENDS = {
    # These read one end of a table that is already in the wanted order.
    "select blob from garbage order by blob limit $1",
    "select id, uid, name from accounts order by id limit 1",
}


class Recorder:
    """Passes statements on and remembers them; serves as Database and as Tx."""

    def __init__(self, inner: SqliteDatabase | SqliteTx) -> None:
        self.inner = inner
        self.seen: dict[str, tuple[Any, ...]] = {}

    def rows(self, sql: str, *args: Any) -> list[Row]:
        self.seen[sql] = args
        return self.inner.rows(sql, *args)

    def next_rank(self) -> int:
        return self.inner.next_rank()

    def count(self, bucket: int, storage_class: int, **deltas: int) -> None:
        self.inner.count(bucket, storage_class, **deltas)


def new_version(blob: int, size: int = 3) -> NewVersion:
    body = NewBlob(blob, size, 0, b"abc" if size == 3 else None)
    return NewVersion(0, size, 0, "ETAG", 0, 0, 0, "text/plain", None, body)


@pytest.fixture
def asked(db: SqliteDatabase) -> dict[str, tuple[Any, ...]]:
    """Every statement of a store's life, as the engine's functions send it."""
    record = Recorder(SqliteTx(db._writer, lambda: 0))
    buckets.create(record, BUCKET, 100)
    identities.create(record, "1000000000000001", "me", 0)
    objects.put(record, BUCKET, b"k", new_version(1), forbid_overwrite=False)
    objects.put(record, BUCKET, b"k", new_version(2, size=1 << 20), forbid_overwrite=False)
    objects.set_acl(record, BUCKET, b"k", None, 1)
    objects.edit(record, BUCKET, b"k", None, lambda version, meta: None)
    reader = Recorder(db)
    reader.seen = record.seen
    assert objects.current(reader, 1, b"k") is not None
    for ref in (None, versions.NULL, -2):
        assert objects.read(reader, 1, b"k", ref)[0] is not None or ref == -2
        objects.lookup(reader, 1, b"k", ref)
    for rank in (None, -2):
        for delimiter in (b"", b"/"):
            for prefix in (b"", b"p"):
                versions.page(
                    reader, BUCKET, prefix=prefix, key_marker=b"a", rank_marker=rank,
                    delimiter=delimiter, count=10,
                )  # fmt: skip
    for marker in (b"", b"a"):
        for delimiter in (b"", b"/"):
            for prefix in (b"", b"p"):
                listing.page(reader, 1, prefix=prefix, marker=marker, delimiter=delimiter, count=10)
    assert buckets.find(reader, "bucket") is not None
    buckets.page(reader, 1, "", "", 10)
    buckets.usage(reader, 1)
    objects.delete(record, BUCKET, b"k", 0)
    with_extents = Version(-9, 0, 1, 3, 0, "E", 0, 0, 0, "", None, None, 1)
    bodies.insert_extents(record, -9, [Extent(2, 0, 3)])
    bodies.hold(record, 2)
    bodies.find_blob(reader, 2)
    bodies.extents_of(reader, -9)
    bodies.extents_between(reader, -9, 1, 2)
    versions.drop(record, 1, b"k", with_extents, 0)
    versions.remove(record, 1, b"k", versions.NULL, 0)
    buckets.set_versioning(record, 1, 2)
    objects.put(record, BUCKET, b"k", new_version(4))
    objects.delete(record, BUCKET, b"k", 0)
    versions.remove(record, 1, b"k", versions.NULL, 0)
    bodies.known_blobs(reader, [2, 3])
    bodies.highest_blob(reader)
    bodies.forget_garbage(record, bodies.garbage(reader, 10))
    buckets.set_acl(record, 1, 1)
    buckets.delete(record, BUCKET)
    identities.find(reader, "1")
    identities.by_id(reader, 1)
    identities.root(reader)
    record.inner.fold()
    return record.seen


def plan(db: SqliteDatabase, sql: str, args: tuple[Any, ...]) -> str:
    return "; ".join(row[3] for row in db.rows(f"explain query plan {sql}", *args))


def test_nothing_walks_over_a_table_or_sorts(
    db: SqliteDatabase, asked: dict[str, tuple[Any, ...]]
) -> None:
    assert len(asked) > 25
    for sql, args in asked.items():
        found = plan(db, sql, args)
        assert "TEMP B-TREE" not in found, (sql, found)
        if sql not in PAST_ENDS:
            assert "SCAN" not in found.replace("SCAN CONSTANT ROW", ""), (sql, found)


def test_point_reads_use_the_primary_key(db: SqliteDatabase) -> None:
    for sql in (objects._CURRENT, objects._READ_CURRENT):
        found = plan(db, sql, (1, b"k"))
        assert "USING PRIMARY KEY (bucket=? AND key=?)" in found, found
    read = plan(db, objects._READ_CURRENT, (1, b"k"))
    assert "SEARCH b USING INTEGER PRIMARY KEY (rowid=?)" in read


def test_listings_read_one_index_and_nothing_else(db: SqliteDatabase) -> None:
    for sql in (listing._AFTER, listing._FROM_KEY):
        found = plan(db, sql, (1, b"a", b"b", 10))
        assert "USING COVERING INDEX versions_live (bucket=? AND key>? AND key<?)" in found, found


def test_a_bucket_is_found_empty_by_its_first_key(db: SqliteDatabase) -> None:
    found = plan(db, "select 1 from versions where bucket = $1 limit 1", (1,))
    assert "SEARCH versions USING" in found
    assert "bucket=?" in found
