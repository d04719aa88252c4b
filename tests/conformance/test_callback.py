"""Upload callbacks: PutObject, PostObject and CompleteMultipartUpload, and a real receiver."""

import http.client
import json
import signal
import socket
import ssl
import struct
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import md5
from pathlib import Path
from typing import Any

import alibabacloud_oss_v2 as oss
import oss2
import pytest
import requests

from tests.conformance import forms
from tests.conformance.callbacks_and_urls import by_ali_oss
from tests.conformance.forms import File
from tests.receiver import OK, Receiver, http_answer, packed
from tests.support import KEY_ID, REGION, SECRET, Answer, Server

BODY = (
    "bucket=${bucket}&object=${object}&etag=${etag}&size=${size}&mimeType=${mimeType}&x=${x:my_var}"
)
DATA = b"hello"
GONE = "http://127.0.0.1:9"  # where nobody listens
ETAG = md5(DATA).hexdigest().upper()
VARIABLES = b64encode(json.dumps({"x:my_var": "for callback/test"}).encode()).decode()
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000280000001e00802000000") + bytes(100)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A store that may call back to this machine, and waits for half a second."""
    folder = tmp_path_factory.mktemp("callbacks")
    allowed = ("--egress-allow", "127.0.0.1", "--egress-allow", "localhost")
    with Server(folder, *allowed, "--callback-timeout-s", "0.5", workers=2) as running:
        running.request("PUT", "photos")
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def asking(url: str, **fields: Any) -> str:
    return packed(**{"callbackUrl": url, "callbackBody": BODY, **fields})


def put(server: Server, callback: str, key: str = "a b.txt", **headers: str) -> Answer:
    given = {"x-oss-callback": callback, "content-type": "text/plain", **headers}
    return server.request("PUT", "photos", key, body=DATA, headers=given)


def stored(server: Server, key: str = "a b.txt") -> bytes:
    return server.request("GET", "photos", key).body


def test_the_document_s_minimum_on_put(server: Server, receiver: Receiver) -> None:
    answer = put(server, asking(f"{receiver.url}/done%20here?a=b%20c"),
                 **{"x-oss-callback-var": VARIABLES})  # fmt: skip
    assert (answer.status, answer.body) == (200, OK)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"] == f'"{ETAG}"'
    assert answer.headers["x-oss-hash-crc64ecma"]
    (got,) = receiver.got
    assert got.path == "/done%20here?a=b%20c"
    assert got.verified
    assert got.body.decode() == (
        f"bucket=photos&object=a%20b.txt&etag={ETAG}&size=5&mimeType=text%2Fplain"
        "&x=for%20callback%2Ftest"
    )
    assert got.headers["content-type"] == "application/x-www-form-urlencoded"
    assert got.headers["content-md5"] == b64encode(md5(got.body).digest()).decode()
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["user-agent"] == "aliyun-oss-callback"
    assert got.headers["x-oss-bucket"] == "photos"
    assert got.headers["x-oss-owner"] == got.headers["x-oss-requester"] == "1000000000000001"
    assert got.headers["x-oss-request-id"] == answer.headers["x-oss-request-id"]
    assert stored(server) == DATA


def test_json_and_every_variable(server: Server, receiver: Receiver) -> None:
    names = (
        "bucket object etag size mimeType imageInfo.height imageInfo.width imageInfo.format crc64"
        " contentMd5 vpcId clientIp reqId operation x:my_var x:none"
    ).split()
    body = "{" + ",".join(f'"{name}":${{{name}}}' for name in names) + "}"
    callback = asking(
        receiver.url, callbackBody=body, callbackBodyType="application/json",
        callbackHost="named.test",
    )  # fmt: skip
    answer = put(server, callback, "ü.txt", **{"x-oss-callback-var": VARIABLES})
    assert answer.status == 200
    (got,) = receiver.got
    assert got.verified
    assert (got.path, got.headers["host"]) == ("/", "named.test")
    assert got.headers["content-type"] == "application/json"
    assert json.loads(got.body) == {
        "bucket": "photos", "object": "ü.txt", "etag": ETAG, "size": 5, "mimeType": "text/plain",
        "imageInfo.height": "", "imageInfo.width": "", "imageInfo.format": "",
        "crc64": answer.headers["x-oss-hash-crc64ecma"],
        "contentMd5": answer.headers["content-md5"], "vpcId": "", "clientIp": "127.0.0.1",
        "reqId": answer.headers["x-oss-request-id"], "operation": "PutObject",
        "x:my_var": "for callback/test", "x:none": "",
    }  # fmt: skip


