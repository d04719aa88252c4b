"""The SQL of what is granted: versions of policies, their attachments, members of groups."""

from typing import NamedTuple

from mossbox.engine import Database, Row, Tx
from mossbox.engine.identities import (
    SYSTEM,
    Identity,
    PolicyDetails,
    details,
    encode,
    insert,
    named,
)

_IDENTITY = "i.id, i.account, i.kind, i.name, i.created_ms, i.document"
_VERSION = "version, chosen, created_ms, document"


class PolicyVersion(NamedTuple):
    """One of a policy's documents; the `chosen` one is the default, which counts."""

    version: int
    chosen: bool
    created_ms: int
    document: str


class Grant(NamedTuple):
    """A policy, or who it is attached to, and since when; or a group's member, or a group."""

    identity: Identity
    since_ms: int


# -- policies and their versions ---------------------------------------------------------------


def chosen(source: Database | Tx, policy: int) -> PolicyVersion:
    """A policy's default version."""
    rows = source.rows(
        f"select {_VERSION} from policy_versions where policy = $1 and chosen = 1", policy
    )
    return _version(rows[0])


def version(source: Database | Tx, policy: int, number: int) -> PolicyVersion | None:
    """One of a policy's versions."""
    rows = source.rows(
        f"select {_VERSION} from policy_versions where policy = $1 and version = $2",
        policy, number,
    )  # fmt: skip
    return _version(rows[0]) if rows else None


def versions(source: Database | Tx, policy: int) -> list[PolicyVersion]:
    """All of a policy's versions, oldest first."""
    rows = source.rows(
        f"select {_VERSION} from policy_versions where policy = $1 order by version", policy
    )
    return [_version(row) for row in rows]


def _version(row: Row) -> PolicyVersion:
    return PolicyVersion(row[0], bool(row[1]), row[2], row[3])


def add_version(
    tx: Tx, policy: int, number: int, document: str, now_ms: int, *, default: bool
) -> PolicyVersion:
    """A further version of a policy."""
    tx.rows(
        "insert into policy_versions (policy, version, chosen, created_ms, document)"
        " values ($1, $2, 0, $3, $4)",
        policy, number, now_ms, document,
    )  # fmt: skip
    if default:
        choose(tx, policy, number)
    return PolicyVersion(number, default, now_ms, document)


def choose(tx: Tx, policy: int, number: int) -> None:
    """Make a version the default."""
    tx.rows(
        "update policy_versions set chosen = case when version = $2 then 1 else 0 end"
        " where policy = $1",
        policy, number,
    )  # fmt: skip


def remove_version(tx: Tx, policy: int, number: int) -> None:
    """Forget a version."""
    tx.rows("delete from policy_versions where policy = $1 and version = $2", policy, number)


def put_system_policy(tx: Tx, name: str, description: str, document: str, now_ms: int) -> None:
    """Make or renew a policy that all accounts have."""
    kept = PolicyDetails(description=description)
    policy = insert(tx, SYSTEM, "system", name, now_ms, kept) or named(tx, SYSTEM, "system", name)
    assert policy is not None
    tx.rows("update identities set document = $2 where id = $1", policy.id, encode(kept))
    tx.rows("delete from policy_versions where policy = $1", policy.id)
    add_version(tx, policy.id, 1, document, now_ms, default=True)


def is_current(source: Database, name: str, description: str, document: str) -> bool:
    """Whether a system policy is kept as it is meant to be."""
    policy = named(source, SYSTEM, "system", name)
    if policy is None or details(policy, PolicyDetails).description != description:
        return False
    return chosen(source, policy.id).document == document


# -- attachments -------------------------------------------------------------------------------


def attach(tx: Tx, policy: int, target: int, now_ms: int) -> bool:
    """Attach a policy; tells whether that is new."""
    return bool(
        tx.rows(
            "insert into attachments (target, policy, attached_ms) values ($1, $2, $3)"
            " on conflict do nothing returning 1",
            target, policy, now_ms,
        )
    )  # fmt: skip


def detach(tx: Tx, policy: int, target: int) -> bool:
    """Detach a policy; tells whether it was attached."""
    return bool(
        tx.rows(
            "delete from attachments where target = $1 and policy = $2 returning 1", target, policy
        )
    )


def policies(source: Database | Tx, target: int) -> list[Grant]:
    """The policies of a user, group or role, by name; those of a user's groups not among them."""
    return _grants(
        source,
        "attachments a join identities i on i.id = a.policy where a.target = $1",
        "a.attached_ms", target,
    )  # fmt: skip


def targets(source: Database | Tx, policy: int, account: int) -> list[Grant]:
    """Whom of an account a policy is attached to; users in the bin are left out."""
    rows = source.rows(
        f"select {_IDENTITY}, a.attached_ms from attachments a join identities i"
        " on i.id = a.target where a.policy = $1 and i.account = $2 and i.kind <> 'binned'"
        " order by i.name",
        policy, account,
    )  # fmt: skip
    return [Grant(Identity(*row[:-1]), row[-1]) for row in rows]


def documents(source: Database | Tx, identity: int) -> tuple[tuple[str, str], ...]:
    """Name and text of every policy that counts for an identity: its own and its groups'."""
    rows = source.rows(
        "select i.name, v.document from ("
        "select policy from attachments where target = $1"
        " union select a.policy from members m join attachments a on a.target = m.team"
        " where m.member = $1) g"
        " join identities i on i.id = g.policy"
        " join policy_versions v on v.policy = g.policy and v.chosen = 1 order by i.name, i.id",
        identity,
    )
    return tuple((row[0], row[1]) for row in rows)


# -- groups ------------------------------------------------------------------------------------


def join(tx: Tx, member: int, team: int, now_ms: int) -> bool:
    """Put a user into a group; tells whether that is new."""
    return bool(
        tx.rows(
            "insert into members (member, team, joined_ms) values ($1, $2, $3)"
            " on conflict do nothing returning 1",
            member, team, now_ms,
        )
    )  # fmt: skip


def leave(tx: Tx, member: int, team: int) -> bool:
    """Take a user out of a group; tells whether it was in."""
    return bool(
        tx.rows("delete from members where member = $1 and team = $2 returning 1", member, team)
    )


def teams(source: Database | Tx, member: int) -> list[Grant]:
    """The groups that a user is in."""
    return _grants(
        source, "members m join identities i on i.id = m.team where m.member = $1",
        "m.joined_ms", member,
    )  # fmt: skip


def members(source: Database | Tx, team: int) -> list[Grant]:
    """The users in a group; those in the bin are left out."""
    return _grants(
        source,
        "members m join identities i on i.id = m.member and i.kind = 'user' where m.team = $1",
        "m.joined_ms", team,
    )  # fmt: skip


def _grants(source: Database | Tx, where: str, since: str, of: int) -> list[Grant]:
    rows = source.rows(f"select {_IDENTITY}, {since} from {where} order by i.name", of)
    return [Grant(Identity(*row[:-1]), row[-1]) for row in rows]
