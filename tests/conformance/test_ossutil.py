"""The store through ossutil 1.7, the vendor's command line, signatures V1 and V4."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.conformance.keys import directory_of_files, sums
from tests.conformance.programs import (
    PART_SIZE,
    RESUMABLE_SIZE,
    Program,
    moved,
)
from tests.support import KEY_ID, REGION, SECRET, Server

BUILD = (("go", "build", "-o", "program", "github.com/aliyun/ossutil"),)
PROGRAM = Program("ossutil", ("go",), "install Go 1.18 or newer", BUILD, ("FOLDER/program",))
BIG = ("--bigfile-threshold", "100000", "--part-size", str(PART_SIZE), "--parallel", "1")

Run = Callable[..., str]


@pytest.fixture(params=["v1", "v4"])
def words(request: pytest.FixtureRequest, server: Server, bucket_name: str) -> list[str]:
    """The command and the options that say where and who; there is a bucket."""
    assert server.request("PUT", bucket_name).status == 200
    given = ["-e", server.endpoint, "-i", KEY_ID, "-k", SECRET]
    if request.param == "v4":
        given += ["--sign-version", "v4", "--region", REGION]
    return [*PROGRAM.built(), *given]


@pytest.fixture
def run(words: list[str], tmp_path: Path) -> Run:
    """Runs one command in an empty directory that is its home too; gives what it printed."""

    def run(*command: str, fails: bool = False) -> str:
        done = subprocess.run(
            [*words, *command],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def rows(text: str) -> dict[str, str]:
    """What ``stat`` prints, by name."""
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def test_buckets(run: Run, bucket_name: str) -> None:
    made = f"oss://{bucket_name}-made"
    run("mb", made, "--acl", "public-read", "--storage-class", "IA")
    found = rows(run("stat", made))
    assert found["ACL"] == "public-read"
    assert found["StorageClass"] == "IA"
    assert found["ExtranetEndpoint"] == f"oss-{REGION}.aliyuncs.com"
    assert made in run("ls", "-s").split()
    run("set-acl", made, "private", "-b")
    assert rows(run("stat", made))["ACL"] == "private"
    run("rm", made, "-b", "-f")
    assert made not in run("ls", "-s").split()


def test_cors(run: Run, bucket_name: str, tmp_path: Path) -> None:
    where, file = f"oss://{bucket_name}", tmp_path / "rules.xml"
    rule = (
        "<AllowedOrigin>http://*.b.test</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>"
        "<AllowedHeader>x-oss-*</AllowedHeader><MaxAgeSeconds>60</MaxAgeSeconds>"
    )
    file.write_text(f"<CORSConfiguration><CORSRule>{rule}</CORSRule></CORSConfiguration>")
    run("cors", "--method", "put", where, str(file))
    assert "<AllowedOrigin>http://*.b.test</AllowedOrigin>" in run("cors", "--method", "get", where)
    ask = ("cors-options", "--acr-method", "put", "--origin", "http://www.b.test", where)
    allowed = run(*ask, "--acr-headers", "x-oss-date")
    assert "Access-Control-Allow-Origin: http://www.b.test" in allowed
    assert "AccessForbidden" in run(*ask, "--acr-headers", "content-type", fails=True)
    run("cors", "--method", "delete", where)
    assert "NoSuchCORSConfiguration" in run("cors", "--method", "get", where, fails=True)


def test_a_directory_goes_up_and_comes_back(run: Run, bucket_name: str, tmp_path: Path) -> None:
    (tmp_path / "noise").mkdir()
    files = {}
    for name, path in directory_of_files(tmp_path / "noise").items():
        files[name] = tmp_path / "files" / name
        files[name].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, files[name])
    run("cp", "-r", "files", f"oss://{bucket_name}/up/", *BIG)
    run("cp", "-r", f"oss://{bucket_name}/up/", "back", *BIG)
    assert sums({name: tmp_path / "back" / name for name in files}) == sums(files)
    (tmp_path / "files" / "noise" / "0.bin").unlink()
    run("sync", "files", f"oss://{bucket_name}/up/", "--delete", "-f")
    run("cp", "-r", f"oss://{bucket_name}/up/", f"oss://{bucket_name}/copied/", *BIG)
    listed = run("ls", "-s", f"oss://{bucket_name}/copied/")
    assert f"oss://{bucket_name}/copied/noise/1.bin" in listed.splitlines()
    assert f"oss://{bucket_name}/copied/noise/0.bin" not in listed.splitlines()
    total = sum(path.stat().st_size for path in (tmp_path / "files").rglob("*") if path.is_file())
    assert f"object sum size:{total}" in run("du", f"oss://{bucket_name}/copied/")
    run("sync", f"oss://{bucket_name}/copied/", "again", "-f")
    del files["noise/0.bin"]
    assert sums({name: tmp_path / "again" / name for name in files}) == sums(files)
    run("rm", "-r", "-f", f"oss://{bucket_name}/")
    assert "Object Number is: 0" in run("ls", f"oss://{bucket_name}")


def test_objects(run: Run, bucket_name: str, tmp_path: Path) -> None:
    key = f"oss://{bucket_name}/dir/中文 a+b.txt"
    (tmp_path / "hello.txt").write_text("hello")
    run("cp", "hello.txt", key, "--meta", "x-oss-meta-one:1", "--tagging", "a=1")
    assert run("cat", key).startswith("hello")
    run("set-acl", key, "public-read")
    found = rows(run("stat", key))
    assert (found["X-Oss-Meta-One"], found["ACL"]) == ("1", "public-read")
    run("set-meta", key, "Cache-Control:no-store", "--update")
    assert rows(run("stat", key))["Cache-Control"] == "no-store"
    assert '"a"\t"1"' in run("object-tagging", "--method", "get", key)
    run("object-tagging", "--method", "put", key, "b#2")
    assert '"b"\t"2"' in run("object-tagging", "--method", "get", key)
    run("object-tagging", "--method", "delete", key)
    assert '"b"' not in run("object-tagging", "--method", "get", key)
    assert requests.get(run("sign", key).split()[0], timeout=30).text == "hello"
    run("create-symlink", f"oss://{bucket_name}/link", "dir/中文 a+b.txt")
    assert "中文 a+b.txt" in run("read-symlink", f"oss://{bucket_name}/link")
    run("mkdir", f"oss://{bucket_name}/empty")
    assert f"oss://{bucket_name}/empty/" in run("ls", "-s", f"oss://{bucket_name}").splitlines()
    run("rm", key)
    assert "StatusCode=404, ErrorCode=NoSuchKey" in run("stat", key, fails=True)
    assert "NoSuchBucket" in run("ls", f"oss://{bucket_name}-no", fails=True)


def test_append(run: Run, bucket_name: str, tmp_path: Path) -> None:
    for text in ("one", "two"):
        (tmp_path / text).write_text(text)
        run("appendfromfile", text, f"oss://{bucket_name}/log")
    assert run("cat", f"oss://{bucket_name}/log").startswith("onetwo")


def test_restore(run: Run, bucket_name: str, tmp_path: Path) -> None:
    (tmp_path / "cold").write_text("cold")
    run("cp", "cold", f"oss://{bucket_name}/cold", "--meta", "x-oss-storage-class:Archive")
    assert "InvalidObjectState" in run("cat", f"oss://{bucket_name}/cold", fails=True)
    run("restore", f"oss://{bucket_name}/cold")
    assert run("cat", f"oss://{bucket_name}/cold").startswith("cold")


def test_bucket_settings(run: Run, bucket_name: str) -> None:
    bucket = f"oss://{bucket_name}"
    run("bucket-tagging", "--method", "put", bucket, "team#moss")
    assert '"team"\t"moss"' in run("bucket-tagging", "--method", "get", bucket)
    run("bucket-tagging", "--method", "delete", bucket)
    run("bucket-encryption", "--method", "put", bucket, "--sse-algorithm", "SM4")
    assert "SSEAlgorithm:SM4" in run("bucket-encryption", "--method", "get", bucket)
    run("bucket-encryption", "--method", "delete", bucket)


def test_versioning(run: Run, bucket_name: str, tmp_path: Path) -> None:
    made = f"oss://{bucket_name}-versions"
    run("mb", made)
    assert "status:null" in run("bucket-versioning", "--method", "get", made)
    run("bucket-versioning", "--method", "put", made, "enabled")
    assert "status:Enabled" in run("bucket-versioning", "--method", "get", made)
    for text in ("first", "second"):
        (tmp_path / text).write_text(text)
        run("cp", "-f", text, f"{made}/key")
    lines = run("ls", f"{made}/key", "--all-versions").splitlines()
    (first,) = (line.split()[7] for line in lines if line.split()[8:9] == ["false"])
    assert run("cat", f"{made}/key", "--version-id", first).startswith("first")
    run("rm", f"{made}/key")
    assert "NoSuchKey" in run("cat", f"{made}/key", fails=True)
    run("revert-versioning", f"{made}/key")
    assert run("cat", f"{made}/key").startswith("second")
    run("rm", made, "--all-versions", "-r", "-a", "-f", "-b")
    assert made not in run("ls", "-s").split()


def test_a_killed_upload_is_resumed(
    run: Run, words: list[str], server: Server, bucket_name: str, tmp_path: Path
) -> None:
    original = os.urandom(RESUMABLE_SIZE)
    (tmp_path / "big").write_bytes(original)
    copy = ("cp", "-f", "big", f"oss://{bucket_name}/big", *BIG)
    before = moved(server, "UploadPart")
    slowly = [*words, *copy, "--maxupspeed", "1500"]
    process = subprocess.Popen(slowly, cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)})
    try:
        deadline = time.monotonic() + 60
        while moved(server, "UploadPart") - before < 3 * PART_SIZE and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait(10)
    before = moved(server, "UploadPart")
    run(*copy)
    assert 0 < moved(server, "UploadPart") - before < RESUMABLE_SIZE - PART_SIZE
    run("cp", f"oss://{bucket_name}/big", "down", *BIG)
    assert (tmp_path / "down").read_bytes() == original
