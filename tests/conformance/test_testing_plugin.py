"""The pytest plugin in a project's own suite, as it is installed with the package."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow  # whole runs of pytest

SUITE = """
import asyncio
import os
import signal

import alibabacloud_oss_v2 as oss
import oss2
import pytest


def test_a_client_of_ones_own(mossbox):
    auth = oss2.AuthV4(mossbox.access_key_id, mossbox.access_key_secret)
    bucket = oss2.Bucket(auth, mossbox.endpoint, mossbox.bucket, region=mossbox.region)
    bucket.put_object("a", b"Hello")
    assert bucket.get_object("a").read() == b"Hello"


def test_nothing_is_left_of_another_test(mossbox):
    assert not mossbox.oss2_bucket().object_exists("a")


def test_a_crash_of_the_store(mossbox):
    os.kill(mossbox.pid, signal.SIGKILL)
    raise RuntimeError("this test fails")


def test_the_next_one_has_a_store_again(mossbox):
    request = oss.PutObjectRequest(mossbox.bucket, "a", body=b"1")
    assert mossbox.client().put_object(request).status_code == 200


def test_asynchronous_clients(mossbox):
    async def put():
        async with mossbox.async_client() as client:
            return await client.put_object(oss.PutObjectRequest(mossbox.bucket, "a", body=b"1"))

    assert asyncio.run(put()).status_code == 200


def test_time_and_faults(mossbox):
    key = mossbox.assume_role(duration_s=900)
    mossbox.clock.advance(minutes=16)
    with pytest.raises(oss2.exceptions.ServerError, match="SecurityTokenExpired"):
        mossbox.oss2_bucket(key=key).put_object("a", b"1")
    mossbox.faults.add("PutObject", error="InternalError", nth=1)
    with pytest.raises(oss2.exceptions.ServerError, match="InternalError"):
        mossbox.oss2_bucket().put_object("a", b"1")
"""


def ended(pid: int) -> bool:
    """Whether a process ends soon."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 20)[0])
    finally:
        os.close(handle)


def test_a_suite_of_ones_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*this test fails*"])


def test_each_worker_of_xdist_has_a_store(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pathlib, pytest

        @pytest.mark.parametrize("number", range(12))
        def test_alone(number, mossbox, worker_id):
            pathlib.Path(f"{worker_id}.pid").write_text(str(mossbox.pid))
            mossbox.oss2_bucket().put_object("a", b"1", headers={"x-oss-forbid-overwrite": "true"})
        """
    )
    result = pytester.runpytest_subprocess("-n", "2")
    result.assert_outcomes(passed=12)
    pids = {int(path.read_text()) for path in pytester.path.glob("gw*.pid")}
    assert len(pids) == len(list(pytester.path.glob("gw*.pid"))) >= 1
    assert all(map(ended, pids))


def test_options_are_the_projects_own(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def mossbox_options():
            return {"bucket": "photos", "region": "cn-beijing", "arguments": ["--sts-rate", "1"]}
        """
    )
    pytester.makepyfile(
        """
        def test_options(mossbox):
            assert mossbox.oss2_bucket().get_bucket_location().location == "oss-cn-beijing"
            assert mossbox.bucket == "photos"
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_test_without_the_fixture_starts_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_plain():
            loaded = sorted(name for name in sys.modules if name.startswith("mossbox"))
            assert loaded == ["mossbox", "mossbox.testing", "mossbox.testing.plugin"]
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_killed_run_leaves_no_store(tmp_path: Path) -> None:
    (tmp_path / "test_endless.py").write_text(
        "def test_endless(mossbox):\n"
        "    with open('pid', 'w') as file:\n        file.write(str(mossbox.pid))\n"
        "    print('ready', flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-s"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        while b"ready" not in (line := run.stdout.readline()):
            assert line
        run.send_signal(signal.SIGKILL)
    assert ended(int((tmp_path / "pid").read_text()))
