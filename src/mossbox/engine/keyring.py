"""The key ring: every blob has a data key, wrapped under a key of the ring, kept with its row.

Ring keys are kept in the database, wrapped under the master key, which is kept elsewhere
(engine/masterkey.py). One of them is the store's own, for SSE-OSS; the others are the KMS keys of
accounts, known by their ids. A key has versions: rotation adds one, older ones open old objects.
"""

import secrets
import uuid
from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from mossbox import errors
from mossbox.engine import Database, Row, Tx
from mossbox.engine.blobfile import BlobDamaged
from mossbox.engine.cipher import DataKey, Wrapping, new_key, prepare, wrapping
from mossbox.errors import ServiceError
from mossbox.shared import Shared

OSS_MANAGED = "oss"  # the name of the store's own key, which no account has
_NO_ACCOUNT = 0
_KEY_BYTES = 32
_FORMAT = 1
_HEAD = Struct("<BQI")  # of a wrapped data key: format, ring key, its version
_COLUMNS = "id, name, account, created_ms, enabled, preferred, version, description"
_CACHED_MAX = 10_000


class RingKey(NamedTuple):
    """A key of the ring, without its bytes; `preferred` marks an account's default."""

    id: int
    name: str
    account: int
    created_ms: int
    enabled: bool
    preferred: bool
    version: int
    description: str


class KeyVersion(NamedTuple):
    """One of a key's versions."""

    version: int
    created_ms: int