@pytest.mark.parametrize("sse", ["", "AES256", "SM4"])
@pytest.mark.parametrize("size", [len(PNG), 300_000])
def test_what_a_picture_is(server: Server, receiver: Receiver, sse: str, size: int) -> None:
    """In the database or in a file, encrypted or not."""
    body = "${imageInfo.format} ${imageInfo.width} ${imageInfo.height}"
    headers = {"x-oss-callback": asking(receiver.url, callbackBody=body)}
    if sse:
        headers["x-oss-server-side-encryption"] = sse
    answer = server.request("PUT", "photos", "a.png", body=PNG.ljust(size, b"\0"), headers=headers)
    assert answer.status == 200
    assert receiver.got[0].body == b"png 640 480"


def test_the_url_may_ask_for_it(server: Server, receiver: Receiver) -> None:
    query = {"callback": asking(receiver.url), "callback-var": VARIABLES}
    answer = server.request("PUT", "photos", "in-url", query, DATA)
    assert (answer.status, answer.body) == (200, OK)
    assert receiver.got[0].body.endswith(b"&x=for%20callback%2Ftest")
    both = server.request("PUT", "photos", "both", query, DATA, {"x-oss-callback": asking("a")})
    assert (both.status, both.code) == (400, "InvalidArgument")
    assert both.element("EC") == "0007-00000027"
    query = {"callback-var": VARIABLES}
    both = server.request(
        "PUT", "photos", "both", query, DATA,
        {"x-oss-callback": asking(receiver.url), "x-oss-callback-var": VARIABLES},
    )  # fmt: skip
    assert (both.status, both.code) == (400, "InvalidArgument")
    assert stored(server, "both") != DATA


def complete(
    server: Server, key: str, headers: dict[str, str], more: Mapping[str, str] | None = None
) -> Answer:
    kind = {"content-type": "a/b"}
    # As Go's UploadFile: the callback stands in the first request too, where it means nothing.
    begun = server.request("POST", "photos", key, {"uploads": ""}, headers={**kind, **headers})
    query = {"uploadId": begun.element("UploadId")}
    tags = [
        server.request(
            "PUT", "photos", key, {"partNumber": str(n), **query}, part
        ).headers["etag"]
        for n, part in ((1, b"x" * 102_400), (2, DATA))
    ]  # fmt: skip
    parts = "".join(
        f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>"
        for n, tag in enumerate(tags, 1)
    )
    document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    return server.request("POST", "photos", key, {**query, **(more or {})}, document, headers)


def test_completing_an_upload(server: Server, receiver: Receiver) -> None:
    answer = complete(server, "whole", {
        "x-oss-callback": asking(receiver.url, callbackBody=f"{BODY}&op=${{operation}}"),
        "x-oss-callback-var": VARIABLES,
    })  # fmt: skip
    assert (answer.status, answer.body) == (200, OK)
    assert answer.headers["content-type"] == "application/json"
    tag = answer.headers["etag"].strip('"')
    assert tag.endswith("-2")
    (got,) = receiver.got
    assert got.verified
    assert got.body.decode() == (
        f"bucket=photos&object=whole&etag={tag}&size=102405&mimeType=a%2Fb"
        "&x=for%20callback%2Ftest&op=CompleteMultipartUpload"
    )
    in_url = complete(server, "in-url", {}, {"callback": asking(receiver.url)})
    assert (in_url.status, in_url.body) == (200, OK)
    assert b"object=in-url&" in receiver.got[1].body
    plain = complete(server, "plain", {})
    assert plain.headers["content-type"] == "application/xml"
    assert plain.element("Key") == "plain"


FILE = File(DATA, "a.txt", "text/plain")


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_a_form(server: Server, receiver: Receiver, version: str) -> None:
    callback = asking(receiver.url)
    policy = forms.policy({"bucket": "photos"}, {"callback": callback}, ["eq", "$x:my_var", "m&m"])
    given = {"key": "dir/${filename}", "callback": callback, "x:my_var": "m&m"}
    given |= forms.signed(version, policy)
    for status in ("", "201"):
        answer = forms.post(server, "photos", {**given, "success_action_status": status}, FILE)
        assert (answer.status, answer.body) == (200, OK)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["etag"] == f'"{ETAG}"'
    assert receiver.got[0].verified
    assert receiver.got[0].body.decode() == (
        f"bucket=photos&object=dir%2Fa.txt&etag={ETAG}&size=5&mimeType=text%2Fplain&x=m%26m"
    )
    assert stored(server, "dir/a.txt") == DATA
    other = forms.post(server, "photos", {**given, "callback": asking(GONE)}, FILE)
    assert (other.status, other.code) == (403, "AccessDenied")
    assert len(receiver.got) == 2


