"""The register and the routes that derive from it."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest

from mossbox.operation import (
    REGISTER,
    Empty,
    Need,
    Operation,
    Routes,
    Scope,
    default_needs,
    operation,
    register,
)
from mossbox.wire.fields import Header, Query, XmlBody


def made(name: str, *when: str, method: str = "GET", scope: Scope = "bucket") -> Operation:
    return Operation(name, method, scope, when=when)


def found(
    routes: Routes, query: str = "", headers: str = "", method: str = "GET", scope: Scope = "bucket"
) -> str | None:
    def pairs(text: str) -> dict[str, str]:
        return {n: v for n, _, v in (item.partition("=") for item in text.split())}

    entry = routes.match(scope, method, pairs(query), pairs(headers))
    return None if entry is None else entry.name


def test_the_most_demanding_operation_that_is_satisfied_is_found() -> None:
    routes = Routes(
        made(name, *when.split(), method="PUT", scope="object")
        for name, when in (
            ("PutObject", ""),
            ("CopyObject", "x-oss-copy-source"),
            ("UploadPart", "partNumber uploadId"),
            ("UploadPartCopy", "partNumber uploadId x-oss-copy-source"),
        )
    )
    for query, headers, name in (
        ("", "", "PutObject"),
        ("other", "other", "PutObject"),
        ("", "x-oss-copy-source", "CopyObject"),
        ("partNumber=1 uploadId=u", "", "UploadPart"),
        ("partNumber=1 uploadId=u", "x-oss-copy-source", "UploadPartCopy"),
        ("partNumber=1", "", "PutObject"),
    ):
        assert found(routes, query, headers, "PUT", "object") == name


def test_a_value_demands_more_than_a_name() -> None:
    for order in (1, -1):
        entries = [made("Any", "comp"), made("Add", "comp=add"), made("Plain")]
        routes = Routes(entries[::order])
        assert found(routes, "comp=add") == "Add"
        assert found(routes, "comp=delete") == "Any"
        assert found(routes, "") == "Plain"


def test_a_query_comes_before_a_header_of_its_name() -> None:
    routes = Routes([made("Process", "x-oss-process"), made("Select", "x-oss-process=csv/select")])
    assert found(routes, "x-oss-process=csv/select") == "Select"
    assert found(routes, "x-oss-process=image", "x-oss-process=csv/select") == "Process"
    assert found(routes, "", "x-oss-process=csv/select") == "Select"


def test_scope_and_method_divide() -> None:
    routes = Routes([made("A", "acl"), made("B", "acl", method="PUT"), made("C", scope="object")])
    assert found(routes, "acl") == "A"
    assert found(routes, "acl", method="PUT") == "B"
    assert found(routes, "acl", scope="object") == "C"
    assert found(routes, "acl", method="DELETE") is None
    assert found(routes, "") is None


def test_a_second_method_is_a_second_route() -> None:
    routes = Routes([Operation("Meta", "HEAD", "object", when=["objectMeta"], also="GET")])
    for method in ("HEAD", "GET"):
        assert found(routes, "objectMeta", method=method, scope="object") == "Meta"


@pytest.mark.parametrize(
    ("first", "second"), [((), ()), (("a",), ("a",)), (("a", "b=1"), ("b=1", "a"))]
)
def test_two_operations_with_one_demand_are_refused(
    first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="Second and First are one route"):
        Routes([made("First", *first), made("Second", *second)])


def test_a_second_method_is_no_way_around_that() -> None:
    entry = Operation("First", "HEAD", "bucket", when=["a"], also="GET")
    with pytest.raises(ValueError, match="one route"):
        Routes([entry, made("Second", "a")])


@pytest.fixture
def clean_register() -> Iterator[None]:
    before = dict(REGISTER)
    yield
    REGISTER.clear()
    REGISTER.update(before)


@pytest.mark.usefixtures("clean_register")
def test_a_name_is_declared_once() -> None:
    register(made("OnlyInThisTest"))
    with pytest.raises(ValueError, match="OnlyInThisTest is declared twice"):
        register(made("OnlyInThisTest"))


class Document(msgspec.Struct):
    text: str


class Request(msgspec.Struct):
    prefix: Annotated[str, Query("prefix")] = ""
    acl: Annotated[str | None, Header("x-oss-acl")] = None
    document: Annotated[Document | None, XmlBody(10)] = None


@pytest.mark.usefixtures("clean_register")
def test_a_declaration_says_everything() -> None:
    @operation("OnlyInThisTest", "PUT", "bucket", when=["sub", "comp=add"], root="R", status=201)
    async def handler(call: Any, request: Request) -> Document:
        return Document("")

    entry = REGISTER["OnlyInThisTest"]
    assert entry.handle is handler
    assert entry.action == "oss:OnlyInThisTest"
    assert entry.index == len(REGISTER) - 1
    assert entry.accepts_query == {"sub", "comp", "prefix"}
    assert entry.accepts_headers == {"x-oss-acl"}
    assert entry.body is not None
    assert entry.body.kind is Document
    assert entry.bind("b", b"", {"prefix": "p"}, {}) == Request("p")
    assert entry.encode(Document("t"))[0] == 201
    assert not entry.refused


@pytest.mark.parametrize(
    ("name", "action", "scope", "query", "needed"),
    [
        ("GetObject", "", "object", {}, "oss:GetObject"),
        ("GetObject", "", "object", {"versionId": "v"}, "oss:GetObjectVersion"),
        ("HeadObject", "oss:GetObject", "object", {"versionId": ""}, "oss:GetObjectVersion"),
        ("GetObjectAcl", "", "object", {"versionId": "v"}, "oss:GetObjectVersionAcl"),
        ("PutObjectTagging", "", "object", {"versionId": "v"}, "oss:PutObjectVersionTagging"),
        ("GetBucketInfo", "", "bucket", {"versionId": "v"}, "oss:GetBucketInfo"),
    ],
)
def test_what_an_operation_needs(
    name: str, action: str, scope: Scope, query: dict[str, str], needed: str
) -> None:
    entry = Operation(name, "GET", scope, action=action)
    assert default_needs(entry, "b", b"k", query) == (Need(needed, scope, "b", b"k"),)


def test_nothing_is_empty() -> None:
    assert Empty() == Empty()
