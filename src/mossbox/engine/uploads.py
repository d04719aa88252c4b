"""The SQL of multipart uploads: their parts, and the objects that they become."""

import re
import secrets
from collections.abc import Callable, Sequence
from hashlib import md5
from hmac import compare_digest
from typing import NamedTuple

import msgspec

from mossbox import errors
from mossbox.engine import (
    MULTIPART,
    Bucket,
    Database,
    ObjectMeta,
    Row,
    Tx,
    bodies,
    decode_meta,
    objects,
)
from mossbox.engine.bodies import Extent, NewBlob
from mossbox.engine.listing import PairWalk, pairs
from mossbox.engine.objects import NewVersion
from mossbox.wire.checksum import crc64_combine, signed, unsigned

PART_SIZE_MIN = 100 << 10  # of all parts but the last, checked on completion only
PART_COUNT_MAX = 10_000
_PUBLIC_ID = re.compile(r"[0-9A-F]{32}\Z")
_COLUMNS = (
    "id, token, bucket, key, initiated_ms, sequential, storage_class, acl, content_type, meta"
)
_PART_COLUMNS = "number, size, modified_ms, etag, crc64, blob, start, extents"

_EC_PART = "0042-00000104"


class Upload(msgspec.Struct, frozen=True):
    """An upload under way."""

    id: int
    token: str
    bucket: int
    key: bytes
    initiated_ms: int
    sequential: int
    storage_class: int
    acl: int
    content_type: str
    meta: bytes | None

    @property
    def public_id(self) -> str:
        """What clients know it by."""
        return f"{self.id:016X}{self.token}"

    def details(self) -> ObjectMeta:
        """Headers, metadata and encryption of the object to come."""
        return ObjectMeta() if self.meta is None else decode_meta(self.meta)


class Part(msgspec.Struct, frozen=True):
    """A part that is here."""

    number: int
    size: int
    modified_ms: int
    etag: str
    crc64: int | None
    blob: int | None
    start: int
    extents: int | None


class NewUpload(msgspec.Struct, frozen=True):
    """What an upload will become."""

    key: bytes
    initiated_ms: int
    sequential: bool
    storage_class: int
    acl: int
    content_type: str
    meta: bytes | None


def create(tx: Tx, bucket: Bucket, new: NewUpload, token: str) -> Upload:
    """Begin an upload; raises NoSuchBucket."""
    objects.check_bucket(tx, bucket)
    rows = tx.rows(
        "insert into uploads (token, bucket, key, initiated_ms, sequential, storage_class, acl,"
        " content_type, cipher, meta) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)"
        f" returning {_COLUMNS}",
        token, bucket.id, new.key, new.initiated_ms, int(new.sequential), new.storage_class,
        new.acl, new.content_type, new.meta,
    )  # fmt: skip
    tx.count(bucket.id, new.storage_class, uploads=1)
    return Upload(*rows[0])


def new_token() -> str:
    """The part of an upload's id that can't be guessed."""
    return secrets.token_hex(8).upper()


def find(source: Database | Tx, bucket: int, key: bytes, public_id: str, ec: str = "") -> Upload:
    """An upload by its public id; raises NoSuchUpload, also for another key's."""
    rows = source.rows(
        f"select {_COLUMNS} from uploads where id = $1 and bucket = $2 and key = $3",
        row_id(public_id), bucket, key,
    )  # fmt: skip
    if rows and compare_digest(rows[0][1], public_id[16:]):
        return Upload(*rows[0])
    raise errors.NoSuchUpload(ec=ec, UploadId=public_id)


def row_id(public_id: str) -> int:
    """The row that a public id means; 0, which is nobody's, for what is not one of ours."""
    if not _PUBLIC_ID.match(public_id):
        return 0
    return int(public_id[:16], 16) & (2**63 - 1)


def parts(source: Database | Tx, upload: Upload, after: int, count: int) -> list[Part]:
    """At most `count` parts after a number, in order."""
    rows = source.rows(
        f"select {_PART_COLUMNS} from parts where upload = $1 and number > $2"
        " order by number limit $3",
        upload.id, after, count,
    )  # fmt: skip
    return [Part(*row) for row in rows]


