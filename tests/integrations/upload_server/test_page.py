"""The page in a real browser, with a real store: what a person does, and what then lies there."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.integrations.upload_server.conftest import Bucket, Person, UploadServer, mossbox
from tests.support import free_port

pytestmark = pytest.mark.slow
CORS_COMPLAINTS = ("blocked by CORS policy", "net::ERR_FAILED", "status of 403")


def test_files_are_chosen_and_uploaded(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    small = [path for name, path in files.items() if name != "big.bin"]
    person.page.goto(uploads.url)
    person.choose(*small)
    for path in small:
        person.row(path.name).ends("done")
        assert bucket.read(path.name) == path.read_bytes()
    assert bucket.type_of("green.png") == "image/png"
    preview = person.row("green.png").node.locator("img")
    assert preview.evaluate("node => node.decode().then(() => node.naturalWidth)") == 1
    assert "second line" in person.row("notes.txt").node.locator(".preview pre").inner_text()
    hosts = {urlsplit(request.url).netloc for request in person.requests}
    own, store = urlsplit(uploads.url).netloc, urlsplit(bucket.server.endpoint).netloc
    assert hosts - {""} == {own, store}


def test_files_are_dropped(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    page = person.page
    page.goto(uploads.url)
    box = page.locator("#drop").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    names = ("green.png", "notes.txt")
    dragged = {
        "items": [], "files": [str(files[name]) for name in names], "dragOperationsMask": 1,
    }  # fmt: skip
    place = {"x": box["x"] + 20, "y": box["y"] + 20, "data": dragged}
    session.send("Input.dispatchDragEvent", {"type": "dragEnter", **place})
    session.send("Input.dispatchDragEvent", {"type": "dragOver", **place})
    expect(page.locator("#drop.over")).to_be_visible()
    session.send("Input.dispatchDragEvent", {"type": "drop", **place})
    for name in names:
        person.row(name).ends("done")
        assert bucket.read(name) == files[name].read_bytes()


def test_a_big_file_goes_on_after_a_reload(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    bucket.expose("ETag")
    page = person.page
    page.on("dialog", lambda dialog: dialog.accept())  # leave in spite of the upload
    sent: list[str] = []
    halted = True

    def part(route: Route) -> None:
        number = route.request.url.partition("partNumber=")[2].partition("&")[0]
        if halted and number != "2":
            return  # neither answered nor refused: the page has to wait
        sent.append(number)
        route.continue_()

    page.route("**/*partNumber=*", part)
    page.goto(uploads.url)
    with page.expect_response(lambda answer: "partNumber=2" in answer.url and answer.ok):
        person.choose(files["big.bin"])
    page.wait_for_function("Object.values(unfinished.all()[0].record.etags).length === 1")
    halted = False
    page.reload()
    unfinished = page.locator("#unfinished")
    expect(unfinished).to_contain_text("big.bin")
    expect(unfinished).to_contain_text("39 % of 20 MiB is there")
    sent.clear()
    person.choose(files["big.bin"])
    person.row("big.bin").ends("done")
    assert sorted(sent) == ["1", "3"]
    assert bucket.read("big.bin") == files["big.bin"].read_bytes()
    expect(unfinished).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_another_file_of_the_same_name_begins_anew(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path], tmp_path: Path
) -> None:
    bucket.expose("ETag")
    page = person.page
    page.goto(uploads.url)
    page.route("**/*partNumber=3*", lambda _: None)
    with page.expect_response(lambda answer: "partNumber=1" in answer.url and answer.ok):
        person.choose(files["big.bin"])
    person.row("big.bin").press("Cancel")
    person.row("big.bin").ends("cancelled")
    page.unroute_all()
    other = tmp_path / "big.bin"
    other.write_bytes(files["big.bin"].read_bytes()[::-1])
    person.row("big.bin").press("Dismiss")
    person.choose(other)
    person.row("big.bin").ends("done")
    assert bucket.read("big.bin") == other.read_bytes()


def test_cancel_and_retry(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    page = person.page
    page.goto(uploads.url)
    page.route(f"{bucket.server.endpoint}/**", lambda _: None)
    person.choose(files["notes.txt"])
    row = person.row("notes.txt")
    row.press("Cancel")
    row.ends("cancelled")
    page.unroute_all()
    row.press("Retry")
    row.ends("done")
    assert bucket.read("notes.txt") == files["notes.txt"].read_bytes()
    row.press("Dismiss")
    expect(page.locator("#list")).to_be_hidden()


def test_progress_and_speed(
    person: Person, uploads: UploadServer, files: dict[str, Path], tmp_path: Path
) -> None:
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
    session = person.page.context.new_cdp_session(person.page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    middling = tmp_path / "middling.bin"
    middling.write_bytes(bytes(14 * 1024**2))
    person.page.goto(uploads.url)
    person.choose(middling)
    row = person.row("middling.bin")
    speaking = re.compile(r"^[1-9]\d? % of 14 MiB · [\d.]+ [KM]iB/s · \d+ s left$")
    expect(row.node.locator(".note")).to_have_text(speaking)
    assert 0 < row.node.get_by_role("progressbar").evaluate("node => node.value") < 1
    row.press("Cancel")
    row.ends("cancelled")


def test_inside_a_program_of_ones_own(
    person: Person, bucket: Bucket, files: dict[str, Path], tmp_path: Path
) -> None:
    """The page lies under a path there, behind a hook that narrows who may send what where."""
    (tmp_path / "portal.py").write_text(SITE)
    person.expect_errors("status of 403")
    with UploadServer(
        bucket, program=("uvicorn", "--port", "0", "portal:app"), folder=tmp_path
    ) as own:
        person.page.goto(f"{own.url}/files/")
        person.choose(files["notes.txt"], files["green.png"])
        person.row("notes.txt").ends("done")
        assert "Files of the type image/png are not taken" in person.row("green.png").ends("failed")
    assert bucket.read("ann/notes.txt") == files["notes.txt"].read_bytes()


SITE = """
import os
from fastapi import FastAPI
from mossbox.upload import Limits, UploadSettings, upload_server