def test_a_form_whose_callback_fails(server: Server) -> None:
    given = {"key": "of-form", **forms.signed("v4")}
    failed = forms.post(server, "photos", {**given, "callback": asking(GONE)}, FILE)
    assert (failed.status, failed.code) == (203, "CallbackFailed")
    assert stored(server, "of-form") == DATA
    given["key"] = "never"
    for callback in ("nonsense", asking("http://10.0.0.1/")):
        refused = forms.post(server, "photos", {**given, "callback": callback}, FILE)
        assert (refused.status, refused.code) == (400, "InvalidArgument")
    damaged = (("callback", asking("http://8.8.8.8/")), ("x:my_var", b"\xff"))
    refused = forms.send(server, "photos", forms.body(*given.items(), *damaged, FILE))
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    form = forms.body(*given.items(), FILE)
    refused = forms.send(server, "photos", form, {"x-oss-callback": asking(GONE)})
    assert (refused.status, refused.code) == (400, "NotImplemented")  # a form says it in a field
    assert server.request("GET", "photos", "never").status == 404


@pytest.mark.parametrize(
    ("answer", "message", "ec"),
    [
        (http_answer(OK, "500 Internal Server Error"), "Error status : 500.", "0007-00000203"),
        (http_answer(OK, "201 Created"), "Error status : 201.", "0007-00000203"),
        (http_answer(b"", "301 Moved", "Location: http://127.0.0.1:1/"), "Error status : 301.",
         "0007-00000203"),
        (http_answer(b"<ok/>"), "Response body is not valid json format.", "0007-00000205"),
        (http_answer(b""), "Response body is not valid json format.", "0007-00000205"),
        (http_answer(b'"' + b"x" * (1 << 20) + b'"'),
         "Error status : 400.User server return too long content-length value.", "0007-00000203"),
        (b"", "Error status : -1. OSS can not connect to your callbackUrl, please check it.",
         "0007-00000203"),
        (b"220 mail.test ESMTP\r\n",
         "Error status : -1. OSS can not connect to your callbackUrl, please check it.",
         "0007-00000203"),
    ],
)  # fmt: skip
def test_answers_that_do_not_count(
    server: Server, receiver: Receiver, answer: bytes, message: str, ec: str
) -> None:
    receiver.answer = answer
    key = f"kept-{message}"
    failed = put(server, asking(receiver.url), key)
    assert (failed.status, failed.code) == (203, "CallbackFailed")
    assert failed.element("Message") == message
    assert failed.element("EC") == failed.headers["x-oss-ec"] == ec
    assert len(receiver.got) == 1
    assert stored(server, key) == DATA


def test_a_slow_receiver(server: Server, receiver: Receiver) -> None:
    over = threading.Event()

    def wait(_callback: object) -> bytes:
        over.wait(20)
        return http_answer(OK)

    receiver.answer = wait
    failed = put(server, asking(receiver.url), "slow")
    over.set()
    assert (failed.status, failed.code) == (203, "CallbackFailed")
    assert failed.element("Message") == "Cost too long time."
    assert stored(server, "slow") == DATA


def test_nobody_listens(server: Server) -> None:
    with Receiver() as gone:
        url = gone.url
    failed = put(server, asking(url), "alone")
    assert (failed.status, failed.code) == (203, "CallbackFailed")
    assert failed.element("Message").startswith("Error status : -1.")
    assert stored(server, "alone") == DATA


def test_urls_are_tried_in_their_order(server: Server, receiver: Receiver) -> None:
    with Receiver(http_answer(OK, "500 No")) as broken:
        answer = put(server, asking(f"{broken.url};{receiver.url};{broken.url}"))
        assert (answer.status, answer.body) == (200, OK)
        assert (len(broken.got), len(receiver.got)) == (1, 1)


def test_large_answers_and_chunked_ones(server: Server, receiver: Receiver) -> None:
    large = b'"' + b"x" * ((1 << 20) - 2) + b'"'
    receiver.answer = http_answer(large)
    assert put(server, asking(receiver.url)).body == large
    receiver.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    assert put(server, asking(receiver.url)).body == b"{}"