class NewPart(NamedTuple):
    """A part to keep: a blob of its own, or extents of blobs that are there already."""

    number: int
    size: int
    etag: str
    crc64: int | None
    blob: NewBlob | None


def put_part(
    tx: Tx, upload: Upload, new: NewPart, now_ms: int,
    extents: Callable[[Tx], Sequence[Extent]] | None = None,
) -> None:  # fmt: skip
    """Keep a part, in the place of an earlier one of its number.

    `extents` gives the ranges, with their references counted, of a part without a blob of its own.
    Raises NoSuchUpload when the upload ended meanwhile, PartNotSequential.
    """
    _check_open(tx, upload, _EC_PART)
    if upload.sequential:
        _check_sequence(tx, upload, new.number)
    owner = None
    if extents is not None:
        owner = -tx.next_rank()
        bodies.insert_extents(tx, owner, extents(tx))
    if new.blob is not None:
        bodies.insert_blob(tx, new.blob)
    old = tx.rows(
        f"select {_PART_COLUMNS} from parts where upload = $1 and number = $2",
        upload.id, new.number,
    )  # fmt: skip
    if old:
        _release(tx, Part(*old[0]), now_ms)
    else:
        tx.count(upload.bucket, upload.storage_class, parts=1)
    tx.rows(
        "insert into parts values ($1, $2, $3, $4, $5, $6, $7, 0, $8)"
        " on conflict (upload, number) do update set size = $3, modified_ms = $4, etag = $5,"
        " crc64 = $6, blob = $7, start = 0, extents = $8",
        upload.id, new.number, new.size, now_ms, new.etag, new.crc64,
        new.blob and new.blob.id, owner,
    )  # fmt: skip


def _check_open(tx: Tx, upload: Upload, ec: str = "") -> None:
    if not tx.rows("select 1 from uploads where id = $1", upload.id):
        raise errors.NoSuchUpload(ec=ec, UploadId=upload.public_id)


def _check_sequence(tx: Tx, upload: Upload, number: int) -> None:
    rows = tx.rows(
        "select number from parts where upload = $1 order by number desc limit 1", upload.id
    )
    last = rows[0][0] if rows else 0
    if number not in (last, last + 1):
        raise errors.PartNotSequential(PartNumber=number)


def _release(tx: Tx, part: Part, now_ms: int) -> None:
    """Let go of a part's bytes."""
    if part.blob is not None:
        bodies.release(tx, part.blob, now_ms)
    if part.extents is not None:
        bodies.release_extents(tx, part.extents, now_ms)


class Listed(msgspec.Struct, frozen=True):
    """A part as a client lists it for completion."""

    number: int
    etag: str


class Completed(NamedTuple):
    """The object that an upload became."""

    etag: str
    crc64: int | None
    version_id: str  # empty in unversioned buckets
    size: int


def complete(
    tx: Tx, bucket: Bucket, upload: Upload, wanted: Sequence[Listed] | None, now_ms: int, *,
    acl: int, forbid_overwrite: bool,
) -> Completed:  # fmt: skip
    """Make an object of an upload's parts, moving no bytes.

    `wanted` None means all parts. Parts that are not wanted are dropped. Raises NoSuchUpload,
    InvalidPart, InvalidPartOrder, EntityTooSmall, FileAlreadyExists.
    """
    _check_open(tx, upload)
    state = objects.check_bucket(tx, bucket, writes=False)
    held = parts(tx, upload, 0, PART_COUNT_MAX)
    chosen = held if wanted is None else _choose(held, wanted)
    _check_sizes(chosen)
    etag, crc = etag_of(chosen), _crc64_of(chosen)
    size = sum(part.size for part in chosen)
    objects.make_room(tx, bucket.id, upload.key, state, now_ms, forbid_overwrite=forbid_overwrite)
    extents = _extents(tx, chosen)
    new = NewVersion(
        MULTIPART, size, now_ms, etag, None if crc is None else signed(crc),
        upload.storage_class, acl, upload.content_type, upload.meta, None,
    )  # fmt: skip
    version_id = objects.insert(tx, bucket.id, upload.key, state, new, extents=extents)
    numbers = {part.number for part in chosen}
    for part in held:
        if part.number not in numbers:
            _release(tx, part, now_ms)
    _forget(tx, upload, len(held))
    return Completed(etag, crc, version_id, size)


