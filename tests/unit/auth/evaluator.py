"""A second evaluator of policy documents, written for the tests from the vendor's rules alone.

It shares nothing with the one under test: it walks the JSON at each question, with regular
expressions and no memory.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def fits(pattern: str, text: str) -> bool:
    return (
        re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), text, 16)
        is not None
    )


def resource_fits(pattern: str, resource: str) -> bool:
    if pattern == "*":
        return True
    return all(
        fits(a, b) for a, b in zip(pattern.split(":", 4), resource.split(":", 4), strict=True)
    )


def one_fits(operator: str, wanted: str, given: str) -> bool:
    match operator:
        case "StringEquals":
            return wanted == given
        case "StringEqualsIgnoreCase":
            return wanted.lower() == given.lower()
        case "StringLike":
            return fits(wanted, given)
        case "NumericLessThan":
            return float(given) < float(wanted)
        case "NumericEquals":
            return float(given) == float(wanted)
        case "Bool":
            return wanted.lower() == given.lower()
        case "IpAddress":
            return ipaddress.ip_address(given) in ipaddress.ip_network(wanted, strict=False)
    raise AssertionError(operator)


def holds(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for name, keys in condition.items():
        lenient = name.endswith("IfExists")
        operator = name.removesuffix("IfExists")
        opposite = "Not" in operator
        operator = operator.replace("Not", "", 1)
        for key, wanted in keys.items():
            if key not in context:
                if not lenient and not opposite:
                    return False
                continue
            found = any(one_fits(operator, one, context[key]) for one in listed(wanted))
            if found is opposite:
                return False
    return True


def meant(statement: Mapping[str, Any], who: str, owner: bool) -> bool:
    if "Principal" not in statement and "NotPrincipal" not in statement:
        return True
    names = listed(statement.get("Principal", statement.get("NotPrincipal")))
    everybody = "NotPrincipal" in statement or not names or "*" in names
    if everybody and owner and not statement.get("Condition"):
        return False
    if "NotPrincipal" in statement:
        return who not in names
    return everybody or who in names


def evaluate(
    documents: list[str],
    action: str,
    resource: str,
    context: Mapping[str, str],
    who: str = "",
    owner: bool = False,
) -> str:
    """deny, allow or silent."""
    said = set()
    for text in documents:
        for statement in listed(json.loads(text)["Statement"]):
            actions = listed(statement.get("Action", statement.get("NotAction")))
            chosen = any(fits(one.lower(), action.lower()) for one in actions)
            if chosen is ("NotAction" in statement):
                continue
            resources = listed(statement.get("Resource", statement.get("NotResource")))
            chosen = any(resource_fits(one, resource) for one in resources)
            if chosen is ("NotResource" in statement):
                continue
            if meant(statement, who, owner) and holds(statement.get("Condition", {}), context):
                said.add(statement["Effect"])
    return "deny" if "Deny" in said else "allow" if "Allow" in said else "silent"