@pytest.mark.parametrize(
    ("callback", "ec"),
    [
        ("x123-*&", "0007-00000002"),
        (b64encode(b"{").decode(), "0007-00000003"),
        (packed(callbackBody="a"), "0007-00000004"),
        (asking("http://app.test:port/"), "0007-00000004"),
        (asking("ftp://app.test/"), "0007-00000004"),
        (asking(";".join(["http://8.8.8.8/"] * 6)), "0007-00000005"),
        (asking("http://8.8.8.8/", callbackBody=""), "0007-00000011"),
        (asking("http://8.8.8.8/", callbackBodyType="a/b"), "0007-00000013"),
        (asking("http://8.8.8.8/", callbackBody="$a"), "0007-00000105"),
    ],
)
def test_bad_parameters_write_nothing(server: Server, callback: str, ec: str) -> None:
    answer = put(server, callback, "never")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.element("EC") == ec
    assert answer.element("ArgumentName")
    assert server.request("GET", "photos", "never").status == 404


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.2", "127.2", "0x7f.2", "2130706434", "0177.0.0.2", "0.0.0.0", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254",
        "10.1.2.3", "172.16.0.1", "192.168.0.1", "100.100.100.200", "[fe80::1]", "[fd00::1]",
    ],
)  # fmt: skip
def test_private_addresses_are_forbidden(server: Server, host: str) -> None:
    url = f"http://{host}:8000/"
    answer = put(server, asking(url), "never")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.element("Message") == "Private address is forbidden to callback."
    assert answer.element("EC") == "0007-00000008"
    assert answer.element("ArgumentName") == "callbackUrl"
    assert answer.element("ArgumentValue") == url
    assert server.request("GET", "photos", "never").status == 404


def test_the_store_does_not_call_itself(server: Server) -> None:
    for host in ("127.0.0.1", "localhost"):
        answer = put(server, asking(f"http://{host}:{server.port}/photos/x"), "never")
        assert answer.element("Message") == "Private address is forbidden to callback."


def test_a_store_that_listens_everywhere(tmp_path: Path, receiver: Receiver) -> None:
    """It is found at the address that the receiver sees, and calls itself at none."""
    environment = {"MOSSBOX_ACCESS_KEY_ID": "root", "MOSSBOX_ACCESS_KEY_SECRET": "a" * 20}
    arguments = ("--listen", "0.0.0.0:0", "--memory", "--egress-allow", "127.0.0.0/8")
    with Server(
        tmp_path, *arguments, "--bucket", "photos:public-read-write", environment=environment
    ) as server:
        headers = {"x-oss-callback": asking(receiver.url)}
        answer = server.request("PUT", "photos", "a", body=DATA, headers=headers, sign=False)
        assert (answer.status, answer.body) == (200, OK)
        assert receiver.got[0].key_url == f"{server.endpoint}/-/callback-key.pem"
        assert receiver.got[0].verified
        assert receiver.got[0].headers["x-oss-requester"] == ""
        for host in ("127.0.0.1", "127.9.9.9"):
            headers = {"x-oss-callback": asking(f"http://{host}:{server.port}/")}
            answer = server.request("PUT", "photos", "a", body=DATA, headers=headers, sign=False)
            assert answer.element("Message") == "Private address is forbidden to callback."


def test_by_itself_no_private_address_is_allowed(tmp_path: Path, receiver: Receiver) -> None:
    proxies = {"http_proxy": receiver.url, "https_proxy": receiver.url, "ALL_PROXY": receiver.url}
    with Server(tmp_path, environment=proxies) as plain:
        plain.request("PUT", "photos")
        for url in (receiver.url, f"http://localhost:{receiver.port}"):
            answer = put(plain, asking(url))
            assert answer.element("Message") == "Private address is forbidden to callback."
        assert f"--egress-allow 127.0.0.1:{receiver.port} would allow it" in plain.log
    assert receiver.got == []


def test_an_exception_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"--egress-allow: '10\.0\.0\.0/33' is"):
        Server(tmp_path, "--egress-allow", "10.0.0.0/33").start()


def test_the_object_may_be_gone_before_the_answer(server: Server, receiver: Receiver) -> None:
    """The application server may do with the object what it likes."""

    def delete(_callback: object) -> bytes:
        server.request("DELETE", "photos", "fleeting")
        return http_answer(OK)

    receiver.answer = delete
    answer = put(server, asking(receiver.url), "fleeting")
    assert (answer.status, answer.body) == (200, OK)
    assert server.request("GET", "photos", "fleeting").status == 404


