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
_BATCH_GROUPED = 16
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


class Pairs(NamedTuple):
    """Statements that page through rows ordered by key and a second column."""

    within: str
    from_key: str
    after_key: str


def pairs(table: str, second: str, columns: str) -> Pairs:
    """The statements for a table; `columns` begin with the key and the second column."""
    found = f"select {columns} from {table} where bucket = $1 and key < $2 and "
    order = f" order by key, {second} limit "
    return Pairs(
        found + f"(key, {second}) > ($3, $4)" + order + "$5",
        found + "key >= $3" + order + "$4",
        found + "key > $3" + order + "$4",
    )


class PairWalk:
    """Rows in order after a place, whole groups of keys skipped by one seek each.

    The place is after all rows of `key`, or, with `second`, after that one row. A marker that lies
    within a common prefix skips the whole of it.
    """

    def __init__(
        self, db: Database, texts: Pairs, bucket: int, prefix: bytes, key: bytes,
        second: int | None, delimiter: bytes,
    ) -> None:  # fmt: skip
        self._db = db
        self._texts = texts
        self._bucket = bucket
        self._prefix = prefix
        self._delimiter = delimiter
        self._stop = successor(prefix) if prefix else LAST
        self._batch = _BATCH_GROUPED if delimiter else _BATCH_MAX
        group = self._group(key)
        if key < prefix:
            self._seek(texts.from_key, prefix)
        elif group is not None:
            self._seek(texts.from_key, successor(group))
        elif second is not None:
            self._seek(texts.within, key, second)
        else:
            self._seek(texts.after_key, key)

    def _group(self, key: bytes) -> bytes | None:
        if not self._delimiter or not key.startswith(self._prefix):
            return None
        cut = key.find(self._delimiter, len(self._prefix))
        return None if cut < 0 else key[: cut + len(self._delimiter)]

    def next(self) -> tuple[bytes, Row | None] | None:
        """A key with its row, or a common prefix without one; None at the end."""
        if self._at == len(self._rows) and not self._fetch():
            return None
        row = self._rows[self._at]
        self._at += 1
        group = self._group(row[0])
        if group is None:
            return row[0], row
        self._seek(self._texts.from_key, successor(group))
        return group, None

    def _seek(self, text: str, *place: bytes | int) -> None:
        self._text, self._place = text, place
        self._rows: list[Row] = []
        self._at, self._ended = 0, False

    def _fetch(self) -> bool:
        if self._ended:
            return False
        if self._rows:
            self._seek(self._texts.within, self._rows[-1][0], self._rows[-1][1])
        self._rows = self._db.rows(self._text, self._bucket, self._stop, *self._place, self._batch)
        self._ended = len(self._rows) < self._batch
        return bool(self._rows)
