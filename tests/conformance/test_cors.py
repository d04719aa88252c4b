"""PutBucketCors, GetBucketCors, DeleteBucketCors and OptionObject, through both Python clients."""

import alibabacloud_oss_v2 as oss
import oss2
import pytest
from oss2.exceptions import NoSuchCors, ServerError
from oss2.models import BucketCors, CorsRule

from tests.conformance.raw import ask
from tests.support import KEY_ID, REGION, SECRET, Answer, Server

PAGE = "https://app.example.com"
STRANGER = "https://evil.example.com"
POSTS_AND_PUTS = (
    f"<CORSConfiguration><CORSRule><AllowedOrigin>{PAGE}</AllowedOrigin>"
    "<AllowedMethod>POST</AllowedMethod>"
    "<AllowedMethod>PUT</AllowedMethod></CORSRule></CORSConfiguration>"
)


@pytest.fixture(params=["v1", "v4"])
def first(request: pytest.FixtureRequest, server: Server, bucket: oss2.Bucket) -> oss2.Bucket:
    """The first client, with either signature."""
    auth = {"v1": oss2.Auth, "v4": oss2.AuthV4}[request.param](KEY_ID, SECRET)
    return oss2.Bucket(auth, server.endpoint, bucket.bucket_name, region=REGION)


@pytest.fixture(params=["v1", "v4"])
def second(request: pytest.FixtureRequest, server: Server) -> oss.Client:
    """The second client, with either signature."""
    made = oss.config.load_default()
    made.credentials_provider = oss.credentials.StaticCredentialsProvider(KEY_ID, SECRET)
    made.region, made.endpoint, made.signature_version = REGION, server.endpoint, request.param
    return oss.Client(made)


def test_rules_through_the_first_client(first: oss2.Bucket) -> None:
    with pytest.raises(NoSuchCors):
        first.get_bucket_cors()
    rules = [
        CorsRule([PAGE, "http://*.b"], ["GET", "PUT"], ["x-*"], ["ETag", "x-oss-request-id"], 100),
        CorsRule(["*"], ["HEAD"]),
    ]
    for vary in (True, False):
        first.put_bucket_cors(BucketCors(rules, vary))
        found = first.get_bucket_cors()
        assert found.response_vary is vary
        assert [vars(rule) for rule in found.rules] == [vars(rule) for rule in rules]
    with pytest.raises(ServerError, check=lambda error: error.code == "InvalidArgument"):
        first.put_bucket_cors(BucketCors([CorsRule(["*"], ["PATCH"])]))
    first.delete_bucket_cors()
    with pytest.raises(NoSuchCors):
        first.get_bucket_cors()


def test_rules_and_preflights_through_the_second_client(
    second: oss.Client, bucket: oss2.Bucket
) -> None:
    name = bucket.bucket_name
    rules = [oss.CORSRule([PAGE], ["PUT", "GET"], ["X-Oss-Test"], ["ETag", "x-a"], 60)]
    given = oss.CORSConfiguration(rules, True)
    second.put_bucket_cors(oss.PutBucketCorsRequest(bucket=name, cors_configuration=given))
    found = second.get_bucket_cors(oss.GetBucketCorsRequest(bucket=name)).cors_configuration
    assert found.response_vary is True
    assert vars(found.cors_rules[0]) == vars(rules[0]) | {"allowed_headers": ["x-oss-test"]}
    asked = {"origin": PAGE, "access_control_request_headers": "x-oss-test"}
    request = oss.OptionObjectRequest(
        bucket=name, key="dir/a", access_control_request_method="PUT", **asked
    )
    allowed = second.option_object(request)
    assert allowed.access_control_allow_origin == PAGE
    assert allowed.access_control_allow_methods == "PUT, GET"
    assert allowed.access_control_allow_headers == "x-oss-test"
    assert allowed.access_control_expose_headers == "ETag, x-a"
    assert str(allowed.access_control_max_age) == "60"
    assert allowed.headers["Vary"] == "Origin"
    second.delete_bucket_cors(oss.DeleteBucketCorsRequest(bucket=name))
    with pytest.raises(oss.exceptions.OperationError) as caught:
        second.option_object(request)
    error = caught.value.unwrap()
    assert (error.status_code, error.code) == (403, "AccessForbidden")
    with pytest.raises(oss.exceptions.OperationError) as caught:
        second.get_bucket_cors(oss.GetBucketCorsRequest(bucket=name))
    assert caught.value.unwrap().code == "NoSuchCORSConfiguration"


