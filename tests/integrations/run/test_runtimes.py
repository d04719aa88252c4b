"""Every language's own ways to names and certificates end in the store."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.programs import Session
from tests.conformance.test_programs import PROGRAMS
from tests.conftest import require
from tests.integrations.documents.servers import node_modules
from tests.integrations.world import World
from tests.support import KEY_ID, REGION, SECRET, Server

URL = f"https://sts.{REGION}.aliyuncs.com/-/health"
ENDPOINT = f"https://oss-{REGION}.aliyuncs.com"
GO = """\
package main

import ("fmt"; "io"; "net/http")

func main() {
	answer, err := http.Get("ADDRESS")
	if err != nil { panic(err) }
	told, _ := io.ReadAll(answer.Body)
	fmt.Print(string(told))
}
"""
JAVA = """\
import java.net.*;

class Ask {
    public static void main(String[] words) throws Exception {
        System.out.write(new URL("ADDRESS").openStream().readAllBytes());
        System.out.flush();
    }
}
"""
PYTHON = "import urllib.request as u; print(end=u.urlopen('URL').read().decode())"
REQUESTS = "import requests; print(end=requests.get('URL').text)"
HTTPX = "import httpx; print(end=httpx.get('URL').text)"
NODE = "fetch('URL').then((answer) => answer.text()).then((text) => process.stdout.write(text))"
RUBY = "print URI.open('URL').read"
PHP = "echo file_get_contents('URL');"
TOOLS = {
    "python": (sys.executable, "-c", PYTHON),
    "requests": (sys.executable, "-c", REQUESTS),
    "httpx": (sys.executable, "-c", HTTPX),
    "node": ("node", "-e", NODE),
    "ruby": ("ruby", "-ropen-uri", "-e", RUBY),
    "php": ("php", "-r", PHP),
    "curl": ("curl", "--silent", "--show-error", "URL"),
    "openssl": ("sh", "-c", "printf 'GET /-/health HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' |"
                " openssl s_client -quiet -verify_return_error -connect HOST:443 | tail -n 1"),
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
def test_a_program_of_any_kind(world: World, tool: str) -> None:
    host = URL.split("/")[2]
    words = [word.replace("URL", URL).replace("HOST", host) for word in TOOLS[tool]]
    require(words[0], shutil.which(words[0]) is not None, f"install {tool}")
    assert world.run(*words) == "ok\n"


@pytest.mark.slow
@pytest.mark.parametrize("cgo", ["0", "1"], ids=["pure", "cgo"])
def test_go_with_either_resolver(world: World, tmp_path: Path, cgo: str) -> None:
    require("go", shutil.which("go") is not None, "apt install golang-go")
    (tmp_path / "ask.go").write_text(GO.replace("ADDRESS", URL))
    built = subprocess.run(
        ["go", "build", "-o", "ask", "ask.go"],
        cwd=tmp_path, capture_output=True, text=True, timeout=200,
        env={**os.environ, "CGO_ENABLED": cgo, "GOTOOLCHAIN": "local", "GOFLAGS": ""},
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    resolver = "go" if cgo == "0" else "cgo"
    assert world.run("env", f"GODEBUG=netdns={resolver}", str(tmp_path / "ask")) == "ok\n"


@pytest.mark.slow
def test_java(world: World, tmp_path: Path) -> None:
    require("java", shutil.which("javac") is not None, "apt install default-jdk-headless")
    (tmp_path / "Ask.java").write_text(JAVA.replace("ADDRESS", URL))
    assert world.run("java", str(tmp_path / "Ask.java")) == "ok\n"


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_vendors_clients_as_they_are_used_in_the_cloud(
    world: World, store: Server, program, tmp_path: Path
) -> None:
    """Go and Java, with the cloud's own endpoint by HTTPS: buckets are host names there."""
    session = Session(program, store, "v4", tmp_path)
    session.environment = {**session.environment, "OSS_ENDPOINT": ENDPOINT}
    session.words = tuple(world.words(*session.words))
    checks = ("objects", "lists", "multipart", "presigned")
    assert session.run(*checks) == dict.fromkeys(checks, "ok")
    lines = [line for line in store.accessed().splitlines() if f"{session.bucket}.oss-" in line]
    assert any(" PutObject " in line for line in lines)


OSS2 = """\
import oss2
bucket = oss2.Bucket(oss2.AuthV4(KEY_ID, SECRET), ENDPOINT, "of-oss2", region=REGION)
bucket.create_bucket()
assert bucket.get_bucket_location().location == f"oss-{REGION}"
bucket.put_object("a/b", b"here")
print(bucket.get_object("a/b").read().decode())
"""
OSS_V2 = """\
import alibabacloud_oss_v2 as oss
keys = oss.credentials.StaticCredentialsProvider(KEY_ID, SECRET)
config = oss.config.load_default()
config.credentials_provider, config.region = keys, REGION
client = oss.Client(config)
client.put_bucket(oss.PutBucketRequest(bucket="of-oss-v2"))
client.put_object(oss.PutObjectRequest(bucket="of-oss-v2", key="a/b", body=b"here"))
print(client.get_object(oss.GetObjectRequest(bucket="of-oss-v2", key="a/b")).body.read().decode())
"""
CORE = """\
from aliyunsdkcore.client import AcsClient
from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest
request = GetCallerIdentityRequest()
request.set_protocol_type("https")
told = AcsClient(KEY_ID, SECRET, REGION).do_action_with_exception(request)
print("here" if b"Account" in told else told)
"""
ALI_OSS = """\
const OSS = require("ali-oss")
const client = new OSS({ accessKeyId: KEY_ID, accessKeySecret: SECRET, region: `oss-${REGION}`,
  secure: true, bucket: "of-ali-oss" })
async function main() {
  await client.putBucket("of-ali-oss")
  await client.put("a/b", Buffer.from("here"))
  console.log((await client.get("a/b")).content.toString())
}
main()
"""


def with_keys(text: str) -> str:
    values = {"KEY_ID": KEY_ID, "SECRET": SECRET, "ENDPOINT": ENDPOINT}
    for name, value in values.items():
        text = text.replace(name, f'"{value}"')
    return text


@pytest.mark.parametrize("text", [OSS2, OSS_V2, CORE], ids=["oss2", "oss-v2", "core"])
def test_the_vendors_clients_for_python(world: World, tmp_path: Path, text: str) -> None:
    """One is told an endpoint, the others a region and nothing else."""
    (tmp_path / "ask.py").write_text(f'REGION = "{REGION}"\n' + with_keys(text))
    assert world.run(sys.executable, str(tmp_path / "ask.py")) == "here\n"


@pytest.mark.slow
def test_the_vendors_client_for_node(world: World, tmp_path: Path) -> None:
    require("npm", shutil.which("npm") is not None, "apt install nodejs npm")
    (tmp_path / "ask.js").write_text(f'const REGION = "{REGION}"\n' + with_keys(ALI_OSS))
    (tmp_path / "node_modules").symlink_to(node_modules())
    assert world.run("node", str(tmp_path / "ask.js")) == "here\n"
