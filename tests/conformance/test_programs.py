"""The store through the vendor's clients for Go and Java, signatures V1 and V4.

Each client has a small program of its own (see programs.py); all know the same checks.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conformance.keys import sums
from tests.conformance.programs import Program, Session
from tests.support import Server

GO = "install Go 1.18 or newer"
GO_BUILD = (("go", "build", "-o", "program", "."),)
JAVA = "install a JDK of version 17 or newer, and Maven"
JAVA_BUILD = (("mvn", "-B", "-q", "-ntp", "compiler:compile", "dependency:copy-dependencies"),)
JAVA_CLASSES = "FOLDER/target/classes:FOLDER/target/dependency/*"
JAVA_START = ("java", "-XX:TieredStopAtLevel=1", "-cp", JAVA_CLASSES, "Main")

PROGRAMS = [
    Program("go_v1", ("go",), GO, GO_BUILD, ("FOLDER/program",)),
    Program("go_v2", ("go",), GO, GO_BUILD, ("FOLDER/program",)),
    Program("java_v1", ("java", "mvn"), JAVA, JAVA_BUILD, JAVA_START),
    Program("java_v2", ("java", "mvn"), JAVA, JAVA_BUILD, JAVA_START),
]

CHECKS = (
    "buckets", "bucket_acl", "bucket_tags", "bucket_encryption", "bucket_cors", "objects", "ranges",
    "conditions", "keys", "lists", "delete_many", "object_acl", "object_tagging", "symlink",
    "restore", "encryption", "append", "copy", "multipart", "multipart_lists", "part_copy",
    "versioning", "presigned", "errors", "directory",
)  # fmt: skip


@pytest.fixture(
    scope="module",
    params=[(program, signature) for program in PROGRAMS for signature in ("v1", "v4")],
    ids=lambda param: f"{param[0].name}-{param[1]}",
)
def session(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Session:
    """A program and the store."""
    program, signature = request.param
    return Session(program, server, signature, tmp_path_factory.mktemp(program.name))


@pytest.fixture(scope="module")
def said(session: Session) -> Mapping[str, str]:
    """What the program says of each check."""
    return session.run(*CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_check(said: Mapping[str, str], check: str) -> None:
    assert said[check] == "ok"


def test_a_directory_goes_up_and_comes_back(session: Session, said: Mapping[str, str]) -> None:
    back = {name: session.folder / "back" / name for name in session.files}
    assert sums(back) == sums(session.files)
    for name, path in session.files.items():
        answer = session.server.request("GET", session.bucket, f"directory/{name}")
        assert answer.body == path.read_bytes(), name


def test_a_broken_upload_and_a_broken_download_are_resumed(session: Session) -> None:
    session.resume("upload", "UploadPart")
    session.resume("download", "GetObject")
    original = (session.folder / "resumable.bin").read_bytes()
    assert (session.folder / "downloaded").read_bytes() == original


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_post_object_under_a_policy_of_the_java_client(
    server: Server, tmp_path: Path, signature: str
) -> None:
    """Of these clients it is the one that writes and signs form policies."""
    java = next(program for program in PROGRAMS if program.name == "java_v1")
    assert Session(java, server, signature, tmp_path).run("post_object") == {"post_object": "ok"}
