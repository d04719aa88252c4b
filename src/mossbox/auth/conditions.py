"""The conditions of policy statements: operators, and how a request answers them.

Source: RAM documentation, "Policy elements". Operators and keys must all hold; of the values of one
key one must. A key that the request does not have fits no operator but the negative ones
(StringNotEquals and its kin) and those that end with IfExists.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple, Protocol

import msgspec

from mossbox.auth.wildcards import any_of

Test = Callable[[str], bool]
_TAG_KEYS = (
    "oss:buckettag/", "oss:existingobjecttag/", "oss:requestobjecttag/", "acs:resourcetag/",
)  # fmt: skip
_NARROW_KEYS = frozenset(("acs:sourceip", "acs:sourcevpc", "acs:sourcevpcid", "acs:accessid"))
_NARROW_PREFIX = 8


class Context(Protocol):
    """What conditions ask about a request; answers are worked out when they are asked for."""

    def value(self, key: str) -> str | None:
        """The request's value of a key, its name in lower case but for tags; None without one."""


class Condition(NamedTuple):
    """One key of one operator."""

    key: str
    test: Test
    negative: bool  # holds where the test fails
    missing: bool  # what a request without the key gets
    narrow: bool  # lets only some addresses or keys through, so that it is not for everybody


def all_hold(conditions: Iterable[Condition], context: Context) -> bool:
    """Whether the request fits all of them."""
    for key, test, negative, missing, _ in conditions:
        value = context.value(key)
        if missing if value is None else test(value) is not negative:
            continue
        return False
    return True


@lru_cache(maxsize=1024)
def parse(text: bytes) -> tuple[Condition, ...]:
    """The conditions of a statement; raises ValueError that says what is wrong.

    Equal texts give one object.
    """
    document = msgspec.json.decode(text)
    if not isinstance(document, dict):
        raise ValueError("Condition is not an object")
    found: list[Condition] = []
    for name, keys in document.items():
        if not isinstance(keys, dict) or not keys:
            raise ValueError(f"{name} has no condition keys")
        found += [_condition(name, key, given) for key, given in keys.items()]
    return tuple(found)


def _condition(name: str, key: str, given: Any) -> Condition:
    make, negative, missing = _operator(name)
    values = tuple(map(_text, given if isinstance(given, list) else [given]))
    if not values:
        raise ValueError(f"{name} has no value for {key}")
    try:
        test = make(values)
    except ValueError:
        raise ValueError(f"{name} can't compare {key} with {', '.join(values)}") from None
    key = key_name(key)
    return Condition(key, test, negative, missing, not missing and _is_narrow(key, values))


def _is_narrow(key: str, values: tuple[str, ...]) -> bool:
    """Whether these are some addresses, networks or access keys, and not as good as all."""
    if key not in _NARROW_KEYS or any(not value.strip("*") for value in values):
        return False
    if key != "acs:sourceip":
        return True
    try:
        networks = [ip_network(value, strict=False) for value in values]
    except ValueError:  # compared as texts
        return False
    return all(network.prefixlen >= _NARROW_PREFIX for network in networks)


def key_name(key: str) -> str:
    """A key's name as it is compared: without case, but for the name of a tag."""
    lowered = key.lower()
    for prefix in _TAG_KEYS:
        if lowered.startswith(prefix):
            return prefix + key[len(prefix) :]
    return lowered


def _operator(name: str) -> tuple[Callable[[tuple[str, ...]], Test], bool, bool]:
    """How it compares, whether the opposite is meant, and what a missing key gets."""
    plain = name.removesuffix("IfExists")
    found = _OPERATORS.get(plain)
    if found is None:
        raise ValueError(f"{name!r} is not an operator")
    make, negative = found
    return make, negative, negative or plain != name


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise ValueError("a condition's value is a text, a number, true or false")


def _equals(values: tuple[str, ...]) -> Test:
    return frozenset(values).__contains__


def _equals_ignoring_case(values: tuple[str, ...]) -> Test:
    wanted = frozenset(value.lower() for value in values)
    return lambda value: value.lower() in wanted


def _number(text: str) -> float:
    found = float(text)
    if math.isnan(found):
        raise ValueError(text)
    return found


def _date(text: str) -> float:
    """Seconds since 1970; a date without a zone is in UTC."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _ordered(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> Any:
    """An operator on what can be ordered; a request's value that can't be read fits nothing."""

    def make(values: tuple[str, ...]) -> Test:
        wanted = [read(value) for value in values]

        def test(value: str) -> bool:
            try:
                given = read(value)
            except ValueError:
                return False
            return any(compare(given, one) for one in wanted)

        return test

    return make


def _boolean(values: tuple[str, ...]) -> Test:
    wanted = frozenset(value.lower() for value in values)
    if not wanted <= {"true", "false"}:
        raise ValueError(values)
    return lambda value: value.lower() in wanted


def _networks(values: tuple[str, ...]) -> Test:
    networks = [ip_network(value, strict=False) for value in values]
    ranges = [(_place(n.network_address), _place(n.broadcast_address)) for n in networks]

    def test(value: str) -> bool:
        place = _place_of(value)
        for first, last in ranges:  # noqa: SIM110  (a generator costs more than the comparison)
            if first <= place <= last:
                return True
        return False

    return test


def _place(address: IPv4Address | IPv6Address) -> int:
    """An address as a number; the two kinds never meet."""
    return int(address) | address.version << 128


@lru_cache(maxsize=1024)
def _place_of(text: str) -> int:
    """The same of a text, 0 if it is no address; IPv4 that came over an IPv6 socket is IPv4."""
    try:
        found = ip_address(text)
    except ValueError:
        return 0
    return _place(getattr(found, "ipv4_mapped", None) or found)


def _make_operators() -> Mapping[str, tuple[Callable[[tuple[str, ...]], Test], bool]]:
    operators: dict[str, tuple[Callable[[tuple[str, ...]], Test], bool]] = {
        "StringEquals": (_equals, False),
        "StringNotEquals": (_equals, True),
        "StringEqualsIgnoreCase": (_equals_ignoring_case, False),
        "StringNotEqualsIgnoreCase": (_equals_ignoring_case, True),
        "StringLike": (any_of, False),
        "StringNotLike": (any_of, True),
        "Bool": (_boolean, False),
        "IpAddress": (_networks, False),
        "NotIpAddress": (_networks, True),
        "IpAddressIncludeBorder": (_networks, False),
        "NotIpAddressIncludeBorder": (_networks, True),
    }
    for kind, read in (("Numeric", _number), ("Date", _date)):
        equals = _ordered(read, lambda given, one: given == one)
        operators[f"{kind}Equals"] = equals, False
        operators[f"{kind}NotEquals"] = equals, True
        operators[f"{kind}LessThan"] = _ordered(read, lambda given, one: given < one), False
        operators[f"{kind}LessThanEquals"] = _ordered(read, lambda given, one: given <= one), False
        operators[f"{kind}GreaterThan"] = _ordered(read, lambda given, one: given > one), False
        operators[f"{kind}GreaterThanEquals"] = (
            _ordered(read, lambda given, one: given >= one), False,
        )  # fmt: skip
    return operators


_OPERATORS = _make_operators()
OPERATORS = frozenset(_OPERATORS)
"""Their names; each has a form that ends with IfExists as well."""
