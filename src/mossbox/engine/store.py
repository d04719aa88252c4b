"""The engine put together: database, blobs, ids and the cached catalog of one worker."""

import os
from collections.abc import Callable
from pathlib import Path

from mossbox import errors
from mossbox.engine import (
    Blobs,
    Bucket,
    Database,
    bodies,
    bucket_settings,
    buckets,
    identities,
    masterkey,
)
from mossbox.engine.directory import Directory
from mossbox.engine.files import FileBlobs, sync_directory
from mossbox.engine.identities import Account
from mossbox.engine.ids import IdSource
from mossbox.engine.keyring import Keyring
from mossbox.engine.memory import MemoryBlobs
from mossbox.engine.readers import Readers
from mossbox.engine.schema import PAGE_BYTES
from mossbox.engine.sqlite import SqliteDatabase, prepare
from mossbox.shared import Shared

BUCKETS_MAX = 100  # of one account in one region
_CATALOG_MAX = 10_000


class Engine:
    """What operations keep things in."""

    def __init__(
        self,
        db: Database,
        blobs: Blobs,
        ids: IdSource,
        shared: Shared,
        master: bytes,
        *,
        inline_limit: int,
        worker: int = 0,
    ) -> None:
        self.db = db
        self.blobs = blobs
        self.ids = ids
        self.keyring = Keyring(db, master, shared)
        self.directory = Directory(db, master, shared)
        self.inline_limit = inline_limit
        self.restore_delay_ms = 0  # what thawing an archived object takes
        self.readers = Readers(shared, worker)
        self._shared = shared
        self._seen = -1
        self._buckets: dict[str, Bucket] = {}
        self._accounts: dict[int, Account] = {}

    def bucket(self, name: str) -> Bucket:
        """A bucket by its name, from the cache unless the catalog changed; raises NoSuchBucket."""
        generation = self._shared.generation
        if generation != self._seen:
            self._buckets.clear()
            self._seen = generation
        found = self._buckets.get(name)
        if found is None:
            found = buckets.find(self.db, name)
            if found is None:
                raise errors.NoSuchBucket(BucketName=name)
            found = bucket_settings.with_settings(self.db, found)
            # Odd: a change is being committed, and what was just read may be the old row.
            if not generation & 1 and len(self._buckets) < _CATALOG_MAX:
                self._buckets[name] = found
        return found

    def account(self, account: int) -> Account:
        """An account by its row's id."""
        found = self._accounts.get(account)
        if found is None:
            found = self._accounts[account] = identities.by_id(self.db, account)
        return found

    def policies_of(self, identity: int) -> tuple[tuple[str, str], ...]:
        """Name and text of every policy that counts for a user or a role."""
        return self.directory.policies_of(identity)

    def close(self) -> None:
        """Finish what was accepted and let go."""
        self.db.close()
        self.blobs.close()


def prepare_directory(folder: Path) -> None:
    """Make the data directory and its tables; raises StoreError, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "blobs").mkdir(mode=0o700, exist_ok=True)
    mask = os.umask(0o077)
    try:
        prepare(str(folder / "mossbox.db")).close()
    finally:
        os.umask(mask)


def secure_directory(folder: Path) -> None:
    """Make sure that a power cut leaves a new data directory where it is."""
    sync_directory(folder)
    try:
        sync_directory(folder.absolute().parent)
    except PermissionError:
        pass  # we may not look into it: whoever made our place there has to


def open_directory(
    folder: Path,
    shared: Shared,
    master: bytes,
    *,
    worker: int,
    now_ms: Callable[[], int],
    inline_limit: int,
) -> Engine:
    """The engine of one worker on a prepared data directory."""
    mask = os.umask(0o077)
    db = SqliteDatabase(
        str(folder / "mossbox.db"), shared=shared, now_ms=now_ms, workers=shared.workers
    )
    os.umask(mask)
    ids = IdSource(worker, now_ms, after=bodies.highest_blob(db))
    blobs = FileBlobs(folder / "blobs", ids, now_ms)
    return Engine(db, blobs, ids, shared, master, inline_limit=inline_limit, worker=worker)


def open_memory(
    shared: Shared, *, now_ms: Callable[[], int], inline_limit: int, limit_bytes: int
) -> Engine:
    """An engine that keeps nothing on disk; small and large bodies get half the limit each."""
    db = SqliteDatabase(":memory:", shared=shared, now_ms=now_ms)
    db.rows(f"pragma max_page_count = {max(256, limit_bytes // 2 // PAGE_BYTES)}")
    ids = IdSource(0, now_ms)
    blobs = MemoryBlobs(ids, limit_bytes // 2)
    return Engine(db, blobs, ids, shared, masterkey.generate(), inline_limit=inline_limit)
