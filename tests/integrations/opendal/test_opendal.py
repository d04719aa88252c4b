"""OpenDAL's service for OSS: reading, writing, lists, copies, appends, parts and signed URLs."""

import os
from typing import Any
from urllib.request import urlopen

import pytest

from tests.conftest import Run
from tests.integrations.programs import module
from tests.support import KEY_ID, SECRET, Server

LARGE = os.urandom((9 << 20) + 5)


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    assert server.request("PUT", bucket_name).status == 200
    return bucket_name


@pytest.fixture
def options(server: Server, bucket: str) -> dict[str, str]:
    return {
        "bucket": bucket, "endpoint": server.endpoint, "addressing_style": "path",
        "access_key_id": KEY_ID, "access_key_secret": SECRET, "root": "/in/here/",
    }  # fmt: skip


@pytest.fixture
def operator(options: dict[str, str]) -> Any:
    return module("opendal").Operator("oss", **options)


def test_reading_and_writing(operator: Any, server: Server, bucket: str) -> None:
    operator.check()
    for key, data in (("a b/ä", b"Hello World"), ("empty", b""), ("large", LARGE)):
        operator.write(key, data, content_type="text/x-own")
        assert server.request("GET", bucket, f"in/here/{key}").body == data
        assert bytes(operator.read(key)) == data
        told = operator.stat(key)
        assert (told.content_length, told.content_type) == (len(data), "text/x-own")
    assert bytes(operator.read("large", offset=5 << 20, size=7)) == LARGE[5 << 20 :][:7]
    with operator.open("large", "rb") as file:
        file.seek(-5, os.SEEK_END)
        assert bytes(file.read()) == LARGE[-5:]


def test_parts_and_appends(operator: Any, server: Server, bucket: str) -> None:
    with operator.open("parts", "wb", chunk=1 << 20) as file:
        for at in range(0, len(LARGE), 1 << 20):
            file.write(LARGE[at : at + (1 << 20)])
    answer = server.request("GET", bucket, "in/here/parts")
    assert (answer.body, answer.headers["x-oss-object-type"]) == (LARGE, "Multipart")
    for data in (b"one ", b"two"):
        operator.write("log", data, append=True)
    answer = server.request("GET", bucket, "in/here/log")
    assert (answer.body, answer.headers["x-oss-object-type"]) == (b"one two", "Appendable")


def test_lists_copies_and_deletes(operator: Any) -> None:
    names = ["d/1", "d/2", "d/e/3"]
    for name in names:
        operator.write(name, name.encode())
    assert sorted(one.path for one in operator.list("d/")) == ["d/1", "d/2", "d/e/"]
    found = sorted(one.path for one in operator.scan("d/"))
    assert [one for one in found if not one.endswith("/")] == names
    operator.copy("d/1", "copy")
    assert bytes(operator.read("copy")) == b"d/1"
    operator.remove_all("d/")
    assert (operator.exists("d/1"), operator.exists("copy")) == (False, True)
    with pytest.raises(module("opendal").exceptions.NotFound):
        operator.read("d/1")


def test_creating_only_what_is_new(operator: Any) -> None:
    operator.write("a", b"1", if_not_exists=True)
    with pytest.raises(module("opendal").exceptions.ConditionNotMatch):
        operator.write("a", b"2", if_not_exists=True)
    assert bytes(operator.read("a")) == b"1"


def test_the_asynchronous_operator(options: dict[str, str], run: Run) -> None:
    async def story() -> tuple[bytes, bytes]:
        operator = module("opendal").AsyncOperator("oss", **options)
        await operator.write("a", b"Hello World")
        signed = await operator.presign_read("a", 60)
        with urlopen(signed.url) as answer:
            return answer.read(), bytes(await operator.read("a"))

    assert run(story()) == (b"Hello World", b"Hello World")
