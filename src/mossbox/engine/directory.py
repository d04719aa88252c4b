"""Keys, users, roles and their policies as one worker sees them, read once a catalog change.

So a key that was deactivated, a policy that was detached or a role that was deleted has no effect
on any request that begins after the answer.
"""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from mossbox.engine import Database, Tx, access_keys, grants, identities
from mossbox.engine.access_keys import KeyOwner, KeyRow, covered, derived, sealing
from mossbox.engine.cipher import prepare
from mossbox.engine.identities import Account, Identity
from mossbox.shared import Shared

T = TypeVar("T")
_CACHED_MAX = 10_000
_NONCE_BYTES = 16


class Directory:
    """The cached view; every answer is one read at most."""

    def __init__(self, db: Database, master: bytes, shared: Shared) -> None:
        self._db = db
        self._master = master
        self._shared = shared
        self.sts_rate = 0.0
        self._seen = -1
        self._known: dict[tuple[str, object], object] = {}
        if db.rows("select 1 from access_keys limit 1"):
            prepare()  # no request shall wait for the ciphers to be loaded

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, the same as long as the master key is."""
        return derived(self._master, purpose)

    @property
    def generation(self) -> int:
        """Changes with every change of what is read here; odd while one is being committed."""
        return self._shared.generation

    def owner(self, key_id: str) -> KeyOwner | None:
        """Whom an access key stands for, its secret still sealed."""
        return self._cached("key", key_id, lambda: access_keys.owner(self._db, key_id))

    def secret(self, key_id: str, sealed: bytes) -> str:
        """The secret of a key."""
        return sealing(self._master).unwrap(sealed, covered(key_id)).decode()

    def policies_of(self, identity: int) -> tuple[tuple[str, str], ...]:
        """Name and text of every policy that counts for a user or a role."""
        return self._cached("policies", identity, lambda: grants.documents(self._db, identity))

    def identity(self, row: int) -> Identity | None:
        """A user or role by its row."""
        return self._cached("identity", row, lambda: identities.by_row(self._db, row))

    def role(self, account: int, name: str) -> Identity | None:
        """A role by a name in any case."""
        return self._cached(
            "role", (account, name), lambda: identities.role_in_any_case(self._db, account, name)
        )

    def account_of(self, uid: str) -> Account | None:
        """An account by its uid."""
        return self._cached("account", uid, lambda: identities.find(self._db, uid))

    def _cached(self, kind: str, name: object, read: Callable[[], T]) -> T:
        generation = self._shared.generation
        if generation != self._seen:
            self._known.clear()
            self._seen = generation
        place = (kind, name)
        if place in self._known:
            return self._known[place]  # type: ignore[return-value]
        found = read()
        # Odd: a change is being committed, and what was just read may be the old row.
        if found is not None and not generation & 1 and len(self._known) < _CACHED_MAX:
            self._known[place] = found
        return found

    def let_through(self, now_ms: int) -> bool:
        """Whether `sts_rate` calls a second are not passed yet; up to that many at once may come.

        All workers share one mark, which says until when the calls so far use the rate up.
        """
        if not self.sts_rate:
            return True
        mark = self._shared.throttle_us
        now_us, step_us = now_ms * 1000, int(1_000_000 / self.sts_rate)
        until_us = max(mark[0], now_us) + step_us
        if until_us - now_us > max(1_000_000, step_us):
            return False
        mark[0] = until_us
        return True

    # -- changes --------------------------------------------------------------------------------

    async def create_key(
        self, account: int, identity: int, now_ms: int
    ) -> tuple[KeyRow, str] | None:
        """A new key and its secret, which is told this once; None when there are enough."""
        key_id, secret = access_keys.generate()
        sealed = sealing(self._master).wrap(secret.encode(), covered(key_id))

        def work(tx: Tx) -> KeyRow | None:
            return access_keys.insert(tx, account, identity, key_id, sealed, now_ms)

        made = await self._db.write(work, catalog=True)
        return None if made is None else (made, secret)

    async def first_time(self, key_id: str, nonce: str, until_ms: int, now_ms: int) -> bool:
        """Whether a key uses a nonce for the first time; it is remembered until `until_ms`."""
        digest = hashlib.sha256(f"{key_id}\n{nonce}".encode()).digest()[:_NONCE_BYTES]

        def work(tx: Tx) -> bool:
            tx.rows("delete from nonces where until_ms < $1", now_ms)
            return bool(
                tx.rows(
                    "insert into nonces (digest, until_ms) values ($1, $2)"
                    " on conflict do nothing returning 1",
                    digest, until_ms,
                )
            )  # fmt: skip

        return await self._db.write(work)
