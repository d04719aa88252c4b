"""The store for tests, as a project's own tests would use it."""

import asyncio
import json
import select
import signal
import subprocess
import sys
import unittest
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

from mossbox.testing import MossboxMixin, MossboxServer
from tests.support import KEY_ID, REGION, SECRET, Server

BUCKET = "test-bucket"


def code(asked: object) -> str:
    """The error code of a refused call of oss2, or an empty string."""
    try:
        asked()  # type: ignore[operator]
    except oss2.exceptions.OssError as error:
        return error.code or type(error).__name__
    return ""


def impatient(server: MossboxServer) -> oss2.Bucket:
    """The ready bucket, for somebody who waits a moment and tries once."""
    auth = oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider(KEY_ID, SECRET))
    session = oss2.Session()
    return oss2.Bucket(
        auth, server.endpoint, BUCKET, region=REGION, session=session, connect_timeout=0.3
    )


# -- a store that is ready ----------------------------------------------------------------------


def test_it_has_a_bucket_and_a_key(mossbox: MossboxServer) -> None:
    auth = oss2.ProviderAuthV4(
        oss2.credentials.StaticCredentialsProvider(mossbox.access_key_id, mossbox.access_key_secret)
    )
    bucket = oss2.Bucket(auth, mossbox.get_endpoint(), mossbox.bucket, region=mossbox.region)
    bucket.put_object("a", b"Hello")
    assert bucket.get_object("a").read() == b"Hello"


def test_clients_are_ready_made(mossbox: MossboxServer) -> None:
    mossbox.oss2_bucket().put_object("a", b"1")
    found = mossbox.client().get_object(oss_v2.GetObjectRequest(BUCKET, "a"))
    assert found.body.content == b"1"

    async def read() -> bytes:
        async with mossbox.async_client() as client:
            found = await client.get_object(oss_v2.GetObjectRequest(BUCKET, "a"))
            return await found.body.read()

    assert asyncio.run(read()) == b"1"


def test_programs_find_it_by_their_environment(mossbox: MossboxServer) -> None:
    assert mossbox.environment["OSS_ENDPOINT"] == mossbox.endpoint
    assert mossbox.environment["ALIBABA_CLOUD_ACCESS_KEY_ID"] == mossbox.access_key_id


