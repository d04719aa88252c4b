"""The server's own pages, and what protects a developer's store from web pages."""

from collections.abc import Iterator

import pytest

from tests.reliability.raw import HEALTH, connect, until
from tests.support import Server

EVIL = "http://evil.example"


def get(server: Server, path: str, *, method: str = "GET", host: str = "localhost", **more: str):
    """An unsigned request; further arguments are headers."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in more.items()]
    with connect(server) as peer:
        peer.send("\r\n".join([*lines, "", ""]).encode())
        return peer.answer(method)


@pytest.mark.parametrize(("path", "text"), [("/-/health", b"ok\n"), ("/-/ready", b"ready\n")])
def test_health_and_readiness(server: Server, path: str, text: bytes) -> None:
    answer = get(server, path)
    assert (answer.status, answer.body) == (200, text)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["server"] == "AliyunOSS"
    assert len(answer.headers["x-oss-request-id"]) == 24
    assert get(server, path, method="HEAD").headers["content-length"] == str(len(text))


def test_metrics_count_what_happens(server: Server, bucket_name: str) -> None:
    server.request("PUT", bucket_name)
    server.request("PUT", bucket_name, "k", body=b"hello")
    server.request("GET", bucket_name, "k")
    server.request("GET", bucket_name, "none")
    with connect(server) as peer:
        peer.send(b"nonsense\r\n\r\n")
        peer.answer()
    answer = get(server, "/-/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = dict(
        line.rsplit(" ", 1)
        for line in answer.body.decode().splitlines()
        if not line.startswith("#")
    )
    for name in (
        'mossbox_requests_total{operation="PutObject",outcome="success"}',
        'mossbox_requests_total{operation="GetObject",outcome="success"}',
        'mossbox_requests_total{operation="GetObject",outcome="client_error"}',
        'mossbox_requests_total{operation="none",outcome="client_error"}',
        'mossbox_request_seconds_count{operation="PutBucket"}',
    ):
        assert float(samples[name]) >= 1, name
    assert float(samples['mossbox_body_bytes_total{direction="in",operation="PutObject"}']) >= 5


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/-/health", "POST", 405, "MethodNotAllowed"),
        ("/-/health", "DELETE", 405, "MethodNotAllowed"),
        ("/-/", "GET", 404, "NoSuchPage"),
        ("/-/health/x", "GET", 404, "NoSuchPage"),
        ("/-/healthy", "GET", 404, "NoSuchPage"),
        ("/-", "GET", 400, "InvalidBucketName"),
    ],
)
def test_what_is_no_page(server: Server, path: str, method: str, status: int, code: str) -> None:
    answer = get(server, path, method=method)
    assert (answer.status, answer.code) == (status, code)


def test_on_a_buckets_host_the_address_is_a_key(server: Server, bucket_name: str) -> None:
    server.request("PUT", bucket_name, headers={"x-oss-acl": "public-read"})
    host = f"{bucket_name}.localhost"
    assert get(server, "/-/health", host=host).code == "NoSuchKey"
    server.request("PUT", bucket_name, "-/health", body=b"a key like others")
    assert get(server, "/-/health", host=host).body == b"a key like others"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.evil.example", "localhost.evil.example", "192.0.2.1", "oss.com"],
)
@pytest.mark.parametrize("path", ["/", "/-/health", "/bucket/key"])
def test_with_the_well_known_keys_strange_hosts_are_refused(
    server: Server, host: str, path: str
) -> None:
    answer = get(server, path, host=host)
    if path == "/-/health":  # says nothing that anybody could use
        assert answer.status in (200, 421)
    else:
        assert (answer.status, answer.code) == (421, "MisdirectedRequest")


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:9000", "127.0.0.1", "[::1]:9000", "oss-cn-hangzhou.aliyuncs.com",
     "oss-eu-central-1-internal.aliyuncs.com", "oss-cn-beijing.localhost"],
)  # fmt: skip
def test_hosts_that_are_ours(server: Server, host: str) -> None:
    assert get(server, "/-/health", host=host).body == b"ok\n"
    assert get(server, "/", host=host).code == "AccessDenied"


@pytest.mark.parametrize(
    "origin", [EVIL, "null", "http://127.evil.example", "http://localhost.evil.example", "", "x"]
)
def test_with_the_well_known_keys_strange_pages_are_refused(
    server: Server, bucket_name: str, origin: str
) -> None:
    answer = server.request("PUT", bucket_name, headers={"origin": origin})
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert server.request("GET", bucket_name).code == "NoSuchBucket"


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "http://127.0.0.1:9001", "http://[::1]", "http://a.localhost"],
)
def test_pages_of_this_machine_are_not(server: Server, bucket_name: str, origin: str) -> None:
    assert server.request("PUT", bucket_name, headers={"origin": origin}).status == 200


@pytest.fixture(scope="module")
def own_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with keys of its own and a token for its metrics."""
    environment = {
        "MOSSBOX_ACCESS_KEY_ID": "mine",
        "MOSSBOX_ACCESS_KEY_SECRET": "a-secret-of-my-own",
        "MOSSBOX_METRICS_TOKEN": "a-token-for-metrics",
    }
    with Server(tmp_path_factory.mktemp("own"), environment=environment) as running:
        yield running


