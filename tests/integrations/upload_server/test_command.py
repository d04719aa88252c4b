"""`mossbox upload-server` as a process of its own, before a real store."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from mossbox.apps.cli import main
from mossbox.settings import flag_name
from mossbox.upload.settings import UploadSettings, twins
from tests.integrations.upload_server.conftest import Bucket, UploadServer, mossbox

STS = "/get_sts_token_for_oss_upload"
POST = "/get_post_signature_for_oss_upload"
URL = "/get_presigned_url_for_oss_upload"
KEYS = {"OSS_ACCESS_KEY_ID": "a", "OSS_ACCESS_KEY_SECRET": "the-secret"}


def test_help_names_every_setting_with_its_twins(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["upload-server", "--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for item in fields(UploadSettings):
        assert f"{flag_name(item.name)} " in text
        assert f"[{', '.join(twins(item.name))}]" in text
    assert "OSS_ACCESS_KEY_SECRET" in text


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        ([], KEYS, "--bucket is needed: the bucket that is uploaded to"),
        (["--bucket", "abc"], {}, "set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET"),
        (["--bucket", "abc", "--listen", "0.0.0.0:0"], KEYS, "--listen 0.0.0.0:0: off loopback"),
        (["--bucket", "abc", "--listen", "127.0.0.1:1"], KEYS, "--listen 127.0.0.1:1: "),
        (["--bucket", "abc", "--authorize", "no.such:hook"], KEYS, "--authorize no.such:hook: No"),
        (["--bucket", "abc"], {**KEYS, "PORT": "many"}, "'127.0.0.1:many' is not an address"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_sentence(
    arguments: list[str],
    variables: dict[str, str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in os.environ if name.startswith(("OSS_", "ALIBABA_"))]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        given = [word.replace("127.0.0.1:1", f"127.0.0.1:{port}") for word in arguments]
        assert main(["upload-server", *given]) == 2
    said = capfd.readouterr().err
    assert said.startswith(f"mossbox: {sentence.replace('127.0.0.1:1:', f'127.0.0.1:{port}:')}")
    assert said.count("\n") == 1
    assert "the-secret" not in said


def test_it_ends_when_it_is_told_to(bucket: Bucket) -> None:
    with UploadServer(bucket) as uploads:
        assert httpx.get(uploads.url).status_code == 200
        assert uploads.end() == 0


def test_other_names_for_this_machine_are_refused(uploads: UploadServer) -> None:
    port = urlsplit(uploads.url).port
    for host, status in (("localhost", 200), ("127.0.0.1", 200), ("rebound.example.com", 421)):
        answer = httpx.get(f"{uploads.url}{POST}", headers={"host": f"{host}:{port}"})
        assert answer.status_code == status


def test_a_name_behind_a_proxy_can_be_given(bucket: Bucket) -> None:
    with UploadServer(bucket, "--host", "uploads.example.com") as uploads:
        answer = httpx.get(f"{uploads.url}{POST}", headers={"host": "uploads.example.com"})
    assert answer.status_code == 200


def test_the_setup_may_let_pages_send_parts(bucket: Bucket) -> None:
    exposed = ("--expose", "ETag,x-oss-request-id")
    mossbox(bucket.server, "setup", "direct-upload", "--bucket", bucket.name, *exposed)
    told = mossbox(bucket.server, "cors", "show", "--bucket", bucket.name, "--json")
    (rule,) = json.loads(told)["CORSRule"]
    assert rule["ExposeHeader"] == ["ETag", "x-oss-request-id"]
    assert rule["AllowedMethod"] == ["POST", "PUT", "GET"]


def test_no_header_tells_what_serves(uploads: UploadServer) -> None:
    assert "server" not in httpx.get(uploads.url).headers


@pytest.mark.slow
def test_a_hook_lies_where_the_command_is_given(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "hooks.py").write_text(
        "from mossbox.upload import Limits\n"
        "def ask(request):\n"
        "    return request.query_params.get('me') == 'ann' and Limits('ann/')\n"
    )
    done = subprocess.Popen(
        [
            sys.executable, "-m", "mossbox", "upload-server", "--listen", "0.0.0.0:0",
            "--bucket", bucket.name, "--authorize", "hooks:ask",
        ],
        cwd=tmp_path, env={**os.environ, **KEYS}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.stdout is not None
    try:
        address = next(line.split()[1] for line in done.stdout if "address" in line)
        url = address.replace("0.0.0.0", "127.0.0.1").rstrip("/") + POST
        assert httpx.get(url).status_code == 403
        assert httpx.get(url, params={"me": "ann"}).json()["dir"] == "ann/"
    finally:
        done.terminate()
        assert done.wait(20) == 0
        done.stdout.close()


@pytest.mark.parametrize("more", [[], ["--authorize", "hooks:ask"]])
def test_what_lies_where_the_command_is_given_is_no_part_of_it(
    tmp_path: Path, more: list[str]
) -> None:
    """Somebody else's file there may be called like something that is needed."""
    (tmp_path / "hooks.py").write_text("def ask(request): ...")
    for name in ("uvicorn", "starlette", "secrets"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('somebody else')")
    command = (sys.executable, "-P", "-m", "mossbox", "upload-server", "--listen", "127.0.0.1:0")
    done = subprocess.Popen(
        [*command, "--bucket", "abc", *more], cwd=tmp_path, env={**os.environ, **KEYS},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.stdout is not None
    try:
        assert "ready" in done.stdout.readline()
    finally:
        done.terminate()
        assert done.wait(20) == 0
        done.stdout.close()


@pytest.mark.slow
def test_a_hundred_callers_cause_one_session(bucket: Bucket, uploads: UploadServer) -> None:
    def sessions() -> int:
        return bucket.server.accessed().count("AssumeRole")

    async def ask() -> set[str]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=uploads.url, limits=limits, timeout=30) as client:
            answers = await asyncio.gather(*(client.get(STS) for _ in range(100)))
        return {answer.json()["AccessKeyId"] for answer in answers}

    before = sessions()
    assert len(asyncio.run(ask())) == 1
    assert httpx.get(f"{uploads.url}{POST}").json()["security_token"]
    assert sessions() == before + 1


@pytest.mark.slow
def test_a_signed_url_holds_to_type_length_and_name(bucket: Bucket, uploads: UploadServer) -> None:
    asked = {"name": "a.txt", "type": "text/plain", "size": "5"}
    url = httpx.get(f"{uploads.url}{URL}", params=asked).text
    plain = {"content-type": "text/plain"}
    for body, headers, key in (
        (b"longer", plain, "a.txt"), (b"12345", {"content-type": "text/html"}, "a.txt"),
        (b"12345", plain, "b.txt"),
    ):  # fmt: skip
        answer = httpx.put(url.replace("a.txt", key), content=body, headers=headers)
        assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
    assert httpx.put(url, content=b"12345", headers=plain).status_code == 200
    assert bucket.read("a.txt") == b"12345"


@pytest.mark.slow
def test_parts_hold_to_their_length_and_their_directory(bucket: Bucket) -> None:
    with UploadServer(bucket, "--dir", "in/", "--max-size-bytes", str(9 * 1024**2)) as uploads:
        path = f"{uploads.url}/get_multipart_urls_for_oss_upload"
        asked = {"name": "a.bin", "size": str(9 * 1024**2)}
        kind = {"content-type": "application/octet-stream"}
        begun = httpx.get(path, params=asked).json()
        assert (begun["key"], begun["part_size"]) == ("in/a.bin", 8 * 1024**2)
        answer = httpx.post(begun["initiate"], headers=kind).text
        upload_id = answer.partition("<UploadId>")[2].partition("<")[0]
        more = {**asked, "upload_id": upload_id, "parts": "1-2"}
        urls = httpx.get(path, params=more).json()
        assert httpx.put(urls["parts"]["2"], content=b"x" * 1024**2).status_code == 200
        for url in (urls["parts"]["2"], urls["parts"]["1"].replace("in/", "out/")):
            refused = httpx.put(url, content=b"x" * (8 * 1024**2))
            assert refused.status_code == 403
