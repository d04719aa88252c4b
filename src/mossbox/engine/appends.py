"""The SQL of appendable objects: bytes that are added at the end."""

from hashlib import md5
from typing import NamedTuple

from mossbox import errors
from mossbox.engine import APPENDABLE, Bucket, ObjectMeta, Tx, Version, bodies, objects
from mossbox.engine.bodies import Extent, NewBlob
from mossbox.engine.objects import NewVersion
from mossbox.wire.checksum import crc64, crc64_combine, signed, unsigned

SIZE_MAX = 5 << 30  # of an appendable object (OSS documentation, "AppendObject")
_JOINED_MAX = 16 << 10  # small pieces are joined up to here, so that logs stay short lists


class Appended(NamedTuple):
    """The object after an append."""

    size: int
    etag: str
    crc64: int
    version: Version


def check(old: Version | None, position: int, size: int) -> None:
    """Raise unless `size` bytes may be added at `position`.

    Raises ObjectNotAppendable, AppendSealedObjectNotAllowed, PositionNotEqualToLength,
    EntityTooLarge.
    """
    length = 0
    if old is not None:
        if old.kind != APPENDABLE:
            raise errors.ObjectNotAppendable()
        length = old.size
        if old.details().sealed_ms:
            error = errors.AppendSealedObjectNotAllowed()
            raise error.with_header("x-oss-next-append-position", str(length))
    if position != length:
        error = errors.PositionNotEqualToLength(ec="0026-00000016")
        raise error.with_header("x-oss-next-append-position", str(length))
    if length + size > SIZE_MAX:
        raise errors.EntityTooLarge(MaxSizeAllowed=SIZE_MAX)


def append(
    tx: Tx, bucket: Bucket, key: bytes, new: NewVersion, position: int, acl: int | None = None
) -> Appended:
    """Add a body at the end; the first one makes the object, a later one may change its ACL.

    Raises as `check`, NoSuchBucket.
    """
    state = objects.check_bucket(tx, bucket, writes=position == 0)
    old = objects.current(tx, bucket.id, key)
    check(old, position, new.size)
    if old is None:
        extents = [Extent(new.blob.id, 0, new.size)] if new.blob is not None else []
        if new.blob is not None:
            bodies.insert_blob(tx, new.blob)
        objects.insert(tx, bucket.id, key, state, new._replace(blob=None), extents=extents)
        made = objects.current(tx, bucket.id, key)
        assert made is not None
        return Appended(new.size, new.etag, unsigned(new.crc64 or 0), made)
    if new.blob is None:  # nothing was sent: nothing changes
        return Appended(old.size, old.etag, unsigned(old.crc64 or 0), old)
    return _extend(tx, bucket.id, key, old, new, new.blob, acl)


def _extend(
    tx: Tx, bucket: int, key: bytes, old: Version, new: NewVersion, blob: NewBlob, acl: int | None
) -> Appended:
    """Add a body to an object that is there."""
    if bool(blob.cipher) is not bool(old.details().sse):
        # The object was made anew while the bytes came, and its encryption is another.
        raise errors.ServiceUnavailable("The object's encryption was changed meanwhile.")
    joined = _join(tx, old, blob)
    if not joined:
        bodies.insert_blob(tx, blob)
        bodies.insert_extents(tx, old.rank, [Extent(blob.id, 0, blob.size)], old.size)
    size = old.size + new.size
    crc = crc64_combine(unsigned(old.crc64 or 0), unsigned(new.crc64 or 0), new.size)
    etag = md5(f"{old.etag}{new.etag}".encode(), usedforsecurity=False).hexdigest().upper()
    tx.rows(
        "update versions set size = $4, modified_ms = $5, etag = $6, crc64 = $7,"
        " extents = extents + $8, acl = coalesce($9, acl)"
        " where bucket = $1 and key = $2 and rank = $3",
        bucket, key, old.rank, size, new.modified_ms, etag, signed(crc), int(not joined), acl,
    )  # fmt: skip
    tx.count(bucket, old.storage_class, bytes=new.size)
    return Appended(size, etag, crc, old)


def _join(tx: Tx, old: Version, blob: NewBlob) -> bool:
    """Add a small plain body to the small plain blob before it, where nobody else names that."""
    if blob.data is None or blob.cipher or not old.extents:
        return False
    rows = tx.rows(
        "select e.position, e.blob, e.size, b.crc64, b.data from extents e"
        " join blobs b on b.id = e.blob and b.cipher = 0 and b.size = e.size"
        " left join shares s on s.blob = e.blob"
        " where e.owner = $1 and e.position = (select max(position) from extents where owner = $1)"
        " and b.size <= $2 and b.data is not null and coalesce(s.extra, 0) = 0",
        old.rank, _JOINED_MAX - blob.size,
    )  # fmt: skip
    if not rows:
        return False
    position, last, size, crc, data = rows[0]
    size += blob.size
    tx.rows(
        "update blobs set size = $2, crc64 = $3, data = $4 where id = $1",
        last, size, signed(crc64(blob.data, unsigned(crc or 0))), data + blob.data,
    )  # fmt: skip
    tx.rows(
        "update extents set size = $3 where owner = $1 and position = $2", old.rank, position, size
    )
    return True


def seal(tx: Tx, bucket: Bucket, key: bytes, position: int, now_ms: int) -> int:
    """Let nothing more be added; gives when that was said first. Raises as `check`, NoSuchKey."""
    sealed_ms = 0

    def change(version: Version, meta: ObjectMeta) -> None:
        nonlocal sealed_ms
        if version.kind != APPENDABLE:
            raise errors.ObjectNotAppendable()
        if position != version.size:
            error = errors.PositionNotEqualToLength(ec="0026-00000016")
            raise error.with_header("x-oss-next-append-position", str(version.size))
        sealed_ms = meta.sealed_ms = meta.sealed_ms or now_ms

    objects.edit(tx, bucket, key, None, change)
    return sealed_ms
