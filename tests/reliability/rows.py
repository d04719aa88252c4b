"""What the rows of a store have to agree on, read from its database while it runs.

Every version's and part's bytes are there, every reference is counted, exactly one version of a
key is live, the counters are right, and (once all is swept) every file is named.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

MARKER = 4


def faults(data: Path, *, swept: bool = False) -> list[str]:
    """All that is wrong, in words; empty for a store that is well.

    With `swept` a file that no row names is wrong too: after a crash, or while an upload is under
    way, there are such files until the sweep has taken them.
    """
    with closing(sqlite3.connect(f"file:{data}/mossbox.db?mode=ro", uri=True)) as db:
        db.execute("begin")  # one state for all that follows
        return [
            *_bytes(db), *_references(db), *_order(db), *_usage(db), *_strays(db),
            *_files(db, data, swept),
        ]  # fmt: skip


def _bytes(db: sqlite3.Connection) -> Iterator[str]:
    """Versions and parts whose bytes are not there, or not as many as they say."""
    sizes = dict(db.execute("select id, size from blobs"))
    ranges: dict[int, list[tuple[int, int, int, int]]] = {}
    for owner, position, blob, start, size in db.execute(
        "select owner, position, blob, start, size from extents order by owner, position"
    ):
        ranges.setdefault(owner, []).append((position, blob, start, size))
    for name, owner, size, blob, count in db.execute(
        "select 'version of ' || hex(key), rank, size, blob, extents from versions union all"
        " select 'part ' || upload || '/' || number, extents, size, blob, null from parts"
    ):
        held = ranges.pop(owner, [])
        if blob is not None and (held or sizes.get(blob) != size):
            yield f"{name}: {size} bytes, the blob {sizes.get(blob)}, and {len(held)} extents"
        if blob is not None:
            continue
        if count is not None and count != len(held):
            yield f"{name}: {len(held)} extents instead of {count}"
        end = 0
        for position, extent_blob, start, length in held:
            if position != end or length < 1 or start + length > sizes.get(extent_blob, -1):
                yield f"{name}: at {end} an extent for {position}: {extent_blob} {start}+{length}"
            end += length
        if end != size:
            yield f"{name}: extents make {end} bytes of {size}"
    for owner in ranges:
        yield f"extents of {owner}, who is nobody"


def _references(db: sqlite3.Connection) -> Iterator[str]:
    """Blobs whose count is not the number of rows that name them."""
    named: Counter[int] = Counter()
    for table in ("versions", "parts", "extents"):
        named.update(
            blob for (blob,) in db.execute(f"select blob from {table}") if blob is not None
        )
    refs = dict(
        db.execute(
            "select id, 1 + coalesce(extra, 0) from blobs left join shares on shares.blob = id"
            " where id not in (select blob from garbage)"
            " union all select id, 0 from blobs where id in (select blob from garbage)"
        )
    )
    garbage = {blob for (blob,) in db.execute("select blob from garbage")}
    for blob, count in refs.items():
        if count != named[blob] or (count == 0) != (blob in garbage):
            yield f"blob {blob}: {count} references, {named[blob]} rows, garbage: {blob in garbage}"
    for blob in named.keys() - refs.keys():
        yield f"blob {blob} is named and not there"


def _order(db: sqlite3.Connection) -> Iterator[str]:
    """Keys whose newest version is not the live one, or that have two null versions."""
    for bucket, key, newest, live, count, nulls in db.execute(
        "select bucket, key, min(rank), max(case when live then rank end), sum(live), sum(null_id)"
        " from versions group by bucket, key"
    ):
        (kind,) = db.execute(
            "select kind from versions where bucket = ? and key = ? and rank = ?",
            (bucket, key, newest),
        ).fetchone()
        wanted = (None, 0) if kind == MARKER else (newest, 1)
        if (live, count) != wanted or nulls > 1:
            yield f"key {key!r}: newest {newest} of kind {kind}, live {live}, {nulls} null versions"
    for bucket, key, count in db.execute(
        "select bucket, key, count(*) from versions where bucket in"
        " (select id from buckets where versioning = 0) group by bucket, key having count(*) > 1"
    ):
        yield f"key {key!r} of bucket {bucket} has {count} versions without versioning"


def _usage(db: sqlite3.Connection) -> Iterator[str]:
    """Counters that do not say what is there."""
    wanted: dict[tuple[int, int], list[int]] = {}
    for text, place in (
        (f"select bucket, storage_class, count(*) from versions where kind != {MARKER}", 0),
        (f"select bucket, storage_class, sum(size) from versions where kind != {MARKER}", 1),
        (f"select bucket, storage_class, count(*) from versions where kind = {MARKER}", 2),
        ("select bucket, storage_class, count(*) from uploads", 3),
        (
            "select bucket, storage_class, count(*) from uploads u join parts p on p.upload = u.id",
            4,
        ),
    ):
        for bucket, storage_class, count in db.execute(f"{text} group by bucket, storage_class"):
            wanted.setdefault((bucket, storage_class), [0] * 5)[place] = count
    counted = {
        (bucket, storage_class): list(counts)
        for bucket, storage_class, *counts in db.execute(
            "select bucket, storage_class, objects, bytes, markers, uploads, parts from usage"
        )
    }
    for place in wanted.keys() | counted.keys():
        if wanted.get(place, [0] * 5) != counted.get(place, [0] * 5):
            yield f"usage of {place}: {counted.get(place)}, there are {wanted.get(place)}"


def _strays(db: sqlite3.Connection) -> Iterator[str]:
    """Rows of what is gone."""
    for table, column, parent in (
        ("versions", "bucket", "buckets"), ("uploads", "bucket", "buckets"),
        ("usage", "bucket", "buckets"), ("bucket_settings", "bucket", "buckets"),
        ("parts", "upload", "uploads"),
    ):  # fmt: skip
        text = f"select count(*) from {table} where {column} not in (select id from {parent})"
        (count,) = db.execute(text).fetchone()
        if count:
            yield f"{count} rows of {table} without their {parent}"


def _files(db: sqlite3.Connection, data: Path, swept: bool) -> Iterator[str]:
    files = {int(path.name, 16) for path in data.glob("blobs/*/*") if path.name != "clean"}
    named = {
        blob
        for (blob,) in db.execute(
            "select id from blobs where data is null and id not in (select blob from garbage)"
        )
    }
    garbage = {blob for (blob,) in db.execute("select blob from garbage")}
    named = {blob for (blob,) in db.execute("select id from blobs where data is null")} - garbage
    for blob in named - files:
        yield f"blob {blob} has no file"
    if swept:
        for blob in files - named - garbage:
            yield f"the file of {blob} is named by nobody"