def test_with_keys_of_ones_own_nobody_is_turned_away(own_keys: Server) -> None:
    assert get(own_keys, "/-/health", host="store.example").status == 200
    assert get(own_keys, "/", host="store.example", origin=EVIL).code == "AccessDenied"
    signed = {"key_id": "mine", "secret": "a-secret-of-my-own"}
    assert own_keys.request("GET", host="store.example", **signed).status == 200
    assert own_keys.request("GET").code == "InvalidAccessKeyId"


@pytest.mark.parametrize("given", ["", "Bearer wrong", "Bearer ", "a-token", "Bearer \xe4"])
def test_metrics_need_their_token(own_keys: Server, given: str) -> None:
    more = {"authorization": given} if given else {}
    assert get(own_keys, "/-/metrics", **more).code == "AccessDenied"


def test_metrics_with_their_token(own_keys: Server) -> None:
    answer = get(own_keys, "/-/metrics", authorization="Bearer a-token-for-metrics")
    assert answer.status == 200
    assert b"mossbox_connections" in answer.body


def test_no_secret_is_ever_written(own_keys: Server) -> None:
    signed = {"key_id": "mine", "secret": "a-secret-of-my-own"}
    own_keys.request("PUT", "secrets", **signed)
    query = {
        "Signature": "SIGNED",
        "OSSAccessKeyId": "mine",
        "Expires": "1",
        "security-token": "T0KEN",
    }
    own_keys.request("GET", "secrets", query=query, sign=False)
    get(own_keys, "/-/metrics", authorization="Bearer a-token-for-metrics")
    with connect(own_keys) as peer:
        peer.send(HEALTH)
        peer.answer()
    until(lambda: "Expires=1" in own_keys.access, "the access line")
    written = own_keys.log + own_keys.access
    for secret in ("a-secret-of-my-own", "a-token-for-metrics", "SIGNED", "T0KEN"):
        assert secret not in written


def test_a_strange_host_gets_no_page(server: Server) -> None:
    for page in ("health", "ready", "metrics"):
        answer = server.request("GET", "-", page, sign=False, host="evil.example")
        assert (answer.status, answer.code) == (421, "MisdirectedRequest")


def test_the_date_is_never_behind_what_was_just_kept(server: Server, bucket_name: str) -> None:
    server.request("PUT", bucket_name)
    for number in range(30):  # over more than a second the date was behind at times
        put = server.request("PUT", bucket_name, f"k{number}", body=b"x")
        headers = {"if-modified-since": put.headers["date"]}
        assert server.request("GET", bucket_name, f"k{number}", headers=headers).status == 304
