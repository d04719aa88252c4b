"""What the signer of a form allows the form to be: its policy, parsed and checked.

Source: OSS documentation, "PostObject" (appendix "Post policy"). The text is signed as it came, so
nothing here writes one anew.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from calendar import timegm
from collections.abc import Callable, Mapping
from time import strptime
from typing import Any, NamedTuple

import msgspec

from mossbox import errors
from mossbox.errors import ServiceError

_EXPIRATION = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z\Z", re.ASCII)
_SIZE = re.compile(r"\d{1,18}\Z", re.ASCII)
_SPACE = str.maketrans("", "", " \t\r\n")
_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*)\\\$")  # an escape of these policies, but none of JSON


class Condition(NamedTuple):
    """One condition on a field, whose name is in lower case; `text` is how it was written."""

    holds: Callable[[str | None, Any], bool]
    field: str
    wanted: Any
    text: str


def _is_equal(value: str | None, wanted: str) -> bool:
    return value == wanted


def _starts_with(value: str | None, wanted: str) -> bool:
    return (value or "").startswith(wanted)


def _is_in(value: str | None, wanted: tuple[str, ...]) -> bool:
    return value in wanted


def _is_not_in(value: str | None, wanted: tuple[str, ...]) -> bool:
    return value not in wanted


_MODES = {"eq": _is_equal, "starts-with": _starts_with}
_LIST_MODES = {"in": _is_in, "not-in": _is_not_in}


class PostPolicy(NamedTuple):
    """A policy: until when it holds, its conditions, and how many bytes the file may have."""

    expires_s: float
    conditions: tuple[Condition, ...]
    size_min: int
    size_max: int | None

    def check(self, fields: Mapping[str, str], now_s: float) -> None:
        """Raise AccessDenied unless it holds now, for a form with these fields.

        A field that no condition names may have any value; one that is absent equals nothing.
        """
        if now_s >= self.expires_s:
            raise errors.AccessDenied("Invalid according to Policy: Policy expired.")
        for condition in self.conditions:
            if not condition.holds(fields.get(condition.field), condition.wanted):
                raise errors.AccessDenied(
                    f"Invalid according to Policy: Policy Condition failed: {condition.text}"
                )


def parse(encoded: str) -> PostPolicy:
    """A policy as its form field has it, base64 of JSON; raises InvalidPolicyDocument."""
    document = _decoded(encoded)
    expires_s = _expiration(document.get("expiration"))
    given = document.get("conditions")
    if not isinstance(given, list):
        raise _invalid("its conditions are a list.")
    conditions: list[Condition] = []
    size_min, size_max = 0, None
    for item in given:
        text = msgspec.json.encode(item).decode()
        if isinstance(item, dict):
            conditions.append(_simple(item, text))
        elif _mode(item) == "content-length-range":
            low, high = _range(item, text)
            size_min = max(size_min, low)
            size_max = high if size_max is None else min(size_max, high)
        else:
            conditions.append(_matching(item, text))
    return PostPolicy(expires_s, tuple(conditions), size_min, size_max)


def _invalid(why: str) -> ServiceError:
    return errors.InvalidPolicyDocument(f"Invalid Policy: {why}")


def _decoded(encoded: str) -> dict[str, Any]:
    try:
        text = b64decode(encoded.translate(_SPACE), validate=True).decode()
    except (Base64Error, ValueError):
        raise _invalid("it is not base64 of UTF-8 text.") from None
    try:
        document = msgspec.json.decode(_DOLLAR.sub(r"\1$", text))
    except (msgspec.DecodeError, RecursionError):
        raise _invalid("it is not JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("it is not a JSON object.")
    return document


def _expiration(text: object) -> float:
    found = _EXPIRATION.match(text) if isinstance(text, str) else None
    if found is None:
        raise _invalid("its expiration is a date such as 2026-01-01T12:00:00.000Z.")
    try:
        return timegm(strptime(found[1], "%Y-%m-%dT%H:%M:%S")) + float(found[2] or 0)
    except ValueError:
        raise _invalid("its expiration is no date.") from None


def _simple(item: dict[str, Any], text: str) -> Condition:
    if len(item) != 1:
        raise _invalid(
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
        )
    ((field, wanted),) = item.items()
    return Condition(_is_equal, field.lower(), _text(wanted, text), text)


def _mode(item: object) -> str:
    if not isinstance(item, list) or not item or not isinstance(item[0], str):
        raise _invalid("a condition is an object, or a list that begins with its matching mode.")
    return item[0].lower()


def _range(item: list[Any], text: str) -> tuple[int, int]:
    sizes = [str(size) for size in item[1:] if isinstance(size, str | int)]
    if len(item) != 3 or len(sizes) != 2 or not all(_SIZE.match(size) for size in sizes):
        raise _invalid(f"content-length-range takes two numbers of bytes: {text}")
    low, high = int(sizes[0]), int(sizes[1])
    if low > high:
        raise _invalid(f"content-length-range is empty: {text}")
    return low, high


def _matching(item: list[Any], text: str) -> Condition:
    mode = _mode(item)
    if len(item) != 3 or not isinstance(item[1], str) or item[1][:1] != "$" or len(item[1]) < 2:
        raise _invalid(f"a condition is a matching mode, a $field and a value: {text}")
    field, wanted = item[1][1:].lower(), item[2]
    if mode in _MODES:
        return Condition(_MODES[mode], field, _text(wanted, text), text)
    if mode not in _LIST_MODES:
        raise _invalid(f"unknown matching mode: {text}")
    if not isinstance(wanted, list):
        raise _invalid(f"{mode} takes a list of values: {text}")
    return Condition(_LIST_MODES[mode], field, tuple(_text(one, text) for one in wanted), text)


def _text(value: object, condition: str) -> str:
    """A condition's value; a dollar may be escaped in it, because it marks fields elsewhere."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _invalid(f"a condition's value is a text: {condition}")
    return value.replace("\\$", "$") if isinstance(value, str) else str(value)
