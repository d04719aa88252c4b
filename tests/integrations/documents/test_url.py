"""Document 001, method 3: URLs that the application server signs for one PutObject."""

from pathlib import Path
from urllib.parse import unquote

import oss2
import pytest
from playwright.sync_api import Page

from tests.integrations.documents.browsing import Person, page_of
from tests.integrations.documents.conftest import People, Places
from tests.integrations.documents.documents import BUCKET, ENDPOINT, HOST, Sample, sample
from tests.integrations.documents.facts import Log

PATH = "get_presigned_url_for_oss_upload"
DONE, FAILED = "Object uploaded", "Failed to upload the object to OSS"
BEIJING = f"{BUCKET}.oss-cn-beijing.aliyuncs.com"
PYTHON = {"path": PATH, "function": "generate_presigned_url"}
SAMPLES = {
    "Java": ("http://127.0.0.1:8080/", "exampleobject.txt", HOST, {}),
    "Python": ("http://127.0.0.1:8000/", "exampledir/exampleobject.png", HOST, PYTHON),
    # It signs for 60 seconds, and for the region that the document prints there.
    "Go": ("http://127.0.0.1:8080/", "exampledir/exampleobject.txt", BEIJING, {}),
}


def script() -> str:
    return page_of(sample("001 url page").tell())


def printed(language: str) -> Sample:
    found = sample(f"001 url {language}")
    if language == "Python":
        found = found.indented().filled(**{"<YOUR_ENDPOINT>": f"https://{ENDPOINT}"})
    return found.filled()


@pytest.mark.slow
@pytest.mark.parametrize("language", SAMPLES)
def test_a_page_uploads_with_a_signed_url(
    language: str, place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    url, key, host, more = SAMPLES[language]
    place.serve(language, printed(language), script(), **more)
    person = Person(page, url)
    seen = person.upload(photo)
    assert (seen.alerts, seen.errors) == ([DONE], [])
    assert any(unquote(url).startswith(f"https://{host}/{key}?") for _, url, _ in seen.answers)
    log.uploaded("PutObject", key, photo, people.user.key_id, host)

    people.detach()
    seen = person.upload(photo, ends="pageerror")
    assert seen.alerts == []
    assert seen.told == [FAILED]
    log.refused("PutObject", "AccessDenied")


@pytest.mark.slow
def test_go_signs_for_a_minute(
    place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    place.serve("Go", printed("Go"), script())
    page.goto("http://127.0.0.1:8080/")
    url = page.evaluate(f"fetch('/{PATH}').then((answer) => answer.text())")
    put = "(url) => fetch(url, {method: 'PUT', headers: {'Content-Type': 'image/png'}, body: 'a'})"
    put = f"{put}.then((answer) => answer.status)"
    assert page.evaluate(put, url) == 200
    people.store.move(62)
    assert page.evaluate(put, url) == 403
    log.refused("PutObject", "AccessDenied")


@pytest.mark.slow
def test_node_signs_another_type_than_its_page_sends(
    place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    """As printed it can't work, as the document itself says of types that differ."""
    program = place.serve("Node.js", printed("Node.js"), script())
    seen = Person(page, "http://127.0.0.1:8000/").upload(photo, ends="pageerror")
    assert seen.told == [FAILED]
    log.refused("PutObject", "SignatureDoesNotMatch")
    program.stop()

    same = printed("Node.js").repaired(("application/x-www-form-urlencoded", "image/png"))
    place.serve("Node.js", same, script())
    seen = Person(page.context.new_page(), "http://127.0.0.1:8000/").upload(photo)
    assert (seen.alerts, seen.errors) == ([DONE], [])
    log.uploaded("PutObject", "examplefile.png", photo, people.user.key_id)


@pytest.mark.slow
def test_ruby_signs_for_reading(place: Places, page: Page, log: Log, photo: Path) -> None:
    """Its client is not to be had here; a GET URL of 60 seconds is what it makes.

    The rest of the sample is Sinatra's, which method 2 runs.
    """
    twin = printed("Python").repaired(("'PUT', object_name, expire_time", "'GET', object_name, 60"))
    place.serve("Python", twin, script(), **PYTHON)
    seen = Person(page, "http://127.0.0.1:8000/").upload(photo, ends="pageerror")
    assert seen.told == [FAILED]
    log.refused("PutObject", "SignatureDoesNotMatch")


def test_what_is_not_run_signs_as_what_is() -> None:
    """PHP and C# sign PUT, the type and an hour in V1, as the samples of Java and Python do."""
    for language in ("PHP", "C#"):
        text = sample(f"001 url {language}").text
        assert "image/png" in text
    auth = oss2.Auth("id", "secret")
    url = oss2.Bucket(auth, f"https://{ENDPOINT}", BUCKET).sign_url("PUT", "a", 3600)
    assert {"OSSAccessKeyId", "Expires", "Signature"} == {
        part.partition("=")[0] for part in url.partition("?")[2].split("&")
    }
