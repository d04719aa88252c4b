"""What pages of other origins may do with a bucket, in a real browser.

The rule is that of the vendor's tutorial on uploads from a browser: POST, PUT and GET from all
origins, with all headers, and no header of answers is shown. Pages come from this machine, as the
tutorial's do, and from a stranger's, against which the development keys are guarded.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import oss2
import pytest
from playwright.sync_api import Page

from tests.conformance.cloud import TRUST_ACCOUNT, Cloud
from tests.conformance.raw import ask
from tests.conformance.test_ali_oss import PROGRAM
from tests.integrations.browser.visit import Visit, site
from tests.support import KEY_ID, REGION, SECRET, Server

RULE = """<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>
<AllowedMethod>POST</AllowedMethod><AllowedMethod>PUT</AllowedMethod>
<AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader>%s</CORSRule></CORSConfiguration>"""
pytestmark = pytest.mark.slow
PAGE = b'<!doctype html><link rel="icon" href="data:,"><script src="/sdk.js"></script>'
BLOCKED = "has been blocked by CORS policy"

POST = """async (url, fields, text) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new File([text], 'name.txt', { type: 'text/plain' }));
  const answer = await fetch(url, { method: 'POST', body: form });
  return [answer.ok, answer.status, (await answer.text()).match(/<Code>([^<]*)/)?.[1] ?? ''];
}"""
ASK = """async (url, method, headers, body) => {
  const answer = await fetch(url, { method, headers, body, cache: 'no-store' });
  return [answer.status, await answer.text(), answer.headers.get('etag')];
}"""
PUT = """async (options, key, text) => {
  const client = new OSS(options);
  const done = await client.put(key, new Blob([text], { type: 'text/plain' }));
  return [done.res.status, done.name];
}"""
MULTIPART = """async (options, key, size) => {
  const client = new OSS(options);
  const file = new File([new Uint8Array(size).fill(97)], 'large.bin');
  try {
    const done = await client.multipartUpload(key, file, { partSize: 102400, parallel: 2 });
    return [done.res.status, done.name];
  } catch (error) {
    return error.message;
  }
}"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A site with the vendor's client for browsers."""
    folder = Path(PROGRAM.built()[1]).parent
    sdk = folder / "node_modules" / "ali-oss" / "dist" / "aliyun-oss-sdk.min.js"
    files = {"/": ("text/html", PAGE), "/sdk.js": ("text/javascript", sdk.read_bytes())}
    with site(files) as found:
        yield found


@pytest.fixture(params=["127.0.0.1", "app.stranger.test"])
def visit(request: pytest.FixtureRequest, port: int, page: Page) -> Iterator[Visit]:
    """Somebody on a page of a site; what the page's console says is all expected."""
    made = Visit(page, f"http://{request.param}:{port}/")
    made.heard()
    yield made
    made.heard()
    assert {host for host in made.asked if not host.endswith(".localhost")} == {request.param}


@pytest.fixture
def name(server: Server, bucket_name: str) -> str:
    """A bucket without rules."""
    assert server.request("PUT", bucket_name).status == 200
    return bucket_name


@pytest.fixture
def open_name(server: Server, name: str) -> str:
    """A bucket with the tutorial's rule."""
    allow(server, name)
    return name


def allow(server: Server, name: str, more: str = "") -> None:
    body = (RULE % more).encode()
    assert server.request("PUT", name, query={"cors": ""}, body=body).status == 200


def form(name: str, key: str, more: dict[str, str] | None = None, secret: str = SECRET):
    """The fields of a form with a signature of the first version."""
    expiration = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    policy = {"expiration": expiration, "conditions": [{"bucket": name}]}
    text = base64.b64encode(json.dumps(policy).encode())
    sign = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha1).digest()).decode()
    return {
        "key": key, "OSSAccessKeyId": KEY_ID, "policy": text.decode(), "signature": sign,
        **(more or {}),
    }  # fmt: skip


def address(server: Server, name: str, key: str = "") -> str:
    return f"http://{name}.localhost:{server.port}/{key}"


def presigned(server: Server, name: str, method: str, key: str, **headers: str) -> str:
    """A signed URL, at a host of the bucket's."""
    signer = oss2.Bucket(oss2.AuthV4(KEY_ID, SECRET), server.endpoint, name, region=REGION)
    url = signer.sign_url(method, key, 600, headers=headers, slash_safe=True)
    return url.replace(f"{server.endpoint}/{name}/", address(server, name))


def preflights(server: Server) -> int:
    """How many there were so far."""
    lines = ask(server, "GET", "/-/metrics").body.decode().splitlines()
    wanted = ("mossbox_requests_total", 'operation="OptionObject"')
    found = [line for line in lines if all(part in line for part in wanted)]
    return sum(int(float(line.split()[-1])) for line in found)


