"""If-Match and its kin, and which of them come first."""

import pytest

from mossbox.wire.conditions import Outcome, decide, http_seconds

TAG = "5EB63BBBE01EEED093CB22BB8F5ACDC3"
MODIFIED = 1_700_000_000
BEFORE, AT, AFTER = (
    "Tue, 14 Nov 2023 22:13:19 GMT", "Tue, 14 Nov 2023 22:13:20 GMT",
    "Tue, 14 Nov 2023 22:13:21 GMT",
)  # fmt: skip
GO, NOT_MODIFIED, FAILED = Outcome.GO, Outcome.NOT_MODIFIED, Outcome.FAILED


def outcome(match=None, none_match=None, modified=None, unmodified=None):
    return decide(
        TAG, MODIFIED, if_match=match, if_none_match=none_match, if_modified_since=modified,
        if_unmodified_since=unmodified,
    )  # fmt: skip


@pytest.mark.parametrize(
    "match", [TAG, f'"{TAG}"', TAG.lower(), "*", f'"other", "{TAG}"', f' "{TAG}" ']
)
def test_tags_that_match(match: str) -> None:
    assert outcome(match=match) is GO
    assert outcome(none_match=match) is NOT_MODIFIED


@pytest.mark.parametrize("match", ["other", '""', "", f"W/{TAG}x"])
def test_tags_that_do_not(match: str) -> None:
    assert outcome(match=match) is FAILED
    assert outcome(none_match=match) is GO


@pytest.mark.parametrize(
    ("date", "modified", "unmodified"),
    [
        (BEFORE, GO, FAILED),
        (AT, NOT_MODIFIED, GO),
        (AFTER, NOT_MODIFIED, GO),
        ("yesterday", GO, GO),  # a date that is none is ignored
        ("", GO, GO),
    ],
)
def test_dates(date: str, modified: Outcome, unmodified: Outcome) -> None:
    assert outcome(modified=date) is modified
    assert outcome(unmodified=date) is unmodified


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, GO),
        # a tag that is given makes the date beside it idle
        ({"match": TAG, "unmodified": BEFORE}, GO),
        ({"match": "other", "unmodified": AFTER}, FAILED),
        ({"none_match": "other", "modified": AFTER}, GO),
        ({"none_match": TAG, "modified": BEFORE}, NOT_MODIFIED),
        # what fails comes before what was not modified
        ({"match": "other", "none_match": TAG}, FAILED),
        ({"match": TAG, "none_match": TAG}, NOT_MODIFIED),
        ({"unmodified": BEFORE, "modified": AFTER}, FAILED),
        ({"match": TAG, "modified": AT}, NOT_MODIFIED),
        ({"unmodified": AFTER, "none_match": "other"}, GO),
    ],
)
def test_precedence(asked: dict[str, str], expected: Outcome) -> None:
    assert outcome(**asked) is expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun, 06 Nov 1994 09:49:37 +0100", 784111777),
        ("Sun, 06 Nov 1994 08:49:37", 784111777),
        ("Sun, 06 Nov 1994 08:49:37 -0000", 784111777),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999999999 08:49:37 GMT", None),
        ("\udcff", None),
        ("", None),
    ],
)
def test_http_dates(text: str, seconds: int | None) -> None:
    assert http_seconds(text) == seconds
