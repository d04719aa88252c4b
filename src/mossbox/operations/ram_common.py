"""What the operations of RAM, IMS and STS share: names, numbers, pages, and whom a name means."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from mossbox import errors
from mossbox.clock import iso_ms
from mossbox.engine import Database, Tx, identities
from mossbox.engine.identities import SYSTEM, Identity, Kind
from mossbox.errors import Code
from mossbox.operations.call import Call
from mossbox.wire.forms import Answer

RAM, IMS, STS = "2015-05-01", "2019-08-15", "2015-04-01"
"""Versions of the three APIs."""

ENTITIES_MAX = 1000  # of each kind in one account
TEXT_MAX = 1024
_ITEMS_DEFAULT, _ITEMS_MAX = 100, 1000
_NAMES = {
    "user": (re.compile(r"[A-Za-z0-9.@_-]{1,64}\Z"), errors.InvalidUserName),
    "group": (re.compile(r"[A-Za-z0-9.@_-]{1,64}\Z"), errors.InvalidGroupName),
    "role": (re.compile(r"[A-Za-z0-9.@_-]{1,64}\Z"), errors.InvalidRoleName),
    "policy": (re.compile(r"[A-Za-z0-9-]{1,128}\Z"), errors.InvalidPolicyName),
}
_MISSING = {
    "user": errors.NoSuchUserEntity,
    "group": errors.NoSuchGroupEntity,
    "role": errors.NoSuchRoleEntity,
    "policy": errors.NoSuchPolicyEntity,
    "system": errors.NoSuchPolicyEntity,
}
_TAKEN = {
    "user": errors.UserExists,
    "group": errors.GroupExists,
    "role": errors.RoleExists,
    "policy": errors.PolicyExists,
}
T = TypeVar("T")


class Done(Answer):
    """Nothing more to say."""


def date(at_ms: int) -> str:
    """A time as RAM writes it, to the second."""
    return iso_ms(at_ms)[:19] + "Z"


def date_or_none(at_ms: int) -> str | None:
    """The same, where there may be none."""
    return date(at_ms) if at_ms else None


def check_name(kind: Kind, name: str) -> str:
    """A new name; raises InvalidParameter.<Kind>Name."""
    allowed, error = _NAMES[kind]
    if not allowed.match(name):
        raise error()
    return name


def check_text(name: str, text: str, size: int = TEXT_MAX) -> str:
    """A text of the caller's own, of at most `size` characters; raises InvalidParameter.Length."""
    if len(text) > size:
        raise errors.InvalidComments(f"The parameter {name} has more than {size} characters.")
    return text


def found(source: Database | Tx, account: int, kind: Kind, name: str) -> Identity:
    """Whom a name means; raises EntityNotExist.<Kind>."""
    identity = identities.named(source, account, kind, name)
    if identity is None:
        raise _MISSING[kind](f"The {_word(kind)} {name[:128]!r} does not exist.")
    return identity


def made(kind: Kind, identity: Identity | None) -> Identity:
    """What was made or renamed; raises EntityAlreadyExists.<Kind> where the name was taken."""
    if identity is None:
        raise _TAKEN[kind]()
    return identity


def _word(kind: str) -> str:
    return "policy" if kind == "system" else kind


def policy_kind(policy_type: str) -> Kind:
    """``system`` or ``policy`` (a custom one); raises InvalidParameter.PolicyType."""
    if policy_type not in ("System", "Custom"):
        raise errors.InvalidPolicyType()
    return "system" if policy_type == "System" else "policy"


def policy(source: Database | Tx, account: int, policy_type: str, name: str) -> Identity:
    """A policy by its type and name; raises InvalidParameter.PolicyType, EntityNotExist.Policy."""
    kind = policy_kind(policy_type)
    return found(source, SYSTEM if kind == "system" else account, kind, name)


def own_name(call: Call, name: str) -> str:
    """A user's name, by default the caller's own; raises MissingParameter."""
    if name:
        return name
    if call.caller.kind != "user":
        raise errors.missing_parameter("UserName")
    return call.caller.name


def number(text: str, low: int, high: int, default: int, error: Code) -> int:
    """A whole number between `low` and `high`; raises `error`."""
    if not text:
        return default
    if len(text) > 9 or not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise error()
    return int(text)


def flag(name: str, text: str, default: bool = False) -> bool:
    """``true`` or ``false``; raises InvalidParameter.Boolean."""
    if not text:
        return default
    if text.lower() not in ("true", "false"):
        raise errors.InvalidFlag(f"The parameter {name} is true or false.")
    return text.lower() == "true"


def page(
    max_items: str, read: Callable[[int], Sequence[T]], name: Callable[[T], str]
) -> tuple[Sequence[T], bool, str | None]:
    """One page: its items, whether there are more, and the marker that goes on from here.

    `read` gives at most as many items as it is asked for. Raises InvalidParameter.MaxItems.
    """
    count = number(max_items, 1, _ITEMS_MAX, _ITEMS_DEFAULT, errors.InvalidMaxItems)
    items = read(count + 1)
    if len(items) <= count:
        return items, False, None
    return items[:count], True, name(items[count - 1])


def named_page(
    call: Call, kind: Kind, marker: str, max_items: str
) -> tuple[Sequence[Identity], bool, str | None]:
    """A page of the account's users, groups or roles in order of their names."""
    account = call.caller.account
    return page(
        max_items,
        lambda count: identities.page(call.engine.db, account, kind, marker, count),
        name_of,
    )


def room_for(tx: Tx, account: int, kind: Kind) -> None:
    """Raise LimitExceeded.Account where the account has as many as it may have."""
    if identities.count(tx, account, kind) >= ENTITIES_MAX:
        raise errors.TooManyEntities()


def name_of(identity: Identity) -> str:
    """An identity's name, which pages go on from."""
    return identity.name
