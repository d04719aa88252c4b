"""Version ids, and the SQL of versions: lists of them, and removing one for good.

An id is opaque to clients and carries the version's place in the order, so that a list goes on
where it stopped even when the version it stopped at is gone.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import NamedTuple
from zlib import crc32

from mossbox import errors
from mossbox.engine import DELETE_MARKER, Bucket, Database, Row, Tx, Version, bodies
from mossbox.engine.listing import LAST, successor
from mossbox.engine.schema import VERSION_COLUMNS

NULL = 0  # the reference to a key's null version; others are refered to by their rank
_ID = struct.Struct(">QI")
_MASK = 0x5A17C0DE9E3779B9  # ids of neighbours do not look like a counter
_SIZE = 16
_EC_MARKER = "0003-00000016"

_BY_RANK = f"select {VERSION_COLUMNS} from versions where bucket = $1 and key = $2 and rank = $3"
_NULL_OF = (
    f"select {VERSION_COLUMNS} from versions where bucket = $1 and key = $2 and null_id = 1"
    " order by rank limit 1"
)


def version_id(rank: int, null_id: int) -> str:
    """What clients know a version by."""
    if null_id:
        return "null"
    mixed = -rank ^ _MASK
    return urlsafe_b64encode(_ID.pack(mixed, crc32(mixed.to_bytes(8)))).decode()


def parse_id(text: str) -> int:
    """A version's rank, or NULL; raises InvalidArgument."""
    if text == "null":
        return NULL
    if not text:
        message = "Version id can not be the empty string."
        raise errors.invalid_argument(message, "versionId", text)
    try:
        mixed, check = _ID.unpack(urlsafe_b64decode(text.encode("ascii")))
    except (Base64Error, ValueError, struct.error):
        mixed = check = 0
    rank: int = -(mixed ^ _MASK)
    if len(text) != _SIZE or check != crc32(mixed.to_bytes(8)) or not -(2**63) <= rank < 0:
        raise errors.invalid_argument("Invalid version id specified.", "versionId", text)
    return rank


def find(source: Database | Tx, bucket: int, key: bytes, ref: int) -> Version | None:
    """One version of a key, delete markers included."""
    if ref == NULL:
        rows = source.rows(_NULL_OF, bucket, key)
    else:
        rows = source.rows(_BY_RANK, bucket, key, ref)
        if rows and rows[0][2]:
            return None  # a null version has no other id
    return Version(*rows[0]) if rows else None


def found(version: Version | None, key: bytes, ref: int | None) -> Version:
    """The version that was asked for, unless it is none that has bytes.

    Raises NoSuchKey, NoSuchVersion, or MethodNotAllowed for a delete marker that was asked for by
    its id (OSS documentation, "Delete markers").
    """
    if version is None:
        if ref is None:
            raise errors.NoSuchKey(Key=key.decode("utf-8", "replace"))
        given = "null" if ref == NULL else version_id(ref, 0)
        raise errors.NoSuchVersion(Key=key.decode("utf-8", "replace"), VersionId=given)
    if version.kind != DELETE_MARKER:
        return version
    if ref is None:
        error = errors.NoSuchKey(Key=key.decode("utf-8", "replace"))
    else:
        error = errors.MethodNotAllowed(
            ec="0003-00000016", Method="GET", ResourceType="DeleteMarker"
        )
    error.with_header("x-oss-delete-marker", "true")
    raise error.with_header("x-oss-version-id", version_id(version.rank, version.null_id))


def remove(tx: Tx, bucket: int, key: bytes, ref: int, now_ms: int) -> Version | None:
    """Remove one version for good; the next older one is what readers see if it was the newest."""
    version = find(tx, bucket, key, ref)
    if version is None:
        return None
    drop(tx, bucket, key, version, now_ms)
    newest = tx.rows(
        "select rank, kind from versions where bucket = $1 and key = $2 order by rank limit 1",
        bucket, key,
    )  # fmt: skip
    if newest and newest[0][1] != DELETE_MARKER:
        tx.rows(
            "update versions set live = 1 where bucket = $1 and key = $2 and rank = $3"
            " and live = 0",
            bucket, key, newest[0][0],
        )  # fmt: skip
    return version


