"""Access keys of users: their rows, and their secrets, which are kept encrypted.

A secret is sealed under a key that is derived from the master key; what is sealed also covers the
key's id, so that no secret can be put into another's place.
"""

import hmac
import secrets
import string
from typing import NamedTuple

from mossbox.engine import Database, Row, Tx
from mossbox.engine.cipher import Wrapping, wrapping

KEYS_MAX = 2  # of one user
_LETTERS = string.ascii_letters + string.digits
_PREFIX = "LTAI5t"
_ID_SIZE, _SECRET_SIZE = 24, 30
_COLUMNS = "id, identity, active, created_ms, binned_ms"


class KeyRow(NamedTuple):
    """An access key without its secret."""

    id: str
    identity: int
    active: bool
    created_ms: int
    binned_ms: int


class KeyOwner(NamedTuple):
    """A key that signatures may name: its sealed secret, and the user that it stands for."""

    secret: bytes
    active: bool
    account: int
    uid: str
    identity: int
    name: str


def sealing(master: bytes) -> Wrapping:
    """What seals secrets under this master key."""
    return wrapping(derived(master, "access key secrets"))


def derived(master: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, which tells nothing about the master key."""
    return hmac.digest(master, f"mossbox: {purpose}".encode(), "sha256")


def covered(key_id: str) -> bytes:
    """What the sealing of a secret covers."""
    return f"access key {key_id}".encode()


def generate() -> tuple[str, str]:
    """A new key's id and secret."""
    rest = _ID_SIZE - len(_PREFIX)
    return _PREFIX + _text(rest), _text(_SECRET_SIZE)


def _text(size: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(size))


def owner(source: Database, key_id: str) -> KeyOwner | None:
    """Whom a key stands for; None of one that is unknown, or in the bin with its user or alone."""
    rows = source.rows(
        "select k.secret, k.active, k.account, a.uid, k.identity, i.name from access_keys k"
        " join identities i on i.id = k.identity and i.kind = 'user'"
        " join accounts a on a.id = k.account where k.id = $1 and k.binned_ms = 0",
        key_id,
    )
    return KeyOwner(rows[0][0], bool(rows[0][1]), *rows[0][2:]) if rows else None


def of_identity(source: Database | Tx, identity: int, *, binned: bool = False) -> list[KeyRow]:
    """A user's keys, oldest first, or those of them that lie in the bin."""
    rows = source.rows(
        f"select {_COLUMNS} from access_keys where identity = $1"
        f" and binned_ms {'>' if binned else '='} 0 order by created_ms, id",
        identity,
    )
    return [_row(row) for row in rows]


def find(source: Database | Tx, account: int, key_id: str) -> KeyRow | None:
    """A key of an account's user."""
    rows = source.rows(
        f"select {_COLUMNS} from access_keys where id = $1 and account = $2", key_id, account
    )
    return _row(rows[0]) if rows else None


def insert(
    tx: Tx, account: int, identity: int, key_id: str, secret: bytes, now_ms: int
) -> KeyRow | None:
    """A new key with its sealed secret; None when the user has as many as it may."""
    if len(of_identity(tx, identity)) >= KEYS_MAX:
        return None
    tx.rows(
        "insert into access_keys (id, account, identity, secret, active, created_ms, binned_ms)"
        " values ($1, $2, $3, $4, 1, $5, 0)",
        key_id, account, identity, secret, now_ms,
    )  # fmt: skip
    return KeyRow(key_id, identity, True, now_ms, 0)


def set_state(tx: Tx, key_id: str, *, active: bool, binned_ms: int = 0) -> None:
    """Activate or deactivate a key, or put it into the bin."""
    tx.rows(
        "update access_keys set active = $2, binned_ms = $3 where id = $1",
        key_id, int(active), binned_ms,
    )  # fmt: skip


def deactivate_all(tx: Tx, identity: int) -> None:
    """Let none of a user's keys be used."""
    tx.rows("update access_keys set active = 0 where identity = $1", identity)


def delete(tx: Tx, key_id: str) -> None:
    """Forget a key for good."""
    tx.rows("delete from access_keys where id = $1", key_id)


def rewrapped(rows: list[Row], old: bytes, new: bytes) -> list[tuple[bytes, str]]:
    """Secrets (rows of id and secret) under another master key, each with its id."""
    was, becomes = sealing(old), sealing(new)
    return [
        (becomes.wrap(was.unwrap(secret, covered(key_id)), covered(key_id)), key_id)
        for key_id, secret in rows
    ]


def _row(row: Row) -> KeyRow:
    return KeyRow(row[0], row[1], bool(row[2]), row[3], row[4])
