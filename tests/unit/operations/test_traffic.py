"""x-oss-traffic-limit: what is taken, what is refused, and which transfers it slows down."""

import pytest

from mossbox.http.pacing import PacedReader, Pacer
from mossbox.operations.traffic import pace


@pytest.mark.parametrize("text", ["819200", "838860800"])
def test_both_ends_are_in(text: str) -> None:
    for found in (pace(text, None), pace(None, text)):
        assert found is not None
        assert found.rate == int(text) // 8
    assert pace(None, None) is None


@pytest.mark.parametrize(
    "text",
    ["819199", "838860801", "0", "-819200", "", "1e6", "819200.0", "a", "٨١٩٢٠٠", "9" * 5000],
)
@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
def test_others_are_refused(line, method: str, text: str) -> None:
    body = b"x" if method == "PUT" else b""
    answer = line.send(method, "/photos/key", body, {"x-oss-traffic-limit": text})
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.element("ArgumentName") == "x-oss-traffic-limit"
    assert line.send("GET", "/photos/key").status == 404


def test_not_in_both_places(line) -> None:
    answer = line.send(
        "PUT", "/photos/key?x-oss-traffic-limit=819200", b"x", {"x-oss-traffic-limit": "819200"}
    )
    assert (answer.status, answer.code) == (400, "InvalidArgument")


@pytest.mark.parametrize("where", ["header", "query"])
def test_downloads_are_slow(line, where: str) -> None:
    line.send("PUT", "/photos/key", b"bytes")
    limit = {"x-oss-traffic-limit": "819200"}
    if where == "header":
        request = line.request("GET", "/photos/key", headers=limit)
    else:
        request = line.request("GET", "/photos/key?x-oss-traffic-limit=819200")
    response = line.run(line.pipeline.handle(request))
    assert isinstance(response.body, PacedReader)
    assert response.body.length == 5
    assert line.run(response.body.next()) == b"bytes"
    assert request.pace.rate == 102_400
    assert request.pace.ahead() > 0


def test_so_are_ranges(line) -> None:
    line.send("PUT", "/photos/key", b"0123456789")
    headers = {"x-oss-traffic-limit": "838860800", "range": "bytes=2-4"}
    answer = line.send("GET", "/photos/key", headers=headers)
    assert (answer.status, answer.body) == (206, b"234")


def test_uploads_are_slow(line) -> None:
    request = line.request("PUT", "/photos/key", b"x" * 5000, {"x-oss-traffic-limit": "838860800"})
    response = line.run(line.pipeline.handle(request))
    assert response.status == 200
    pacer: Pacer = request.pace
    assert pacer._until > 0
    assert line.send("GET", "/photos/key").body == b"x" * 5000


def test_other_requests_have_no_pace(line) -> None:
    request = line.request("PUT", "/photos/key", b"x", {"x-oss-object-acl": "private"})
    assert line.run(line.pipeline.handle(request)).status == 200
    assert request.pace is None


def test_copies_take_the_header(line) -> None:
    line.send("PUT", "/photos/key", b"bytes")
    headers = {"x-oss-copy-source": "/photos/key", "x-oss-traffic-limit": "819200"}
    assert line.send("PUT", "/photos/copy", headers=headers).status == 200
    assert line.send("GET", "/photos/copy").body == b"bytes"
