"""The SQL of accounts and access keys."""

from typing import NamedTuple

from mossbox.engine import Database, Tx


class Account(NamedTuple):
    """An account: the owner of buckets."""

    id: int
    uid: str
    name: str


def find(db: Database, uid: str) -> Account | None:
    """An account by its 16-digit id."""
    rows = db.rows("select id, uid, name from accounts where uid = $1", uid)
    return Account(*rows[0]) if rows else None


def by_id(db: Database, account: int) -> Account:
    """An account by its row."""
    return Account(*db.rows("select id, uid, name from accounts where id = $1", account)[0])


def root(db: Database) -> Account | None:
    """The first account."""
    rows = db.rows("select id, uid, name from accounts order by id limit 1")
    return Account(*rows[0]) if rows else None


def create(tx: Tx, uid: str, name: str, now_ms: int) -> Account:
    """Insert an account unless its id is there."""
    tx.rows(
        "insert into accounts (uid, name, created_ms) values ($1, $2, $3)"
        " on conflict (uid) do nothing",
        uid, name, now_ms,
    )  # fmt: skip
    return Account(*tx.rows("select id, uid, name from accounts where uid = $1", uid)[0])
