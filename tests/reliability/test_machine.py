"""A store against a dictionary: any sequence of requests, restarts and kills among them."""

import os
import random
from base64 import b64encode
from hashlib import md5
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support import Server

EXAMPLES = int(os.environ.get("MOSSBOX_EXAMPLES", "6"))
INLINE = 128 << 10  # larger bodies lie in files
KEYS = ["a", "a/b", "a/c", "a/c/d", "b", "b/", "dir/x/1", "dir/x/2", "dir/y", "é/1", "é/2", "z z"]
SIZES = [0, 1, 100, 5_000, INLINE - 1, INLINE, INLINE + 1, 300_000, (1 << 20) + 1]
ACLS = ["private", "public-read", "public-read-write"]

buckets = st.integers(0, 1)
keys = st.sampled_from(KEYS)


def content(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def expected_page(keys: list[str], prefix: str, delimiter: str) -> tuple[list[str], list[str]]:
    """Keys and common prefixes, as a dictionary would list them."""
    contents: list[str] = []
    groups: dict[str, None] = {}
    for key in sorted(keys, key=str.encode):
        if key.startswith(prefix):
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                contents.append(key)
            else:
                groups[key[: cut + len(delimiter)]] = None
    return contents, list(groups)


class Machine(RuleBasedStateMachine):
    """Two buckets and what the store must know of them."""

    server: ClassVar[Server]

    def __init__(self) -> None:
        super().__init__()
        tag = os.urandom(6).hex()
        self.names = [f"m-{tag}-{n}" for n in range(2)]
        self.objects: dict[str, dict[str, bytes]] = {}
        self.acls: dict[str, str] = {}

    # -- buckets --------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        self.make_bucket(0, "private")

    @rule(which=buckets, acl=st.sampled_from(ACLS))
    def make_bucket(self, which: int, acl: str) -> None:
        name = self.names[which]
        answer = self.server.request("PUT", name, headers={"x-oss-acl": acl})
        assert answer.status == 200, answer
        self.objects.setdefault(name, {})
        self.acls[name] = acl

    @rule(which=buckets)
    def delete_bucket(self, which: int) -> None:
        name = self.names[which]
        answer = self.server.request("DELETE", name)
        if name not in self.objects:
            assert (answer.status, answer.code) == (404, "NoSuchBucket")
        elif self.objects[name]:
            assert (answer.status, answer.code) == (409, "BucketNotEmpty")
        else:
            assert answer.status == 204
            del self.objects[name], self.acls[name]

    @rule(which=buckets, acl=st.sampled_from(ACLS))
    def change_acl(self, which: int, acl: str) -> None:
        name = self.names[which]
        if name in self.objects:
            answer = self.server.request("PUT", name, query={"acl": ""}, headers={"x-oss-acl": acl})
            assert answer.status == 200, answer
            self.acls[name] = acl
            self.check_acl(name)

    # -- objects --------------------------------------------------------------------------------

    @rule(which=buckets, key=keys, size=st.sampled_from(SIZES), seed=st.integers(0, 99),
          forbid=st.booleans())  # fmt: skip
    def put(self, which: int, key: str, size: int, seed: int, forbid: bool) -> None:
        name, body = self.names[which], content(size, seed)
        headers = {"x-oss-forbid-overwrite": "true"} if forbid else {}
        answer = self.server.request("PUT", name, key, body=body, headers=headers)
        if name not in self.objects:
            assert (answer.status, answer.code) == (404, "NoSuchBucket")
        elif forbid and key in self.objects[name]:
            assert (answer.status, answer.code) == (409, "FileAlreadyExists")
        else:
            assert answer.status == 200, answer
            assert answer.headers["etag"] == f'"{md5(body).hexdigest().upper()}"'
            self.objects[name][key] = body

    @rule(which=buckets, key=keys)
    def get(self, which: int, key: str) -> None:
        self.check_object(self.names[which], key)

    @rule(which=buckets, key=keys, start=st.integers(0, 1 << 20), count=st.integers(1, 1 << 20))
    def get_range(self, which: int, key: str, start: int, count: int) -> None:
        name = self.names[which]
        body = self.objects.get(name, {}).get(key)
        if not body:
            return
        start %= len(body)
        stop = min(start + count, len(body))
        headers = {"range": f"bytes={start}-{stop - 1}"}
        answer = self.server.request("GET", name, key, headers=headers)
        assert answer.status == 206, answer
        assert answer.body == body[start:stop]
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(body)}"

    @rule(which=buckets, key=keys)
    def head(self, which: int, key: str) -> None:
        name = self.names[which]
        answer = self.server.request("HEAD", name, key)
        body = self.objects.get(name, {}).get(key)
        if body is None:
            assert answer.status == 404
        else:
            assert answer.status == 200
            assert int(answer.headers["content-length"]) == len(body)
            assert answer.headers["etag"] == f'"{md5(body).hexdigest().upper()}"'

    @rule(which=buckets, key=keys)
    def delete(self, which: int, key: str) -> None:
        name = self.names[which]
        answer = self.server.request("DELETE", name, key)
        assert answer.status == (204 if name in self.objects else 404), answer
        self.objects.get(name, {}).pop(key, None)

    @rule(which=buckets, some=st.sets(keys, min_size=1))
    def delete_several(self, which: int, some: set[str]) -> None:
        name = self.names[which]
        inner = "".join(f"<Object><Key>{escape(key)}</Key></Object>" for key in sorted(some))
        body = f"<Delete>{inner}</Delete>".encode()
        headers = {"content-md5": b64encode(md5(body).digest()).decode()}
        answer = self.server.request("POST", name, query={"delete": ""}, body=body, headers=headers)
        assert answer.status == (200 if name in self.objects else 404), answer
        for key in some:
            self.objects.get(name, {}).pop(key, None)

    # -- listings -------------------------------------------------------------------------------

    @rule(which=buckets, prefix=st.sampled_from(["", "a", "a/", "dir/", "é", "nothing"]),
          delimiter=st.sampled_from(["", "/", "x/"]), count=st.integers(1, 6))  # fmt: skip
    def list_pages(self, which: int, prefix: str, delimiter: str, count: int) -> None:
        name = self.names[which]
        if name in self.objects:
            found = self.listed(name, prefix, delimiter, count)
            assert found == expected_page(list(self.objects[name]), prefix, delimiter)

    def listed(
        self, name: str, prefix: str, delimiter: str, count: int
    ) -> tuple[list[str], list[str]]:
        """All pages together."""
        contents: list[str] = []
        groups: list[str] = []
        query = {"list-type": "2", "prefix": prefix, "delimiter": delimiter, "max-keys": str(count)}
        while True:
            answer = self.server.request("GET", name, query=query)
            assert answer.status == 200, answer
            root = ElementTree.fromstring(answer.body)
            page = [element.text or "" for element in root.iterfind("Contents/Key")]
            page_groups = [element.text or "" for element in root.iterfind("CommonPrefixes/Prefix")]
            assert len(page) + len(page_groups) <= count
            contents += page
            groups += page_groups
            if root.findtext("IsTruncated") != "true":
                return contents, groups
            query["continuation-token"] = root.findtext("NextContinuationToken") or ""

    # -- restarts -------------------------------------------------------------------------------

    @precondition(lambda self: self.objects)
    @rule(killed=st.booleans())
    def restart(self, killed: bool) -> None:
        if killed:
            self.server.kill()
        else:
            assert self.server.stop() == 0
        self.server.start()
        self.check_everything()

    def teardown(self) -> None:
        if self.server.process is not None:
            self.check_everything()

    # -- checks ---------------------------------------------------------------------------------

    def check_object(self, name: str, key: str) -> None:
        answer = self.server.request("GET", name, key)
        if name not in self.objects:
            assert (answer.status, answer.code) == (404, "NoSuchBucket")
        elif key not in self.objects[name]:
            assert (answer.status, answer.code) == (404, "NoSuchKey")
        else:
            assert answer.status == 200, answer
            assert answer.body == self.objects[name][key]

    def check_acl(self, name: str) -> None:
        answer = self.server.request("GET", name, query={"acl": ""})
        assert answer.element("Grant") == self.acls[name]

    def check_everything(self) -> None:
        for name in self.names:
            if name not in self.objects:
                assert self.server.request("GET", name).code == "NoSuchBucket"
                continue
            held = self.objects[name]
            assert self.listed(name, "", "", 1000) == (sorted(held, key=str.encode), [])
            for key in held:
                self.check_object(name, key)
            self.check_acl(name)
            stat = self.server.request("GET", name, query={"stat": ""})
            assert stat.element("ObjectCount") == str(len(held))
            assert stat.element("Storage") == str(sum(map(len, held.values())))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_the_store_is_a_dictionary(workers: int, tmp_path: Path) -> None:
    with Server(tmp_path, workers=workers) as server:
        machine = type("Machine", (Machine,), {"server": server})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=40, deadline=None, database=None,
                suppress_health_check=list(HealthCheck), print_blob=True,
            ),
        )  # fmt: skip
