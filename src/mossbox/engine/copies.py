"""The SQL of copies: new rows that name bytes which are there already."""

from typing import NamedTuple

from mossbox.engine import Bucket, Tx, Version, bodies, objects
from mossbox.engine.bodies import Extent
from mossbox.engine.objects import NewVersion


class SourceChanged(FileNotFoundError):
    """The source is not what it was when the copy began: it is to be looked up again."""


class Source(NamedTuple):
    """The version whose bytes are wanted."""

    bucket: int
    key: bytes
    version: Version


def put(
    tx: Tx, bucket: Bucket, key: bytes, new: NewVersion, source: Source, *, forbid_overwrite: bool
) -> str:
    """Make an object of another one's bytes; as `objects.put`, and raises SourceChanged."""
    state = objects.check_bucket(tx, bucket)
    # The copy holds the bytes before an object that is copied onto itself lets go of them.
    shared, extents = _hold(tx, source)
    objects.make_room(tx, bucket.id, key, state, new.modified_ms, forbid_overwrite=forbid_overwrite)
    return objects.insert(tx, bucket.id, key, state, new, shared=shared, extents=extents)


def _hold(tx: Tx, source: Source) -> tuple[int | None, list[Extent]]:
    check_there(tx, source)
    version = source.version
    if version.blob is not None:
        bodies.hold(tx, version.blob)
        return version.blob, []
    return None, hold_range(tx, source, 0, version.size)


def hold_range(tx: Tx, source: Source, start: int, stop: int) -> list[Extent]:
    """Extents of bytes [start, stop), each counted as one more reference; raises SourceChanged."""
    check_there(tx, source)
    version = source.version
    if start == stop:
        return []
    if version.blob is not None:
        extents = [Extent(version.blob, start, stop - start)]
    else:
        extents = bodies.extents_between(tx, version.rank, start, stop)
    for extent in extents:
        bodies.hold(tx, extent.blob)
    return extents


def check_there(tx: Tx, source: Source) -> None:
    """Raise SourceChanged when the source was removed or replaced meanwhile."""
    rows = tx.rows(
        "select size from versions where bucket = $1 and key = $2 and rank = $3",
        source.bucket, source.key, source.version.rank,
    )  # fmt: skip
    if not rows or rows[0][0] < source.version.size:
        raise SourceChanged
