"""Pages of versions and uploads against sorted lists."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox import clock
from mossbox.engine import Bucket, uploads, versions
from mossbox.engine.sqlite import SqliteDatabase
from mossbox.shared import Shared
from tests.unit.examples import few

BUCKET = Bucket(1, "bucket", 1, 0, "r", 0, 0, 0, 1)
ALPHABET = "a/b-"
text = st.text(ALPHABET, max_size=4).map(str.encode)
names = st.text(ALPHABET, min_size=1, max_size=5).map(str.encode)
several = st.lists(names, max_size=30)  # a key stands for as many rows as it is named
delimiters = st.sampled_from([b"", b"/", b"a", b"-/"])

Item = tuple[bytes, int | None]  # a key with its second column, or a common prefix


@pytest.fixture(scope="module")
def db() -> Iterator[SqliteDatabase]:
    made = SqliteDatabase(":memory:", shared=Shared(1), now_ms=clock.now_ms)
    yield made
    made.close()


def expected(rows: list[tuple[bytes, int]], prefix: bytes, delimiter: bytes) -> list[Item]:
    """What all pages together hold."""
    found: dict[Item, None] = {}
    for key, second in sorted(rows):
        if key.startswith(prefix):
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            found[(key, second) if cut < 0 else (key[: cut + len(delimiter)], None)] = None
    return list(found)


@few
@given(several, text, delimiters, st.integers(1, 5))
def test_pages_of_versions_are_the_sorted_list(
    db: SqliteDatabase, keys: list[bytes], prefix: bytes, delimiter: bytes, count: int
) -> None:
    rows = [(key, -rank) for rank, key in enumerate(keys, 1)]
    db.rows("delete from versions")
    for key, rank in rows:
        db.rows(
            "insert into versions (bucket, key, rank, live, kind, null_id, size, modified_ms, etag,"
            " storage_class, acl, content_type, extents)"
            " values (1, $1, $2, 0, 0, 0, 1, 0, 'E', 0, 0, '', 0)",
            key, rank,
        )  # fmt: skip
    newest = dict(rows)  # the last one drawn
    found: list[Item] = []
    key_marker, rank_marker = b"", None
    while True:
        page = versions.page(
            db, BUCKET, prefix=prefix, key_marker=key_marker, rank_marker=rank_marker,
            delimiter=delimiter, count=count,
        )  # fmt: skip
        items: list[Item] = [(key, version.rank) for key, _, version in page.rows]
        for key, is_newest, version in page.rows:
            assert is_newest == (newest[key] == version.rank)
        items += [(group, None) for group in page.prefixes]
        assert len(items) <= count
        found += sorted(items, key=lambda item: (item[0], item[1] or 0))
        if not page.truncated:
            break
        assert len(items) == count
        key_marker, rank_marker = page.last_key, page.last_rank
    assert found == expected(rows, prefix, delimiter)


@few
@given(several, text, delimiters, st.integers(1, 5))
def test_pages_of_uploads_are_the_sorted_list(
    db: SqliteDatabase, keys: list[bytes], prefix: bytes, delimiter: bytes, count: int
) -> None:
    rows = [(key, number) for number, key in enumerate(keys, 1)]
    db.rows("delete from uploads")
    for key, number in rows:
        db.rows("insert into uploads values ($2, 'T', 1, $1, 0, 0, 0, 0, '', 0, null)", key, number)
    found: list[Item] = []
    key_marker, id_marker = b"", None
    while True:
        page = uploads.page(
            db, 1, prefix=prefix, key_marker=key_marker, id_marker=id_marker,
            delimiter=delimiter, count=count,
        )  # fmt: skip
        items: list[Item] = [(row[0], row[1]) for row in page.rows]
        items += [(group, None) for group in page.prefixes]
        found += sorted(items, key=lambda item: (item[0], item[1] or 0))
        if not page.truncated:
            break
        assert len(items) == count
        key_marker, id_marker = page.last_key, page.last[1] if page.last else None
    assert found == expected(rows, prefix, delimiter)