def _check_sizes(chosen: Sequence[Part]) -> None:
    if not chosen:
        raise errors.InvalidPart()
    for part in chosen[:-1]:
        if part.size < PART_SIZE_MIN:
            raise errors.EntityTooSmall(
                PartNumber=part.number, ProposedSize=part.size, MinSizeAllowed=PART_SIZE_MIN,
                ETag=part.etag,
            )  # fmt: skip


def _choose(held: Sequence[Part], wanted: Sequence[Listed]) -> list[Part]:
    by_number = {part.number: part for part in held}
    chosen = []
    last = 0
    for listed in wanted:
        if listed.number <= last:
            raise errors.InvalidPartOrder(PartNumber=listed.number)
        last = listed.number
        part = by_number.get(listed.number)
        if part is None or part.etag != listed.etag.strip().strip('"').upper():
            raise errors.InvalidPart(PartNumber=listed.number, ETag=listed.etag)
        chosen.append(part)
    return chosen


def etag_of(parts: Sequence[Part]) -> str:
    """MD5 of the parts' ETags, letters as they are written, and the number of the parts.

    OSS does so: tests of its clients name the ETag that it gave to a file of theirs.
    """
    digest = md5("".join(part.etag for part in parts).encode(), usedforsecurity=False)
    return f"{digest.hexdigest().upper()}-{len(parts)}"


def _crc64_of(parts: Sequence[Part]) -> int | None:
    crc = 0
    for part in parts:
        if part.crc64 is None:
            return None
        crc = crc64_combine(crc, unsigned(part.crc64), part.size)
    return crc


def _extents(tx: Tx, chosen: Sequence[Part]) -> list[Extent]:
    """The parts' ranges one after the other; their references become the object's."""
    found = []
    for part in chosen:
        if part.extents is not None:
            found += bodies.extents_of(tx, part.extents)
            tx.rows("delete from extents where owner = $1", part.extents)
        elif part.blob is not None:
            found.append(Extent(part.blob, part.start, part.size))
    return found


def abort(tx: Tx, upload: Upload, now_ms: int) -> None:
    """Drop an upload with its parts; raises NoSuchUpload when it ended meanwhile."""
    _check_open(tx, upload)
    held = parts(tx, upload, 0, PART_COUNT_MAX)
    for part in held:
        _release(tx, part, now_ms)
    _forget(tx, upload, len(held))


def _forget(tx: Tx, upload: Upload, count: int) -> None:
    tx.rows("delete from parts where upload = $1", upload.id)
    tx.rows("delete from uploads where id = $1", upload.id)
    tx.count(upload.bucket, upload.storage_class, uploads=-1, parts=-count)


_PAIRS = pairs("uploads", "id", "key, id, token, initiated_ms, storage_class")


class UploadPage(NamedTuple):
    """Rows (key, id, token, initiated_ms, storage_class) and common prefixes in one order."""

    rows: list[Row]
    prefixes: list[bytes]
    truncated: bool
    last: Row | None  # the last row, None where the page ends with a common prefix
    last_key: bytes


def page(
    db: Database, bucket: int, *, prefix: bytes, key_marker: bytes, id_marker: int | None,
    delimiter: bytes, count: int,
) -> UploadPage:  # fmt: skip
    """At most `count` uploads and common prefixes after a place, ordered by key and age."""
    rows: list[Row] = []
    prefixes: list[bytes] = []
    last: Row | None = None
    last_key, truncated = b"", False
    walk = PairWalk(db, _PAIRS, bucket, prefix, key_marker, id_marker, delimiter)
    while count and (item := walk.next()) is not None:
        if len(rows) + len(prefixes) == count:
            truncated = True
            break
        last_key, last = item
        if last is None:
            prefixes.append(last_key)
        else:
            rows.append(last)
    return UploadPage(rows, prefixes, truncated, last, last_key)
