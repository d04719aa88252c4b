"""The verdict: may this caller have what the request needs?

Its shape is final (docs/decisions/0004). A layer says allow, deny or nothing. Deny anywhere ends
it; a session policy must allow; where all policies are silent, ownership decides and then the
ACLs; and where those are silent too, it is deny.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

import msgspec

from mossbox import errors
from mossbox.auth import Caller
from mossbox.auth.acl import DEFAULT, grants
from mossbox.errors import ServiceError
from mossbox.operation import Need


class Effect(Enum):
    """What one layer says."""

    ALLOW = "allow"
    DENY = "deny"
    SILENT = "silent"


class Verdict(msgspec.Struct, frozen=True):
    """The outcome, with the layer and the statement that decided it, for people to read."""

    effect: Effect
    layer: str
    statement: str = ""

    @property
    def allowed(self) -> bool:
        """Only an allow is one; what nobody allows is refused."""
        return self.effect is _ALLOW


# An enum's members are slow to reach in Python 3.11, and this is asked at every request.
_ALLOW, _DENY = Effect.ALLOW, Effect.DENY

SILENT = Verdict(Effect.SILENT, "")


class Facts(Protocol):
    """What layers ask about the request; each answer is fetched at most once, when asked for."""

    def owner(self) -> int:
        """The account that owns the bucket. Raises NoSuchBucket."""

    def bucket_acl(self) -> int:
        """The bucket's ACL."""

    def object_acl(self) -> int:
        """The object's ACL, DEFAULT also where there is no object."""


Layer = Callable[[Caller, Need, Facts], Verdict]


def decide(caller: Caller, need: Need, facts: Facts, policies: Sequence[Layer] = ()) -> Verdict:
    """The verdict on one need.

    `policies` are the caller's session policy, its identity's policies and the bucket's, in this
    order; each caller kind brings its own.
    """
    allowed = SILENT
    for layer in policies:
        verdict = layer(caller, need, facts)
        if verdict.effect is _DENY:
            return verdict
        if verdict.effect is _ALLOW:
            allowed = verdict
    if allowed is not SILENT:
        return allowed
    return _ownership(caller, need, facts)


_ROOT = Verdict(Effect.ALLOW, "account root")
_OWNER = Verdict(Effect.ALLOW, "bucket owner")
_OBJECT_ACL = Verdict(Effect.ALLOW, "object acl")
_BUCKET_ACL = Verdict(Effect.ALLOW, "bucket acl")
_SERVICE = Verdict(Effect.DENY, "service")
_BUCKET_DENY = Verdict(Effect.DENY, "bucket acl")
_OBJECT_DENY = Verdict(Effect.DENY, "object acl")


def _ownership(caller: Caller, need: Need, facts: Facts) -> Verdict:
    """Where policies are silent: the root of the account that owns it, then the ACLs.

    Users and roles of the owner's account do not inherit its ownership.
    """
    if need.level == "service":
        return _ROOT if caller.kind == "root" else _SERVICE
    if facts.owner() == caller.account and caller.kind == "root":
        return _OWNER
    if need.level == "object":
        acl = facts.object_acl()
        if acl != DEFAULT:
            return _OBJECT_ACL if grants(acl, need.action) else _OBJECT_DENY
    return _BUCKET_ACL if grants(facts.bucket_acl(), need.action) else _BUCKET_DENY


def refusal(caller: Caller, need: Need, verdict: Verdict) -> ServiceError:
    """AccessDenied in the words that OSS uses for this case."""
    if need.level == "service":
        return errors.AccessDenied("Anonymous access is forbidden for this operation.")
    if need.level == "bucket":
        if caller.kind == "anonymous":
            message = "Anonymous user has no right to access this bucket."
        else:
            message = "The bucket you access does not belong to you."
        return errors.AccessDenied(message, BucketName=need.bucket)
    if verdict.layer == "object acl":
        return errors.AccessDenied("You have no right to access this object.")
    return errors.AccessDenied()
