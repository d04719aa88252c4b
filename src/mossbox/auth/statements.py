"""Policies, compiled: what their statements say of an action on a resource.

A policy remembers for each action and bucket which of its statements may speak at all, so that a
verdict asks only those, and those that name nothing but resources in one step.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from mossbox.auth import Caller
from mossbox.auth.conditions import Condition, Context, all_hold
from mossbox.auth.principals import Principal
from mossbox.auth.wildcards import Match, any_of, is_literal, literal_head

Outcome = Literal["allow", "deny", "silent"]

_MEMO_MAX = 2048


class Decision(NamedTuple):
    """What policies say, and which statement of which policy said it (counted from 1)."""

    outcome: Outcome
    policy: str = ""
    statement: int = 0
    sid: str = ""


SILENT = Decision("silent")


class Pattern(NamedTuple):
    """A resource pattern, taken apart at its first four colons.

    Each part is matched for itself: a star in one can't reach into the next, or a key with colons
    could pass for another bucket's.
    """

    head: tuple[Match, Match, Match]  # product, region, account
    tail: str  # bucket, or bucket/key


class Statement(NamedTuple):
    """One statement, compiled."""

    policy: str
    number: int
    sid: str
    deny: bool
    action: Match  # of an action in lower case
    other_actions: bool  # NotAction: all but these
    resources: tuple[Pattern, ...]
    other_resources: bool
    principal: Principal | None
    conditions: tuple[Condition, ...]

    @property
    def public(self) -> bool:
        """Whether it lets people in whom nobody named and no address or key holds back.

        (OSS documentation, "Block Public Access".)
        """
        if self.deny or self.principal is None or not self.principal.public:
            return False
        return not any(condition.narrow for condition in self.conditions)

    @property
    def decision(self) -> Decision:
        """What it says where it applies."""
        return Decision("deny" if self.deny else "allow", self.policy, self.number, self.sid)


class _Entry(NamedTuple):
    """What of a statement is left to ask once the action and the bucket are known."""

    match: Match
    principal: Principal | None
    conditions: tuple[Condition, ...]
    public: bool
    decision: Decision
    tails: tuple[str, ...]  # the patterns of `match`, none where it means all others

    @property
    def plain(self) -> bool:
        """Whether only the resource is asked."""
        return self.principal is None and not self.conditions


class _Group(NamedTuple):
    """Statements of one effect: where `screen` does not fit, none of them applies."""

    outcome: Outcome
    screen: Match
    entries: tuple[_Entry, ...]  # empty where nothing but the resource is asked


class Policy:
    """One or more documents that count together. Immutable but for what it remembers."""

    __slots__ = ("_memo", "statements")

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.statements = tuple(statements)
        self._memo: dict[tuple[str, str], tuple[_Group, ...]] = {}

    @property
    def public(self) -> bool:
        """Whether a statement lets everybody in."""
        return any(statement.public for statement in self.statements)

    def speaks_elsewhere(self, head: str) -> bool:
        """Whether a statement names what can't be a bucket, ``acs:oss:region:account:bucket``."""
        parts = head.split(":", 4)
        return any(
            not _may_fit(pattern, parts)
            for statement in self.statements
            for pattern in statement.resources
        )

    def decide(
        self, action: str, resource: str, context: Context, caller: Caller, *, public: bool = True
    ) -> Outcome:
        """What the statements say, a deny before any allow.

        `resource` is ``acs:product:region:account:bucket/key``. Where `public` is false,
        statements that let everybody in give nothing.
        """
        head = resource.partition("/")[0]
        groups = self._memo.get((action, head))
        if groups is None:
            groups = self._groups(action, head)
        if not groups:
            return "silent"
        _, _, _, account, tail = resource.split(":", 4)
        for outcome, screen, entries in groups:
            if screen(tail) and (
                not entries or _first(entries, account, tail, context, caller, public) is not None
            ):
                return outcome
        return "silent"

    def explain(
        self, action: str, resource: str, context: Context, caller: Caller, *, public: bool = True
    ) -> Decision:
        """The same, with the statement that decides."""
        _, _, _, account, tail = resource.split(":", 4)
        entries = self._entries(action, resource.partition("/")[0])
        for deny in (True, False):
            chosen = [one for one in entries if (one.decision.outcome == "deny") is deny]
            found = _first(chosen, account, tail, context, caller, public)
            if found is not None:
                return found.decision
        return SILENT

    def _entries(self, action: str, head: str) -> list[_Entry]:
        """What may speak of an action on a bucket."""
        lowered, parts = action.lower(), head.split(":", 4)
        return [
            entry
            for statement in self.statements
            if statement.action(lowered) is not statement.other_actions
            and (entry := _entry(statement, parts)) is not None
        ]

    def _groups(self, action: str, head: str) -> tuple[_Group, ...]:
        """The same, denials first, those that ask only for the resource before others."""
        entries = self._entries(action, head)
        groups = [_group(entries, *kind) for kind in _KINDS]
        if len(self._memo) >= _MEMO_MAX:
            self._memo.clear()
        found = self._memo[action, head] = tuple(group for group in groups if group is not None)
        return found