def test_a_reset_takes_all_of_it_back(mossbox: MossboxServer) -> None:
    bucket = mossbox.oss2_bucket()
    bucket.put_object("small", b"1")
    bucket.put_object("large", bytes(200_000))
    mossbox.oss2_bucket("another").create_bucket()
    first = mossbox.role
    temporary = mossbox.assume_role()
    mossbox.clock.advance(days=400)
    mossbox.faults.add("GetObject", error="InternalError")
    mossbox.reset()
    assert code(lambda: bucket.get_object("small")) == "NoSuchKey"
    account = oss2.Service(bucket.auth, mossbox.endpoint, region=REGION)
    assert [found.name for found in account.list_buckets().buckets] == [BUCKET]
    assert abs(mossbox.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    stale = mossbox.oss2_bucket(key=temporary)
    assert code(lambda: stale.put_object("a", b"1")) in (
        "InvalidAccessKeyId",
        "InvalidSecurityToken",
    )
    assert mossbox.role.access_key_id != first.access_key_id


def test_a_reset_ends_the_requests_of_the_test_before(mossbox: MossboxServer) -> None:
    mossbox.faults.add("PutObject", latency_s=60)
    waiting = mossbox.oss2_bucket()
    with subprocess.Popen(
        [sys.executable, "-c", f"""
import oss2
auth = oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider({KEY_ID!r}, {SECRET!r}))
print("ready", flush=True)
try:
    oss2.Bucket(auth, {waiting.endpoint!r}, {BUCKET!r}, region={REGION!r}).put_object("a", b"1")
except oss2.exceptions.RequestError:
    print("cut off")
"""],
        stdout=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        while not waiting.object_exists("a"):
            pass  # the object is there, its answer is late
        mossbox.reset()
        assert child.stdout.read() == b"cut off\n"


# -- identities ---------------------------------------------------------------------------------


def test_the_ram_user_may_assume_the_role_and_the_root_key_may_not(mossbox: MossboxServer) -> None:
    from mossbox.testing.identity import STS, rpc

    temporary = mossbox.assume_role()
    bucket = mossbox.oss2_bucket(key=temporary)
    bucket.put_object("a", b"1")
    assert bucket.get_object("a").read() == b"1"
    with pytest.raises(RuntimeError, match="AssumeRole: "):
        rpc(
            mossbox, "AssumeRole", STS, mossbox.access_key_id, mossbox.access_key_secret,
            RoleArn=mossbox.role.arn, RoleSessionName="test",
        )  # fmt: skip


def test_a_session_may_be_narrowed(mossbox: MossboxServer) -> None:
    only_get = {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "1", "Statement": [only_get]})
    bucket = mossbox.oss2_bucket(key=mossbox.assume_role(policy=policy))
    assert code(lambda: bucket.put_object("a", b"1")) == "AccessDenied"


# -- time ---------------------------------------------------------------------------------------


def test_what_expires_expires(mossbox: MossboxServer) -> None:
    bucket = mossbox.oss2_bucket()
    bucket.put_object("a", b"1")
    url = bucket.sign_url("GET", "a", 600)
    session = mossbox.oss2_bucket(key=mossbox.assume_role(duration_s=900))
    mossbox.clock.advance(minutes=9)
    assert urllib.request.urlopen(url).read() == b"1"
    mossbox.clock.advance(timedelta(minutes=2))
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(url)
    assert refused.value.status == 403
    assert session.get_object("a").read() == b"1"
    mossbox.clock.advance(300)
    assert code(lambda: session.get_object("a")) == "SecurityTokenExpired"


def test_time_can_be_set_and_taken_back(mossbox: MossboxServer) -> None:
    bucket = mossbox.oss2_bucket()
    mossbox.clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    bucket.put_object("a", b"1")
    assert bucket.head_object("a").headers["Last-Modified"].startswith("Tue, 01 Jan 2030")
    mossbox.clock.set(946684800.0)
    assert mossbox.clock.now().year == 2000
    bucket.put_object("b", b"1")
    assert bucket.head_object("b").headers["Last-Modified"].endswith("2000 00:00:00 GMT")
    mossbox.clock.reset()
    assert abs(mossbox.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(ValueError, match="time zone"):
        mossbox.clock.set(datetime(2030, 1, 1))


def test_clients_that_stay_behind_are_refused_if_that_is_the_test(mossbox: MossboxServer) -> None:
    bucket = mossbox.oss2_bucket()
    mossbox.clock.advance(minutes=20)
    assert code(lambda: bucket.put_object("a", b"1")) == ""
    mossbox.clock.advance(strict=True)
    assert code(lambda: bucket.put_object("a", b"1")) == "RequestTimeTooSkewed"
    with pytest.raises(RuntimeError, match=r"InvalidTimeStamp\.Expired"):
        mossbox.assume_role()


# -- faults -------------------------------------------------------------------------------------


def test_an_error_comes_as_often_as_asked_for(mossbox: MossboxServer) -> None:
    bucket = mossbox.oss2_bucket()
    bucket.put_object("a", b"1")
    second = mossbox.faults.add("GetObject", error="InternalError", nth=2)
    assert [code(lambda: bucket.get_object("a")) for _ in range(3)] == ["", "InternalError", ""]
    assert (second.hits, second.seen) == (1, 3)
    mossbox.faults.clear()
    mossbox.faults.add("GetObject", error="Throttling.User", nth=2, times=2)
    codes = [code(lambda: bucket.get_object("a")) for _ in range(4)]
    assert codes == ["", "Throttling.User", "Throttling.User", ""]


def test_an_error_that_only_the_cloud_says(mossbox: MossboxServer) -> None:
    with (
        mossbox.faults.add(error="QpsLimitExceeded", status=503, message="Too fast."),
        pytest.raises(oss2.exceptions.ServerError, match=r"Too fast\.") as refused,
    ):
        mossbox.oss2_bucket().get_bucket_info()
    assert (refused.value.status, refused.value.code) == (503, "QpsLimitExceeded")


def test_rules_choose_by_bucket_and_key(mossbox: MossboxServer) -> None:
    bucket = mossbox.oss2_bucket()
    with mossbox.faults.add(bucket="test-*", key="logs/*.gz", error="AccessDenied", message="No."):
        assert code(lambda: bucket.put_object("logs/a.gz", b"1")) == "AccessDenied"
        assert code(lambda: bucket.put_object("logs/a.txt", b"1")) == ""
        assert code(bucket.get_bucket_acl) == ""
    assert code(lambda: bucket.put_object("logs/a.gz", b"1")) == ""
    mossbox.faults.add(bucket="other", error="AccessDenied")
    assert code(lambda: bucket.put_object("logs/a.gz", b"1")) == ""


def test_operations_of_sts_fail_too(mossbox: MossboxServer) -> None:
    with (
        mossbox.faults.add("AssumeRole", error="Throttling.User"),
        pytest.raises(RuntimeError, match=r"AssumeRole: Throttling\.User"),
    ):
        mossbox.assume_role()
    assert mossbox.assume_role().security_token


def test_a_client_tries_again(mossbox: MossboxServer) -> None:
    fault = mossbox.faults.add("PutObject", error="ServiceUnavailable", nth=1)
    mossbox.client().put_object(oss_v2.PutObjectRequest(BUCKET, "a", body=b"1"))
    assert (fault.hits, fault.seen) == (1, 2)


@pytest.mark.parametrize(("drop", "done"), [("before", False), ("after", True)])
def test_a_connection_breaks_around_the_operation(
    drop: str, done: bool, mossbox: MossboxServer
) -> None:
    bucket = mossbox.oss2_bucket()
    with mossbox.faults.add("PutObject", drop=drop), pytest.raises(oss2.exceptions.RequestError):  # type: ignore[arg-type]
        bucket.put_object("a", b"1")
    assert bucket.object_exists("a") is done


@pytest.mark.parametrize("size", [2, 1000, 3_000_000])
def test_a_connection_breaks_within_the_body(size: int, mossbox: MossboxServer) -> None:
    bucket = mossbox.oss2_bucket()
    bucket.put_object("a", b"1" * size)
    mossbox.faults.add("GetObject", drop="within", nth=1)
    got = []
    answer = bucket.get_object("a")
    with pytest.raises(Exception, match=r"broken|reset|Incomplete"):
        got.extend(answer)
    assert len(b"".join(got)) < size
    assert len(bucket.get_object("a").read()) == size


def test_an_answer_is_late(mossbox: MossboxServer) -> None:
    bucket = impatient(mossbox)
    bucket.put_object("a", b"1")
    with mossbox.faults.add("GetObject", latency_s=60):
        with pytest.raises(oss2.exceptions.RequestError, match="timed out"):
            bucket.get_object("a")
        assert bucket.head_object("a").status == 200
    assert bucket.get_object("a").read() == b"1"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"operation": "GetObjekt", "error": "InternalError"}, "operation: .*'GetObjekt'"),
        ({"error": "NoSuchError"}, "error: .*'NoSuchError'.* needs a status"),
        ({"error": "NoSuchError", "status": 200}, "status: 200"),
        ({"error": "NoSuchError", "status": 999}, "status: 999"),
        ({"drop": "sometimes"}, "drop: 'sometimes'"),
        ({"operation": "GetObject"}, "needs a latency, an error or a drop"),
        ({"error": "InternalError", "nth": 0}, "nth counts from 1"),
        ({"latency_s": -1}, "latency"),
        ({"operation": 1, "error": "InternalError"}, "operation"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(
    rule: dict[str, object], words: str, mossbox: MossboxServer
) -> None:
    with pytest.raises(ValueError, match=words):
        mossbox.faults.add(**rule)  # type: ignore[arg-type]
    assert code(lambda: mossbox.oss2_bucket().put_object("a", b"1")) == ""


# -- servers ------------------------------------------------------------------------------------


def test_what_lies_on_disk_outlives_a_stop(tmp_path: Path) -> None:
    with MossboxServer(tmp_path / "data", bucket="kept", region="cn-beijing") as server:
        server.oss2_bucket().put_object("a", b"1")
        port = server.port
        server.stop()
        server.stop()
        assert not server.running
        with pytest.raises(RuntimeError, match="not running"):
            server.reset()
        assert server.start().port == port
        assert server.oss2_bucket().get_object("a").read() == b"1"
        with pytest.raises(RuntimeError, match="on disk"):
            server.reset()
        server.clock.advance(days=1)
        server.faults.add("GetObject", error="InternalError")
        assert code(lambda: server.oss2_bucket().get_object("a")) == "InternalError"


def test_it_takes_no_settings_from_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSSBOX_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("MOSSBOX_ACCESS_KEY_SECRET", "else")
    with MossboxServer() as server:
        assert server.oss2_bucket().put_object("a", b"1").status == 200


def test_a_start_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"--bucket 'NO' is not a bucket's name"):
        MossboxServer(bucket="NO").start()


