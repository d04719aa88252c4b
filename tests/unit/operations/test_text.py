"""Bytes that are no text, in headers that are kept or looked up: 400, and nothing is written."""

import pytest

NOT_UTF8 = "\udcff"  # as the door hands on a byte FF


@pytest.mark.parametrize("name", [
    "content-type", "cache-control", "x-oss-meta-a", "x-oss-tagging", "x-oss-object-acl",
    "x-oss-storage-class", "x-oss-server-side-encryption",
])  # fmt: skip
@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/photos/key"), ("POST", "/photos/key?uploads"),
     ("POST", "/photos/key?append&position=0"), ("PUT", "/photos/key?symlink")],
)  # fmt: skip
def test_headers_that_are_no_text(line, method, path, name):
    headers = {name: NOT_UTF8}
    if "symlink" in path:
        headers["x-oss-symlink-target"] = "target"
    answer = line.send(method, path, b"", headers)
    assert answer.status == 400, answer
    assert line.send("GET", "/photos/key").code == "NoSuchKey"
    assert "<Upload>" not in line.send("GET", "/photos?uploads").body.decode()


def test_the_id_of_a_key_that_is_no_text(line):
    kms = "x-oss-server-side-encryption"
    headers = {kms: "KMS", f"{kms}-key-id": NOT_UTF8}
    assert line.send("PUT", "/photos/key", b"", headers).status == 400
