"""Requests that want different things of one key or bucket at the same moment, on two workers.

Whatever the order, it looks as if one came after the other, and all rows agree afterwards.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from threading import Barrier
from xml.etree import ElementTree

import pytest

from mossbox.wire.checksum import crc64
from tests.reliability.load import wait_until
from tests.reliability.rows import faults
from tests.support import Answer, Server

ROUNDS = 8
PART = 100 << 10
SIZES = [100, 200_000]  # in the database, in a file
FORBID = {"x-oss-forbid-overwrite": "true"}
EVERYTHING = {"x-oss-complete-all": "yes"}
ENABLED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
pytestmark = pytest.mark.slow

Ask = Callable[[], Answer]
_numbers = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("races"), workers=2) as running:
        yield running
        wait_until(lambda: not faults(running.data, swept=True), "nothing is left over")


@pytest.fixture
def bucket(server: Server) -> Iterator[str]:
    name = f"race-{next(_numbers)}"
    assert server.request("PUT", name).status == 200
    yield name
    assert faults(server.data) == []


def together(*asks: Ask) -> list[Answer]:
    """The answers to requests that begin at one moment."""
    barrier = Barrier(len(asks))

    def begin(ask: Ask) -> Answer:
        barrier.wait()
        return ask()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(begin, asks))


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def body_of(number: int, size: int) -> bytes:
    return bytes([number]) * size


def initiate(server: Server, bucket: str, key: str, *sizes: int) -> dict[str, str]:
    """The query of an upload that has parts of these sizes."""
    upload = {"uploadId": server.request("POST", bucket, key, {"uploads": ""}).element("UploadId")}
    for number, size in enumerate(sizes, 1):
        query = {"partNumber": str(number), **upload}
        body = body_of(number, size)
        assert server.request("PUT", bucket, key, query, body).status == 200
    return upload


# -- appends --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "clients"), [(100, 100), (200_000, 12)])
def test_one_of_many_appends_at_a_position_wins(server, bucket, size, clients):
    whole = b""
    for _ in range(3):
        query = {"append": "", "position": str(len(whole))}
        answers = together(*[
            partial(server.request, "POST", bucket, "k", query, body_of(number, size))
            for number in range(clients)
        ])  # fmt: skip
        [winner] = [number for number, answer in enumerate(answers) if answer.status == 200]
        whole += body_of(winner, size)
        for number, answer in enumerate(answers):
            assert answer.headers["x-oss-next-append-position"] == str(len(whole))
            if number != winner:
                assert (answer.status, answer.code) == (409, "PositionNotEqualToLength")
        assert server.request("GET", bucket, "k").body == whole


def test_an_append_and_a_put_of_one_key(server, bucket):
    for number in range(ROUNDS):
        key = f"k{number}"
        append = {"append": "", "position": "0"}
        appended, put = together(
            partial(server.request, "POST", bucket, key, append, b"appended"),
            partial(server.request, "PUT", bucket, key, None, b"put"),
        )
        assert put.status == 200
        assert appended.status in (200, 409)
        assert server.request("GET", bucket, key).body == b"put"


@pytest.mark.parametrize("size", [100, 9_000, 200_000])
def test_reads_of_an_object_that_grows(server, bucket, size):
    """Small pieces are joined in the database while others read them: each sees a beginning."""
    pieces = [body_of(number, size) for number in range(30)]
    whole = b"".join(pieces)
    assert server.request("POST", bucket, "k", {"append": "", "position": "0"}).status == 200

    def grow() -> Answer:
        for number, piece in enumerate(pieces):
            query = {"append": "", "position": str(number * size)}
            answer = server.request("POST", bucket, "k", query, piece)
            assert answer.status == 200, answer
        return answer

    def look() -> Answer:
        seen = 0
        while seen < len(whole):
            got = server.request("GET", bucket, "k")
            assert whole.startswith(got.body)
            assert len(got.body) >= seen
            assert got.headers["x-oss-hash-crc64ecma"] == str(crc64(got.body))
            seen = len(got.body)
        return got

    together(grow, *[look] * 3)


# -- uploads --------------------------------------------------------------------------------------


def test_complete_against_abort(server, bucket):
    for number in range(ROUNDS):
        key = f"k{number}"
        upload = initiate(server, bucket, key, PART, 200_000)
        completed, aborted = together(
            partial(server.request, "POST", bucket, key, upload, headers=EVERYTHING),
            partial(server.request, "DELETE", bucket, key, upload),
        )
        assert (completed.status, aborted.status) in ((200, 404), (404, 204))
        got = server.request("GET", bucket, key)
        if completed.status == 200:
            assert got.body == body_of(1, PART) + body_of(2, 200_000)
        else:
            assert got.code == "NoSuchKey"
        assert server.request("GET", bucket, key, upload).code == "NoSuchUpload"


def test_one_of_many_completes_wins(server, bucket):
    for number in range(ROUNDS):
        key = f"k{number}"
        upload = initiate(server, bucket, key, PART, 10)
        ask = partial(server.request, "POST", bucket, key, upload, headers=EVERYTHING)
        assert statuses(together(*[ask] * 8)) == {200: 1, 404: 7}
        assert len(server.request("GET", bucket, key).body) == PART + 10


@pytest.mark.parametrize("size", SIZES)
def test_a_part_against_complete(server, bucket, size):
    for number in range(ROUNDS):
        key = f"k{number}"
        upload = initiate(server, bucket, key, PART, 10)
        query = {"partNumber": "2", **upload}
        put, completed = together(
            partial(server.request, "PUT", bucket, key, query, body_of(9, size)),
            partial(server.request, "POST", bucket, key, upload, headers=EVERYTHING),
        )
        assert completed.status == 200
        assert put.status in (200, 404)
        last = body_of(9, size) if put.status == 200 else body_of(2, 10)
        assert server.request("GET", bucket, key).body == body_of(1, PART) + last


@pytest.mark.parametrize("size", SIZES)
def test_parts_against_abort(server, bucket, size):
    for number in range(ROUNDS):
        key = f"k{number}"
        upload = initiate(server, bucket, key)
        puts = [
            partial(server.request, "PUT", bucket, key, {"partNumber": str(n), **upload},
                    body_of(n, size))
            for n in range(1, 5)
        ]  # fmt: skip
        *answers, aborted = together(*puts, partial(server.request, "DELETE", bucket, key, upload))
        assert aborted.status == 204
        assert set(statuses(answers)) <= {200, 404}
        assert server.request("GET", bucket, key, upload).code == "NoSuchUpload"
    assert server.request("GET", bucket, query={"stat": ""}).element("MultipartPartCount") == "0"


def test_parts_of_one_number(server, bucket):
    upload = initiate(server, bucket, "k")
    query = {"partNumber": "1", **upload}
    bodies = [body_of(number, SIZES[number % 2]) for number in range(10)]
    together(*[partial(server.request, "PUT", bucket, "k", query, body) for body in bodies])
    done = server.request("POST", bucket, "k", upload, headers=EVERYTHING)
    assert done.status == 200
    assert server.request("GET", bucket, "k").body in bodies


# -- buckets --------------------------------------------------------------------------------------


def beginnings(server: Server, name: str, key: str) -> list[Ask]:
    """Ways to put something into an empty bucket."""
    return [
        partial(server.request, "PUT", name, key, None, b"x" * 100),
        partial(server.request, "PUT", name, key, None, b"x" * 200_000),
        partial(server.request, "POST", name, key, {"uploads": ""}),
        partial(server.request, "POST", name, key, {"append": "", "position": "0"}, b"x"),
        partial(server.request, "PUT", name, key, {"symlink": ""}, None,
                {"x-oss-symlink-target": "k"}),
    ]  # fmt: skip


@pytest.mark.parametrize("way", range(5))
@pytest.mark.parametrize("head_start", [0, 1])
def test_delete_bucket_against_what_fills_it(server, way, head_start):
    for _ in range(ROUNDS):
        name = f"race-{next(_numbers)}"
        assert server.request("PUT", name).status == 200
        fill = beginnings(server, name, "k")[way]
        looks = [partial(server.request, "GET", name, "none")] * (2 * head_start)

        def delete(looks: list[Ask] = looks, name: str = name) -> Answer:
            for look in looks:
                look()
            return server.request("DELETE", name)

        filled, deleted = together(fill, delete)
        assert (filled.status, deleted.status) in ((200, 409), (404, 204))
        code = "" if filled.status == 200 else "NoSuchBucket"
        assert server.request("GET", name).code == code
    assert faults(server.data) == []


def test_one_of_many_makes_a_bucket_and_one_removes_it(server):
    for _ in range(ROUNDS):
        name = f"race-{next(_numbers)}"
        assert statuses(together(*[partial(server.request, "PUT", name)] * 6)) == {200: 6}
        removed = together(*[partial(server.request, "DELETE", name)] * 6)
        assert statuses(removed) == {204: 1, 404: 5}
    assert faults(server.data) == []


# -- overwriting ----------------------------------------------------------------------------------


def test_one_of_all_that_may_not_overwrite_wins(server, bucket):
    """PutObject, CopyObject, PutSymlink and CompleteMultipartUpload of one key."""
    assert server.request("PUT", bucket, "source", body=b"s" * 200_000).status == 200
    copied = {**FORBID, "x-oss-copy-source": f"/{bucket}/source"}
    linked = {**FORBID, "x-oss-symlink-target": "source"}
    for number in range(ROUNDS):
        key = f"k{number}"
        upload = initiate(server, bucket, key, 10)
        asks = [
            *[partial(server.request, "PUT", bucket, key, None, body_of(n, SIZES[n % 2]), FORBID)
              for n in range(4)],
            *[partial(server.request, "PUT", bucket, key, headers=copied)] * 2,
            partial(server.request, "PUT", bucket, key, {"symlink": ""}, headers=linked),
            partial(server.request, "POST", bucket, key, upload, headers={**FORBID, **EVERYTHING}),
        ]  # fmt: skip
        answers = together(*asks)
        assert statuses(answers) == {200: 1, 409: 7}, answers
        assert {a.code for a in answers if a.status == 409} == {"FileAlreadyExists"}
        winner = next(n for n, answer in enumerate(answers) if answer.status == 200)
        bodies = [body_of(n, SIZES[n % 2]) for n in range(4)] + [b"s" * 200_000] * 3
        assert server.request("GET", bucket, key).body == [*bodies, body_of(1, 10)][winner]


def test_puts_and_deletes_of_one_key(server, bucket):
    bodies = [body_of(number, SIZES[number % 2]) for number in range(8)]
    puts = [partial(server.request, "PUT", bucket, "k", None, body) for body in bodies]
    deletes = [partial(server.request, "DELETE", bucket, "k")] * 4
    gets = [partial(server.request, "GET", bucket, "k")] * 8
    for _ in range(ROUNDS):
        answers = together(*puts, *deletes, *gets)
        assert {answer.status for answer in answers[:12]} == {200, 204}
        for got in answers[12:]:
            assert got.status == 404 or got.body in bodies


# -- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sealed", [{}, {"x-oss-server-side-encryption": "AES256"}])
def test_copy_against_delete_of_its_source(server, bucket, size, sealed):
    for number in range(ROUNDS):
        source, key = f"source{number}", f"k{number}"
        assert server.request("PUT", bucket, source, body=body_of(number, size)).status == 200
        headers = {"x-oss-copy-source": f"/{bucket}/{source}", **sealed}
        copied, deleted = together(
            partial(server.request, "PUT", bucket, key, headers=headers),
            partial(server.request, "DELETE", bucket, source),
        )
        assert deleted.status == 204
        got = server.request("GET", bucket, key)
        if copied.status == 200:
            assert got.body == body_of(number, size)
        else:
            assert (copied.status, copied.code) == (404, "NoSuchKey")
            assert got.status == 404


def test_copies_onto_each_other(server, bucket):
    """Sources and targets change while they are copied: never a mixture."""
    keys = ["a", "b", "c"]
    bodies = [body_of(number, 200_000) for number in range(3)]
    for key, body in zip(keys, bodies, strict=True):
        assert server.request("PUT", bucket, key, body=body).status == 200
    sources = [{"x-oss-copy-source": f"/{bucket}/{key}"} for key in keys]
    asks = [
        partial(server.request, "PUT", bucket, key, headers=source)
        for key in keys for source in sources
    ]  # fmt: skip
    for _ in range(ROUNDS):
        assert statuses(together(*asks)) == {200: 9}  # sources are replaced, and never gone
        for key in keys:
            assert server.request("GET", bucket, key).body in bodies


# -- versions -------------------------------------------------------------------------------------


def versions(server: Server, bucket: str) -> list[tuple[str, bool]]:
    """Ids of all versions with bytes, and whether each is the latest."""
    answer = server.request("GET", bucket, query={"versions": "", "max-keys": "1000"})
    return [
        (entry.findtext("VersionId") or "", entry.findtext("IsLatest") == "true")
        for entry in ElementTree.fromstring(answer.body).iterfind("Version")
    ]


def test_all_versions_put_at_once_are_there(server, bucket):
    query = {"versioning": ""}
    assert server.request("PUT", bucket, query=query, body=ENABLED).status == 200
    bodies = [body_of(number, SIZES[number % 2]) for number in range(40)]
    answers = together(
        *[partial(server.request, "PUT", bucket, "k", None, body) for body in bodies]
    )
    ids = [answer.headers["x-oss-version-id"] for answer in answers]
    found = versions(server, bucket)
    assert sorted(ids) == sorted(version_id for version_id, _ in found)
    assert [latest for _, latest in found] == [True] + [False] * 39
    for version_id, body in zip(ids, bodies, strict=True):
        got = server.request("GET", bucket, "k", {"versionId": version_id})
        assert got.body == body
    assert server.request("GET", bucket, "k").headers["x-oss-version-id"] == found[0][0]
    # Each is removed once, by whom ever.
    asks = [partial(server.request, "DELETE", bucket, "k", {"versionId": i}) for i in ids]
    assert statuses(together(*asks, *asks)) == {204: 80}
    assert versions(server, bucket) == []


def test_versioning_is_enabled_while_objects_are_put(server):
    for _ in range(3):
        name = f"race-{next(_numbers)}"
        assert server.request("PUT", name).status == 200
        bodies = [body_of(number, SIZES[number % 2]) for number in range(12)]
        puts = [partial(server.request, "PUT", name, "k", None, body) for body in bodies]
        enable = partial(server.request, "PUT", name, query={"versioning": ""}, body=ENABLED)
        answers = together(*puts, enable)
        assert statuses(answers) == {200: 13}
        given = [a.headers.get("x-oss-version-id") for a in answers[:12]]
        found = {version_id for version_id, _ in versions(server, name)}
        assert found - {"null"} == {version_id for version_id in given if version_id}
        assert ("null" in found) == (None in given)
        assert server.request("GET", name, "k").body in bodies
    assert faults(server.data) == []


def test_tags_and_versions_of_one_key(server, bucket):
    """A tag stays on the version that it was put to."""
    assert server.request("PUT", bucket, query={"versioning": ""}, body=ENABLED).status == 200
    first = server.request("PUT", bucket, "k", body=b"1").headers["x-oss-version-id"]
    tagging = b"<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
    query = {"tagging": "", "versionId": first}
    put = partial(server.request, "PUT", bucket, "k", None, b"2")
    tag = partial(server.request, "PUT", bucket, "k", query, tagging)
    assert statuses(together(*[put] * 6, *[tag] * 6)) == {200: 12}
    for version_id, _ in versions(server, bucket):
        head = server.request("HEAD", bucket, "k", {"versionId": version_id})
        assert ("x-oss-tagging-count" in head.headers) == (version_id == first)
