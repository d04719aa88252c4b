"""Pages of a bucket against a sorted list."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mossbox import clock
from mossbox.engine import listing
from mossbox.engine.sqlite import SqliteDatabase
from mossbox.shared import Shared
from tests.unit.engine.rows import insert_live, insert_markers

EXAMPLES = int(os.environ.get("MOSSBOX_EXAMPLES", "150"))
ALPHABET = "a/b-\x00é\U0001f600"

text = st.text(ALPHABET, max_size=6).map(str.encode)
keys = st.sets(st.text(ALPHABET, min_size=1, max_size=8).map(str.encode), max_size=40)
delimiters = st.one_of(st.sampled_from([b"", b"/", b"a", b"//", b"-/", "é".encode()]), text)
counts = st.integers(1, 12)

Entry = tuple[bytes, bool]  # a name, and whether it is a common prefix


def entries(keys: set[bytes], prefix: bytes, marker: bytes, delimiter: bytes) -> list[Entry]:
    """What lies after the marker: keys and common prefixes in one order."""
    found: dict[Entry, None] = {}
    for key in sorted(keys):
        if not key.startswith(prefix):
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        entry = (key, False) if cut < 0 else (key[: cut + len(delimiter)], True)
        # A marker within a common prefix skips the whole of it.
        within = entry[1] and marker.startswith(entry[0])
        if entry[0] > marker and not within:
            found[entry] = None
    return list(found)


def flat(page: listing.Page) -> list[Entry]:
    """A page's keys and prefixes in one order."""
    both = [(row[0], False) for row in page.rows] + [(group, True) for group in page.prefixes]
    return sorted(both)


@pytest.fixture
def filled(db: SqliteDatabase) -> Iterator[SqliteDatabase]:
    insert_live(db, 1, [b"a", b"b/1", b"b/2", b"c", b"d/1", b"e"])
    return db


def page(db: SqliteDatabase, **wanted: object) -> listing.Page:
    asked = {"prefix": b"", "marker": b"", "delimiter": b"", "count": 1000, **wanted}
    return listing.page(db, 1, **asked)  # type: ignore[arg-type]


def test_all_keys_in_order(filled: SqliteDatabase) -> None:
    found = page(filled)
    assert [row[0] for row in found.rows] == [b"a", b"b/1", b"b/2", b"c", b"d/1", b"e"]
    assert (found.prefixes, found.truncated) == ([], False)


def test_a_delimiter_groups(filled: SqliteDatabase) -> None:
    found = page(filled, delimiter=b"/")
    assert [row[0] for row in found.rows] == [b"a", b"c", b"e"]
    assert found.prefixes == [b"b/", b"d/"]


def test_a_full_page_says_where_the_next_begins(filled: SqliteDatabase) -> None:
    found = page(filled, delimiter=b"/", count=2)
    assert (flat(found), found.truncated, found.last) == (
        [(b"a", False), (b"b/", True)],
        True,
        b"b/",
    )
    found = page(filled, delimiter=b"/", count=2, marker=found.last)
    assert (flat(found), found.truncated, found.last) == (
        [(b"c", False), (b"d/", True)],
        True,
        b"d/",
    )
    found = page(filled, delimiter=b"/", count=2, marker=found.last)
    assert (flat(found), found.truncated) == ([(b"e", False)], False)


def test_a_page_that_ends_with_the_last_key_is_not_truncated(filled: SqliteDatabase) -> None:
    assert not page(filled, count=6).truncated
    assert page(filled, count=5).truncated


def test_a_count_of_none(filled: SqliteDatabase) -> None:
    assert page(filled, count=0) == ([], [], False, b"")


def test_other_buckets_are_not_listed(filled: SqliteDatabase) -> None:
    insert_live(filled, 2, [b"x"])
    assert [row[0] for row in listing.page(
        filled, 2, prefix=b"", marker=b"", delimiter=b"", count=10
    ).rows] == [b"x"]  # fmt: skip
    assert len(page(filled).rows) == 6


def test_hidden_keys_are_not_listed(filled: SqliteDatabase) -> None:
    insert_markers(filled, 1, [b"a0", b"b/0", b"f/1"])
    found = page(filled, delimiter=b"/")
    assert [row[0] for row in found.rows] == [b"a", b"c", b"e"]
    assert found.prefixes == [b"b/", b"d/"]


@pytest.mark.parametrize(
    ("prefix", "after"),
    [(b"a", b"b"), (b"a/", b"a0"), (b"a\xff", b"b"), (b"\xff", b"\xff" * 8), (b"a\xff\xff", b"b")],
)
def test_the_successor_of_a_prefix(prefix: bytes, after: bytes) -> None:
    assert listing.successor(prefix) == after


class _Bucket:
    """One database for all examples, with the keys of the present one."""

    def __init__(self) -> None:
        self.db = SqliteDatabase(":memory:", shared=Shared(1), now_ms=clock.now_ms)

    def fill(self, keys: set[bytes]) -> SqliteDatabase:
        with self.db._writer:
            self.db._writer.execute("delete from versions")
        insert_live(self.db, 1, keys)
        return self.db


@pytest.fixture(scope="module")
def bucket() -> _Bucket:
    return _Bucket()


examples = settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@examples
@given(keys, text, text, delimiters, counts)
def test_a_page_is_the_beginning_of_what_lies_after_the_marker(
    bucket: _Bucket, keys: set[bytes], prefix: bytes, marker: bytes, delimiter: bytes, count: int
) -> None:
    db = bucket.fill(keys)
    expected = entries(keys, prefix, marker, delimiter)
    found = page(db, prefix=prefix, marker=marker, delimiter=delimiter, count=count)
    assert flat(found) == sorted(expected[:count])
    assert found.truncated == (len(expected) > count)
    if found.truncated:
        assert found.last == expected[count - 1][0]


@examples
@given(keys, text, delimiters, counts)
def test_paging_gives_each_key_and_prefix_once(
    bucket: _Bucket, keys: set[bytes], prefix: bytes, delimiter: bytes, count: int
) -> None:
    db = bucket.fill(keys)
    seen: list[Entry] = []
    marker = b""
    while True:
        found = page(db, prefix=prefix, marker=marker, delimiter=delimiter, count=count)
        seen += flat(found)
        if not found.truncated:
            break
        assert found.last > marker
        marker = found.last
    assert seen == entries(keys, prefix, b"", delimiter)
