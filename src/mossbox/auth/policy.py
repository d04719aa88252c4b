"""The verdict: may this caller have what the request needs?

Its order is that of OSS (docs/decisions/0012). A session's own policy must allow, whatever else
allows; then the policies of the user or role and that of the bucket are heard together, and a deny
in either ends it; where they are silent, ownership decides and then the ACLs; and where those are
silent too, it is deny.
"""

from typing import Literal, Protocol

import msgspec

from mossbox.auth import Caller
from mossbox.auth.acl import DEFAULT, grants
from mossbox.auth.conditions import Context
from mossbox.auth.statements import Decision, Outcome, Policy
from mossbox.operation import Need

Layer = Literal[
    "session policy", "identity policy", "bucket policy", "account root", "bucket owner",
    "object acl", "bucket acl", "public access block",
]  # fmt: skip


class Verdict(msgspec.Struct, frozen=True):
    """The outcome, with the layer that decided it; `explicit` where a policy said it."""

    allowed: bool
    layer: Layer
    explicit: bool = False


class Facts(Context, Protocol):
    """What is asked about the request; each answer is fetched at most once, when asked for."""

    def owner(self) -> int:
        """The account that owns the bucket. Raises NoSuchBucket."""

    def bucket_acl(self) -> int:
        """The bucket's ACL."""

    def object_acl(self) -> int:
        """The object's ACL, DEFAULT also where there is no object."""

    def session_policy(self) -> Policy | None:
        """What the caller's session is narrowed to."""

    def identity_policy(self) -> Policy:
        """All that is granted to the caller, a user or role, and its groups."""

    def bucket_policy(self) -> Policy | None:
        """The bucket's."""

    def blocks_public(self) -> bool:
        """Whether what lets everybody in counts for nothing."""

    def resource(self, need: Need) -> str:
        """What policies call the thing that is needed."""


_IDENTITIES = ("user", "role")
_ROOT = Verdict(True, "account root")
_OWNER = Verdict(True, "bucket owner")
_OBJECT_ACL = Verdict(True, "object acl")
_BUCKET_ACL = Verdict(True, "bucket acl")
_IDENTITY = Verdict(True, "identity policy", True)
_HEARD: dict[Outcome, Verdict | None] = {
    "allow": Verdict(True, "bucket policy", True),
    "deny": Verdict(False, "bucket policy", True),
    "silent": None,
}
_BLOCKED = Verdict(False, "public access block", True)
_BUCKET_DENY = Verdict(False, "bucket acl")
_OBJECT_DENY = Verdict(False, "object acl")
_SERVICE_DENY = Verdict(False, "identity policy")


def decide(caller: Caller, need: Need, facts: Facts) -> Verdict:
    """The verdict on one need."""
    policy = None if need.level == "service" else facts.bucket_policy()
    if policy is None and caller.kind not in _IDENTITIES:
        return _ownership(caller, need, facts)
    resource = facts.resource(need)
    session = facts.session_policy()
    narrowed = "allow" if session is None else session.decide(need.action, resource, facts, caller)
    if narrowed != "allow":
        return Verdict(False, "session policy", narrowed == "deny")
    granted = _granted(caller, need, facts, resource)
    if granted == "deny":
        return Verdict(False, "identity policy", True)
    if policy is not None:
        public = not facts.blocks_public()
        heard = _HEARD[policy.decide(need.action, resource, facts, caller, public=public)]
        if heard is not None:
            return heard
    return _IDENTITY if granted == "allow" else _ownership(caller, need, facts)


def _granted(caller: Caller, need: Need, facts: Facts, resource: str) -> Outcome:
    """What the policies of a user or role say: nobody grants what another account owns."""
    if caller.kind not in _IDENTITIES:
        return "silent"
    outcome = facts.identity_policy().decide(need.action, resource, facts, caller)
    foreign = need.level != "service" and facts.owner() != caller.account
    return "silent" if foreign and outcome == "allow" else outcome


def _ownership(caller: Caller, need: Need, facts: Facts) -> Verdict:
    """Where policies are silent: the root of the account that owns it, then the ACLs.

    Users and roles of the owner's account do not inherit its ownership.
    """
    if need.level == "service":
        return _ROOT if caller.kind == "root" else _SERVICE_DENY
    if facts.owner() == caller.account and caller.kind == "root":
        return _OWNER
    if need.level == "object":
        acl = facts.object_acl()
        if acl != DEFAULT:
            return _public(acl, need, facts, _OBJECT_ACL, _OBJECT_DENY)
    return _public(facts.bucket_acl(), need, facts, _BUCKET_ACL, _BUCKET_DENY)


def _public(acl: int, need: Need, facts: Facts, yes: Verdict, no: Verdict) -> Verdict:
    """What an ACL gives to everybody."""
    if not grants(acl, need.action):
        return no
    return _BLOCKED if facts.blocks_public() else yes


class Said(msgspec.Struct, frozen=True):
    """What one kind of policy says, and which statement of it says so."""

    layer: Layer
    decision: Decision


def explain(caller: Caller, need: Need, facts: Facts) -> tuple[Verdict, list[Said]]:
    """The verdict, and what each policy that has a say said on the way to it."""
    resource = facts.resource(need)
    heard: list[tuple[Layer, Policy | None, bool]] = [
        ("session policy", facts.session_policy(), True)
    ]
    if caller.kind in ("user", "role"):
        heard.append(("identity policy", facts.identity_policy(), True))
    if need.level != "service":
        heard.append(("bucket policy", facts.bucket_policy(), not facts.blocks_public()))
    said = [
        Said(layer, policy.explain(need.action, resource, facts, caller, public=public))
        for layer, policy, public in heard
        if policy is not None
    ]
    return decide(caller, need, facts), said
