"""The SQL of objects: point reads, and the units of work that change what a key names."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mossbox import errors
from mossbox.engine import (
    APPENDABLE,
    DELETE_MARKER,
    ENABLED,
    NEVER,
    SUSPENDED,
    Bucket,
    Database,
    ObjectMeta,
    Tx,
    Version,
    bodies,
    decode_meta,
    encode_meta,
    versions,
)
from mossbox.engine.bodies import Extent, NewBlob, StoredBlob
from mossbox.engine.schema import VERSION_COLUMNS

_CURRENT = (
    f"select {VERSION_COLUMNS} from versions where bucket = $1 and key = $2 order by rank limit 1"
)
_JOINED = ", ".join(f"v.{name.strip()}" for name in VERSION_COLUMNS.split(","))
_READ = (
    f"select {_JOINED}, b.size, b.cipher, b.wrapped_key, b.crc64, b.data"
    " from versions v left join blobs b on b.id = v.blob"
    " where v.bucket = $1 and v.key = $2"
)
_READ_CURRENT = _READ + " order by v.rank limit 1"
_READ_RANK = _READ + " and v.rank = $3 and v.null_id = 0"
_READ_NULL = _READ + " and v.null_id = 1 order by v.rank limit 1"
_COUNT = len(VERSION_COLUMNS.split(","))


Change = Callable[[Version, ObjectMeta], None]


class NewVersion(NamedTuple):
    """What a write wants to keep under a key; its bytes are a blob, or extents given beside it."""

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


def current(source: Database | Tx, bucket: int, key: bytes) -> Version | None:
    """The newest version of a key, a delete marker included, without its body."""
    rows = source.rows(_CURRENT, bucket, key)
    return Version(*rows[0]) if rows else None


def lookup(source: Database | Tx, bucket: int, key: bytes, ref: int | None) -> Version | None:
    """The newest version of a key or the one that `ref` names, delete markers included."""
    if ref is None:
        return current(source, bucket, key)
    return versions.find(source, bucket, key, ref)


def read(
    db: Database, bucket: int, key: bytes, ref: int | None = None
) -> tuple[Version | None, StoredBlob | None]:
    """The newest version or the one that `ref` names, and its blob with a small body.

    One statement, so that they belong together.
    """
    if ref is None:
        rows = db.rows(_READ_CURRENT, bucket, key)
    elif ref == versions.NULL:
        rows = db.rows(_READ_NULL, bucket, key)
    else:
        rows = db.rows(_READ_RANK, bucket, key, ref)
    if not rows:
        return None, None
    row = rows[0]
    version = Version(*row[:_COUNT])
    return version, None if version.blob is None else StoredBlob(*row[_COUNT:])


def put(
    tx: Tx, bucket: Bucket, key: bytes, new: NewVersion, *,
    forbid_overwrite: bool = False, extents: Sequence[Extent] = (),
) -> str:  # fmt: skip
    """Make `new` what the key names, and give its version id: empty in unversioned buckets.

    Reads the bucket again, so that a bucket deleted or made anew meanwhile does not take the
    object. Raises NoSuchBucket, FileAlreadyExists, ServiceUnavailable.
    """
    state = check_bucket(tx, bucket)
    make_room(tx, bucket.id, key, state, new.modified_ms, forbid_overwrite=forbid_overwrite)
    if new.blob is not None:
        bodies.insert_blob(tx, new.blob)
    return insert(tx, bucket.id, key, state, new, extents=extents)


def insert(
    tx: Tx, bucket: int, key: bytes, state: int, new: NewVersion, *,
    shared: int | None = None, extents: Sequence[Extent] = (),
) -> str:  # fmt: skip
    """A version's row; room was made for it, and its blobs' references are counted.

    Gives the version id, empty in unversioned buckets. `shared` is a blob that other rows name as
    well. An appendable object is always a null version (OSS documentation, "AppendObject").
    """
    rank = tx.next_rank()
    null_id = int(state != ENABLED or new.kind == APPENDABLE)
    blob = new.blob.id if new.blob is not None else shared
    tx.rows(
        "insert into versions values"
        " ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        bucket, key, rank, new.kind, null_id, new.size, new.modified_ms, new.etag, new.crc64,
        new.storage_class, new.acl, new.content_type, new.meta, blob, len(extents),
    )  # fmt: skip
    if extents:
        bodies.insert_extents(tx, rank, extents)
    tx.count(bucket, new.storage_class, objects=1, bytes=new.size)
    return "" if state == NEVER else versions.version_id(rank, null_id)


def make_room(
    tx: Tx, bucket: int, key: bytes, state: int, now_ms: int, *, forbid_overwrite: bool = False
) -> None:
    """Let the key's newest version step back, or go where the bucket keeps no others."""
    old = current(tx, bucket, key)
    if old is None:
        return
    if state == NEVER:
        if forbid_overwrite and old.kind != DELETE_MARKER:
            raise errors.FileAlreadyExists(Key=key.decode("utf-8", "replace"))
        versions.drop(tx, bucket, key, old, now_ms)
        return
    if state == SUSPENDED:
        null = old if old.null_id else versions.find(tx, bucket, key, versions.NULL)
        if null is not None:
            versions.drop(tx, bucket, key, null, now_ms)
        if null is old:
            return
    tx.rows(
        "update versions set live = 0 where bucket = $1 and key = $2 and rank = $3 and live = 1",
        bucket, key, old.rank,
    )  # fmt: skip


