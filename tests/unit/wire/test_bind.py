"""Binders and encoders, as they are generated from models."""

from typing import Annotated, Any

import msgspec
import pytest

from mossbox.errors import ServiceError
from mossbox.wire import bind, fields
from mossbox.wire.fields import (
    Derived,
    Element,
    Header,
    Key,
    Length,
    Meta,
    Query,
    RawBody,
    Reply,
    Status,
    StoredHeaders,
    Stream,
    XmlBody,
)


class Inner(msgspec.Struct):
    a: str


class Request(msgspec.Struct):
    bucket: Annotated[str, fields.Bucket()]
    key: Annotated[bytes, Key()]
    meta: Annotated[dict[str, str], Meta()]
    body: Annotated[Any, Stream()]
    prefix: Annotated[str, Query("prefix")] = ""
    count: Annotated[int, Query("max-keys")] = 100
    length: Annotated[int | None, Header("content-length")] = None
    forbid: Annotated[bool, Header("x-oss-forbid-overwrite")] = False
    acl: Annotated[str | None, Header("x-oss-acl")] = None
    worked_out: Annotated[bool, Derived()] = True


def bound(query: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Request:
    return bind.binder(Request)("b", b"k", query or {}, headers or {})


def test_what_is_missing_takes_its_default() -> None:
    assert bound() == Request("b", b"k", {}, None)


def test_everything_comes_from_its_place() -> None:
    query = {"prefix": "p", "max-keys": "7", "x-oss-acl": "not from here"}
    headers = {
        "content-length": "5", "x-oss-forbid-overwrite": "TRUE", "x-oss-meta-a": "1 \t",
        "x-oss-meta-": "no name", "prefix": "not from here",
    }  # fmt: skip
    assert bound(query, headers) == Request(
        "b", b"k", {"a": "1", "": "no name"}, None, "p", 7, 5, True, None, True
    )


def test_empty_is_not_missing() -> None:
    assert bound({"prefix": ""}, {"x-oss-acl": ""}).acl == ""


@pytest.mark.parametrize(
    "text", ["", "-", "x", "1x", "+1", " 1", "1.0", "0x1", "--1", "\u0663", "²", "1" * 20, "1_0"]
)
def test_integers_that_are_none(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        bound({"max-keys": text})
    assert caught.value.code.name == "InvalidArgument"
    assert caught.value.details == {"ArgumentName": "max-keys", "ArgumentValue": text}


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("-1", -1), ("007", 7), ("9" * 9, 10**9 - 1)]
)
def test_integers(text: str, value: int) -> None:
    assert bound({"max-keys": text}).count == value


@pytest.mark.parametrize("text", ["", "yes", "1", " true", "truе"])
def test_booleans_that_are_none(text: str) -> None:
    with pytest.raises(ServiceError, match="must be true or false"):
        bound(headers={"x-oss-forbid-overwrite": text})


def test_a_field_without_a_place_is_refused_when_the_binder_is_made() -> None:
    class Lost(msgspec.Struct):
        name: str

    with pytest.raises(TypeError, match="name does not say where"):
        bind.binder(Lost)


def test_what_a_model_reads() -> None:
    assert bind.query_names(Request) == {"prefix", "max-keys"}
    assert bind.header_names(Request) == {
        "content-length", "x-oss-forbid-overwrite", "x-oss-acl",
    }  # fmt: skip


@pytest.mark.parametrize("mark", [Stream(), XmlBody(10), RawBody(10)])
def test_the_body_is_found(mark: Any) -> None:
    class WithBody(msgspec.Struct):
        first: Annotated[str, Query("q")]
        content: Annotated[Any, mark]

    field = bind.body_field(WithBody)
    assert field is not None
    assert (field.name, field.mark) == ("content", mark)
    assert bind.body_field(Inner) is None


class Result(msgspec.Struct):
    status: Annotated[int, Status()]
    etag: Annotated[str, Header("ETag")]
    size: Annotated[int, Header("x-size")]
    on: Annotated[bool, Header("x-on")]
    crc: Annotated[int | None, Header("x-crc")]
    stored: Annotated[dict[str, str], StoredHeaders()]
    meta: Annotated[dict[str, str], Meta()]
    body: Annotated[bytes, Stream()]
    length: Annotated[int, Length()]


def test_a_result_becomes_status_headers_and_body() -> None:
    result = Result(206, '"E"', 5, True, 0, {"Expires": "0"}, {"a": "ä"}, b"body", 4)
    assert bind.encoder(Result, None, 200)(result) == (
        206,
        'ETag: "E"\r\nx-size: 5\r\nx-on: true\r\nx-crc: 0\r\nExpires: 0\r\nx-oss-meta-a: ä\r\n',
        b"body",
        4,
    )


def test_what_is_none_or_empty_has_no_header() -> None:
    result = Result(200, "E", 5, False, None, {}, {}, b"", 0)
    _, head, _, _ = bind.encoder(Result, None, 200)(result)
    assert head == "ETag: E\r\nx-size: 5\r\nx-on: false\r\n"


class Page(msgspec.Struct):
    token: Annotated[str | None, Header("x-token")]
    inner: Annotated[list[Inner], Element("Inner")]


def test_a_document_becomes_the_body() -> None:
    status, head, body, length = bind.encoder(Page, "Root", 200)(Page("t", [Inner("<")]))
    assert (status, length) == (200, None)
    assert head == "Content-Type: application/xml\r\nx-token: t\r\n"
    assert body.endswith(b"<Root><Inner><A>&lt;</A></Inner></Root>\n")


def test_a_result_with_nothing_to_say() -> None:
    class Nothing(msgspec.Struct):
        pass

    assert bind.encoder(Nothing, None, 204)(Nothing()) == (204, "", b"", None)


class Told(msgspec.Struct):
    tag: Annotated[str, Header("ETag")]
    reply: Annotated[bytes, Reply()] = b""


class ToldInXml(msgspec.Struct):
    tag: Annotated[str, Header("ETag")]
    name: str
    reply: Annotated[bytes, Reply()] = b""


def test_another_server_s_json_takes_the_body_s_place() -> None:
    bare, xml = bind.encoder(Told, None, 200), bind.encoder(ToldInXml, "Root", 200)
    kind = "Content-Type: application/json\r\n"
    assert bare(Told("t")) == (200, "ETag: t\r\n", b"", None)
    assert bare(Told("t", b"{}")) == (200, f"{kind}ETag: t\r\n", b"{}", None)
    assert xml(ToldInXml("t", "n", b"{}")) == (200, f"{kind}ETag: t\r\n", b"{}", None)
    status, head, body, _ = xml(ToldInXml("t", "n"))
    assert (status, head) == (200, "Content-Type: application/xml\r\nETag: t\r\n")
    assert b"<Root><Name>n</Name></Root>" in body
