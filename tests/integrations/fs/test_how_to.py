"""What the how-to page about fsspec shows, as it stands there, and what is sent."""

import subprocess
import sys
from pathlib import Path

import pytest

from mossbox.fs.config import build, load
from mossbox.testing import MossboxServer
from tests.conformance.test_storage_traffic import Recorder
from tests.integrations.fs.conftest import make
from tests.integrations.pages import blocks


def test_the_programs_of_the_page(store: MossboxServer, tmp_path: Path) -> None:
    make(store).mkdir("photos")
    said = []
    for text in blocks("fsspec", "python"):
        (tmp_path / "program.py").write_text(
            text.replace("127.0.0.1:9000", f"127.0.0.1:{store.port}")
        )
        done = subprocess.run(
            [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said == ["['photos/albums/cat.txt']\n", "b'me'\nb'meo'\n"]


def test_the_file_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", "from-outside")
    (text,) = blocks("fsspec", "xml")
    (tmp_path / "core-site.xml").write_text(text)
    config = build(*load(tmp_path))
    assert (config.endpoint, config.secret) == (
        "https://oss-cn-hangzhou.aliyuncs.com", "from-outside",
    )  # fmt: skip


def test_nothing_of_mossboxs_own_is_sent(store: MossboxServer) -> None:
    key = store.assume_role()
    recorder = Recorder(store.port)
    fs = make(
        store, endpoint=f"http://127.0.0.1:{recorder.port}", accessKeyId=key.access_key_id,
        accessKeySecret=key.access_key_secret, securityToken=key.security_token,
    )  # fmt: skip
    path = f"{store.bucket}/a"
    for data in (b"1", b"1" * (300 << 10)):
        fs.pipe_file(path, data)
        assert fs.cat_file(path, 0, 1) == b"1"
        fs.copy(path, f"{path}/b")
    with fs.open(f"{path}/log", "ab") as file:
        file.write(b"1")
    fs.rm(store.bucket, recursive=True)
    recorder.close()
    said = bytes(recorder.said).lower()
    assert said.count(b" http/1.1\r\n") >= 12
    assert b"mossbox" not in said
    assert b" /-/" not in said
