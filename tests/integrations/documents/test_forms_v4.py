"""Document 003: forms with temporary keys and signature V4, and the page that it prints."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.integrations.documents.browsing import Person
from tests.integrations.documents.conftest import People, Places, picture
from tests.integrations.documents.documents import BUCKET, HOST, REGION, Sample, sample
from tests.integrations.documents.facts import Log
from tests.integrations.world import until

DONE, FAILED = "File uploaded.", "Failed to upload the file. Try again later."
REGIONAL, GLOBAL = f"sts.{REGION}.aliyuncs.com", "sts.aliyuncs.com"
ARN = 'SetRoleArn("OSS_STS_ROLE_ARN")'
# Where it serves, its folder, scheme, session; its client of STS and the host that this calls.
SAMPLES = {
    "Java": (8080, "dir", "http", "yourRoleSessionName", "Java", REGIONAL),
    "Flask": (8000, "dir", "http", "yourRoleSessionName", "Python", REGIONAL),
    "Node.js": (8000, "user-dir", "http", "yourRoleSessionName", "node-urllib", GLOBAL),
    "Go": (8000, "user-dir", "https", "Role_Session_Name", "Go", GLOBAL),
}


def html() -> str:
    return sample("003 page").tell()


def printed(language: str) -> Sample:
    return sample(f"003 {'Python' if language == 'Flask' else language}")


def out_of_the_last_minutes() -> float:
    """What brings a clock out of the ten minutes of the day in which Node's sample fails."""
    return 3600 if time.gmtime().tm_hour == 23 and time.gmtime().tm_min >= 48 else 0


@pytest.mark.slow
@pytest.mark.parametrize("language", SAMPLES)
def test_the_printed_page_uploads(
    language: str, place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    port, folder, scheme, session, agent, sts = SAMPLES[language]
    text, more = printed(language), {}
    if language == "Go":
        # As printed it asks for a role of that very name: see below.
        text = text.repaired((ARN, 'SetRoleArn(os.Getenv("OSS_STS_ROLE_ARN"))'))
        more = {"port": str(port)}
    if language == "Node.js" and (shift_s := out_of_the_last_minutes()):
        people.store.move(shift_s)
        more = {"shift_s": shift_s}
    place.serve(language, text, html(), **more)
    person = Person(page, f"http://127.0.0.1:{port}/")
    seen = person.upload(photo)
    assert (seen.alerts, seen.errors) == ([DONE], [])
    assert ("POST", f"{scheme}://{HOST}/", 200) in seen.answers
    log.assumed(agent, sts, people.user.key_id)
    log.uploaded("PostObject", f"{folder}photo.png", photo, session)

    people.detach()
    seen = person.upload(picture(photo))
    assert seen.alerts == [FAILED]
    assert seen.told == []
    log.refused("PostObject", "AccessDenied")


@pytest.mark.slow
def test_go_asks_for_a_role_called_like_a_variable(
    place: Places, page: Page, log: Log, photo: Path
) -> None:
    """STS says what came, and the server ends itself with that."""
    program = place.serve("Go", printed("Go"), html(), port="8000")
    Person(page, "http://127.0.0.1:8000/").upload(photo, ends="console")
    line = log.last("AssumeRole", code="InvalidParameter.RoleArn")
    assert line["status"] == "400"
    until(lambda: program.process.poll() is not None)
    assert "GetCredential fail" in program.said
    assert "'OSS_STS_ROLE_ARN' is not the ARN of a role" in program.said
    assert log.lines("PostObject") == []


@pytest.mark.slow
def test_a_region_written_with_its_prefix_is_read_as_meant(
    place: Places, page: Page, log: Log, photo: Path
) -> None:
    """003's sample for Node.js puts ``oss-`` before the region that a reader gives."""
    doubled = printed("Node.js").repaired((f"region: '{REGION}'", f"region: 'oss-{REGION}'"))
    place.serve("Node.js", doubled, html())
    seen = Person(page, "http://127.0.0.1:8000/").upload(photo)
    assert (seen.alerts, seen.errors) == ([DONE], [])
    log.uploaded(
        "PostObject", "user-dirphoto.png", photo, "yourRoleSessionName",
        f"{BUCKET}.oss-oss-{REGION}.aliyuncs.com",
    )  # fmt: skip
    told = [line for line in log.store.log.splitlines() if "puts oss- before it" in line]
    assert len(told) == 1
    assert f"write {REGION}" in told[0]


@pytest.mark.slow
def test_node_fails_in_the_last_minutes_of_a_day(
    place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    """It dates its form ten minutes ahead, and signs with the key of the day that still is."""
    now = time.gmtime()
    shift_s = (23 * 60 + 55 - now.tm_hour * 60 - now.tm_min) * 60
    people.store.move(shift_s)
    place.serve("Node.js", printed("Node.js"), html(), shift_s=shift_s)
    seen = Person(page, "http://127.0.0.1:8000/").upload(photo)
    assert seen.alerts == [FAILED]
    log.refused("PostObject", "SignatureDoesNotMatch")


@pytest.mark.slow
def test_php_is_told_by_its_forms(place: Places, page: Page, log: Log, photo: Path) -> None:
    """Its packages are not to be had here: its policy is escaped as PHP does, to a microsecond."""
    twin = printed("Flask").repaired(
        ("json.dumps(policy).strip()", 'json.dumps(policy).replace("/", "\\\\/")'),
        ("%S.000Z", "%S.%fZ"),
        ("upload_dir = 'dir'", "upload_dir = 'user-dir'"),
        ("'yourRoleSessionName'", "'oss-role-session'"),
    )
    place.serve("Flask", twin, html())
    seen = Person(page, "http://127.0.0.1:8000/").upload(photo)
    assert (seen.alerts, seen.errors) == ([DONE], [])
    log.uploaded("PostObject", "user-dirphoto.png", photo, "oss-role-session")