@pytest.mark.parametrize(
    ("pipe", "workers", "sentence"),
    [("x", 1, "is the number of an open socket"), ("0", 1, "open socket"), ("1", 2, "one worker")],
)
def test_a_pipe_that_is_none(pipe: str, workers: int, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=sentence) as refused:
        Server(tmp_path, workers=workers, environment={"MOSSBOX_TEST_PIPE": pipe}).start()
    assert "Traceback" not in str(refused.value)


def test_a_store_that_was_killed_is_started_anew() -> None:
    with MossboxServer() as server:
        first, port = server.pid, server.port
        subprocess.run(["kill", "-9", str(first)], check=True)
        server.reset()
        assert server.pid != first
        assert server.port == port
        assert server.oss2_bucket().put_object("a", b"1").status == 200


def test_it_serves_asynchronously() -> None:
    async def use() -> int:
        async with MossboxServer() as server, server.async_client() as client:
            request = oss_v2.PutObjectRequest(BUCKET, "a", body=b"1")
            return int((await client.put_object(request)).status_code)

    assert asyncio.run(use()) == 200


def test_it_ends_with_the_process_that_started_it() -> None:
    script = (
        "import sys\nfrom mossbox.testing import MossboxServer\n"
        "server = MossboxServer().start()\nprint(server.pid, flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        store = pidfd(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        assert select.select([store], [], [], 20)[0] == [store]


def pidfd(pid: int) -> int:
    """What becomes readable when the process ends."""
    import os

    return os.pidfd_open(pid)


def test_a_store_without_the_pipe_has_none_of_it() -> None:
    code = (
        "import sys, mossbox.supervisor\n"
        "print([n for n in ('mossbox.testpipe', 'mossbox.faults', 'mossbox.testing')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


class Uploads(MossboxMixin, unittest.TestCase):
    """A case of unittest; each test finds the store empty."""

    def test_one(self) -> None:
        assert not self.mossbox.oss2_bucket().object_exists("a")
        self.mossbox.oss2_bucket().put_object("a", b"1")

    test_two = test_one


class AsynchronousUploads(MossboxMixin, unittest.IsolatedAsyncioTestCase):
    """The same within an event loop."""

    async def test_one(self) -> None:
        async with self.mossbox.async_client() as client:
            request = oss_v2.PutObjectRequest(self.mossbox.bucket, "a", forbid_overwrite=True)
            assert (await client.put_object(request)).status_code == 200

    test_two = test_one
