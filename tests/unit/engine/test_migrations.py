"""Databases of earlier versions are brought up to date in place; later ones are refused."""

from pathlib import Path

import apsw
import pytest

from mossbox.engine import schema
from mossbox.engine.sqlite import StoreError, connect, prepare

FIRST = Path(__file__).parent / "version-1.sql"


def first_version(folder: Path) -> Path:
    """A file as the first version left it."""
    made = folder / "old.db"
    connection = apsw.Connection(str(made))
    connection.execute(FIRST.read_text()).fetchall()
    connection.close()
    return made


def tables(connection: apsw.Connection) -> list[tuple[str, str]]:
    """What the schema says, apart from how it is laid out."""
    rows = connection.execute(
        "select name, sql from sqlite_schema where sql is not null order by 1"
    )
    return [(name, " ".join(sql.split())) for name, sql in rows]


def test_version_1_becomes_what_is_made_today(tmp_path: Path) -> None:
    old = first_version(tmp_path)
    prepare(str(old)).close()
    prepare(str(tmp_path / "new.db")).close()
    upgraded, made = connect(str(old)), connect(str(tmp_path / "new.db"))
    assert tables(upgraded) == tables(made)
    assert upgraded.pragma("user_version") == schema.VERSION
    kept = upgraded.execute("select name, data from buckets b, blobs").fetchall()
    assert kept == [("a-bucket", b"a body")]
    upgraded.close()
    made.close()


def test_there_is_a_step_from_every_version() -> None:
    assert sorted(schema.MIGRATIONS) == list(range(1, schema.VERSION))


def test_a_step_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = first_version(tmp_path)
    broken = schema.MIGRATIONS[1] + "create table buckets (a);"
    monkeypatch.setitem(schema.MIGRATIONS, 1, broken)
    with pytest.raises(apsw.SQLError):
        prepare(str(old))
    connection = apsw.Connection(str(old))
    assert connection.pragma("user_version") == 1
    assert "ring_keys" not in dict(tables(connection))
    connection.close()


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    file = str(tmp_path / "newer.db")
    connection = prepare(file)
    connection.pragma("user_version", schema.VERSION + 1)
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        prepare(file)