async def authorize(request):
    return Limits("ann/", types=("text/plain",))

settings = UploadSettings(
    bucket=os.environ["BUCKET"], endpoint=os.environ["ENDPOINT"],
    role_arn=os.environ["OSS_STS_ROLE_ARN"],
)
app = FastAPI()
app.mount("/files", upload_server(settings, authorize))
"""


def test_a_part_that_meets_a_fault_is_sent_again(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    bucket.expose("ETag")
    person.expect_errors("status of 503")
    person.page.goto(uploads.url)
    answer = {"status": 503, "headers": {"Access-Control-Allow-Origin": "*"}, "body": ""}
    person.page.route("**/*partNumber=2&*", lambda route: route.fulfill(**answer), times=1)
    person.choose(files["big.bin"])
    person.row("big.bin").ends("done")
    assert bucket.read("big.bin") == files["big.bin"].read_bytes()


def test_without_forms_small_files_go_in_parts_too(
    person: Person, bucket: Bucket, files: dict[str, Path]
) -> None:
    bucket.expose("ETag")
    with UploadServer(bucket, "--offer", "multipart", "--offer", "page") as uploads:
        person.page.goto(uploads.url)
        person.choose(files["notes.txt"], files["empty.bin"])
        for name in ("notes.txt", "empty.bin"):
            person.row(name).ends("done")
            assert bucket.read(name) == files[name].read_bytes()
    assert bucket.type_of("notes.txt") == "text/plain"


# -- what is wrong is said in words --


def test_a_bucket_without_a_rule(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    mossbox(bucket.server, "cors", "delete", "--bucket", bucket.name)
    person.expect_errors(*CORS_COMPLAINTS)
    person.page.goto(uploads.url)
    person.choose(files["notes.txt"], files["big.bin"])
    for name in ("notes.txt", "big.bin"):
        said = person.row(name).ends("failed")
        assert said.startswith(
            f"The bucket {bucket.name} does not let this page in: it needs a CORS"
        )
        assert f"the method POST and all headers for the origin {uploads.url}." in said
    assert "Failed to fetch" not in person.page.content()


def test_a_rule_that_does_not_expose_etags(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    person.page.goto(uploads.url)
    person.choose(files["big.bin"])
    row = person.row("big.bin")
    assert f"the CORS rule of the bucket {bucket.name} must expose the header ETag" in row.ends(
        "failed"
    )
    row.press("Upload in one piece")
    row.ends("done")
    assert bucket.read("big.bin") == files["big.bin"].read_bytes()


def test_a_rule_that_does_not_allow_put(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    mossbox(
        bucket.server, "cors", "set", "--bucket", bucket.name, "--origin", uploads.url,
        "--methods", "POST", "--headers", "*", "--expose", "ETag",
    )  # fmt: skip
    person.expect_errors(*CORS_COMPLAINTS)
    person.page.goto(uploads.url)
    person.choose(files["big.bin"])
    assert "allows the method PUT" in person.row("big.bin").ends("failed")


def test_a_role_that_may_do_nothing(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    mossbox(bucket.server, "policy", "detach", bucket.name, "--role", bucket.name)
    person.expect_errors("status of 403")
    person.page.goto(uploads.url)
    person.choose(files["notes.txt"], files["big.bin"])
    for name in ("notes.txt", "big.bin"):
        row = person.row(name)
        assert row.ends("failed") == "The store does not permit this upload."
        row.node.get_by_text("Details").click()
        assert "HTTP 403 AccessDenied" in row.node.locator(".error pre").inner_text()


def test_a_role_that_may_not_be_assumed(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    mossbox(bucket.server, "role", "delete", bucket.name)
    person.expect_errors("status of 502")
    person.page.goto(uploads.url)
    person.choose(files["notes.txt"])
    said = person.row("notes.txt").ends("failed")
    assert said.startswith("STS gave this server no temporary keys (EntityNotExist.Role)")


def test_limits_of_the_server(person: Person, bucket: Bucket, files: dict[str, Path]) -> None:
    person.expect_errors("status of 403")
    flags = (
        "--max-size-bytes",
        "20",
        "--content-type",
        "image/png",
        "--content-type",
        "text/plain",
    )
    with UploadServer(bucket, *flags) as uploads:
        person.page.goto(uploads.url)
        expect(person.page.locator("#hint")).to_have_text("PNG, PLAIN · up to 20 bytes each")
        person.choose(files["notes.txt"], files["empty.bin"])
        assert (
            person.row("notes.txt").ends("failed") == "The file is too large: 20 bytes are allowed."
        )
        assert "are not taken: image/png, text/plain." in person.row("empty.bin").ends("failed")


def test_a_file_that_the_store_finds_too_large(
    person: Person, bucket: Bucket, files: dict[str, Path]
) -> None:
    person.expect_errors("status of 400")

    def unsaid(route: Route) -> None:
        route.continue_(url=route.request.url.replace("&size=", "&unsaid="))

    with UploadServer(bucket, "--max-size-bytes", "20") as uploads:
        person.page.route("**/get_post_signature_for_oss_upload*", unsaid)
        person.page.goto(uploads.url)
        person.choose(files["notes.txt"])
        said = person.row("notes.txt").ends("failed")
    assert said == "The file is larger than is allowed here."


def test_a_permission_that_ran_out_is_asked_for_once_more(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    person.expect_errors("status of 403")
    answer = {
        "status": 403, "headers": {"Access-Control-Allow-Origin": "*"},
        "body": "<Error><Code>SecurityTokenExpired</Code><Message>old</Message></Error>",
    }  # fmt: skip
    person.page.goto(uploads.url)
    store = f"{bucket.server.endpoint}/**"
    person.page.route(store, lambda route: route.fulfill(**answer), times=1)
    person.choose(files["notes.txt"])
    person.row("notes.txt").ends("done")
    person.page.route(store, lambda route: route.fulfill(**answer), times=2)
    person.choose(files["green.png"])
    said = person.row("green.png").ends("failed")
    assert said == "The permission to upload ran out. Retry gets a new one."


def test_servers_that_do_not_answer(person: Person, bucket: Bucket, files: dict[str, Path]) -> None:
    person.expect_errors("net::ERR_CONNECTION_REFUSED", "net::ERR_INTERNET_DISCONNECTED")
    nobody = f"http://127.0.0.1:{free_port()}"
    with UploadServer(bucket, "--public-endpoint", nobody) as uploads:
        person.page.goto(uploads.url)
        person.choose(files["notes.txt"])
        row = person.row("notes.txt")
        assert row.ends("failed").startswith("The store can't be reached.")
        person.page.context.set_offline(True)
        row.press("Retry")
        expect(row.node.locator(".error p")).to_contain_text("server does not answer")
        person.page.context.set_offline(False)
    row.press("Retry")
    expect(row.node.locator(".error p")).to_contain_text("server does not answer")


WORDS: tuple[tuple[dict[str, str | int], str], ...] = (
    ({"code": "SecurityTokenExpired"}, "permission to upload ran out"),
    ({"code": "AccessDenied", "said": "Policy expired."}, "permission to upload ran out"),
    ({"code": "EntityTooSmall"}, "smaller than is allowed"),
    ({"code": "FileAlreadyExists"}, "of this name already"),
    ({"code": "InvalidAccessKeyId"}, "does not know the key"),
    ({"code": "NoSuchBucket"}, "There is no bucket called here"),
    ({"code": "SignatureDoesNotMatch"}, "does not accept the signature"),
    ({"status": 500, "code": "InternalError"}, "a fault at the moment"),
    ({"status": 400, "code": "SomethingNew"}, "The store refused the file (SomethingNew)."),
)


def test_words_for_what_a_store_may_answer(person: Person, uploads: UploadServer) -> None:
    person.page.goto(uploads.url)
    for failure, said in WORDS:
        assert said in person.page.evaluate(
            "given => explain(new Failure('store', {status: 403, ...given}), 'here')", failure
        )


# -- how it looks and is used --


def no_wider(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_narrow_screen(
    person: Person, uploads: UploadServer, files: dict[str, Path], tmp_path: Path
) -> None:
    page = person.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(uploads.url)
    no_wider(page, 360)
    long = tmp_path / ("a-very-long-name-without-any-space" * 4 + ".txt")
    long.write_text("word" * 200)
    person.choose(long, files["big.bin"], files["green.png"])
    person.row(long.name).ends("done")
    person.row("big.bin").ends("failed")
    person.row("green.png").ends("done")
    no_wider(page, 360)


def test_by_keyboard_alone(
    person: Person, uploads: UploadServer, bucket: Bucket, files: dict[str, Path]
) -> None:
    page = person.page
    page.goto(uploads.url)
    page.route(f"{bucket.server.endpoint}/**", lambda _: None)
    page.keyboard.press("Tab")
    expect(page.locator("#file")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(files["notes.txt"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Cancel: notes.txt")).to_be_focused()
    page.keyboard.press("Enter")
    page.unroute_all()
    expect(page.get_by_role("button", name="Retry: notes.txt")).to_be_focused()
    page.keyboard.press("Enter")
    person.row("notes.txt").ends("done")
    expect(page.get_by_role("status")).to_have_text("notes.txt is uploaded.")
    expect(page.get_by_role("button", name="Dismiss: notes.txt")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#file")).to_be_focused()
    assert bucket.read("notes.txt") == files["notes.txt"].read_bytes()
