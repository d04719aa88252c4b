"""Document 001, method 1: temporary keys for a page that uploads with the vendor's own client."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.conformance.cloud import Refused
from tests.integrations.documents import servers
from tests.integrations.documents.browsing import Person, page_of
from tests.integrations.documents.conftest import People, Places, picture
from tests.integrations.documents.documents import HOST, REGION, ROLE_ARN, SESSION, Sample, sample
from tests.integrations.documents.facts import Log

PATH = "get_sts_token_for_oss_upload"
REGIONAL, GLOBAL = f"sts.{REGION}.aliyuncs.com", "sts.aliyuncs.com"
ANSWER = "credentials = await response.json();"
PAGE_OF_JAVA = (
    ANSWER,
    "const bean = await response.json();\ncredentials = { AccessKeyId: bean.accessKeyId,"
    " AccessKeySecret: bean.accessKeySecret, SecurityToken: bean.securityToken,"
    " Expiration: bean.expiration };",
)
SAMPLES = {
    "Java": (8080, SESSION, "Java", REGIONAL, {}),
    "Node.js": (8000, "sessiontest", "node-urllib", GLOBAL, {}),
    "Python": (8000, SESSION, "Python", REGIONAL, {"path": PATH, "function": "get_sts_token"}),
    "Go": (8080, "peiyu-demo", "Go", REGIONAL, {}),
}


def html(*changes: tuple[str, str]) -> str:
    """The printed script with the vendor's client, which is npm's."""
    client = servers.node_modules() / "ali-oss" / "dist" / "aliyun-oss-sdk.min.js"
    script = sample("001 sts page").filled().repaired(*changes)
    return page_of(script.tell(), client.read_text())


def repaired(language: str) -> Sample:
    """What works: as printed for Node.js, with its indentation for Python, and see below."""
    found = sample(f"001 sts {language}")
    if language == "Java":
        end = "e.printStackTrace();\nreturn null;\n}\n}\n"
        found = found.repaired(
            ("RuntimeOptions runtime =", f'.setRoleArn("{ROLE_ARN}");\nRuntimeOptions runtime ='),
            ("(Exception error)", "(Exception _error)"),
            (end, f"{end}}}\n"),
        )
    if language == "Go":
        found = found.repaired(
            ("(assumeRoleResponse)\n", "(assumeRoleResponse.Body.Credentials)\n")
        )
    if language == "Python":
        found = found.indented()
    return found.filled()


@pytest.mark.slow
@pytest.mark.parametrize("language", SAMPLES)
def test_a_page_uploads_with_a_temporary_key(
    language: str, place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    port, session, agent, sts, more = SAMPLES[language]
    changes = [PAGE_OF_JAVA] if language == "Java" else []
    place.serve(language, repaired(language), html(*changes), **more)
    person = Person(page, f"http://127.0.0.1:{port}/")
    seen = person.upload(photo, ends="log")
    assert (seen.alerts, seen.errors) == ([], [])
    assert seen.status("PUT", HOST) == 200
    log.assumed(agent, sts, people.user.key_id)
    log.uploaded("PutObject", "photo.png", photo, session)

    people.detach()
    seen = person.upload(picture(photo), ends="pageerror")
    assert seen.status("PUT", HOST) == 403
    assert ["no right to access" in error for error in seen.told] == [True], seen.told
    log.refused("PutObject", "AccessDenied")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["Go", "Java"])
def test_what_the_page_does_not_find(
    language: str, place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    """Go answers all of STS's answer, and Java names as Java names: STS gives a key, in vain."""
    text = sample("001 sts Go").filled() if language == "Go" else repaired("Java")
    port, _, agent, sts, _ = SAMPLES[language]
    place.serve(language, text, html())
    seen = Person(page, f"http://127.0.0.1:{port}/").upload(photo, ends="pageerror")
    assert seen.errors == ["require accessKeyId, accessKeySecret"]
    log.assumed(agent, sts, people.user.key_id)
    assert log.lines("PutObject") == []


@pytest.mark.slow
def test_node_does_not_say_when_a_key_ends(
    place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    """So the page goes on with a key that has ended; with the field it asks for another."""
    program = place.serve("Node.js", repaired("Node.js"), html())
    person = Person(page, "http://127.0.0.1:8000/")
    assert person.upload(photo, ends="log").errors == []
    people.store.move(3001)
    seen = person.upload(photo, ends="pageerror")
    assert seen.status("PUT", HOST) == 403
    assert ["expired" in error for error in seen.told] == [True], seen.told
    log.refused("PutObject", "SecurityTokenExpired")
    log.count("AssumeRole", 1)
    people.store.move(0)
    program.stop()

    token = "SecurityToken: result.credentials.SecurityToken,\n"
    more = f"{token}Expiration: result.credentials.Expiration,\n"
    place.serve("Node.js", repaired("Node.js").repaired((token, more)), html())
    person = Person(page.context.new_page(), "http://127.0.0.1:8000/")
    assert person.upload(photo, ends="log").errors == []
    log.count("AssumeRole", 2)
    person.page.evaluate("credentials.Expiration = new Date(Date.now() + 59000).toISOString()")
    assert person.upload(picture(photo), ends="log").errors == []
    log.count("AssumeRole", 3)
    log.uploaded("PutObject", "photo.png", photo, "sessiontest")


@pytest.mark.slow
def test_php_wraps_the_key_that_it_gives(
    place: Places, people: People, page: Page, log: Log, photo: Path
) -> None:
    """Its packages are not to be had here; another program answers as it would.

    With what it wraps taken out, the page uploads, and like Node's it never asks again.
    """
    token = "json.dumps(response.body.credentials.to_map())"
    three = "{n: v for n, v in response.body.credentials.to_map().items() if n != 'Expiration'}"
    more = SAMPLES["Python"][-1]
    wrapped = repaired("Python").repaired((token, f"json.dumps({{'Credentials': {three}}})"))
    program = place.serve("Python", wrapped, html(), **more)
    seen = Person(page, "http://127.0.0.1:8000/").upload(photo, ends="pageerror")
    assert seen.errors == ["require accessKeyId, accessKeySecret"]
    program.stop()

    place.serve(
        "Python", repaired("Python").repaired((token, f"json.dumps({three})")), html(), **more
    )
    person = Person(page.context.new_page(), "http://127.0.0.1:8000/")
    assert person.upload(photo, ends="log").errors == []
    log.uploaded("PutObject", "photo.png", photo, SESSION)
    assert person.page.evaluate("isCredentialsExpired(credentials)") is False


def test_ruby_prints_a_role_that_nobody_has(people: People) -> None:
    """Its packages are not to be had here; what it asks for is refused by name, until replaced."""
    (arn,) = set(re.findall(r'"RoleArn": "([^"]+)"', sample("001 sts Ruby").text))
    with pytest.raises(Refused) as caught:
        people.user("AssumeRole", role_arn=arn, role_session_name="sessiontest")
    assert caught.value.code == "InvalidParameter.RoleArn"
    assert people.user("AssumeRole", role_arn=ROLE_ARN, role_session_name="sessiontest")
