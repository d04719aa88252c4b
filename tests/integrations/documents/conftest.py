"""One store, one world and one browser for all samples, and the people of the documents."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conformance.cloud import Cloud, document
from tests.conftest import require
from tests.integrations.documents.documents import BUCKET, ROLE, ROLE_ARN, UID, Sample, sample
from tests.integrations.documents.facts import Log
from tests.integrations.documents.servers import Place
from tests.integrations.world import Program, World
from tests.support import Server

CORS = b"""<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>
<AllowedMethod>POST</AllowedMethod><AllowedMethod>PUT</AllowedMethod>
<AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader></CORSRule></CORSConfiguration>"""
PUT, LOCATION = "web-put", "web-location"


class MovedStore(Server):
    """A store whose time a test can move."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._read, self._write = os.pipe()
        environment = {"MOSSBOX_CLOCK_PIPE": str(self._read)}
        super().__init__(folder, *arguments, environment=environment, pass_fds=(self._read,))

    def move(self, seconds: float) -> None:
        """Let the store's time differ from the machine's by so much."""
        os.write(self._write, f"{seconds}\n".encode())

    def close(self) -> None:
        """Nobody moves it any more."""
        os.close(self._read)
        os.close(self._write)


@dataclass
class People:
    """The user of the documents, whose key the samples have, and the role that they assume."""

    store: MovedStore
    root: Cloud
    user: Cloud

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the samples read, in all of their spellings."""
        return {
            "OSS_STS_ROLE_ARN": ROLE_ARN,
            **dict.fromkeys(
                (
                    "OSS_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_ID",
                ), self.user.key_id,
            ),
            **dict.fromkeys(
                (
                    "OSS_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                    "ALIBABA_CLOUD_ACCESS_SECRET",
                ), self.user.secret,
            ),
        }  # fmt: skip

    def attach(self) -> None:
        """Let the user and the role put objects."""
        self.root.attach(PUT, "User", "web")
        self.root.attach(PUT, "Role", ROLE)

    def detach(self) -> None:
        """Take that back."""
        given = {"policy_type": "Custom", "policy_name": PUT}
        self.root("DetachPolicyFromUser", user_name="web", **given)
        self.root("DetachPolicyFromRole", role_name=ROLE, **given)


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MovedStore]:
    folder = tmp_path_factory.mktemp("store")
    made = MovedStore(folder, "--account-id", UID, "--bucket", BUCKET)
    with closing(made), made as running:
        answer = running.request("PUT", BUCKET, query={"cors": ""}, body=CORS)
        assert answer.status == 200, answer
        yield running


@pytest.fixture(scope="package")
def everybody(store: MovedStore) -> People:
    """The document's user, role and policy."""
    root = Cloud(store)
    user = root.user("web")
    root.attach("AliyunSTSAssumeRoleAccess", "User", "web")
    trust = (
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        f'"Principal":{{"RAM":["acs:ram::{UID}:root"]}}}}]}}'
    )
    root("CreateRole", role_name=ROLE, assume_role_policy_document=trust)
    printed = sample("003 policy").text.replace("<BucketName>", BUCKET)
    root("CreatePolicy", policy_name=PUT, policy_document=printed)
    location = document("oss:GetBucketLocation", on=f"acs:oss:*:*:{BUCKET}")
    root("CreatePolicy", policy_name=LOCATION, policy_document=location)
    root.attach(LOCATION, "User", "web")
    people = People(store, root, user)
    people.attach()
    return people


@pytest.fixture
def people(everybody: People) -> Iterator[People]:
    """As everybody is at first, whatever a test changes."""
    yield everybody
    everybody.store.move(0)
    if "web-put" not in str(everybody.root("ListPoliciesForUser", user_name="web")):
        everybody.attach()


@pytest.fixture(scope="package")
def world(store: MovedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(store, tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture(scope="package")
def chromium(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A real browser in the world: `mossbox run -- chromium`, and no rules of the test's own."""
    require("chromium", shutil.which("chromium") is not None, "apt install chromium")
    script = tmp_path_factory.mktemp("browser") / "chromium"
    script.write_text(f'#!/bin/sh\nexec {" ".join(world.words("chromium"))} "$@"\n')
    script.chmod(0o755)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=script, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty tab."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def log(store: MovedStore) -> Log:
    """The store's access lines of this test."""
    return Log(store)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A PNG that is like no other."""
    return picture(tmp_path / "photo.png")


def picture(path: Path) -> Path:
    """A file that begins like a PNG."""
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(20_000))
    return path


@pytest.fixture
def place(world: World, people: People, tmp_path: Path) -> Iterator["Places"]:
    """Where samples serve; all end with the test."""
    made = Places(world, people, tmp_path)
    yield made
    made.close()


class Places:
    """Makes a place for a sample, with its page."""

    def __init__(self, world: World, people: People, folder: Path) -> None:
        self._world, self._people, self._folder = world, people, folder
        self._programs: list[Program] = []

    def serve(
        self, language: str, text: Sample, page: str, *, shift_s: float = 0, **more: str
    ) -> Program:
        """The sample, serving; with `shift_s` in a time of its own, which Node.js can be given."""
        environment = dict(self._people.environment)
        if shift_s:
            clock = Path(__file__).parent / "node" / "clock.js"
            environment |= {"NODE_OPTIONS": f"--require {clock}", "SHIFT_S": str(shift_s)}
        folder = self._folder / f"sample-{len(self._programs)}"
        folder.mkdir()
        place = Place(self._world, folder, page, environment)
        self._programs.append(place.serve(language, text, **more))
        return self._programs[-1]

    def close(self) -> None:
        """End all of them."""
        for program in self._programs:
            program.stop()
