"""One store with a second account, for all clients."""

import os
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import oss2
import pytest

from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET, OTHER_UID
from tests.conformance.raw import ask
from tests.leavings import remove_buckets
from tests.support import KEY_ID, REGION, SECRET, Server

Move = Callable[[int], None]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The store that the clients talk to."""
    environment = {"MOSSBOX_ACCOUNTS": f"{OTHER_UID}:{OTHER_KEY_ID}:{OTHER_SECRET}"}
    arguments = ("--domain", "oss.test", "--cname", "files.example=cname-bucket")
    with Server(
        tmp_path_factory.mktemp("store"), *arguments, workers=2, environment=environment
    ) as running:
        yield running


@pytest.fixture
def bucket_name(server: Server) -> Iterator[str]:
    """A bucket name that no other test uses; what begins with it is removed afterwards."""
    name = f"t-{os.urandom(6).hex()}"
    yield name
    remove_buckets(server, name, KEY_ID, SECRET)
    remove_buckets(server, name, OTHER_KEY_ID, OTHER_SECRET)


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> oss2.Bucket:
    """A bucket of oss2, signed in the newest way."""
    auth = oss2.AuthV4(KEY_ID, SECRET)
    made = oss2.Bucket(auth, server.endpoint, bucket_name, region=REGION)
    made.create_bucket()
    return made


@pytest.fixture
def named(bucket: oss2.Bucket) -> str:
    """The name of such a bucket."""
    return str(bucket.bucket_name)


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[tuple[Server, Move]]:
    """A store and what moves its clock, by seconds ahead of the real one."""
    reading, writing = os.pipe()
    environment = {"MOSSBOX_CLOCK_PIPE": str(reading)}
    with Server(tmp_path, pass_fds=(reading,), environment=environment) as running:

        def move(ahead_s: int) -> None:
            os.write(writing, f"{ahead_s}\n".encode())
            while True:  # until an answer shows the new time
                date = parsedate_to_datetime(ask(running, "GET", "/-/health").headers["date"])
                if abs(date.timestamp() - time.time() - ahead_s) < 30:
                    return

        yield running, move
    os.close(reading)
    os.close(writing)