def drop(tx: Tx, bucket: int, key: bytes, old: Version, now_ms: int) -> None:
    """Remove a version's row and its hold on its blobs."""
    tx.rows(
        "delete from versions where bucket = $1 and key = $2 and rank = $3", bucket, key, old.rank
    )
    if old.kind == DELETE_MARKER:
        tx.count(bucket, old.storage_class, markers=-1)
        return
    if old.blob is not None:
        bodies.release(tx, old.blob, now_ms)
    if old.extents:
        bodies.release_extents(tx, old.rank, now_ms)
    tx.count(bucket, old.storage_class, objects=-1, bytes=-old.size)


class VersionPage(NamedTuple):
    """Rows and common prefixes in one order, and where the next page begins.

    A row is the key, whether it is the key's newest, and the columns of `Version`. `last_rank` is
    None when the page ends with a common prefix.
    """

    rows: list[tuple[bytes, bool, Version]]
    prefixes: list[bytes]
    truncated: bool
    last_key: bytes
    last_rank: int | None


_FROM = f"select key, {VERSION_COLUMNS} from versions where bucket = $1 and key < $2 and "
_WITHIN = _FROM + "(key, rank) > ($3, $4) order by key, rank limit $5"
_FROM_KEY = _FROM + "key >= $3 order by key, rank limit $4"
_AFTER_KEY = _FROM + "key > $3 order by key, rank limit $4"
_BATCH = 1001
_BATCH_GROUPED = 16


def page(
    db: Database, bucket: Bucket, *, prefix: bytes, key_marker: bytes, rank_marker: int | None,
    delimiter: bytes, count: int,
) -> VersionPage:  # fmt: skip
    """At most `count` versions and common prefixes after a place, newest first within a key.

    The place is after all versions of `key_marker`, or, with `rank_marker`, after that one.
    """
    rows: list[tuple[bytes, bool, Version]] = []
    prefixes: list[bytes] = []
    if count == 0:
        return VersionPage(rows, prefixes, False, b"", None)
    last_key, last_rank = b"", None
    walk = _Walk(db, bucket.id, prefix, key_marker, rank_marker, delimiter)
    while (item := walk.next()) is not None:
        if len(rows) + len(prefixes) == count:
            return VersionPage(rows, prefixes, True, last_key, last_rank)
        key, newest, version = item
        last_key = key
        if version is None:
            prefixes.append(key)
            last_rank = None
        else:
            rows.append((key, newest, version))
            last_rank = version.rank
    return VersionPage(rows, prefixes, False, last_key, last_rank)


class _Walk:
    """Versions in order, whole groups of keys skipped by one seek each."""

    def __init__(
        self, db: Database, bucket: int, prefix: bytes, key: bytes, rank: int | None,
        delimiter: bytes,
    ) -> None:  # fmt: skip
        self._db = db
        self._bucket = bucket
        self._prefix = prefix
        self._delimiter = delimiter
        self._stop = successor(prefix) if prefix else LAST
        self._batch = _BATCH_GROUPED if delimiter else _BATCH
        self._previous = b""  # the last key seen: the first of its rows is the newest
        group = self._group(key)
        if key < prefix:
            self._seek(_FROM_KEY, (prefix,))
        elif group is not None:
            self._seek(_FROM_KEY, (successor(group),))
        elif rank is not None:
            self._seek(_WITHIN, (key, rank))
            self._previous = key
        else:
            self._seek(_AFTER_KEY, (key,))

    def _group(self, key: bytes) -> bytes | None:
        if not self._delimiter or not key.startswith(self._prefix):
            return None
        cut = key.find(self._delimiter, len(self._prefix))
        return None if cut < 0 else key[: cut + len(self._delimiter)]

    def next(self) -> tuple[bytes, bool, Version | None] | None:
        """A key with a version and whether it is the newest, or a group without one."""
        if self._at == len(self._rows) and not self._fetch():
            return None
        row = self._rows[self._at]
        self._at += 1
        key: bytes = row[0]
        group = self._group(key)
        if group is not None:
            self._seek(_FROM_KEY, (successor(group),))
            return group, False, None
        newest = key != self._previous
        self._previous = key
        return key, newest, Version(*row[1:])

    def _seek(self, text: str, place: tuple[bytes | int, ...]) -> None:
        self._text, self._place = text, place
        self._rows: list[Row] = []
        self._at, self._ended = 0, False

    def _fetch(self) -> bool:
        if self._ended:
            return False
        if self._rows:
            last = self._rows[-1]
            self._seek(_WITHIN, (last[0], last[1]))
        self._rows = self._db.rows(self._text, self._bucket, self._stop, *self._place, self._batch)
        self._at = 0
        self._ended = len(self._rows) < self._batch
        return bool(self._rows)
