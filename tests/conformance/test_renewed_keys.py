"""The credential providers of Go and Java: the vendor's clients go on with the key they renew.

A key that is about to end is had by moving the store's clock back: it is then issued for a time
that is nearly over by the clock of the program.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from select import select
from typing import Any, Self

import pytest

from tests.conformance.cloud import TRUST_ACCOUNT, Cloud
from tests.conformance.keys import UID
from tests.conformance.programs import Program
from tests.conformance.raw import ask
from tests.conformance.test_credential_providers import works
from tests.conformance.test_programs import GO, GO_BUILD, JAVA, JAVA_BUILD, JAVA_CLASSES
from tests.support import REGION, Server, free_port

JAVA_TRUST = ("-Djavax.net.ssl.trustStore=TRUST", "-Djavax.net.ssl.trustStorePassword=changeit")
JAVA_START = ("java", "-XX:TieredStopAtLevel=1", *JAVA_TRUST, "-cp", JAVA_CLASSES, "Main")
PROGRAMS = [
    # with the seconds that a session lives: Go's provider renews it 3 minutes before its end,
    # Java's 15 minutes before
    (Program("go_credentials", ("go",), GO, GO_BUILD, ("FOLDER/program",)), 900),
    (Program("java_credentials", ("java", "mvn", "keytool"), JAVA, JAVA_BUILD, JAVA_START), 1200),
]
# how far back the clock is while a key is issued; requests may be 15 minutes off, the page is open
BACK_S = {"role": 800, "uri": 3500}
Key = dict[str, str]


class Conversation:
    """A program that is given one order a line and answers each with the keys it had or used."""

    def __init__(self, words: list[str], log: Path, trusted: Path, given: dict[str, Any]) -> None:
        self.given, self.log = given, log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                env={**os.environ, "SSL_CERT_FILE": str(trusted)},
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, step: str, name: str, kind: str, **more: Any) -> list[Key]:
        """`obtain` a key, or `use` keys to put an object and to read it again."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {**self.given, "step": step, "name": name, "type": kind, **more}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        if not select([self.process.stdout], [], [], 60)[0]:
            self.process.kill()  # it has hung
        answer = self.process.stdout.readline()
        assert answer, self.log.read_text()
        return json.loads(answer)


class Clock:
    """The clock of a store, which a test may move."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()

    def shift(self, store: Server, seconds: int) -> None:
        """Move it this far from the true time, and wait until it stands there."""
        os.write(self.write_end, f"{seconds}\n".encode())
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            date = parsedate_to_datetime(ask(store, "GET", "/-/health").headers["date"])
            if abs(date.timestamp() - time.time() - seconds) < 30:
                return
        raise AssertionError("the clock did not move")


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    found = Clock()
    yield found
    os.close(found.read_end)
    os.close(found.write_end)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Server]:
    """A store with TLS, the credentials page and a clock that can be moved."""
    arguments = ("--tls-listen", f"localhost:{free_port()}", "--tls-self-signed")
    with Server(
        tmp_path_factory.mktemp("secure"), *arguments, "--credentials-uri",
        environment={"MOSSBOX_CLOCK_PIPE": str(clock.read_end)}, pass_fds=(clock.read_end,),
    ) as running:  # fmt: skip
        assert running.request("PUT", "renewals").status == 200
        yield running


@pytest.fixture(scope="module")
def given(store: Server) -> dict[str, Any]:
    """What every order says: a user who may assume a role that may do everything in OSS."""
    root = Cloud(store)
    user = root.user("caller")
    root.attach("AliyunSTSAssumeRoleAccess", "User", "caller")
    root("CreateRole", role_name="worker", assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", "worker")
    return {
        "key": {"id": user.key_id, "secret": user.secret}, "roleArn": f"acs:ram::{UID}:role/worker",
        "stsEndpoint": store.arguments[1], "uri": f"{store.endpoint}/-/credentials?role=worker",
        "endpoint": store.endpoint, "region": REGION, "bucket": "renewals",
    }  # fmt: skip


@pytest.fixture(scope="module", params=PROGRAMS, ids=lambda param: param[0].name)
def program(
    request: pytest.FixtureRequest, store: Server, given: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Conversation]:  # fmt: skip
    built, seconds = request.param
    start = built.built()
    folder, certificate = tmp_path_factory.mktemp(built.name), store.data / "tls-cert.pem"
    trust = folder / "trusted.p12"
    if "keytool" in built.tools:
        subprocess.run(
            ("keytool", "-importcert", "-noprompt", "-alias", "store", "-file", certificate,
             "-keystore", trust, "-storetype", "PKCS12", "-storepass", "changeit"),
            check=True, capture_output=True,
        )  # fmt: skip
    words = [word.replace("TRUST", str(trust)) for word in start]
    orders = {**given, "seconds": seconds}
    with Conversation(words, folder / "errors.log", certificate, orders) as running:
        yield running


@pytest.mark.parametrize(("name", "kind"), [("role", "ram_role_arn"), ("uri", "credentials_uri")])
def test_a_client_goes_on_with_another_key(
    program: Conversation, store: Server, clock: Clock, name: str, kind: str
) -> None:
    clock.shift(store, -BACK_S[name])
    try:
        (first,) = program.ask("obtain", name, kind)
    finally:
        clock.shift(store, 0)
    put, got = program.ask("use", name, kind)
    assert put["id"] != first["id"]  # renewed, as its end was near
    assert got == put  # and kept from then on
    assert program.ask("obtain", name, kind) == [put]
    assert works(store, first)
    assert works(store, put)
    assert store.request("GET", "renewals", name).body == f"from {name}".encode()


def test_a_client_uses_the_session_it_is_given(
    program: Conversation, store: Server, given: dict[str, Any]
) -> None:
    user = Cloud(store, given["key"]["id"], given["key"]["secret"])
    session = user.assume("worker")
    key = {"id": session.key_id, "secret": session.secret, "token": session.token}
    assert program.ask("use", "static", "sts", key=key) == [key, key]
    assert store.request("GET", "renewals", "static").body == b"from static"
