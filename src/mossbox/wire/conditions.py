"""If-Match and its kin, decided in RFC 9110's order (OSS documentation, "GetObject")."""

from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Protocol

from mossbox import errors


class Outcome(Enum):
    """What the conditions of a read say."""

    GO = 200
    NOT_MODIFIED = 304
    FAILED = 412


class Conditions(Protocol):
    """A request's conditions, None where it has none of a kind."""

    if_match: str | None
    if_none_match: str | None
    if_modified_since: str | None
    if_unmodified_since: str | None


def wanted(asked: Conditions, etag: str, modified_s: int) -> bool:
    """Whether the conditions want what is there; raises PreconditionFailed, naming which failed."""
    outcome = decide(
        etag, modified_s, if_match=asked.if_match, if_none_match=asked.if_none_match,
        if_modified_since=asked.if_modified_since,
        if_unmodified_since=asked.if_unmodified_since,
    )  # fmt: skip
    if outcome is Outcome.FAILED:
        name = "If-Match" if asked.if_match is not None else "If-Unmodified-Since"
        raise errors.PreconditionFailed(Condition=name)
    return outcome is Outcome.GO


def decide(
    etag: str,
    modified_s: int,
    *,
    if_match: str | None,
    if_none_match: str | None,
    if_modified_since: str | None,
    if_unmodified_since: str | None,
) -> Outcome:
    """Whether a read goes on; dates that do not parse are ignored, tags compare without quotes."""
    if if_match is not None:
        if not _names(if_match, etag):
            return Outcome.FAILED
    elif _unchanged_since(if_unmodified_since, modified_s) is False:
        return Outcome.FAILED
    if if_none_match is not None:
        if _names(if_none_match, etag):
            return Outcome.NOT_MODIFIED
    elif _unchanged_since(if_modified_since, modified_s):
        return Outcome.NOT_MODIFIED
    return Outcome.GO


def _unchanged_since(header: str | None, modified_s: int) -> bool | None:
    """None where there is no date to compare with."""
    limit = None if header is None else http_seconds(header)
    return None if limit is None else modified_s <= limit


def _names(header: str, etag: str) -> bool:
    if header.strip() == "*":
        return True
    return any(part.strip().strip('"').upper() == etag for part in header.split(","))


def http_seconds(text: str) -> int | None:
    """An RFC 1123 date as seconds since 1970; None when it does not parse."""
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