def test_a_client_that_leaves_changes_nothing(server: Server, receiver: Receiver) -> None:
    arrived, left = threading.Event(), threading.Event()

    def answer(_callback: object) -> bytes:
        arrived.set()
        left.wait(20)
        return http_answer(OK)

    receiver.answer = answer
    headers = {
        "content-length": "5", "x-oss-callback": asking(receiver.url), "date": "now",
    }  # fmt: skip
    server.request("PUT", "open", headers={"x-oss-acl": "public-read-write"})
    with server.connect() as peer:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        peer.sendall(f"PUT /open/left HTTP/1.1\r\nHost: localhost\r\n{lines}\r\nhello".encode())
        assert arrived.wait(20)
    left.set()
    assert receiver.got[0].verified
    assert server.request("GET", "open", "left").body == DATA


@pytest.fixture
def leaving(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, "--egress-allow", "127.0.0.1", "--bucket", "open:public-read-write") as s:
        yield s


def test_a_shutdown_waits_for_a_callback_whose_uploader_has_left(
    leaving: Server, receiver: Receiver
) -> None:
    arrived, over = threading.Event(), threading.Event()

    def answer(_callback: object) -> bytes:
        arrived.set()
        over.wait(20)
        return http_answer(OK)

    receiver.answer = answer
    with leaving.connect() as peer:
        head = "PUT /open/left HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        peer.sendall(f"{head}x-oss-callback: {asking(receiver.url)}\r\n\r\nhello".encode())
        assert arrived.wait(20)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
    assert leaving.process is not None
    leaving.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        leaving.process.wait(0.5)
    over.set()
    assert leaving.process.wait(20) == 0
    assert ' PutObject "PUT /open/left" 200 ' in leaving.access  # it came to its end


