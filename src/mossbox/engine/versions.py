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
from mossbox.engine import DELETE_MARKER, Bucket, Database, Tx, Version, bodies
from mossbox.engine.listing import PairWalk, pairs
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


_PAIRS = pairs("versions", "rank", f"key, {VERSION_COLUMNS}")


def page(
    db: Database, bucket: Bucket, *, prefix: bytes, key_marker: bytes, rank_marker: int | None,
    delimiter: bytes, count: int,
) -> VersionPage:  # fmt: skip
    """At most `count` versions and common prefixes after a place, newest first within a key.

    The place is after all versions of `key_marker`, or, with `rank_marker`, after that one.
    """
    rows: list[tuple[bytes, bool, Version]] = []
    prefixes: list[bytes] = []
    last_key, last_rank, truncated = b"", None, False
    previous = b"" if rank_marker is None else key_marker  # a key's first row is its newest
    walk = PairWalk(db, _PAIRS, bucket.id, prefix, key_marker, rank_marker, delimiter)
    while count and (item := walk.next()) is not None:
        if len(rows) + len(prefixes) == count:
            truncated = True
            break
        last_key, row = item
        if row is None:
            prefixes.append(last_key)
            last_rank = None
            continue
        version = Version(*row[1:])
        rows.append((last_key, last_key != previous, version))
        previous, last_rank = last_key, version.rank
    return VersionPage(rows, prefixes, truncated, last_key, last_rank)
