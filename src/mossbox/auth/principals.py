"""Who a statement is about: the Principal of bucket policies and of trust policies."""

import re
from typing import Any, NamedTuple

from mossbox.auth import Caller
from mossbox.auth.wildcards import Match, any_of

_UID = re.compile(r"[0-9]{1,32}\Z")
_SESSION = re.compile(r"arn:sts::[0-9]{1,32}:assumed-role/[^/*?]+/[^/]+\Z")
_TRUSTED = re.compile(r"acs:ram::[0-9]{1,32}:(root|user/[^/*?]+|role/[^/*?]+)\Z")
_TRUST_KINDS = frozenset(("RAM", "Service", "Federated"))


class Principal(NamedTuple):
    """Whom a statement means; `negative` ones (NotPrincipal) mean everybody else."""

    everybody: bool
    ids: frozenset[str]
    arns: Match | None
    negative: bool
    trust: bool = False

    @property
    def public(self) -> bool:
        """Whether people are meant that nobody named."""
        return self.everybody or self.negative

    def includes(self, caller: Caller, *, owner: bool, conditional: bool) -> bool:
        """Whether the caller is meant.

        A statement about everybody leaves the bucket's owner out unless it has a condition, so
        that nobody locks themselves out by accident (OSS documentation, "Bucket policy").
        """
        if self.everybody or self.negative:
            if owner and not conditional:
                return False
            return self.everybody or not self._names(caller)
        return self._names(caller)

    def _names(self, caller: Caller) -> bool:
        if self.trust:
            return self._trusts(caller)
        if caller.kind == "root":
            return caller.uid in self.ids
        if caller.id and caller.id in self.ids:
            return True
        if caller.kind != "role" or self.arns is None:
            return False
        return self.arns(f"arn:sts::{caller.uid}:assumed-role/{caller.name}/{caller.session}")

    def _trusts(self, caller: Caller) -> bool:
        """An account that is trusted decides by its own policies which of its identities may."""
        if caller.kind not in ("user", "role"):
            return False
        itself = f"acs:ram::{caller.uid}:{caller.kind}/{caller.name}".lower()
        return f"acs:ram::{caller.uid}:root" in self.ids or itself in self.ids


def of_bucket(given: Any, *, negative: bool) -> Principal:
    """The principal of a bucket policy's statement; raises ValueError that says what is wrong."""
    names = frozenset(_texts(given))
    ids = frozenset(filter(_UID.match, names))
    sessions = frozenset(filter(_SESSION.match, names))
    strange = names - ids - sessions - {"*"}
    if strange:
        raise ValueError(f"{min(strange)!r} is no principal: write a UID, an assumed role or *")
    everybody = not names or "*" in names
    if everybody and negative:
        raise ValueError("NotPrincipal means nobody")
    return Principal(everybody, ids, any_of(sessions) if sessions else None, negative)


def of_trust(given: Any) -> Principal:
    """The principal of a trust policy's statement; raises ValueError that says what is wrong.

    Services and identity providers are understood, and no caller of ours is one.
    """
    if not isinstance(given, dict) or not given:
        raise ValueError("Principal is an object with RAM, Service or Federated")
    if not given.keys() <= _TRUST_KINDS:
        raise ValueError(f"{min(given.keys() - _TRUST_KINDS)!r} is not a kind of principal")
    if not all(_texts(names) for names in given.values()):
        raise ValueError("Principal names nobody")
    trusted = _texts(given.get("RAM", []))
    for name in trusted:
        if not _TRUSTED.match(name):
            raise ValueError(f"{name!r} is not the ARN of an account, a user or a role")
    return Principal(False, frozenset(name.lower() for name in trusted), None, False, True)


def _texts(given: Any) -> tuple[str, ...]:
    names = given if isinstance(given, list) else [given]
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError("Principal is a list of texts")
    return tuple(names)
