"""The pages that the vendor's documents print, unchanged, before our server in place of theirs.

To the browser the cloud's own hosts are the store, so what these pages and the server send is what
they would send to the cloud; it is looked through for anything that only Mossbox would understand.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from tests.conformance.test_ali_oss import PROGRAM
from tests.conftest import require
from tests.integrations.documents.browsing import page_of
from tests.integrations.documents.documents import REGION, sample
from tests.integrations.upload_server.conftest import Bucket, Person, UploadServer
from tests.support import KEY_ID, SECRET

pytestmark = pytest.mark.slow
CLOUD = ("--public-endpoint", f"http://oss-{REGION}.aliyuncs.com")
LONG_LIVED = {"OSS_ACCESS_KEY_ID": KEY_ID, "OSS_ACCESS_KEY_SECRET": SECRET}


@pytest.fixture
def png(files: dict[str, Path]) -> Path:
    return files["green.png"]


def shown(person: Person, uploads: UploadServer, html: str) -> None:
    """Open a printed page as if the upload server had it."""
    address = f"{uploads.url}/printed.html"
    person.page.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))
    person.page.goto(address)


def pressed(person: Person, path: Path) -> str:
    """Choose a file, press the button; gives what the page says when it is done."""
    person.choose(path)
    said: list[str] = []

    def heard(dialog) -> None:  # type: ignore[no-untyped-def]
        said.append(dialog.message)
        dialog.accept()

    person.page.on("dialog", heard)
    with person.page.expect_event("dialog"):
        person.page.click("button")
    return said[0]


def to_the_cloud(person: Person, bucket: Bucket) -> Iterator[tuple[str, str]]:
    """Methods and paths of what went to the bucket's host in the cloud; there was no other."""
    host = f"{bucket.name}.oss-{REGION}.aliyuncs.com"
    for request in person.requests:
        url = urlsplit(request.url)
        assert url.netloc in (host, urlsplit(person.page.url).netloc)
        if url.netloc == host:
            names = {name for name, _ in parse_qsl(url.query)}
            assert all(name.startswith("x-oss-") for name in names)
            assert not [name for name in request.headers if "mossbox" in name]
            yield request.method, unquote(url.path)


def test_the_page_of_003(person: Person, bucket: Bucket, png: Path) -> None:
    with UploadServer(bucket, "--dir", "user-dirs", *CLOUD) as uploads:
        shown(person, uploads, sample("003 page").text)
        assert pressed(person, png) == "File uploaded."
    assert bucket.read("user-dirsgreen.png") == png.read_bytes()
    assert list(to_the_cloud(person, bucket)) == [("POST", "/")]


def test_the_page_of_003_with_long_lived_keys(person: Person, bucket: Bucket, png: Path) -> None:
    """It sends its token's field empty, since there is none."""
    with UploadServer(bucket, *CLOUD, variables=LONG_LIVED) as uploads:
        shown(person, uploads, sample("003 page").text)
        assert pressed(person, png) == "File uploaded."
    assert bucket.read("green.png") == png.read_bytes()


def test_the_form_of_001(person: Person, bucket: Bucket, png: Path) -> None:
    flags = ("--post-version", "V1", "--dir", "user-dir-prefix/", *CLOUD)
    with UploadServer(bucket, *flags, variables=LONG_LIVED) as uploads:
        shown(person, uploads, page_of(sample("001 post page").text))
        assert pressed(person, png) == "Object uploaded"
    assert bucket.read("user-dir-prefix/green.png") == png.read_bytes()
    assert list(to_the_cloud(person, bucket)) == [("POST", "/")]


@pytest.mark.parametrize("role", [True, False])
def test_the_signed_url_of_001(person: Person, bucket: Bucket, png: Path, role: bool) -> None:
    flags = ("--presigned-name", "exampledir/exampleobject.png", *CLOUD)
    with UploadServer(bucket, *flags, variables=None if role else LONG_LIVED) as uploads:
        shown(person, uploads, page_of(sample("001 url page").text))
        assert pressed(person, png) == "Object uploaded"
    assert bucket.read("exampledir/exampleobject.png") == png.read_bytes()
    assert bucket.type_of("exampledir/exampleobject.png") == "image/png"
    path = "/exampledir/exampleobject.png"
    assert [one for one in to_the_cloud(person, bucket) if one[0] == "PUT"] == [("PUT", path)]


def test_the_temporary_keys_of_001(person: Person, bucket: Bucket, png: Path) -> None:
    """Its page makes the vendor's own client of the keys, and that puts the file."""
    program = PROGRAM.built()
    folder = next(Path(word).parent for word in program if "/" in word)
    client = folder / "node_modules" / "ali-oss" / "dist" / "aliyun-oss-sdk.min.js"
    require("ali-oss for browsers", client.exists(), "npm ci in tests/conformance/ali_oss")
    script = sample("001 sts page").filled(
        **{"<YOUR_BUCKET>": bucket.name, "<YOUR_REGION>": REGION}
    )
    person.expect_errors("It's recommended to set 'refreshSTSToken'")  # as the client is fond of
    with UploadServer(bucket, *CLOUD) as uploads:
        shown(person, uploads, page_of(script.text, client.read_text()))
        person.choose(png)
        with person.page.expect_event("console", lambda message: message.type == "log") as result:
            person.page.click("button")
        assert result.value.args[0].evaluate("result => result.res.status") == 200
    assert bucket.read("green.png") == png.read_bytes()
    assert list(to_the_cloud(person, bucket)) == [("PUT", "/green.png")]


def test_what_the_keys_may_not(person: Person, bucket: Bucket, png: Path) -> None:
    """A directory holds for the keys themselves, whatever a page does with them."""
    import httpx

    from tests.conformance.cloud import Cloud

    with UploadServer(bucket, "--dir", "in/") as uploads:
        got = httpx.get(f"{uploads.url}/get_sts_token_for_oss_upload").json()
    assert set(got) == {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"}
    keys = Cloud(bucket.server, got["AccessKeyId"], got["AccessKeySecret"], got["SecurityToken"])
    assert keys.oss("PUT", bucket.name, "in/a", body=b"x").status == 200
    assert keys.oss("PUT", bucket.name, "out/a", body=b"x").code == "AccessDenied"
    assert keys.oss("GET", bucket.name, "in/a").code == "AccessDenied"
    assert keys.oss("DELETE", bucket.name, "in/a").code == "AccessDenied"
    assert keys.oss("GET", bucket.name).code == "AccessDenied"
    begun = keys.oss("POST", bucket.name, "in/big", query={"uploads": ""})
    upload = {"uploadId": begun.element("UploadId")}
    part = keys.oss("PUT", bucket.name, "in/big", query={**upload, "partNumber": "1"}, body=b"x")
    assert part.headers["etag"].strip('"') == hashlib.md5(b"x").hexdigest().upper()
    done = (
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
        f"<ETag>{part.headers['etag']}</ETag></Part></CompleteMultipartUpload>"
    )
    assert keys.oss("POST", bucket.name, "in/big", query=upload, body=done.encode()).status == 200
    assert bucket.read("in/big") == b"x"
