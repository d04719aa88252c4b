"""The upload server set up for the cloud, in a world where the cloud's hosts are the store.

What it sends must then be what the cloud would take: its own hosts, over TLS, and nothing that only
Mossbox has.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrations.upload_server.conftest import Bucket
from tests.integrations.world import Program, World

pytestmark = pytest.mark.slow
REGION = "cn-hangzhou"
CLIENT = """
import json, sys
from urllib.request import Request, urlopen

def ask(path):
    return urlopen(f"http://127.0.0.1:8000/{path}").read().decode()

keys = json.loads(ask("get_sts_token_for_oss_upload"))
url = ask("get_presigned_url_for_oss_upload?name=a.txt&type=text/plain&size=3")
put = Request(url, b"one", {"Content-Type": "text/plain"}, method="PUT")
form = json.loads(ask("get_post_signature_for_oss_upload"))
fields = {
    "policy": form["policy"], "x-oss-signature": form["signature"],
    "x-oss-signature-version": form["x_oss_signature_version"],
    "x-oss-credential": form["x_oss_credential"], "x-oss-date": form["x_oss_date"],
    "x-oss-security-token": form["security_token"], "key": form["dir"] + "b.txt",
}
named = '--xx\\r\\nContent-Disposition: form-data; name='
parts = [f'{named}"{name}"\\r\\n\\r\\n{value}' for name, value in fields.items()]
parts.append(f'{named}"file"; filename="b"\\r\\n\\r\\ntwo')
body = "\\r\\n".join([*parts, "--xx--\\r\\n"]).encode()
post = Request(form["host"], body, {"Content-Type": "multipart/form-data; boundary=xx"})
answers = urlopen(put).status, urlopen(post).status
print(json.dumps([keys["AccessKeyId"], *answers, url, form["host"]]))
"""


@pytest.fixture
def world(bucket: Bucket, tmp_path: Path) -> Iterator[World]:
    with World(bucket.server, tmp_path) as made:
        yield made


def test_everything_goes_to_the_clouds_own_hosts(
    world: World, bucket: Bucket, tmp_path: Path
) -> None:
    words = (
        sys.executable, "-m", "mossbox", "upload-server", "--bucket", bucket.name,
        "--endpoint", f"https://oss-{REGION}.aliyuncs.com", "--region", REGION,
    )  # fmt: skip
    folder = tmp_path / "server"
    folder.mkdir()
    before = len(bucket.server.accessed())
    server = Program(world, words, folder, bucket.variables).start(8000)
    try:
        said = world.run(sys.executable, "-c", CLIENT, folder=folder)
    finally:
        server.stop()
    key_id, put, post, url, host = json.loads(said)
    assert (put, post) == (200, 204)
    assert host == f"https://{bucket.name}.oss-{REGION}.aliyuncs.com"
    assert url.startswith(f"{host}/a.txt?")
    assert (bucket.read("a.txt"), bucket.read("b.txt")) == (b"one", b"two")
    lines = bucket.server.accessed()[before:]
    found = re.findall(r' (AssumeRole|PutObject|PostObject) ".* "(\S+)"$', lines, re.MULTILINE)
    hosts = dict(found)
    assert hosts == {
        "AssumeRole": f"sts.{REGION}.aliyuncs.com",
        "PutObject": f"{bucket.name}.oss-{REGION}.aliyuncs.com",
        "PostObject": f"{bucket.name}.oss-{REGION}.aliyuncs.com",
    }
    assert key_id.startswith("STS.")
    assert " /-/" not in lines.replace("/-/health", "")
