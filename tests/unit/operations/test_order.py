"""In which order a request is looked at, and what a failure on the way leaves behind."""

import asyncio
import logging
import re

import pytest

from mossbox.http.message import Body


class Watched(Body):
    """A body that tells whether anybody asked for it."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__(5, self)
        self.asked = False

    def want_body(self) -> None:
        self.asked = True
        asyncio.get_running_loop().call_soon(self._arrive)

    def _arrive(self) -> None:
        self.feed(b"bytes")
        self.end()

    def resume_body(self) -> None:
        """There is always room."""


def test_own_pages_come_before_everything(line):
    answer = line.send("GET", "/-/health", headers={"authorization": "nonsense"}, key="")
    assert answer.body == b"a page"
    assert line.paged == [b"/-/health"]


@pytest.mark.parametrize(
    ("method", "path", "key", "headers", "code"),
    [
        # the address, then the signature
        ("GET", "/BAD/key", "", {"authorization": "nonsense"}, "InvalidBucketName"),
        # the method, then the signature
        ("PATCH", "/photos/key", "", {"authorization": "nonsense"}, "MethodNotAllowed"),
        # the signature, then what is not built
        ("PUT", "/photos/key?retention", "", {"authorization": "nonsense"}, "InvalidArgument"),
        # what is not built, then the permission
        ("PUT", "/photos/key?retention", "", {}, "NotImplemented"),
        ("PUT", "/photos/key", "", {"x-oss-persistent-headers": "a:b"}, "NotImplemented"),
        ("GET", "/photos/key", "", {"x-oss-callback": "e30="}, "NotImplemented"),
        ("PUT", "/photos/key?versionId=x", "", {}, "NotImplemented"),
        ("PUT", "/photos/key", "", {"if-match": "*"}, "NotImplemented"),
        # arguments, then the permission
        ("PUT", "/photos/key", "", {"x-oss-forbid-overwrite": "perhaps"}, "InvalidArgument"),
        # the permission, then the arguments that the handler looks at
        ("PUT", "/photos/key", "", {"x-oss-object-acl": "nonsense"}, "AccessDenied"),
        ("PUT", "/photos/key", "other", {"x-oss-object-acl": "nonsense"}, "AccessDenied"),
        ("PUT", "/photos/key", "", {"x-oss-callback": "e30="}, "AccessDenied"),
        # the bucket, then the permission
        ("GET", "/missing/key", "", {}, "NoSuchBucket"),
        ("GET", "/missing/key", "other", {}, "NoSuchBucket"),
        # the permission, then the object
        ("GET", "/photos/missing", "", {}, "AccessDenied"),
    ],
)
def test_what_comes_first(line, method, path, key, headers, code):
    answer = line.send(method, path, headers=headers, key=key)
    assert answer.code == code
    assert line.paged == []


@pytest.mark.parametrize(
    ("key", "headers", "asked"),
    [
        ("", {}, False),
        ("other", {}, False),
        ("mine", {"x-oss-object-acl": "nonsense"}, False),
        ("mine", {"content-md5": "nonsense"}, False),
        ("mine", {"x-oss-callback": "e30="}, False),
        ("mine", {}, True),
    ],
)
def test_a_refused_upload_is_never_asked_for(line, key, headers, asked):
    body = Watched()
    answer = line.send("PUT", "/photos/key", body, {"content-length": "5", **headers}, key=key)
    assert body.asked == asked
    assert (answer.status == 200) == asked
    assert (line.send("GET", "/photos/key").body == b"bytes") == asked


def test_an_object_that_must_not_be_overwritten_is_not_even_asked_for(line):
    line.send("PUT", "/photos/key", b"first")
    body = Watched()
    headers = {"content-length": "5", "x-oss-forbid-overwrite": "true"}
    assert line.send("PUT", "/photos/key", body, headers).code == "FileAlreadyExists"
    assert not body.asked


def test_every_answer_has_a_number_of_its_own(line):
    answers = [line.send("GET", "/photos/missing") for _ in range(3)]
    ids = [answer.headers["x-oss-request-id"] for answer in answers]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9A-F]{24}", text) for text in ids)
    assert [answer.element("RequestId") for answer in answers] == ids
    assert all(answer.headers["x-oss-server-time"].isdigit() for answer in answers)


def fail_once(monkeypatch, target, name, error):
    real, calls = getattr(target, name), []

    def replaced(*arguments, **more):
        calls.append(arguments)
        if len(calls) == 1:
            raise error
        return real(*arguments, **more)

    monkeypatch.setattr(target, name, replaced)
    return calls


def test_a_failure_is_a_500_that_tells_nothing(line, monkeypatch, caplog):
    fail_once(monkeypatch, line.engine.db, "write", RuntimeError("the secret reason"))
    with caplog.at_level(logging.ERROR):
        answer = line.send("PUT", "/photos/key", b"body")
    assert (answer.status, answer.code) == (500, "InternalError")
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
    assert "the secret reason" in caplog.text
    assert answer.headers["x-oss-request-id"] in caplog.text
    assert line.send("GET", "/photos/key").code == "NoSuchKey"


def test_a_file_that_is_gone_is_looked_for_again(line, monkeypatch):
    body = b"x" * 5000  # larger than what is kept in the database
    line.send("PUT", "/photos/key", body)
    calls = fail_once(monkeypatch, line.engine.blobs, "read", FileNotFoundError())
    assert line.send("GET", "/photos/key").body == body
    assert len(calls) == 2


def test_a_file_that_stays_away_is_a_500(line, monkeypatch):
    line.send("PUT", "/photos/key", b"x" * 5000)

    def gone(*arguments):
        raise FileNotFoundError

    monkeypatch.setattr(line.engine.blobs, "read", gone)
    assert line.send("GET", "/photos/key").status == 500


def test_an_upload_whose_file_is_gone_is_never_kept_empty(line, monkeypatch):
    line.send("PUT", "/photos/key", b"first")
    fail_once(monkeypatch, line.engine.blobs, "write", FileNotFoundError())
    assert line.send("PUT", "/photos/key", b"x" * 5000).status == 500
    assert line.send("GET", "/photos/key").body == b"first"