def test_over_tls(tmp_path: Path) -> None:
    """The certificate must be good for the name, by the system's authorities."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert,
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    arguments = ("--memory", "--egress-allow", "localhost", "--bucket", "photos")
    with Receiver(tls=context) as receiver:
        with Server(tmp_path, *arguments, environment={"SSL_CERT_FILE": str(cert)}) as trusting:
            answer = put(trusting, asking(f"{receiver.url}/done"))
            assert (answer.status, answer.body) == (200, OK)
            assert receiver.got[0].verified
        with Server(tmp_path, *arguments) as careful:
            failed = put(careful, asking(f"{receiver.url}/done"))
            assert (failed.status, failed.code) == (203, "CallbackFailed")
            assert failed.element("Message").startswith("Error status : -1.")
        assert len(receiver.got) == 1


def test_the_key_is_one_for_all_workers_and_starts(tmp_path: Path) -> None:
    server = Server(tmp_path, workers=2)
    page = "/-/callback-key.pem"
    pages = set()
    for _ in range(2):
        with server:
            for _ in range(8):
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                connection.request("GET", page)
                answer = connection.getresponse()
                assert answer.status == 200
                pages.add(answer.read())
                connection.close()
    (pem,) = pages
    assert pem.startswith(b"-----BEGIN PUBLIC KEY-----\n")


def test_in_memory(tmp_path: Path, receiver: Receiver) -> None:
    with Server(tmp_path, "--memory", "--egress-allow", "127.0.0.1") as server:
        server.request("PUT", "photos")
        assert put(server, asking(receiver.url)).status == 200
        assert receiver.got[0].key_url == f"{server.endpoint}/-/callback-key.pem"
        assert receiver.got[0].verified
        metrics = server.request("GET", "-", "metrics", sign=False).body.decode()
        assert 'mossbox_outgoing_requests_total{outcome="answered"} 1.0' in metrics


def test_a_key_that_is_published_elsewhere(tmp_path: Path, receiver: Receiver) -> None:
    url = "https://keys.test/a.pem"
    environment = {"MOSSBOX_CALLBACK_KEY_URL": url, "MOSSBOX_EGRESS_ALLOW": "10.0.0.1, 127.0.0.1"}
    with Server(tmp_path, "--memory", environment=environment) as server:
        server.request("PUT", "photos")
        assert put(server, asking(receiver.url)).status == 200
    assert receiver.got[0].key_url == url


# -- the official clients -----------------------------------------------------------------------


@pytest.mark.parametrize("auth", [oss2.Auth, oss2.AuthV4])
def test_oss2(server: Server, receiver: Receiver, auth: type) -> None:
    bucket = oss2.Bucket(
        auth(KEY_ID, SECRET), server.endpoint, "photos", region=REGION, is_path_style=True
    )
    headers = {"x-oss-callback": asking(receiver.url), "x-oss-callback-var": VARIABLES}
    put = bucket.put_object("oss2", DATA, headers=headers)
    assert (put.status, put.resp.read(), put.etag) == (200, OK, ETAG)
    upload = bucket.init_multipart_upload("oss2-parts").upload_id
    part = bucket.upload_part("oss2-parts", upload, 1, DATA)
    parts = [oss2.models.PartInfo(1, part.etag)]
    whole = bucket.complete_multipart_upload("oss2-parts", upload, parts, headers=headers)
    assert (whole.status, whole.resp.read()) == (200, OK)
    params = {"callback": asking(receiver.url), "callback-var": VARIABLES}
    url = bucket.sign_url("PUT", "oss2-url", 60, params=params, slash_safe=True)
    assert bucket.put_object_with_url(url, DATA).resp.read() == OK
    assert [got.verified for got in receiver.got] == [True] * 3
    assert b"object=oss2-url&" in receiver.got[2].body
    failed = bucket.put_object("oss2", DATA, headers={"x-oss-callback": asking(GONE)})
    assert failed.status == 203  # which this client takes for a success
    assert b"CallbackFailed" in failed.resp.read()
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("oss2", DATA, headers={"x-oss-callback": "nonsense"})
    assert (refused.value.status, refused.value.code) == (400, "InvalidArgument")


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_oss_v2(server: Server, receiver: Receiver, version: str) -> None:
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(KEY_ID, SECRET)
    config.region, config.endpoint, config.signature_version = REGION, server.endpoint, version
    client = oss.Client(config)
    asked = {"callback": asking(receiver.url), "callback_var": VARIABLES}
    put = client.put_object(oss.PutObjectRequest("photos", "v2", body=DATA, **asked))
    assert put.callback_result == OK.decode()
    upload = client.initiate_multipart_upload(
        oss.InitiateMultipartUploadRequest("photos", "v2-parts")
    ).upload_id
    part = client.upload_part(
        oss.UploadPartRequest("photos", "v2-parts", part_number=1, upload_id=upload, body=DATA)
    )
    parts = oss.CompleteMultipartUpload([oss.UploadPart(part_number=1, etag=part.etag)])
    whole = client.complete_multipart_upload(
        oss.CompleteMultipartUploadRequest(
            "photos", "v2-parts", upload_id=upload, complete_multipart_upload=parts, **asked
        )
    )
    assert whole.callback_result == OK.decode()
    signed = client.presign(oss.PutObjectRequest("photos", "v2-url", **asked))
    answer = requests.put(signed.url, data=DATA, headers=signed.signed_headers, timeout=30)
    assert (answer.status_code, answer.content) == (200, OK)
    assert [got.verified for got in receiver.got] == [True] * 3
    assert receiver.got[2].body.endswith(b"&x=for%20callback%2Ftest")
    request = oss.PutObjectRequest("photos", "v2", body=DATA, callback=asking(GONE))
    failed = client.put_object(request)
    assert failed.status_code == 203  # which this client takes for a success, too
    assert "<Code>CallbackFailed</Code>" in str(failed.callback_result)


@pytest.mark.parametrize("v4", [False, True])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json"])
def test_ali_oss(server: Server, receiver: Receiver, v4: bool, kind: str) -> None:
    json_body = '{"object":${object},"size":${size},"x":${x:my_var}}'
    found = by_ali_oss(
        server, "callbacks", v4, url=receiver.url, gone=GONE, contentType=kind,
        body=json_body if kind.endswith("json") else BODY,
    )  # fmt: skip
    told = {"status": 200, "data": {"Status": "OK"}}
    assert found["put"] == found["whole"] == told
    assert found["kept"] == "hello"
    assert (found["failed"]["status"], found["failed"]["code"]) == (203, "CallbackFailed")
    assert [got.verified for got in receiver.got] == [True] * 2
    if kind.endswith("json"):
        sizes = [(got["object"], got["size"]) for got in map(json.loads, bodies(receiver))]
        assert sizes == [("put", 5), ("whole", 250_000)]
    else:
        assert bodies(receiver)[0].endswith(b"&size=5&mimeType=application%2Foctet-stream"
                                            b"&x=for%20callback%2Ftest")  # fmt: skip


def bodies(receiver: Receiver) -> list[bytes]:
    return [got.body for got in receiver.got]