def test_a_form_is_posted_and_its_answer_read(server: Server, visit: Visit, open_name: str) -> None:
    url, before = address(server, open_name), preflights(server)
    for fields, expected in (
        (form(open_name, "a", {"success_action_status": "200"}), [True, 200, ""]),
        (form(open_name, "b"), [True, 204, ""]),
        (form(open_name, "c", secret="wrong"), [False, 403, "SignatureDoesNotMatch"]),
        (form(open_name, "a", {"x-oss-forbid-overwrite": "true"}),
         [False, 409, "FileAlreadyExists"]),
    ):  # fmt: skip
        assert visit.run(POST, url, fields, "hello") == expected
    assert preflights(server) == before
    for key in "ab":
        assert server.request("GET", open_name, key).body == b"hello"
    assert server.request("GET", open_name, "c").status == 404
    visit.heard("status of 403", "status of 409")


def test_a_signed_url_is_put_after_a_preflight(
    server: Server, visit: Visit, open_name: str
) -> None:
    kind = {"Content-Type": "text/markdown"}
    url = presigned(server, open_name, "PUT", "dir/a.md", **kind)
    status, _, etag = visit.run(ASK, url, "PUT", kind, "# hello")
    assert (status, etag) == (200, None)  # which no rule exposes
    got = server.request("GET", open_name, "dir/a.md")
    assert (got.body, got.headers["content-type"]) == (b"# hello", "text/markdown")
    url = presigned(server, open_name, "GET", "dir/a.md")
    assert visit.run(ASK, url, "GET", {}, None) == [200, "# hello", None]
    part = visit.run(ASK, url, "GET", {"Range": "bytes=0-0"}, None)
    assert part == [206, "#", None]
    wrong = visit.run(ASK, url + "x", "GET", {}, None)
    assert wrong[0] == 403
    assert "SignatureDoesNotMatch" in wrong[1]
    visit.heard("status of 403")


@pytest.fixture(scope="module")
def session(server: Server) -> Cloud:
    """A temporary key."""
    root, name = Cloud(server), f"page-{os.urandom(6).hex()}"
    root("CreateRole", role_name=name, assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", name)
    caller = root.user(name)
    root.attach("AliyunSTSAssumeRoleAccess", "User", name)
    return caller.assume(name)


@pytest.fixture
def options(server: Server, session: Cloud, bucket_name: str) -> dict[str, object]:
    """What the vendor's client needs to use the bucket."""
    return {
        "region": f"oss-{REGION}", "endpoint": f"http://localhost:{server.port}",
        "bucket": bucket_name, "accessKeyId": session.key_id,
        "accessKeySecret": session.secret, "stsToken": session.token,
        "refreshSTSTokenInterval": 3_600_000,
    }  # fmt: skip


def test_the_vendors_client_puts_with_a_token(
    server: Server, visit: Visit, options: dict[str, object], open_name: str
) -> None:
    for v4, key in ((False, "dir/1.txt"), (True, "dir/4.txt")):
        before = preflights(server)
        assert visit.run(PUT, {**options, "authorizationV4": v4}, key, "by token") == [200, key]
        got = server.request("GET", open_name, key)
        assert (got.body, got.headers["content-type"]) == (b"by token", "text/plain")
        assert preflights(server) == before + 1


def test_the_vendors_client_needs_to_read_the_tags_of_parts(
    server: Server, visit: Visit, options: dict[str, object], open_name: str
) -> None:
    size = 250_000
    assert "Please set the etag of expose-headers" in visit.run(MULTIPART, options, "large", size)
    assert server.request("GET", open_name, "large").status == 404
    allow(server, open_name, "<ExposeHeader>ETag</ExposeHeader>")
    assert visit.run(MULTIPART, options, "large", size) == [200, "large"]
    assert server.request("GET", open_name, "large").body == b"a" * size


def test_what_the_rule_does_not_name_is_refused(
    server: Server, visit: Visit, open_name: str
) -> None:
    assert server.request("PUT", open_name, "kept", body=b"1").status == 200
    for method in ("HEAD", "DELETE"):
        url = presigned(server, open_name, method, "kept")
        assert visit.run(ASK, url, method, {}, None) == "TypeError"
    assert server.request("GET", open_name, "kept").body == b"1"
    visit.heard(BLOCKED, "net::ERR_FAILED")


def test_a_bucket_without_a_rule_is_closed(
    server: Server, visit: Visit, options: dict[str, object], name: str
) -> None:
    url = presigned(server, name, "PUT", "a")
    assert visit.run(ASK, url, "PUT", {}, "x") == "TypeError"
    assert visit.run(ASK, presigned(server, name, "GET", "a"), "GET", {}, None) == "TypeError"
    assert visit.run(PUT, options, "b", "x") != [200, "b"]
    assert visit.run(POST, address(server, name), form(name, "c"), "x") == "TypeError"
    assert [server.request("GET", name, key).status for key in "ab"] == [404, 404]
    # A form asks nobody first. A page of this machine is heard as on the cloud, and reads nothing.
    written = server.request("GET", name, "c").status == 200
    assert written == ("stranger" not in visit.page.url)
    visit.heard(BLOCKED, "net::ERR_FAILED")
