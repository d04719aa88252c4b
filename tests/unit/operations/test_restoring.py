"""Restoring that takes its time (the setting `restore_delay_s`)."""

from tests.unit.operations.conftest import Line


def test_an_object_that_is_being_restored_waits(line: Line) -> None:
    line.engine.restore_delay_ms = 3_600_000
    line.send("PUT", "/photos")
    line.send("PUT", "/photos/k", b"x", {"x-oss-storage-class": "Archive"})
    assert line.send("POST", "/photos/k?restore").status == 202
    assert line.send("POST", "/photos/k?restore").code == "RestoreAlreadyInProgress"
    assert line.send("GET", "/photos/k").code == "InvalidObjectState"
    head = line.send("HEAD", "/photos/k")
    assert head.headers["x-oss-restore"] == 'ongoing-request="true"'
    assert line.send("POST", "/photos/k?cleanRestoredObject").code == "ArchiveRestoreNotFinished"
