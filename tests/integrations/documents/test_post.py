"""Document 001, method 2: forms that the application server signs, in every language that runs."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.integrations.documents.browsing import Person, page_of
from tests.integrations.documents.conftest import People, Places, picture
from tests.integrations.documents.documents import HOST, Sample, sample
from tests.integrations.documents.facts import Log

PATH = "get_post_signature_for_oss_upload"
DONE, FAILED = "Object uploaded", "Failed to upload the object. Try to re-upload the object"


def script() -> str:
    return page_of(sample("001 post page").tell())


def printed(language: str) -> Sample:
    return sample(f"001 post {language}").filled()


SAMPLES = {
    "Java": ("http://127.0.0.1:8080/", "user-dir-prefix/", {}),
    "Node.js": ("http://127.0.0.1:8000/", "prefix/", {}),
    "Python": (
        "http://127.0.0.1:8000/", "user-dir-prefix/",
        {"path": PATH, "function": "generate_upload_params"},
    ),
    "Go": ("http://127.0.0.1:8080/", "user-dir-prefix/", {}),
    "PHP": ("http://127.0.0.1:8000/", "user-dir-prefix/", {"path": PATH}),
    "Ruby": ("http://127.0.0.1:8000/", "user-dir-prefix/", {}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("language", SAMPLES)
def test_a_page_uploads_with_a_signed_form(
    language: str, place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    url, folder, more = SAMPLES[language]
    text = printed(language)
    if language == "Python":
        text = text.indented()
    if language == "Ruby":
        text = text.cut(76)  # what follows belongs to another sample, and does not parse
    place.serve(language, text, script(), **more)
    person = Person(page, url)
    seen = person.upload(photo)
    assert (seen.alerts, seen.errors) == ([DONE], [])
    scheme = "https" if language == "Python" else "http"
    assert ("POST", f"{scheme}://{HOST}/", 200) in seen.answers
    if (
        language == "Node.js"
    ):  # it asks the store where the bucket lies, and builds its host of that
        asked = log.last("GetBucketLocation", status="200")
        assert asked["agent"].startswith("aliyun-sdk-nodejs")
        assert asked["host"] == "examplebucket.oss-cn-hangzhou.aliyuncs.com"
    log.uploaded("PostObject", f"{folder}photo.png", photo, people.user.key_id)

    people.detach()
    seen = person.upload(picture(photo))
    assert seen.alerts == [FAILED]
    assert seen.told == []
    log.refused("PostObject", "AccessDenied")


@pytest.mark.slow
def test_python_allows_a_type_that_no_browser_sends(
    place: Places, page: Page, log: Log, tmp_path: Path
) -> None:
    """It lists image/jpg; browsers say image/jpeg. An empty file is too small for it."""
    place.serve("Python", printed("Python").indented(), script(), **SAMPLES["Python"][-1])
    person = Person(page, "http://127.0.0.1:8000/")
    for name in ("photo.jpg", "notes.txt"):
        assert person.upload(picture(tmp_path / name)).alerts == [FAILED]
        log.refused("PostObject", "AccessDenied")
    (tmp_path / "empty.png").touch()
    assert person.upload(tmp_path / "empty.png").alerts == [FAILED]
    assert log.last("PostObject", code="EntityTooSmall")["status"] == "400"
    assert person.upload(picture(tmp_path / "photo.png")).alerts == [DONE]


TWIN_OF_CSHARP = """\
import base64, hmac, json, os, time

def answer():
    ends = time.strftime("%Y-%m-%dT%H:%M:%S.123Z", time.gmtime(time.time() + 3600))
    policy = {"expiration": ends, "conditions": [["content-length-range", 0, 1048576000]]}
    text = base64.b64encode(json.dumps(policy, separators=(",", ":")).encode())
    secret = os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"].encode()
    made = base64.b64encode(hmac.digest(secret, text, "sha1")).decode()
    return {
        "Accessid": os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], "Policy": text.decode(),
        "Signature": made, "Dir": "user-dir-prefix/", "Host": "HOST", "Expire": "1",
    }
"""


@pytest.mark.slow
def test_csharp_answers_with_other_names(
    place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    """There is no .NET here: another program answers as it would, and the page posts nowhere.

    With the names that the page reads, and a scheme before the host, it uploads.
    """
    text = TWIN_OF_CSHARP.replace("HOST", HOST)
    twin = Sample("what 001 post C# answers", text, text)
    more = {"path": PATH, "function": "answer"}
    program = place.serve("Python", twin, script(), **more)
    assert Person(page, "http://127.0.0.1:8000/").upload(photo).alerts == [FAILED]
    log.count("PostObject", 0)
    program.stop()

    names = {"Accessid": "ossAccessKeyId", "Policy": "policy", "Signature": "signature"}
    names |= {"Dir": "dir", "Host": "host"}
    changes = [(f'"{old}"', f'"{new}"') for old, new in names.items()]
    place.serve(
        "Python", twin.repaired(*changes, (f'"{HOST}"', f'"http://{HOST}"')), script(), **more
    )
    seen = Person(page.context.new_page(), "http://127.0.0.1:8000/").upload(photo)
    assert (seen.alerts, seen.errors) == ([DONE], [])
    log.uploaded("PostObject", "user-dir-prefix/photo.png", photo, people.user.key_id)
