"""The real go-storage (BeyondStorage's Go library, its service for OSS and its own test suites).

The suites of `suite/` run once, as one program; what they say is asked test by test, and what lies
in the store afterwards is looked at without them.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.cloud import Cloud
from tests.conformance.programs import cached, command
from tests.conformance.test_encryption import ALGORITHM, DATA_ALGORITHM, NAMED_KEY, found_on_disk
from tests.conftest import require
from tests.integrations.pages import blocks
from tests.integrations.world import World
from tests.support import KEY_ID, SECRET, Server, free_port

SUITE = Path(__file__).parent / "suite"
SUITES = ("Storager", "Appender", "Direr", "Multiparter", "Linker")
OURS = (
    "Servicer", "ServicerRefusesALocation", "Credentials", "Endpoints", "URLIsNoEndpoint",
    "WorkDir", "WorkDirWithoutSlash", "Modes", "AppendsReplace", "Encryption",
    "EncryptionThatIsRefused",
)  # fmt: skip
MARKER = "<nobody may find this in the files of the store>"
ROWS: dict[str, tuple[str, str | None, bool]] = {
    "KMS": ("KMS", None, False),
    "KMS-key": ("KMS", None, True),
    "KMS-SM4": ("KMS", "SM4", False),
    "KMS-SM4-key": ("KMS", "SM4", True),
    "AES256": ("AES256", None, False),
    "SM4": ("SM4", None, False),
}
APPENDED = ("KMS", "AES256", "SM4")  # the client refuses to append with more than the algorithm


@pytest.fixture(scope="module")
def program() -> Path:
    """The suites, built once a version of theirs."""
    require("go", shutil.which("go") is not None, "install Go 1.18 or newer")

    def build(folder: Path) -> None:
        shutil.copytree(SUITE, folder, dirs_exist_ok=True)
        command(folder, "go", "test", "-c", "-o", "program", ".")

    return cached("go_storage", SUITE.iterdir(), build) / "program"


def configure(folder: Path, endpoint: str, bucket: str) -> dict[str, str]:
    """Files as the page on OSS prints them; work_dir is a directory, so it ends in a slash."""
    servicer = f"credential: hmac:{KEY_ID}:{SECRET}\nendpoint: {endpoint}\n"
    storager = f"name: {bucket}\nwork_dir: /work_dir/\nlocation: oss-cn-hangzhou\n"
    (folder / "servicer.yaml").write_text(servicer)
    (folder / "storager.yaml").write_text(servicer + storager)
    return {
        "SERVICER_YAML": str(folder / "servicer.yaml"),
        "STORAGER_YAML": str(folder / "storager.yaml"),
    }


@dataclass
class Said:
    """What the program said, and the store it was pointed at."""

    server: Server
    bucket: str
    key_id: str
    text: str


@pytest.fixture(scope="module")
def said(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    folder = tmp_path_factory.mktemp("go_storage")
    tls_port, bucket = free_port(), "of-go-storage"
    with Server(folder, "--tls-listen", f"127.0.0.1:{tls_port}", "--tls-self-signed") as server:
        assert server.request("PUT", bucket).status == 200
        key = server.request("POST", query={"mossbox-keys": "CreateKey"}).element("KeyId")
        nobody = Cloud(server).user("nobody")
        configured = configure(folder, f"http:127.0.0.1:{server.port}", bucket)
        done = subprocess.run(
            [program, "-test.v", "-test.timeout=200s"],
            env={
                **os.environ,
                **configured,
                "NO_RIGHTS": f"hmac:{nobody.key_id}:{nobody.secret}",
                "TLS_ENDPOINT": f"https:127.0.0.1:{tls_port}",
                "SSL_CERT_FILE": str(server.data / "tls-cert.pem"),
                "MARKER": MARKER,
                "KEY_ID": key,
            },
            capture_output=True,
            text=True,
            timeout=240,
        )
        yield Said(server, bucket, key, done.stdout + done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("name", SUITES + OURS)
def test_suite(said: Said, name: str) -> None:
    passed = f"--- PASS: Test{name} (" in said.text
    assert passed, said.text.partition(f"=== RUN   Test{name}\n")[2].partition("=== RUN ")[0]


@pytest.mark.slow
def test_every_object_lies_below_the_work_dir(said: Said) -> None:
    listed = said.server.request("GET", said.bucket, query={"max-keys": "1000"}).body.decode()
    keys = [part.partition("</Key>")[0] for part in listed.split("<Key>")[1:]]
    assert keys
    below = {f"Test{name}" for name in SUITES + OURS}
    assert {key for key in keys if key.split("/")[0] not in below} == {"beside", "work_dir"}


@pytest.mark.slow
@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("way", ["write", "multipart", "append"])
@pytest.mark.parametrize("row", ROWS)
def test_the_store_says_how_it_keeps_the_object(said: Said, row: str, way: str, size: str) -> None:
    algorithm, data, named = ROWS[row]
    head = said.server.request("HEAD", said.bucket, f"TestEncryption/{way}/{row}/{size}")
    if way == "append" and row not in APPENDED:
        assert head.status == 404
        return
    assert head.headers[ALGORITHM] == algorithm
    assert head.headers.get(DATA_ALGORITHM) == data
    assert (NAMED_KEY in head.headers) == (algorithm == "KMS")
    assert (head.headers.get(NAMED_KEY) == said.key_id) == named


@pytest.mark.slow
def test_the_disk_holds_no_plaintext(said: Said) -> None:
    """Files, the database and its log; unfinished uploads too. What is not encrypted is found."""
    uploads = said.server.request("GET", said.bucket, query={"uploads": ""}).body
    assert uploads.count(b"<Upload>") == 2 * len(ROWS)
    assert found_on_disk(said.server, MARKER.encode()) == []
    said.server.request("PUT", said.bucket, "plain", body=MARKER.encode() * 9000)
    assert len(found_on_disk(said.server, MARKER.encode())) == 1


@pytest.mark.slow
def test_the_endpoint_as_the_document_writes_it(
    program: Path, server: Server, bucket_name: str, tmp_path: Path
) -> None:
    """The vendor's host name by https, and the bucket before it."""
    assert server.request("PUT", bucket_name).status == 200
    names = (*SUITES, "Servicer", "WorkDir")
    with World(server, tmp_path) as world:
        configured = configure(tmp_path, "https:oss-cn-hangzhou.aliyuncs.com", bucket_name)
        done = subprocess.run(
            world.words(str(program), "-test.v", f"-test.run=^Test({'|'.join(names)})$"),
            env={**os.environ, **configured},
            capture_output=True,
            text=True,
            timeout=200,
        )
    assert [name for name in names if f"--- PASS: Test{name} (" not in done.stdout] == []


@pytest.mark.slow
def test_the_program_of_the_page_stores_a_cat(
    program: Path, server: Server, bucket_name: str, tmp_path: Path
) -> None:
    [text] = blocks("go-storage", "go")
    text = text.replace("127.0.0.1:9000", f"127.0.0.1:{server.port}")
    (tmp_path / "main.go").write_text(text.replace("photos", bucket_name))
    for name in ("go.mod", "go.sum"):
        shutil.copy(program.parent / name, tmp_path)
    done = subprocess.run(
        ["go", "run", "main.go"],
        cwd=tmp_path,
        env={**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "meow"), done.stderr
    head = server.request("HEAD", bucket_name, "album/cat.txt")
    assert head.headers[ALGORITHM] == "KMS"