def delete(tx: Tx, bucket: Bucket, key: bytes, now_ms: int) -> str:
    """Remove what the key names, or hide it behind a delete marker, and give that one's id.

    Empty in unversioned buckets. Raises NoSuchBucket.
    """
    state = check_bucket(tx, bucket, writes=False)
    make_room(tx, bucket.id, key, state, now_ms)
    if state == NEVER:
        return ""
    rank = tx.next_rank()
    null_id = int(state == SUSPENDED)
    tx.rows(
        "insert into versions (bucket, key, rank, live, kind, null_id, size, modified_ms, etag,"
        " storage_class, acl, content_type, extents)"
        " values ($1, $2, $3, 0, $4, $5, 0, $6, '', 0, 0, '', 0)",
        bucket.id, key, rank, DELETE_MARKER, null_id, now_ms,
    )  # fmt: skip
    tx.count(bucket.id, 0, markers=1)
    return versions.version_id(rank, null_id)


def locate(tx: Tx, bucket: Bucket, key: bytes, ref: int | None) -> Version:
    """The version to change; raises NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed."""
    check_bucket(tx, bucket, writes=False)
    return versions.found(lookup(tx, bucket.id, key, ref), key, ref)


def set_acl(tx: Tx, bucket: Bucket, key: bytes, ref: int | None, acl: int) -> Version:
    """Change a version's ACL; raises as `locate`."""
    version = locate(tx, bucket, key, ref)
    tx.rows(
        "update versions set acl = $4 where bucket = $1 and key = $2 and rank = $3",
        bucket.id, key, version.rank, acl,
    )  # fmt: skip
    return version


def edit(
    tx: Tx,
    bucket: Bucket,
    key: bytes,
    ref: int | None,
    change: Callable[[Version, ObjectMeta], None],
) -> Version:
    """Let `change` alter what a version carries; raises as `locate`, and what `change` raises."""
    version = locate(tx, bucket, key, ref)
    meta = ObjectMeta() if version.meta is None else decode_meta(version.meta)
    change(version, meta)
    tx.rows(
        "update versions set meta = $4 where bucket = $1 and key = $2 and rank = $3",
        bucket.id, key, version.rank, encode_meta(meta),
    )  # fmt: skip
    return version


def check_bucket(tx: Tx, bucket: Bucket, *, writes: bool = True) -> int:
    """The bucket's versioning as it is now.

    Raises NoSuchBucket unless the bucket that the caller saw is still there, and
    ServiceUnavailable when bytes were written under a default encryption that is no longer the
    bucket's: the client tries again.
    """
    rows = tx.rows("select versioning, encryption from buckets where id = $1", bucket.id)
    if not rows:
        raise errors.NoSuchBucket(BucketName=bucket.name)
    state, encryption = rows[0]
    if writes and encryption != bucket.encryption:
        raise errors.ServiceUnavailable("The bucket's encryption was changed meanwhile.")
    return int(state)
