"""The SQL of accounts and of what they hold: users, groups, roles, policies.

An identity's row is found by account, kind and name; what is never searched for lies in its
document. Rows' ids are never used again, so what was granted to one is not inherited by another
of the same name.
"""

from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from mossbox.engine import Database, Row, Tx

Kind = Literal["user", "group", "role", "policy", "system", "binned"]
T = TypeVar("T", bound=msgspec.Struct)

SYSTEM = 0  # the account of the policies that all accounts have
_COLUMNS = "id, account, kind, name, created_ms, document"
_IDS = {"user": 2, "binned": 2, "role": 3, "group": 4}  # first digits of what the API calls an id


class Account(NamedTuple):
    """An account: the owner of buckets."""

    id: int
    uid: str
    name: str


class Identity(NamedTuple):
    """A user, group, role or policy; `binned` ones are users in the recycle bin."""

    id: int
    account: int
    kind: str
    name: str
    created_ms: int
    document: bytes

    @property
    def public_id(self) -> str:
        """UserId, RoleId, GroupId: made from the row, and so never used again either."""
        return f"{_IDS[self.kind]}{self.id:017d}"


class Login(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A user's password, salted and hashed, and what the console is to ask for beside it."""

    salt: bytes = b""
    digest: bytes = b""
    reset_required: bool = False
    mfa_required: bool = False
    created_ms: int = 0


class UserDetails(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What a user's document holds; `name` and `binned_ms` are kept of one in the bin."""

    display_name: str = ""
    email: str = ""
    mobile_phone: str = ""
    comments: str = ""
    updated_ms: int = 0
    login: Login | None = None
    name: str = ""
    binned_ms: int = 0


class GroupDetails(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What a group's document holds."""

    comments: str = ""
    updated_ms: int = 0


class RoleDetails(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What a role's document holds; `trust` says who may assume it."""

    trust: str = ""
    description: str = ""
    max_session_s: int = 3600
    updated_ms: int = 0


class PolicyDetails(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What a policy's document holds beside its versions, the `latest` of which is a number."""

    description: str = ""
    latest: int = 1
    updated_ms: int = 0


encode = msgspec.msgpack.Encoder().encode


def details(identity: Identity, kind: type[T]) -> T:
    """An identity's document."""
    return msgspec.msgpack.decode(identity.document, type=kind)


def row_of(public_id: str, kind: Kind) -> int:
    """The row that a public id was made from, 0 of one that is none."""
    first, rest = public_id[:1], public_id[1:]
    if len(public_id) != 18 or not (public_id.isascii() and public_id.isdigit()):
        return 0
    return int(rest) if first == str(_IDS[kind]) else 0


# -- accounts ----------------------------------------------------------------------------------


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


# -- identities --------------------------------------------------------------------------------


def named(source: Database | Tx, account: int, kind: Kind, name: str) -> Identity | None:
    """An identity by its name."""
    return _one(source, "account = $1 and kind = $2 and name = $3", account, kind, name)


def by_row(source: Database | Tx, identity: int) -> Identity | None:
    """An identity by its row."""
    return _one(source, "id = $1", identity)


def role_in_any_case(source: Database | Tx, account: int, name: str) -> Identity | None:
    """A role by a name from an ARN, where upper and lower case are one."""
    return named(source, account, "role", name) or _one(
        source, "account = $1 and kind = 'role' and lower(name) = $2", account, name.lower()
    )


def _one(source: Database | Tx, where: str, *args: Any) -> Identity | None:
    rows = source.rows(f"select {_COLUMNS} from identities where {where}", *args)
    return Identity(*rows[0]) if rows else None


def page(
    source: Database | Tx, account: int, kind: Kind, marker: str, count: int
) -> list[Identity]:
    """At most `count` identities in order of their names, after `marker`."""
    rows = source.rows(
        f"select {_COLUMNS} from identities"
        " where account = $1 and kind = $2 and name > $3 order by name limit $4",
        account, kind, marker, count,
    )  # fmt: skip
    return [Identity(*row) for row in rows]


def count(source: Database | Tx, account: int, kind: Kind) -> int:
    """How many of a kind an account has."""
    rows: list[Row] = source.rows(
        "select count(*) from identities where account = $1 and kind = $2", account, kind
    )
    return int(rows[0][0])


def insert(
    tx: Tx, account: int, kind: Kind, name: str, now_ms: int, document: msgspec.Struct
) -> Identity | None:
    """A new identity, or None where the name is taken."""
    rows = tx.rows(
        "insert into identities (account, kind, name, created_ms, document)"
        f" values ($1, $2, $3, $4, $5) on conflict do nothing returning {_COLUMNS}",
        account, kind, name, now_ms, encode(document),
    )  # fmt: skip
    return Identity(*rows[0]) if rows else None


def update(
    tx: Tx,
    identity: Identity,
    document: msgspec.Struct,
    *,
    name: str = "",
    kind: Kind | None = None,
) -> Identity | None:
    """Change an identity, and its name or kind where one is given; None where that is taken."""
    name, as_kind = name or identity.name, kind or identity.kind
    rows = tx.rows(
        "select 1 from identities where account = $1 and kind = $2 and name = $3 and id <> $4",
        identity.account, as_kind, name, identity.id,
    )  # fmt: skip
    if rows:
        return None
    rows = tx.rows(
        "update identities set kind = $2, name = $3, document = $4 where id = $1"
        f" returning {_COLUMNS}",
        identity.id, as_kind, name, encode(document),
    )  # fmt: skip
    return Identity(*rows[0])


def delete(tx: Tx, identity: int) -> None:
    """Remove an identity with all that hangs on it: grants, memberships, versions and keys."""
    for statement in (
        "delete from attachments where target = $1",
        "delete from attachments where policy = $1",
        "delete from members where member = $1",
        "delete from members where team = $1",
        "delete from policy_versions where policy = $1",
        "delete from access_keys where identity = $1",
        "delete from identities where id = $1",
    ):
        tx.rows(statement, identity)
