"""The access line: what it tells, and what it never does."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.accesslog import AccessLog
from mossbox.settings import SettingsError
from tests.unit.examples import few

LINE = re.compile(
    r"(?P<time>\S+Z) (?P<id>\S+) (?P<peer>\S+) (?P<key>\S+) (?P<operation>\S+)"
    r' "(?P<method>\S+) (?P<target>[^" ]*)" (?P<status>\d{3}) (?P<code>\S+) (?P<received>\d+)'
    r' (?P<sent>\d+) (?P<took_ms>[0-9.]+) "(?P<agent>[^"]*)" "(?P<host>[^"]*)"\n'
)

TEXT = st.text(st.characters(codec="utf-8"))


def add(log: AccessLog, **changes: Any) -> None:
    request = {
        "request_id": "5F", "peer": "127.0.0.1", "key_id": "mossbox", "operation": "GetObject",
        "method": "GET", "path": b"/b/k", "query": b"", "status": 200, "code": "", "received": 1,
        "sent": 2, "took_us": 1234, "agent": "curl/8",
        "host": "b.localhost:9000",
    }  # fmt: skip
    log.add(**{**request, **changes})


@pytest.fixture
def log(tmp_path: Path) -> AccessLog:
    return AccessLog(str(tmp_path / "access.log"))


def written(log: AccessLog, **changes: Any) -> str:
    """The only line that this request leaves."""
    assert log._file is not None
    before = Path(log._file.name).stat().st_size
    add(log, **changes)
    log.flush()
    return Path(log._file.name).read_bytes()[before:].decode()


def test_a_line(log: AccessLog) -> None:
    found = LINE.fullmatch(written(log, code="NoSuchKey", status=404, query=b"acl&x=1"))
    assert found is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["time"])
    assert found.groups()[1:] == (
        "5F", "127.0.0.1", "mossbox", "GetObject", "GET", "/b/k?acl&x=1", "404", "NoSuchKey", "1",
        "2", "1.23", "curl/8", "b.localhost:9000",
    )  # fmt: skip


def test_what_is_not_known_is_a_dash(log: AccessLog) -> None:
    line = written(log, peer="", key_id="", operation="", agent="", host="")
    found = LINE.fullmatch(line)
    assert found is not None
    assert found.group("peer", "key", "operation", "agent", "host") == ("-",) * 5


@pytest.mark.parametrize(
    "query",
    [
        "Signature=SECRET",
        "OSSAccessKeyId=a&Expires=1&Signature=SECRET&security-token=SECRET",
        "x-oss-signature=SECRET&x-oss-security-token=SECRET&x-oss-credential=SECRET",
        "X-Amz-Signature=SECRET&X-Amz-Security-Token=SECRET&X-Amz-Credential=SECRET",
        "Action=AssumeRole&SecurityToken=SECRET&Signature=SECRET",
        "callback=SECRET&callback-var=SECRET",
        "Action=ChangePassword&OldPassword=SECRET&NewPassword=SECRET",
        "Action=CreateLoginProfile&Password=SECRET",
        "a=1&SIGNATURE=SECRET&b=2",
    ],
)
def test_signatures_and_tokens_are_left_out(log: AccessLog, query: str) -> None:
    line = written(log, query=query.encode())
    assert "SECRET" not in line
    assert query.replace("SECRET", "-") in line


def test_what_only_sounds_secret_stays(log: AccessLog) -> None:
    query = b"x-oss-signature-version=OSS4-HMAC-SHA256&nosignature=1"
    assert query.decode() in written(log, query=query)


@few
@given(TEXT, TEXT, st.binary(), st.binary())
def test_one_request_is_one_line(agent: str, host: str, path: bytes, query: bytes) -> None:
    """Whatever a client sends; the door lets only printable ASCII into targets."""
    path, query = (
        bytes(mark for mark in part if 33 <= mark <= 126) for part in (path, query)
    )  # fmt: skip
    log = AccessLog("off")
    add(log, agent=agent, host=host, path=path, query=query)
    (line,) = log._lines
    assert line.splitlines() == [line.removesuffix("\n")]
    assert LINE.fullmatch(line)


def test_nothing_is_written_when_it_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("off")
    assert not log.enabled
    add(log)
    log.flush()
    assert capsys.readouterr().out == ""


def test_a_dash_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("-")
    assert log.enabled
    assert log._file is sys.stdout
    add(log)
    log.flush()
    assert LINE.fullmatch(capsys.readouterr().out)


def test_lines_wait_for_a_flush_but_not_for_ever(log: AccessLog, tmp_path: Path) -> None:
    add(log)
    assert (tmp_path / "access.log").read_text() == ""
    for _ in range(5000):
        add(log)
    assert (tmp_path / "access.log").stat().st_size > 0


def test_a_file_that_was_moved_away_is_begun_anew(log: AccessLog, tmp_path: Path) -> None:
    add(log)
    path = tmp_path / "access.log"
    path.rename(tmp_path / "old.log")
    log.reopen()
    add(log)
    log.flush()
    assert len((tmp_path / "old.log").read_text().splitlines()) == 1
    assert len(path.read_text().splitlines()) == 1


def test_a_file_that_cannot_be_begun_anew_keeps_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = AccessLog(str(folder / "access.log"))
    folder.rename(tmp_path / "moved")
    log.reopen()
    add(log)
    log.flush()
    assert (tmp_path / "moved" / "access.log").read_text().count("\n") == 1


def test_a_file_that_cannot_be_opened_is_a_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--access-log .*: Is a directory"):
        AccessLog(str(tmp_path))


def test_a_full_disk_does_not_stop_the_store() -> None:
    log = AccessLog("/dev/full")
    add(log)
    log.flush()
    assert log._lines == []
