"""Forms opened: the put that one stands for, its file in pieces, and what is never a header."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.auth.post_policy import PostPolicy
from mossbox.errors import ServiceError
from mossbox.fronts import Place
from mossbox.fronts.form import FormPlace, unfold
from mossbox.http.message import Body, Request
from mossbox.operation import REGISTER
from mossbox.operations import posting  # noqa: F401  (declares it)
from tests.conformance.forms import BOUNDARY, File, body
from tests.unit.examples import few

PLACE = Place("bucket", "photos", b"", {}, "", False)
KIND = f"multipart/form-data; boundary={BOUNDARY}"


def opened(data: bytes, cuts: list[int] | None = None, **headers: str) -> tuple[FormPlace, Request]:
    """The form in these bytes; with cuts they come in pieces, of a length that nobody told."""
    source = Body(None if cuts else len(data))
    ends = sorted({0, len(data), *(cut for cut in cuts or [] if cut < len(data))})
    for start, stop in pairwise(ends):
        source.feed(data[start:stop])
    source.end()
    given = {"content-type": KIND, **{k.replace("_", "-"): v for k, v in headers.items()}}
    request = Request("POST", b"/photos", b"", given, "1.1", body=source)
    return asyncio.run(unfold(REGISTER["PostObject"], PLACE, request))


async def collected(source: Body) -> bytes:
    """A file as `operations.receive` reads it: at once where it is here, else in pieces."""
    data = source.whole()
    if data is not None:
        return data
    pieces = []
    while piece := await source.read():
        pieces.append(piece)
    return b"".join(pieces)


def code(data: bytes, cuts: list[int] | None = None, **headers: str) -> str:
    """The code of the refusal, of opening it or of reading the file."""
    try:
        asyncio.run(collected(opened(data, cuts, **headers)[1].body))
    except ServiceError as error:
        return error.code.name
    return ""


def test_fields_are_headers_and_the_file_is_the_body() -> None:
    form = body(
        ("key", "a"), ("X-OSS-Meta-A", "1"), ("x:var", "2"), ("unheard", "3"), File(b"data")
    )
    place, request = opened(form, user_agent="browser", content_length="999", cache_control="no")
    assert (place.scope, place.bucket, place.key) == ("object", "photos", b"a")
    assert request.headers == {
        "user-agent": "browser", "content-length": "999", "content-type": "image/png",
        "x-oss-meta-a": "1", "x:var": "2",
    }  # fmt: skip
    assert request.body.whole() == b"data"
    assert request.body.ended


def test_what_the_conditions_see() -> None:
    form = body(("key", "${filename}"), ("bucket", "another"), File(name="x.png"))
    place = opened(form)[0]
    assert place.key == b"x.png"
    seen = {"key": "${filename}", "bucket": "photos", "content-type": "image/png"}
    assert place.fields == seen


def test_conditions_see_what_is_kept() -> None:
    """Space around a value, which no header has, is no way around a condition."""
    put = {"X-OSS-Object-ACL": " public-read", "x-oss-content-type": "text/html "}
    place, request = opened(body(("key", "a"), *put.items(), File()), x_oss_meta_a="1 ")
    for name, value in (
        ("x-oss-object-acl", "public-read"), ("content-type", "text/html"), ("x-oss-meta-a", "1"),
    ):  # fmt: skip
        assert place.fields[name] == request.headers[name] == value


def test_fields_are_not_the_requests_own_headers() -> None:
    """What policies and rules hear of the request is not for the form to say."""
    names = ("host", "user-agent", "referer", "origin", "authorization", "if-match", "range",
             "content-length", "transfer-encoding", "content-md5", "expect")  # fmt: skip
    headers = opened(body(("key", "a"), *((name, "x") for name in names), File()))[1].headers
    assert headers == {"content-type": "image/png"}


@pytest.mark.parametrize("cuts", [None, [1], [150, 200, 300], list(range(0, 4000, 7))])
@pytest.mark.parametrize("size", [0, 1, 1000])
def test_the_file_in_pieces(cuts: list[int] | None, size: int) -> None:
    form = body(("key", "a"), File(bytes(size)), ("submit", "x"))
    request = opened(form, cuts)[1]
    assert asyncio.run(collected(request.body)) == bytes(size)
    assert request.body.ended
    assert asyncio.run(request.body.read()) == b""


@pytest.mark.parametrize("cuts", [None, list(range(0, 4000, 7))])
def test_how_large_a_policy_lets_the_file_be(cuts: list[int] | None) -> None:
    for size, refusal in ((0, "EntityTooSmall"), (1, ""), (10, ""), (11, "EntityTooLarge")):
        place, request = opened(body(("key", "a"), File(bytes(size))), cuts)
        place.file.limit(PostPolicy(0, (), 1, 10))
        if not refusal:
            assert asyncio.run(collected(request.body)) == bytes(size)
            continue
        with pytest.raises(ServiceError) as caught:
            asyncio.run(collected(request.body))
        assert caught.value.code.name == refusal


def test_a_form_that_says_how_large_it_is_need_not_be_read() -> None:
    place, _ = opened(body(("key", "a"), File(bytes(200_000))))
    with pytest.raises(ServiceError) as caught:
        place.file.limit(PostPolicy(0, (), 1, 10))
    assert caught.value.code.name == "EntityTooLarge"
    source = Body((5 << 30) + 200_000)  # of which the first bytes are here
    source.feed(body(("key", "a"), File(bytes(1000)))[:1200])
    request = Request("POST", b"/photos", b"", {"content-type": KIND}, "1.1", body=source)
    with pytest.raises(ServiceError) as caught:
        asyncio.run(unfold(REGISTER["PostObject"], PLACE, request))
    assert caught.value.code.name == "EntityTooLarge"


def test_a_form_that_ends_too_soon_has_no_file() -> None:
    form = body(("key", "a"), File(bytes(100)), ("submit", "x"))
    for stop in range(len(form) - 2):
        for cuts in (None, list(range(0, stop, 11))):
            assert code(form[:stop], cuts) == "MalformedPOSTRequest", stop


@few
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["key", "x-oss-meta-a", "x-oss-object-acl", "Content-Type", "policy"])
            | st.text(max_size=10).map(lambda text: text.replace('"', "")),
            st.text(max_size=30) | st.binary(max_size=30),
        ),
        max_size=6,
    ),
    st.lists(st.integers(1, 900), max_size=10),
)
def test_any_form(fields: list[tuple[str, str | bytes]], cuts: list[int]) -> None:
    """Nothing but a refusal is raised, and no header of the put could break a line."""
    form = body(*fields, File())
    try:
        place, request = opened(form, cuts)
    except ServiceError:
        return
    assert place.key
    for name, value in request.headers.items():
        if not name.startswith("x:"):
            assert not set(name + value) & set("\r\n\0"), (name, value)
