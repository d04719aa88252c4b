"""The SQL of listings: pages that cost the same wherever they begin.

With a delimiter whole groups of keys are skipped by one seek each, so that a page over a thousand
directories of a thousand keys does not walk a million rows.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mossbox.engine import Database, Row

_COLUMNS = "key, size, modified_ms, etag, kind, storage_class"
_FROM = f"select {_COLUMNS} from versions where bucket = $1 and live = 1 and "
_AFTER = _FROM + "key > $2 and key < $3 order by key limit $4"
_FROM_KEY = _FROM + "key >= $2 and key < $3 order by key limit $4"

_BATCH_FIRST = 4
_BATCH_MAX = 1001
LAST = b"\xff" * 8  # no UTF-8 text is as high


class Page(NamedTuple):
    """Rows and common prefixes in one order, and where the next page begins."""

    rows: list[Row]
    prefixes: list[bytes]
    truncated: bool
    last: bytes


def successor(prefix: bytes) -> bytes:
    """The first byte string after all that begin with `prefix`."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes((stripped[-1] + 1,)) if stripped else LAST


def page(
    db: Database, bucket: int, *, prefix: bytes, marker: bytes, delimiter: bytes, count: int
) -> Page:
    """At most `count` keys and common prefixes after `marker` (exclusive) that begin with `prefix`.

    A marker that lies within a common prefix skips the whole of it.
    """
    if count == 0:
        return Page([], [], False, b"")
    stop = successor(prefix) if prefix else LAST
    if not delimiter:
        return _plain(db, bucket, prefix, marker, stop, count)
    rows: list[Row] = []
    prefixes: list[bytes] = []
    last = b""
    for group, row in _groups(db, bucket, prefix, marker, delimiter, stop):
        if len(rows) + len(prefixes) == count:
            return Page(rows, prefixes, True, last)
        if row is None:
            prefixes.append(group)
        else:
            rows.append(row)
        last = group
    return Page(rows, prefixes, False, last)


def _plain(
    db: Database, bucket: int, prefix: bytes, marker: bytes, stop: bytes, count: int
) -> Page:
    if marker < prefix:
        rows = db.rows(_FROM_KEY, bucket, prefix, stop, count + 1)
    else:
        rows = db.rows(_AFTER, bucket, marker, stop, count + 1)
    truncated = len(rows) > count
    if truncated:
        rows.pop()
    return Page(rows, [], truncated, rows[-1][0] if rows else b"")


def _groups(
    db: Database, bucket: int, prefix: bytes, marker: bytes, delimiter: bytes, stop: bytes
) -> Iterator[tuple[bytes, Row | None]]:
    """Keys with their rows, and common prefixes without one, in order."""
    position, inclusive = _begin(prefix, marker, delimiter)
    batch = _BATCH_FIRST
    while True:
        text = _FROM_KEY if inclusive else _AFTER
        rows = db.rows(text, bucket, position, stop, batch)
        skipped = False
        for row in rows:
            cut = row[0].find(delimiter, len(prefix))
            if cut >= 0:
                group = row[0][: cut + len(delimiter)]
                yield group, None
                position, inclusive, skipped = successor(group), True, True
                break
            yield row[0], row
            position, inclusive = row[0], False
        if not skipped and len(rows) < batch:
            return
        # Directories are skipped one seek at a time, runs of plain keys in growing strides.
        batch = _BATCH_FIRST if skipped else min(batch * 4, _BATCH_MAX)


def _begin(prefix: bytes, marker: bytes, delimiter: bytes) -> tuple[bytes, bool]:
    """Where to read from, and whether that key itself counts."""
    if marker < prefix:
        return prefix, True
    cut = marker.find(delimiter, len(prefix))
    if cut >= 0 and marker.startswith(prefix):
        return successor(marker[: cut + len(delimiter)]), True
    return marker, False