class Keyring:
    """The ring as one worker sees it; what is unwrapped is kept until the catalog changes.

    So a key that was disabled is dead for every request that begins after the answer.
    """

    def __init__(self, db: Database, master: bytes, shared: Shared) -> None:
        self._db = db
        self._master = master
        self._shared = shared
        self._seen = -1
        self._named: dict[tuple[int, str], RingKey] = {}
        self._opened: dict[tuple[int, int], Wrapping] = {}
        warm(db)

    # -- data keys ------------------------------------------------------------------------------

    def make(self, ring: RingKey, cipher: int) -> tuple[DataKey, bytes]:
        """A fresh data key, and how it is kept. Raises AccessDenied when the key is disabled."""
        if not ring.enabled:
            raise _disabled(ring.name)
        key = new_key(cipher)
        head = _HEAD.pack(_FORMAT, ring.id, ring.version)
        kept = self._wrapping(ring.id, ring.version).wrap(key.key, head + bytes((cipher,)))
        return key, head + kept

    def open(self, cipher: int, wrapped: bytes | None) -> DataKey | None:
        """The data key of a blob's row, None for one that is not encrypted.

        Raises AccessDenied when its ring key is disabled, BlobDamaged when it does not open.
        """
        if not cipher and wrapped is None:
            return None
        if wrapped is None or len(wrapped) < _HEAD.size or wrapped[0] != _FORMAT:
            raise BlobDamaged("the data key is not one of ours")
        head = wrapped[: _HEAD.size]
        _, ring, version = _HEAD.unpack(head)
        opened = self._wrapping(ring, version)
        return DataKey(cipher, opened.unwrap(wrapped[_HEAD.size :], head + bytes((cipher,))))

    def _wrapping(self, ring: int, version: int) -> Wrapping:
        cacheable = self._renew()
        found = self._opened.get((ring, version))
        if found is None:
            found = self._unwrap(ring, version)
            if cacheable and len(self._opened) < _CACHED_MAX:
                self._opened[ring, version] = found
        return found

    def _unwrap(self, ring: int, version: int) -> Wrapping:
        rows = self._db.rows(
            "select k.name, k.enabled, v.wrapped from ring_keys k join ring_versions v"
            " on v.ring_key = k.id where k.id = $1 and v.version = $2",
            ring, version,
        )  # fmt: skip
        if not rows:
            raise BlobDamaged("the key ring has no such key")
        name, enabled, wrapped = rows[0]
        if not enabled:
            raise _disabled(name)
        return wrapping(wrapping(self._master).unwrap(wrapped, covered(name, version)))

    def _renew(self) -> bool:
        """Forget what is out of date; tells whether what is read now may be kept."""
        generation = self._shared.generation
        if generation != self._seen:
            self._named.clear()
            self._opened.clear()
            self._seen = generation
        return not generation & 1

    # -- ring keys ------------------------------------------------------------------------------

    async def oss_managed(self, now_ms: int) -> RingKey:
        """The store's own key, made at its first use."""
        found = self._find(_NO_ACCOUNT, OSS_MANAGED)
        return found or await self._make_first(OSS_MANAGED, _NO_ACCOUNT, now_ms, "SSE-OSS")

    async def default(self, account: int, now_ms: int) -> RingKey:
        """The key that an account's SSE-KMS uses when none is named, made at its first use."""
        found = self._find(account, "")
        if found is None:
            name = str(uuid.uuid4())
            found = await self._make_first(name, account, now_ms, "made at its first use")
        return found

    def named(self, account: int, name: str) -> RingKey:
        """An account's KMS key by its id; raises KeyNotFound."""
        found = self.find(account, name)
        if found is None:
            raise errors.KeyNotFound(KeyId=name)
        return found

    def find(self, account: int, name: str) -> RingKey | None:
        """The same, or None."""
        return self._find(account, name) if name else None

    def _find(self, account: int, name: str) -> RingKey | None:
        """A key by its name, or an account's default where that is empty."""
        cacheable = self._renew()
        found = self._named.get((account, name))
        if found is None:
            which = "name = $2" if name else "preferred = 1 and name <> $2"
            rows = self._db.rows(
                f"select {_COLUMNS} from ring_keys where account = $1 and {which}", account, name
            )
            if not rows:
                return None
            found = _ring_key(rows[0])
            if cacheable and len(self._named) < _CACHED_MAX:
                self._named[account, name] = found
        return found

    async def _make_first(self, name: str, account: int, now_ms: int, text: str) -> RingKey:
        """Make a default key, unless another request was faster."""
        insert = self._insertion(name, account, now_ms, text, preferred=True)

        def work(tx: Tx) -> RingKey:
            rows = tx.rows(
                f"select {_COLUMNS} from ring_keys where account = $1 and preferred = 1", account
            )
            return _ring_key(rows[0]) if rows else insert(tx)

        return await self._db.write(work, catalog=True)

    async def create(self, account: int, now_ms: int, description: str) -> RingKey:
        """A new KMS key."""
        insert = self._insertion(str(uuid.uuid4()), account, now_ms, description, preferred=False)
        return await self._db.write(insert, catalog=True)

    def _insertion(
        self, name: str, account: int, now_ms: int, description: str, *, preferred: bool
    ) -> Callable[[Tx], RingKey]:
        wrapped = self._new_version(name, 1)

        def work(tx: Tx) -> RingKey:
            rows = tx.rows(
                "insert into ring_keys (name, account, created_ms, enabled, preferred, version,"
                f" description) values ($1, $2, $3, 1, $4, 1, $5) returning {_COLUMNS}",
                name, account, now_ms, int(preferred), description,
            )  # fmt: skip
            tx.rows("insert into ring_versions values ($1, 1, $2, $3)", rows[0][0], now_ms, wrapped)
            return _ring_key(rows[0])

        return work

    def _new_version(self, name: str, version: int) -> bytes:
        fresh = secrets.token_bytes(_KEY_BYTES)
        return wrapping(self._master).wrap(fresh, covered(name, version))

    async def rotate(self, account: int, name: str, now_ms: int) -> RingKey:
        """Add a version, under which everything new is wrapped from now on.

        Raises KeyNotFound, AccessDenied when the key is disabled.
        """
        seen = self.named(account, name)
        if not seen.enabled:
            raise _disabled(name)
        version = seen.version + 1
        wrapped = self._new_version(name, version)

        def work(tx: Tx) -> RingKey:
            rows = tx.rows(
                "update ring_keys set version = $2 where id = $1 and version = $3 and enabled = 1"
                f" returning {_COLUMNS}",
                seen.id, version, seen.version,
            )  # fmt: skip
            if not rows:
                raise errors.ServiceUnavailable("The key was changed at the same time.")
            tx.rows("insert into ring_versions values ($1, $2, $3, $4)", seen.id, version, now_ms,
                    wrapped)  # fmt: skip
            return _ring_key(rows[0])

        return await self._db.write(work, catalog=True)

    async def enable(self, account: int, name: str, *, enabled: bool) -> None:
        """Let a key be used, or not; raises KeyNotFound."""
        ring = self.named(account, name)

        def work(tx: Tx) -> None:
            tx.rows("update ring_keys set enabled = $2 where id = $1", ring.id, int(enabled))

        await self._db.write(work, catalog=True)

    async def prefer(self, account: int, name: str) -> None:
        """Make a key the account's default; raises KeyNotFound, AccessDenied when disabled."""
        ring = self.named(account, name)
        if not ring.enabled:
            raise _disabled(name)

        def work(tx: Tx) -> None:
            tx.rows(
                "update ring_keys set preferred = case when id = $2 then 1 else 0 end"
                " where account = $1",
                account, ring.id,
            )  # fmt: skip

        await self._db.write(work, catalog=True)

    def keys(self, account: int) -> list[RingKey]:
        """An account's KMS keys, oldest first."""
        rows = self._db.rows(
            f"select {_COLUMNS} from ring_keys where account = $1 order by id", account
        )
        return [_ring_key(row) for row in rows]

    def versions(self, ring: RingKey) -> list[KeyVersion]:
        """A key's versions, oldest first."""
        rows = self._db.rows(
            "select version, created_ms from ring_versions where ring_key = $1 order by version",
            ring.id,
        )
        return [KeyVersion(*row) for row in rows]


def warm(db: Database) -> None:
    """Load the ciphers where the ring is in use, so that no request waits for that."""
    if db.rows("select 1 from ring_keys limit 1"):
        prepare()


def covered(name: str, version: int) -> bytes:
    """What the wrapping of a ring key covers, so that none takes another's place."""
    return f"{name}/{version}".encode()


def _ring_key(row: Row) -> RingKey:
    number, name, account, created_ms, enabled, preferred, version, description = row
    return RingKey(
        number, name, account, created_ms, bool(enabled), bool(preferred), version, description
    )


def _disabled(name: str) -> ServiceError:
    """What OSS answers when its KMS refuses (OSS documentation, HTTP 403 errors)."""
    return errors.AccessDenied(f"This request is forbidden by kms: the key {name} is disabled.")