# -- pages that nobody asked in -----------------------------------------------------------------


@pytest.fixture
def name(bucket: oss2.Bucket) -> str:
    """A bucket of a store with the development keys."""
    return bucket.bucket_name


def preflight(server: Server, path: str, origin: str, method: str = "PUT") -> Answer:
    headers = {"origin": origin, "access-control-request-method": method}
    return ask(server, "OPTIONS", path, headers)


def test_a_page_of_another_origin_needs_a_rule(server: Server, name: str) -> None:
    """All the world knows the development keys."""
    rules = {"cors": ""}
    written = (name, "key")
    assert server.request("PUT", *written, body=b"ours").status == 200
    for headers in ({"origin": PAGE}, {"origin": "null"}, {"origin": ""}):
        for method, body in (("GET", None), ("PUT", b"theirs"), ("DELETE", None)):
            answer = server.request(method, *written, body=body, headers=headers)
            assert (answer.status, answer.code) == (403, "AccessForbidden"), (method, headers)
        for path in ("", f"/{name}-new"):
            answer = server.request("PUT", path[1:], headers=headers)
            assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert server.request("GET", *written).body == b"ours"
    assert server.request("PUT", name, query=rules, body=POSTS_AND_PUTS.encode()).status == 200
    answer = server.request("PUT", *written, body=b"theirs", headers={"origin": PAGE})
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    for method, origin in (("GET", PAGE), ("DELETE", PAGE), ("PUT", STRANGER), ("PUT", "null")):
        answer = server.request(method, *written, body=b"", headers={"origin": origin})
        assert (answer.status, answer.code) == (403, "AccessForbidden"), (method, origin)
        assert "access-control-allow-origin" not in answer.headers
    assert server.request("GET", *written).body == b"theirs"
    assert server.request("DELETE", name, query=rules).status == 204
    answer = server.request("PUT", *written, body=b"late", headers={"origin": PAGE})
    assert answer.code == "AccessForbidden"


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"]
)
def test_a_form_that_asks_nobody_first_is_refused(server: Server, name: str, kind: str) -> None:
    """Browsers send such a POST without a preflight."""
    headers = {"origin": STRANGER, "content-type": kind}
    for path in (f"/{name}", f"/{name}/key?append&position=0", "/"):
        answer = ask(server, "POST", path, headers, b"--b--\r\n")
        assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert server.request("GET", name, "key").code == "NoSuchKey"


def test_preflights_follow_the_rules_alone(server: Server, name: str) -> None:
    for origin in (PAGE, "http://127.0.0.1:8000"):
        answer = preflight(server, f"/{name}/key", origin)
        assert (answer.status, answer.code) == (403, "AccessForbidden")
    body = POSTS_AND_PUTS.encode()
    assert server.request("PUT", name, query={"cors": ""}, body=body).status == 200
    assert preflight(server, f"/{name}/key", PAGE).status == 200
    assert preflight(server, f"/{name}", PAGE, "POST").status == 200
    assert preflight(server, f"/{name}/key?Signature=x&acl", PAGE).status == 200
    for more in ((STRANGER,), (PAGE, "GET"), ("http://127.0.0.1:8000",)):
        assert preflight(server, f"/{name}/key", *more).code == "AccessForbidden"
    assert preflight(server, "/t-there-is-no-such-bucket/key", PAGE).code == "NoSuchBucket"


def test_pages_of_this_machine_are_heard_but_may_not_read_without_a_rule(
    server: Server, name: str
) -> None:
    for origin in ("http://127.0.0.1:8000", "http://app.localhost"):
        answer = server.request("PUT", name, "key", body=b"1", headers={"origin": origin})
        assert answer.status == 200
        assert "access-control-allow-origin" not in answer.headers