_KINDS: tuple[tuple[Outcome, bool], ...] = (
    ("deny", True), ("deny", False), ("allow", True), ("allow", False),
)  # fmt: skip


def _group(entries: Sequence[_Entry], outcome: Outcome, plain: bool) -> _Group | None:
    chosen = [e for e in entries if e.decision.outcome == outcome and e.plain is plain]
    if not chosen:
        return None
    chosen.sort(key=lambda entry: id(entry.conditions))  # those with equal ones are neighbours
    return _Group(outcome, _screen(chosen), () if plain else tuple(chosen))


def _first(
    entries: Sequence[_Entry], account: str, tail: str, context: Context, caller: Caller,
    public: bool,
) -> _Entry | None:  # fmt: skip
    """The first entry that applies."""
    owner = caller.kind == "root" and caller.uid == account
    asked: tuple[Condition, ...] = ()
    held = True
    for entry in entries:
        needed = entry.conditions
        if needed is asked and not held:
            continue  # equal conditions are one object, so they are asked once
        if not _concerns(entry, tail, caller, owner, public):
            continue
        if needed is not asked:
            asked, held = needed, all_hold(needed, context)
        if held:
            return entry
    return None


def _concerns(entry: _Entry, tail: str, caller: Caller, owner: bool, public: bool) -> bool:
    """Whether it is about this resource and this caller."""
    match, principal, needed, open_, _, _ = entry
    if (open_ and not public) or not match(tail):
        return False
    if principal is None:
        return True
    return principal.includes(caller, owner=owner, conditional=bool(needed))


def _entry(statement: Statement, parts: Sequence[str]) -> _Entry | None:
    """A statement's entry for a bucket's resources; None where it can't speak of them."""
    tails = [pattern.tail for pattern in statement.resources if _may_fit(pattern, parts)]
    if not statement.resources:  # a trust policy has none
        tails = ["*"]
    elif not tails and not statement.other_resources:
        return None
    match, others = any_of(tails), statement.other_resources
    return _Entry(
        _unless(match) if others else match, statement.principal, statement.conditions,
        statement.public, statement.decision, () if others else tuple(tails),
    )  # fmt: skip


def _screen(entries: Sequence[_Entry]) -> Match:
    """Whether the resource fits any of them, asked in one step where that is possible."""
    match = any_of(tail for entry in entries for tail in entry.tails)
    others = [entry.match for entry in entries if not entry.tails]
    if not others:
        return match
    return lambda text: match(text) or any(other(text) for other in others)


def _unless(match: Match) -> Match:
    return lambda text: not match(text)


def _may_fit(pattern: Pattern, parts: Sequence[str]) -> bool:
    """Whether a pattern can fit the bucket, or something in it."""
    if not all(test(part) for test, part in zip(pattern.head, parts[1:4], strict=True)):
        return False
    name, slash, _ = literal_head(pattern.tail).partition("/")
    if slash or is_literal(pattern.tail):
        return name == parts[4]
    return parts[4].startswith(name)
