"""What form policies allow and forbid: the documents' own, and every way to break one.

The numbers are those of the project's checklist of refusals.
"""

import base64
import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import forms
from tests.conformance.cloud import TRUST_ACCOUNT, Cloud
from tests.conformance.forms import BOUNDARY, File, body, encoded, policy, post, send, signed
from tests.reliability.raw import until
from tests.support import KEY_ID, SECRET, Answer, Server

DIR = "user-dir-prefix/"
RANGE = ["content-length-range", 0, 1048576000]
PREFIX = ["starts-with", "$key", DIR]
OK = ["eq", "$success_action_status", "200"]


@pytest.fixture(scope="module")
def session(server: Server) -> Cloud:
    """A session of a role that may do everything in OSS."""
    root = Cloud(server)
    name = f"poster-{os.urandom(6).hex()}"
    root("CreateRole", role_name=name, assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", name)
    caller = root.user(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)
    return caller.assume(name)


def stored(server: Server, bucket: str) -> bool:
    """Whether a bucket holds anything."""
    return "<Contents>" in server.request("GET", bucket).body.decode()


def files(server: Server) -> set[Path]:
    """What lies on the disk beside the database."""
    return {path for path in (server.data / "blobs").rglob("*") if path.is_file()}


def refused(server: Server, bucket: str, answer: Answer, status: int, code: str) -> str:
    """The message of a refusal that left nothing behind."""
    assert (answer.status, answer.code) == (status, code), answer
    assert answer.element("RequestId") == answer.headers["x-oss-request-id"]
    assert not stored(server, bucket)
    return answer.element("Message")


# -- the documents' own policies -----------------------------------------------------------------

EXPIRATIONS = {"whole": "%Y-%m-%dT%H:%M:%SZ", "thousandths": "%Y-%m-%dT%H:%M:%S.000Z",
               "millionths": "%Y-%m-%dT%H:%M:%S.000000Z"}  # fmt: skip

V1: dict[str, tuple[str, Callable[[str], list[Any]]]] = {
    "Java": ("thousandths", lambda _: [RANGE, PREFIX]),
    "Node.js": ("thousandths", lambda bucket: [RANGE, {"bucket": bucket}]),
    "Python": ("whole", lambda _: [OK, PREFIX, ["content-length-range", 1, 1000000],
                                   ["in", "$content-type", ["image/jpg", "image/png"]]]),
    "Go": ("whole", lambda _: [PREFIX]),
    "PHP": ("whole", lambda _: [RANGE, PREFIX]),
    "Ruby": ("whole", lambda _: [PREFIX]),
    "C#": ("thousandths", lambda _: [RANGE]),
    "none": ("whole", lambda _: []),
}  # fmt: skip


def written(name: str, document: dict[str, Any]) -> str:
    """A policy as that language writes JSON."""
    if name == "Java":
        return json.dumps(dict(reversed(document.items())), separators=(",", ":"))
    text = json.dumps(document, separators=(",", ":") if name != "Ruby" else (", ", ": "))
    return text.replace("/", "\\/") if name == "PHP" else text


def date(kind: str, in_s: float = 3600) -> str:
    return time.strftime(EXPIRATIONS[kind], time.gmtime(time.time() + in_s))


@pytest.mark.parametrize("name", V1)
def test_the_first_documents_policies(server: Server, named: str, name: str) -> None:
    """With the fields of its page, in the page's order."""
    kind, conditions = V1[name]
    document = {"expiration": date(kind), "conditions": conditions(named)}
    proof = signed("v1", encoded(written(name, document)))
    form = body(
        ("name", "photo.png"), ("policy", proof["policy"]),
        ("OSSAccessKeyId", proof["OSSAccessKeyId"]), ("success_action_status", "200"),
        ("signature", proof["Signature"]), ("key", f"{DIR}photo.png"), File(),
    )  # fmt: skip
    answer = send(server, named, form)
    assert (answer.status, answer.body) == (200, b"")
    assert server.request("GET", named, f"{DIR}photo.png").body == b"the file"


V4: dict[str, tuple[str, tuple[str, ...], list[Any]]] = {
    "Java": ("thousandths", ("bucket", "token", "version", "credential", "date"),
             [["content-length-range", 1, 10240000], OK, ["starts-with", "$key", DIR]]),
    "Python": ("thousandths", ("version", "credential", "token", "date"), [OK]),
    "Node.js": ("thousandths", ("bucket", "credential", "version", "date", "token"), []),
    "Go": ("thousandths", ("bucket", "version", "credential", "date", "token"), []),
    "PHP": ("millionths", ("version", "credential", "token", "date"), []),
}  # fmt: skip
FIELDS = {"version": "x-oss-signature-version", "credential": "x-oss-credential",
          "token": "x-oss-security-token", "date": "x-oss-date", "bucket": "bucket"}  # fmt: skip


def proven(session: Cloud, bucket: str, document: dict[str, Any], name: str = "",
           shift_s: float = 0) -> dict[str, str]:  # fmt: skip
    """Fields of a V4 form with a token, whose policy names them by ``None`` values."""
    who = {"key_id": session.key_id, "secret": session.secret, "token": session.token}
    said = {**signed("v4", "e30=", shift_s=shift_s, **who), "bucket": bucket}  # type: ignore[arg-type]
    for condition in document["conditions"]:
        if isinstance(condition, dict):
            (field,) = condition
            condition[field] = said[field]
    return signed("v4", encoded(written(name, document)), shift_s=shift_s, **who)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", V4)
def test_the_second_documents_policies(
    server: Server, named: str, session: Cloud, name: str
) -> None:
    """The same, with V4 and a token; Node.js dates its form ten minutes ahead."""
    kind, simple, more = V4[name]
    conditions = [{FIELDS[field]: None} for field in simple] + more
    document = {"expiration": date(kind, 3 * 3600), "conditions": conditions}
    ahead_s = 600 if name == "Node.js" else 0
    given = proven(session, named, document, name, ahead_s)
    form = body(
        ("success_action_status", "200"), ("policy", given["policy"]),
        ("x-oss-signature", given["x-oss-signature"]),
        ("x-oss-signature-version", "OSS4-HMAC-SHA256"),
        ("x-oss-credential", given["x-oss-credential"]), ("x-oss-date", given["x-oss-date"]),
        ("key", f"{DIR}photo.png"), ("x-oss-security-token", given["x-oss-security-token"]), File(),
    )  # fmt: skip
    assert send(server, named, form).status == 200
    assert server.request("GET", named, f"{DIR}photo.png").body == b"the file"


def test_the_types_of_the_first_documents_python(server: Server, named: str) -> None:
    """It says image/jpg, which no browser does."""
    text = policy(["in", "$content-type", ["image/jpg", "image/png"]])
    given = {"key": "k", **signed("v1", text)}
    for kind, status in (("image/png", 204), ("image/jpeg", 403), ("text/plain", 403)):
        assert post(server, named, given, File(kind=kind)).status == status, kind


TEN = [
    {"bucket": None}, {"x-oss-signature-version": None}, {"x-oss-credential": None},
    {"x-oss-security-token": None}, {"x-oss-date": None}, ["content-length-range", 1, 10],
    ["eq", "$success_action_status", "201"], ["starts-with", "$key", "user/eric/"],
    ["in", "$content-type", ["image/jpeg", "image/png"]],
    ["not-in", "$cache-control", ["no-cache"]],
]  # fmt: skip


def ten(session: Cloud, bucket: str) -> dict[str, str]:
    """A form under the document's example of every condition."""
    conditions = [dict(one) if isinstance(one, dict) else one for one in TEN]
    document = {"expiration": date("thousandths"), "conditions": conditions}
    given = {"success_action_status": "201", "key": "user/eric/a.png"}
    return {**given, **proven(session, bucket, document)}


def test_the_documents_ten_conditions(server: Server, named: str, session: Cloud) -> None:
    answer = post(server, named, ten(session, named), File(b"\x89PNG\n"))
    assert (answer.status, answer.element("Key")) == (201, "user/eric/a.png")


BREAKS: dict[str, tuple[dict[str, str], File, int, str]] = {
    "status": ({"success_action_status": "200"}, File(b"12345"), 403, "AccessDenied"),
    "key": ({"key": "user/erica.png"}, File(b"12345"), 403, "AccessDenied"),
    "content-type": ({}, File(b"12345", kind="image/gif"), 403, "AccessDenied"),
    "no content-type": ({}, File(b"12345", kind=None), 403, "AccessDenied"),
    "cache-control": ({"Cache-Control": "no-cache"}, File(b"12345"), 403, "AccessDenied"),
    "low": ({}, File(b""), 400, "EntityTooSmall"),
    "high": ({}, File(b"12345678901"), 400, "EntityTooLarge"),
    "version": ({"x-oss-signature-version": "OSS2"}, File(b"12345"), 400, "InvalidArgument"),
    "token": ({"x-oss-security-token": "CAIS"}, File(b"12345"), 403, "InvalidSecurityToken"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_each_of_the_ten_broken_alone(
    server: Server, named: str, session: Cloud, name: str
) -> None:
    more, file, status, code = BREAKS[name]
    refused(server, named, post(server, named, ten(session, named) | more, file), status, code)


@pytest.mark.parametrize("number", range(5))
def test_each_of_the_first_five_broken_in_the_policy(
    server: Server, named: str, session: Cloud, number: int
) -> None:
    """47: what the form says of its signature is not what the policy says."""
    document = {"expiration": date("whole"), "conditions": [{next(iter(TEN[number])): None}]}
    proven(session, named, document)
    (field,) = document["conditions"][0]
    document["conditions"][0][field] += "x"  # type: ignore[index]
    who = {"key_id": session.key_id, "secret": session.secret, "token": session.token}
    given = signed("v4", encoded(json.dumps(document)), **who)  # type: ignore[arg-type]
    message = refused(
        server, named, post(server, named, {"key": "a", **given}), 403, "AccessDenied"
    )
    assert message.startswith("Invalid according to Policy: Policy Condition failed: {")


# -- the checklist -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_36_a_policy_that_has_expired(server: Server, named: str, version: str) -> None:
    text = policy(expiration=forms.expiry(-2))
    answer = post(server, named, {"key": "a", **signed(version, text)})
    message = refused(server, named, answer, 403, "AccessDenied")
    assert message == "Invalid according to Policy: Policy expired."


@pytest.mark.parametrize(
    "condition",
    [
        ["eq", "$key", "b"], {"key": "A"}, ["starts-with", "$key", "ab"], ["in", "$key", ["b"]],
        ["not-in", "$key", ["a"]], {"bucket": "another"}, ["eq", "$x-oss-object-acl", "private"],
        ["starts-with", "$x-oss-meta-a", "b"], ["eq", "$success_action_redirect", "http://a/"],
    ],
)  # fmt: skip
def test_37_a_condition_that_fails(server: Server, named: str, condition: object) -> None:
    answer = post(server, named, {"key": "a", **signed("v4", policy(condition))})
    message = refused(server, named, answer, 403, "AccessDenied")
    shown = json.dumps(condition, separators=(",", ":"))
    assert message == f"Invalid according to Policy: Policy Condition failed: {shown}"


@pytest.mark.parametrize("size", [0, 9, 101, 200_000])
def test_38_a_size_that_is_not_allowed(server: Server, named: str, size: int) -> None:
    given = {"key": "a", **signed("v1", policy(["content-length-range", "10", 100]))}
    code = "EntityTooSmall" if size < 10 else "EntityTooLarge"
    refused(server, named, post(server, named, given, File(bytes(size))), 400, code)


@pytest.mark.parametrize("size", [131_072 * 2, 3_000_000])
def test_38_a_size_that_shows_only_at_the_end(server: Server, named: str, size: int) -> None:
    """A form of a length that nobody told, whose file is already being written to the disk."""
    given = {"key": "a", **signed("v1", policy(["content-length-range", 1, size - 1]))}
    before = files(server)

    def chunks() -> Iterator[bytes]:
        data = body(*given.items(), File(os.urandom(size)))
        yield from (data[at : at + 65536] for at in range(0, len(data), 65536))

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    connection.request("POST", f"/{named}", chunks(), {"content-type": kind}, encode_chunked=True)
    got = connection.getresponse()
    answer = Answer(got.status, dict(got.getheaders()), got.read())
    connection.close()
    refused(server, named, answer, 400, "EntityTooLarge")
    until(lambda: files(server) <= before, "the file is gone")


def test_39_a_field_that_no_condition_names(server: Server, named: str) -> None:
    given = {"key": "a", "x-oss-meta-more": "b", "unheard": "c", **signed("v4", policy())}
    assert post(server, named, given).status == 204


def test_40_a_key_that_is_missing_or_late(server: Server, named: str) -> None:
    for parts in (
        [*signed("v1").items(), File()],
        [("key", ""), *signed("v1").items(), File()],
        [*signed("v1").items(), File(), ("key", "a")],
        [("key", "a"), *signed("v1").items(), File(), ("key", "a")],
    ):
        answer = send(server, named, body(*parts))
        message = refused(server, named, answer, 400, "InvalidArgument")
        assert message.startswith("The bucket POST must contain the specified 'key'.")


def test_40_two_files_or_none(server: Server, named: str) -> None:
    fields = [("key", "a"), *signed("v1").items()]
    for files in ([File(), File()], [File(bytes(200_000)), ("x", "y"), File(b"2")], []):
        answer = send(server, named, body(*fields, *files))
        refused(server, named, answer, 400, "IncorrectNumberOfFilesInPOSTRequest")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("application/json", "RequestIsNotMultiPartContent"),
        ("application/x-www-form-urlencoded", "RequestIsNotMultiPartContent"),
        ("multipart/mixed; boundary=x", "RequestIsNotMultiPartContent"),
        ("", "RequestIsNotMultiPartContent"),
        ("multipart/form-data", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=another", "MalformedPOSTRequest"),
    ],
)
def test_41_what_is_no_form(server: Server, named: str, kind: str, code: str) -> None:
    form = body(("key", "a"), *signed("v1").items(), File())
    refused(server, named, send(server, named, form, {"content-type": kind}), 400, code)


@pytest.mark.parametrize("size", [10, 300_000])
def test_41_a_form_that_ends_too_soon(server: Server, named: str, size: int) -> None:
    form = body(("key", "a"), *signed("v1").items(), File(bytes(size)), ("submit", "x"))
    for cut in (3, 5, 30, 60, 160, 170, len(form) - 100, len(form)):
        answer = send(server, named, form[:-cut])
        refused(server, named, answer, 400, "MalformedPOSTRequest")


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_42_signed_in_a_part_only(server: Server, version: str, open_bucket: str) -> None:
    """Even where nobody has to sign."""
    given = signed(version)
    for name in given:
        for fields in ({name: given[name]}, {k: v for k, v in given.items() if k != name}):
            answer = post(server, open_bucket, {"key": "a", **fields})
            refused(server, open_bucket, answer, 400, "InvalidArgument")


@pytest.fixture
def open_bucket(server: Server, named: str) -> str:
    """A bucket where anybody may write."""
    acl = {"x-oss-acl": "public-read-write"}
    assert server.request("PUT", named, query={"acl": ""}, headers=acl).status == 200
    return named


@pytest.mark.parametrize(
    "text",
    [
        "%%%", "e30=", encoded("no JSON"), encoded("[" * 4000), encoded('{"conditions":[]}'),
        encoded(json.dumps({"expiration": forms.expiry()})),
        encoded(json.dumps({"expiration": "soon", "conditions": []})),
        encoded(json.dumps({"expiration": "2031-01-01", "conditions": []})),
        policy({}), policy({"a": "1", "b": "2"}), policy(["in", "$content-type", "image/png"]),
        policy(["not-in", "$content-type", "image/png"]), policy(["eq", "key", "a"]), policy(123),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", ["v1", "v4"])
def test_43_what_is_no_policy(server: Server, named: str, version: str, text: str) -> None:
    answer = post(server, named, {"key": "a", **signed(version, text)})
    message = refused(server, named, answer, 400, "InvalidPolicyDocument")
    assert message.startswith("Invalid Policy: ")


def test_44_how_long_a_field_may_be(server: Server, named: str) -> None:
    fits = {"key": "a", "n" * 4: "x" * 8188, **signed("v1")}
    assert post(server, named, fits).status == 204
    for more in ({"n" * 4: "x" * 8189}, {"n" * 8200: ""}, {"x-oss-meta-a": "x" * 9000}):
        given = {"key": "b", **signed("v1"), **more}
        assert post(server, named, given).code == "FieldItemTooLong"
    large = {"key": "b", **signed("v1"), **{f"n{n}": "x" * 8000 for n in range(9)}}
    assert post(server, named, large).code == "MaxPOSTPreDataLengthExceededError"
    form = b"x" * 70_000 + b"\r\n" + body(("key", "b"), *signed("v1").items(), File())
    assert send(server, named, form).code == "MaxPOSTPreDataLengthExceededError"
    assert server.request("HEAD", named, "b").status == 404


def test_44_the_longest_token_fits(server: Server, named: str, session: Cloud) -> None:
    """With the longest session policy, a policy that names the token is still a field."""
    root = Cloud(server)
    name = f"longest-{os.urandom(6).hex()}"
    root("CreateRole", role_name=name, assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", name)
    caller = root.user(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)
    resources = [f"acs:oss:*:*:{named}/*", f"acs:oss:*:*:{named}/"]
    statement = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": resources}
    document = {"Version": "1", "Statement": [statement]}
    left = 2048 - len(json.dumps(document))
    resources[1] += base64.b64encode(os.urandom(2048), b"-_").decode()[:left]
    narrow = json.dumps(document)
    assert len(narrow) == 2048
    longest = caller.assume(name, policy=narrow)
    assert longest.token is not None
    assert len(longest.token) <= 4096
    given = ten(longest, named)
    assert len(given["policy"]) + len("policy") <= 8192
    assert post(server, named, given, File(b"12345")).status == 201
    assert post(server, named, ten(session, named), File(b"12345")).status == 201


# -- time ----------------------------------------------------------------------------------------


def test_how_far_ahead_a_form_may_be_dated(server: Server, named: str) -> None:
    for shift_s, status in ((14 * 60, 204), (-14 * 60, 204), (-3 * 3600, 204)):
        given = {"key": "a", **signed("v4", shift_s=shift_s)}
        assert post(server, named, given).status == status, shift_s
    answer = post(server, named, {"key": "b", **signed("v4", shift_s=16 * 60)})
    assert (answer.status, answer.code) == (403, "RequestTimeTooSkewed")


def test_the_scopes_day_is_that_of_the_date(server: Server, named: str) -> None:
    given = signed("v4")
    for other in ("19990101T000000Z", forms.timestamp(-86_400)):
        answer = post(server, named, {"key": "a", **given, "x-oss-date": other})
        refused(server, named, answer, 403, "SignatureDoesNotMatch")


def test_a_signature_that_does_not_match(server: Server, named: str) -> None:
    for version in forms.VERSIONS:
        given = signed(version)
        for wrong in (signed(version, secret="no"), {**given, "policy": policy(["eq", "$a", "b"])}):
            answer = post(server, named, {"key": "a", **wrong})
            refused(server, named, answer, 403, "SignatureDoesNotMatch")
            assert answer.element("StringToSign") == wrong["policy"]
            assert answer.element("OSSAccessKeyId") == KEY_ID
            assert answer.element("EC") == "0002-00000705"
            assert SECRET.encode() not in answer.body.replace(KEY_ID.encode(), b"")
