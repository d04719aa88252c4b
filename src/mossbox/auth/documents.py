"""Policy documents: their grammar.

Source: RAM documentation, "Policy structure and syntax"; OSS documentation, "Policy syntax and
elements". What the grammar does not know is refused when a document is stored, so that no
statement means less than its author thought.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from mossbox.auth import conditions, principals
from mossbox.auth.principals import Principal
from mossbox.auth.statements import Pattern, Policy, Statement
from mossbox.auth.wildcards import any_of, compiled

Kind = Literal["identity", "session", "trust", "bucket"]

_ACTION = re.compile(r"(\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?/_-]+)\Z")
_COMMON = frozenset(("Sid", "Effect", "Action", "NotAction", "Condition"))
_KNOWN = {
    "identity": _COMMON | {"Resource", "NotResource"},
    "session": _COMMON | {"Resource", "NotResource"},
    "bucket": _COMMON | {"Resource", "NotResource", "Principal", "NotPrincipal"},
    "trust": _COMMON | {"Principal"},
}


class PolicyError(ValueError):
    """A document that is no policy; its text says why."""


def parse(text: str, kind: Kind, name: str = "") -> Policy:
    """A document, compiled; raises PolicyError for what the grammar does not know."""
    return Policy(_statements(text, kind, name))


def joined(documents: Iterable[tuple[str, str]], kind: Kind) -> Policy:
    """Documents that count together, each given as its name and its text."""
    return Policy(
        statement for name, text in documents for statement in _statements(text, kind, name)
    )


def _statements(text: str, kind: Kind, name: str) -> list[Statement]:
    found = []
    for number, one in enumerate(_listed(text), 1):
        try:
            found.append(_statement(one, kind, name, number))
        except ValueError as error:
            raise PolicyError(f"statement {number}: {error}") from None
    return found


def _listed(text: str) -> list[Any]:
    """The statements as they are written; raises PolicyError."""
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise PolicyError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise PolicyError("the document is not an object")
    strange = document.keys() - {"Version", "Statement"}
    if strange:
        raise PolicyError(f"{min(strange)!r} is not an element of a policy")
    if document.get("Version") != "1":
        raise PolicyError('Version must be "1"')
    given = document.get("Statement")
    if given == []:
        raise PolicyError("there is no Statement")
    return given if isinstance(given, list) else [given]


def _statement(given: Any, kind: Kind, policy: str, number: int) -> Statement:
    effect, sid = _checked(given, kind)
    actions, other_actions = _one_of(given, "Action")
    for action in actions:
        if not _ACTION.match(action):
            raise ValueError(f"{action!r} is not an action")
    patterns, other_resources = ([], False) if kind == "trust" else _one_of(given, "Resource")
    return Statement(
        policy, number, sid, effect == "Deny",
        any_of(action.lower() for action in actions), other_actions,
        tuple(map(_pattern, patterns)), other_resources, _principal(given, kind),
        conditions.parse(msgspec.json.encode(given.get("Condition", {}))),
    )  # fmt: skip


def _checked(given: Any, kind: Kind) -> tuple[str, str]:
    """Effect and Sid of what is a statement at all."""
    if not isinstance(given, dict):
        raise ValueError("it is not an object")
    strange = given.keys() - _KNOWN[kind]
    if strange:
        raise ValueError(f"{min(strange)!r} is not an element of a statement")
    effect, sid = given.get("Effect"), given.get("Sid", "")
    if effect not in ("Allow", "Deny"):
        raise ValueError("Effect is Allow or Deny")
    if not isinstance(sid, str):
        raise ValueError("Sid is a text")
    return effect, sid


def _one_of(given: dict[str, Any], name: str) -> tuple[list[str], bool]:
    """What an element or its opposite says, of which one is there."""
    opposite = f"Not{name}"
    if (name in given) is (opposite in given):
        raise ValueError(f"it needs {name} or {opposite}, one of the two")
    value = given[name] if name in given else given[opposite]
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise ValueError(f"{name} is a text or a list of texts")
    return texts, opposite in given


def _principal(given: dict[str, Any], kind: Kind) -> Principal | None:
    if kind in ("identity", "session"):
        return None
    if ("Principal" in given) is ("NotPrincipal" in given):
        raise ValueError("it needs Principal" + (" or NotPrincipal" if kind == "bucket" else ""))
    if kind == "trust":
        return principals.of_trust(given["Principal"])
    if "Principal" in given:
        return principals.of_bucket(given["Principal"], negative=False)
    return principals.of_bucket(given["NotPrincipal"], negative=True)


def _pattern(text: str) -> Pattern:
    """A resource; a star may stand for all that follows it, and an empty region for any."""
    if text == "*":
        text = "acs:*:*:*:*"
    parts = text.split(":", 4)
    if len(parts) < 5 and parts[-1] == "*":
        parts += ["*"] * (5 - len(parts))
    if len(parts) < 5 or parts[0] != "acs" or not all((parts[1], parts[3], parts[4])):
        raise ValueError(f"{text!r} is not a resource such as acs:oss:*:*:bucket/key")
    product, region, account = parts[1:4]
    if product == "oss":
        region = region.removeprefix("oss-")
    heads = (compiled(product), compiled(region or "*"), compiled(account))
    return Pattern(heads, parts[4])
