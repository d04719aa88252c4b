"""The SQL of objects: point reads, and the units of work that change what a key names."""

from typing import NamedTuple

import msgspec

from mossbox import errors
from mossbox.engine import DELETE_MARKER, Bucket, Database, Tx, Version
from mossbox.engine.schema import VERSION_COLUMNS

_HEAD = (
    f"select {VERSION_COLUMNS} from versions where bucket = $1 and key = $2 order by rank limit 1"
)
_JOINED = ", ".join(f"v.{name.strip()}" for name in VERSION_COLUMNS.split(","))
_READ = (
    f"select {_JOINED}, b.size, b.cipher, b.wrapped_key, b.crc64, b.data"
    " from versions v left join blobs b on b.id = v.blob"
    " where v.bucket = $1 and v.key = $2 order by v.rank limit 1"
)
_COUNT = len(VERSION_COLUMNS.split(","))


class StoredBlob(msgspec.Struct, frozen=True, gc=False):
    """A blob's row: `data` is None when the bytes lie in a file."""

    size: int
    cipher: int
    wrapped_key: bytes | None
    crc64: int | None
    data: bytes | None


class NewBlob(NamedTuple):
    """A body about to be named by a row: inline `data`, or a file that is already synced."""

    id: int
    size: int
    crc64: int | None
    data: bytes | None


class NewVersion(NamedTuple):
    """What a put wants to keep under a key."""

    kind: int
    size: int
    modified_ms: int
    etag: str
    crc64: int | None
    storage_class: int
    acl: int
    content_type: str
    meta: bytes | None
    blob: NewBlob | None


def head(db: Database, bucket: int, key: bytes) -> Version | None:
    """The version that readers see (a delete marker is none), without its body."""
    rows = db.rows(_HEAD, bucket, key)
    if not rows or rows[0][1] == DELETE_MARKER:
        return None
    return Version(*rows[0])


def read(db: Database, bucket: int, key: bytes) -> tuple[Version, StoredBlob] | None:
    """The version that readers see, and its blob with a small body, in one statement."""
    rows = db.rows(_READ, bucket, key)
    if not rows or rows[0][1] == DELETE_MARKER:
        return None
    row = rows[0]
    return Version(*row[:_COUNT]), StoredBlob(*row[_COUNT:])


def put(tx: Tx, bucket: Bucket, key: bytes, new: NewVersion, *, forbid_overwrite: bool) -> int:
    """Make `new` what the key names; returns its rank.

    Reads the bucket again, so that a bucket deleted or made anew meanwhile does not take the
    object. Raises NoSuchBucket, FileAlreadyExists.
    """
    check_bucket(tx, bucket)
    old = tx.rows(_HEAD, bucket.id, key)
    if old and forbid_overwrite and old[0][1] != DELETE_MARKER:
        raise errors.FileAlreadyExists(Key=key.decode("utf-8", "replace"))
    if old:
        drop(tx, bucket.id, key, Version(*old[0]), new.modified_ms)
    blob = new.blob
    if blob is not None:
        tx.rows(
            "insert into blobs (id, refs, size, cipher, crc64, data) values ($1, 1, $2, 0, $3, $4)",
            blob.id, blob.size, blob.crc64, blob.data,
        )  # fmt: skip
    rank = tx.next_rank()
    tx.rows(
        "insert into versions values"
        " ($1, $2, $3, 1, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0)",
        bucket.id, key, rank, new.kind, new.size, new.modified_ms, new.etag, new.crc64,
        new.storage_class, new.acl, new.content_type, new.meta, blob and blob.id,
    )  # fmt: skip
    tx.count(bucket.id, new.storage_class, objects=1, bytes=new.size)
    return rank


def delete(tx: Tx, bucket: Bucket, key: bytes, now_ms: int) -> bool:
    """Remove what the key names; tells whether there was anything. Raises NoSuchBucket."""
    check_bucket(tx, bucket)
    old = tx.rows(_HEAD, bucket.id, key)
    if old:
        drop(tx, bucket.id, key, Version(*old[0]), now_ms)
    return bool(old)


def set_acl(tx: Tx, bucket: Bucket, key: bytes, acl: int) -> None:
    """Change an object's ACL; raises NoSuchBucket, NoSuchKey."""
    check_bucket(tx, bucket)
    old = tx.rows(_HEAD, bucket.id, key)
    if not old or old[0][1] == DELETE_MARKER:
        raise errors.NoSuchKey(Key=key.decode("utf-8", "replace"))
    tx.rows(
        "update versions set acl = $4 where bucket = $1 and key = $2 and rank = $3",
        bucket.id, key, old[0][0], acl,
    )  # fmt: skip


def check_bucket(tx: Tx, bucket: Bucket) -> None:
    """Raise NoSuchBucket unless the bucket that the caller saw is still there."""
    rows = tx.rows("select versioning from buckets where id = $1", bucket.id)
    if not rows:
        raise errors.NoSuchBucket(BucketName=bucket.name)
    if rows[0][0]:
        raise errors.not_implemented("versioning")  # a row of a newer program: leave it alone


def drop(tx: Tx, bucket: int, key: bytes, old: Version, now_ms: int) -> None:
    """Remove a version's row and its hold on its blobs."""
    tx.rows(
        "delete from versions where bucket = $1 and key = $2 and rank = $3", bucket, key, old.rank
    )
    if old.blob is not None:
        release(tx, old.blob, now_ms)
    if old.extents:
        for (blob,) in tx.rows("select blob from extents where owner = $1", old.rank):
            release(tx, blob, now_ms)
        tx.rows("delete from extents where owner = $1", old.rank)
    tx.count(bucket, old.storage_class, objects=-1, bytes=-old.size)


def release(tx: Tx, blob: int, now_ms: int) -> None:
    """Give up one reference; a file without any becomes garbage in the same transaction."""
    left = tx.rows(
        "update blobs set refs = refs - 1 where id = $1 returning refs, data is null", blob
    )
    if left and left[0][0] <= 0:
        tx.rows("delete from blobs where id = $1", blob)
        if left[0][1]:
            tx.rows("insert into garbage values ($1, $2)", blob, now_ms)


def garbage(db: Database, count: int) -> list[int]:
    """Files that may be deleted, oldest first."""
    rows = db.rows("select blob from garbage order by blob limit $1", count)
    return [row[0] for row in rows]


def forget_garbage(tx: Tx, blobs: list[int]) -> None:
    """The files are gone."""
    for blob in blobs:
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
