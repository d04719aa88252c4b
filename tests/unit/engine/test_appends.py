"""Appendable objects: how many pieces they are kept in, and what is never joined."""

import pytest

from mossbox.engine import (
    APPENDABLE,
    Bucket,
    ObjectMeta,
    appends,
    bodies,
    buckets,
    copies,
    encode_meta,
    objects,
)
from mossbox.engine.bodies import NewBlob
from mossbox.engine.objects import NewVersion
from mossbox.engine.sqlite import SqliteDatabase, SqliteTx
from mossbox.wire.checksum import crc64, signed


class Log:
    """An appendable object and the ways to make it grow."""

    def __init__(self, db: SqliteDatabase) -> None:
        self.db = db
        self.tx = SqliteTx(db._writer, lambda: 0)
        asked = Bucket(0, "bucket", 1, 0, "r", 0, 0, 1, 0)
        self.bucket = buckets.create(self.tx, asked, 100)[0]
        self.blobs = 0
        self.size = 0

    def append(self, data: bytes, *, cipher: int = 0, in_file: bool = False) -> None:
        self.blobs += 1
        kept = None if in_file else data
        blob = NewBlob(self.blobs, len(data), signed(crc64(data)), kept, cipher)
        meta = encode_meta(ObjectMeta(sse={"x-oss-server-side-encryption": "AES256"}))
        new = NewVersion(
            APPENDABLE, len(data), 0, "E", signed(crc64(data)), 0, 0, "", meta if cipher else None,
            blob,
        )  # fmt: skip
        self.size = appends.append(self.tx, self.bucket, b"log", new, self.size).size

    def pieces(self) -> list[int]:
        version = objects.current(self.db, self.bucket.id, b"log")
        assert version is not None
        extents = bodies.extents_of(self.db, version.rank)
        assert version.extents == len(extents)
        assert version.size == self.size == sum(extent.size for extent in extents)
        return [extent.size for extent in extents]


@pytest.fixture
def log(db: SqliteDatabase) -> Log:
    return Log(db)


def test_small_pieces_are_joined_up_to_a_size(log: Log) -> None:
    for _ in range(100):
        log.append(b"x" * 1000)
    assert log.pieces() == [16_000] * 6 + [4_000]
    last = bodies.find_blob(log.db, bodies.extents_of(log.db, -1)[-1].blob)
    assert last is not None
    assert last.data == b"x" * 4000
    assert last.crc64 == signed(crc64(b"x" * 4000))


def test_encrypted_bodies_are_never_joined(log: Log) -> None:
    log.append(b"a", cipher=1)
    log.append(b"b", cipher=1)
    assert log.pieces() == [1, 1]


def test_files_are_never_joined(log: Log) -> None:
    log.append(b"c")
    log.append(b"d", in_file=True)
    log.append(b"e")
    log.append(b"f")
    assert log.pieces() == [1, 1, 2]


def test_a_piece_that_a_copy_shares_is_left_alone(log: Log) -> None:
    log.append(b"abc")
    version = objects.current(log.db, log.bucket.id, b"log")
    assert version is not None
    copy = NewVersion(0, 3, 0, "E", 0, 0, 0, "", None, None)
    source = copies.Source(log.bucket.id, b"log", version)
    copies.put(log.tx, log.bucket, b"copy", copy, source, forbid_overwrite=False)
    log.append(b"def")
    assert log.pieces() == [3, 3]
