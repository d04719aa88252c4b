"""The RPC dialect's front: who may reach it, and how refusals and results look."""

import json
from xml.etree import ElementTree

import pytest

from mossbox import clock, errors
from mossbox.auth import rpc
from mossbox.auth.credentials import Keys, root_key
from mossbox.engine.directory import Directory
from mossbox.engine.sqlite import SqliteDatabase
from mossbox.errors import ServiceError
from mossbox.fronts import Place
from mossbox.fronts.rpc import RpcFront, RpcPlace
from mossbox.http.message import Body, Request
from mossbox.operation import CALLS
from mossbox.operations.register import OPERATIONS
from mossbox.operations.sts import CallerIdentity
from mossbox.pipeline import Note
from mossbox.shared import Shared
from mossbox.wire.text import parse_query
from tests.conftest import Run

NOW = clock.iso_ms(clock.now_ms())[:19] + "Z"
ASKED = {
    "Action": "GetCallerIdentity", "Version": "2015-04-01", "SignatureNonce": "n", "Timestamp": NOW,
}  # fmt: skip


def front(*, guarded: bool = True) -> RpcFront:
    shared = Shared(1)
    db = SqliteDatabase(":memory:", shared=shared, now_ms=clock.now_ms)
    keys = Keys({"id": root_key("id", "secret", 1, "1000000000000001")})
    return RpcFront(keys, Directory(db, bytes(32), shared), guard_origin=guarded)


def request(method: str = "POST", query: bytes = b"", body: bytes = b"", **headers: str) -> Request:
    data = Body(len(body))
    if body:
        data.feed(body)
    data.end()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if body:
        given.setdefault("content-type", "application/x-www-form-urlencoded")
    asked = Request(method, b"/", query, given, "1.1", body=data)
    asked.note = Note("0" * 24)
    return asked


def signed(**more: str) -> bytes:
    pairs = rpc.sign("POST", {**ASKED, **more}, "id", "secret").items()
    from urllib.parse import urlencode

    return urlencode(dict(pairs)).encode()


def read(made: RpcFront, asked: Request, run: Run) -> RpcPlace:
    place = Place("rpc", "", b"", parse_query(asked.query), "", False)
    return run(made.read(place, asked))


def refusal(made: RpcFront, asked: Request, run: Run) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        read(made, asked, run)
    return caught.value


def test_parameters_come_from_query_and_body(run: Run) -> None:
    for asked in (request(query=signed()), request(body=signed())):
        place = read(front(), asked, run)
        assert front().match(place).name == "GetCallerIdentity"
        assert place.caller.kind == "root"


def test_a_second_time_is_refused(run: Run) -> None:
    made, data = front(), signed()
    read(made, request(body=data), run)
    assert refusal(made, request(query=data), run).code is errors.SignatureNonceUsed


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://strange.example"}, {"sec_fetch_site": "cross-site"}, {"origin": "null"}],
)
def test_pages_of_strangers_can_not_use_the_well_known_key(headers: dict, run: Run) -> None:
    assert refusal(front(), request(body=signed(), **headers), run).code is errors.AccessForbidden
    assert read(front(guarded=False), request(body=signed(), **headers), run).caller.kind == "root"


@pytest.mark.parametrize(
    "headers", [{"origin": "http://localhost:8000"}, {"sec_fetch_site": "none"}]
)
def test_pages_of_this_machine_can(headers: dict, run: Run) -> None:
    assert read(front(), request(body=signed(), **headers), run).caller.kind == "root"


def test_a_body_has_a_limit(run: Run) -> None:
    huge = request(body=b"a=" + b"x" * (256 << 10))
    assert refusal(front(), huge, run).code is errors.EntityTooLarge


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
def test_get_and_post_alone(method: str, run: Run) -> None:
    assert refusal(front(), request(method), run).code is errors.MethodNotAllowed


def test_refusals_have_every_element_in_both_formats() -> None:
    asked = request(host="sts.aliyuncs.com")
    asked.note.parameters = {"Format": "json"}
    answer = front().error(errors.AccessDenied("no <you>"), asked, "R")
    said = json.loads(answer.body)
    assert answer.status == 403
    assert said == {
        "RequestId": "R", "HostId": "sts.aliyuncs.com", "Code": "NoPermission",
        "Message": "no <you>", "Recommend": "https://api.aliyun.com/troubleshoot?q=NoPermission",
    }  # fmt: skip
    asked.note.parameters = {"Format": "XML"}
    root = ElementTree.fromstring(front().error(errors.AccessDenied("no <you>"), asked, "R").body)
    assert root.tag == "Error"
    assert {node.tag: node.text for node in root} == said


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (errors.InvalidAccessKeyId(), "InvalidAccessKeyId.NotFound", 404),
        (errors.InvalidAccessKeyId("The OSS Access Key Id you provided is disabled."),
         "InvalidAccessKeyId.Inactive", 400),
        (errors.InvalidSecurityToken(), "InvalidSecurityToken.Malformed", 400),
        (errors.SecurityTokenExpired(), "InvalidSecurityToken.Expired", 400),
        (errors.AccessKeyIdAndSecurityTokenNotMatch(),
         "InvalidSecurityToken.MismatchWithAccessKey", 400),
        (errors.SignatureDoesNotMatch(), "SignatureDoesNotMatch", 400),
        (errors.InternalError(), "InternalError", 500),
    ],
)  # fmt: skip
def test_refusals_in_the_words_of_this_dialect(error: ServiceError, code: str, status: int) -> None:
    asked = request()
    asked.note.parameters = {}
    answer = front().error(error, asked, "R")
    assert (json.loads(answer.body)["Code"], answer.status) == (code, status)


def test_results_leave_out_what_is_not_there() -> None:
    asked = request()
    asked.note.parameters = {}
    operation = CALLS["2015-04-01", "GetCallerIdentity"]
    result = CallerIdentity("1", "Account", "1", "arn")
    said = json.loads(front().encode(operation, result, asked).body)
    assert said.keys() == {"RequestId", "AccountId", "IdentityType", "PrincipalId", "Arn"}
    asked.note.parameters = {"Format": "XML"}
    body = front().encode(operation, result, asked).body
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<GetCallerIdentityResponse>')


def test_every_operation_has_its_own_counters() -> None:
    assert [entry.index for entry in OPERATIONS] == list(range(len(OPERATIONS)))
