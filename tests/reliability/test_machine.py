"""A store against lists and dictionaries: any sequence of requests, restarts and kills among them.

Versions, uploads, appends, copies, links, tags and encryption, in buckets of every kind; what the
store says is compared after each step, and all that it holds after each restart.
"""

import os
import random
from base64 import b64encode
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from hypothesis.errors import StopTest

from tests.reliability import verify
from tests.reliability.load import blob_files, named_blobs, wait_until
from tests.reliability.model import (
    APPENDABLE,
    ENABLED,
    MARKER,
    MULTIPART,
    NEVER,
    NORMAL,
    SUSPENDED,
    SYMLINK,
    Bucket,
    Part,
    Upload,
    Version,
    md5_tag,
    multipart_tag,
)
from tests.reliability.rows import faults
from tests.reliability.verify import refused
from tests.support import Answer, Server

EXAMPLES = int(os.environ.get("MOSSBOX_EXAMPLES", "10"))
STEPS_MAX = 100
INLINE = 128 << 10  # larger bodies lie in files
PART_MIN = 100 << 10
KEYS = ["a", "a/b", "a/c", "a/c/d", "b", "b/", "dir/x/1", "dir/y", "é/1", "z z"]
SIZES = [0, 1, 100, 5_000, INLINE - 1, INLINE, INLINE + 1, 300_000, (1 << 20) + 1]
PART_SIZES = [0, 1000, PART_MIN - 1, PART_MIN, INLINE, INLINE + 1, 300_000]
APPEND_SIZES = [0, 1, 100, 9_000, 20_000, INLINE + 1]
ACLS = ["private", "public-read", "public-read-write"]
CIPHERS = ["", "", "", "AES256", "SM4"]
SSE = "x-oss-server-side-encryption"

buckets = st.sampled_from([0, 0, 0, 1, 1, 1, 2])
keys = st.sampled_from([*KEYS, *["a", "a/b", "b"] * 3])  # some keys get long histories
seeds = st.integers(0, 99)
places = st.integers(0, 9)  # of a version or upload among those that there are
prefixes = st.sampled_from(["", "a", "a/", "dir/", "é", "nothing"])
delimiters = st.sampled_from(["", "/", "x/"])
counts = st.integers(1, 6)


def content(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def etag_of(answer: Answer) -> str:
    return answer.headers["etag"].strip('"')


STEPS: dict[str, st.SearchStrategy[dict[str, object]]] = {}
NAMES: list[str] = []  # each as often as it weighs


def step(weight: int, **arguments: st.SearchStrategy[object]):
    """A method that a walk may call, and what it may be called with."""

    def declare(method: Callable[..., None]) -> Callable[..., None]:
        STEPS[method.__name__] = st.fixed_dictionaries(arguments)
        NAMES.extend([method.__name__] * weight)
        return method

    return declare


class Machine:
    """Three buckets and what the store must know of them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        tag = os.urandom(6).hex()
        self.names = [f"m-{tag}-{n}" for n in range(3)]
        self.buckets: dict[str, Bucket] = {}

    def bucket(self, which: int) -> Bucket | None:
        return self.buckets.get(self.names[which])

    def ask(
        self, method: str, bucket: Bucket, key: str = "", query: object = None, **more
    ) -> Answer:
        return self.server.request(method, bucket.name, key, query, **more)

    # -- buckets --------------------------------------------------------------------------------

    def begin(self, states: tuple[str, str]) -> None:
        for which, state in enumerate(states):
            self.make_bucket(which, "private")
            self.put(which, "a", 300_000, which, False, "")
            self.put(which, "a/b", 100, which, False, "SM4")
            self.append(which, "b", 100, which, "", 0)
            if state:  # what is there already becomes a null version
                self.set_versioning(which, ENABLED)
                self.put(which, "a", 5_000, which, False, "")
                self.set_versioning(which, state)
            for key in ("a", "a/c"):
                self.initiate(which, key, which, "")
                self.upload_part(which, -1, 1, PART_MIN, which)

    @step(1, which=buckets, acl=st.sampled_from(ACLS))
    def make_bucket(self, which: int, acl: str) -> None:
        name = self.names[which]
        answer = self.server.request("PUT", name, headers={"x-oss-acl": acl})
        assert answer.status == 200, answer
        self.buckets.setdefault(name, Bucket(name)).acl = acl

    @step(1, which=buckets)
    def delete_bucket(self, which: int) -> None:
        name, bucket = self.names[which], self.bucket(which)
        answer = self.server.request("DELETE", name)
        if bucket is None:
            refused(answer, 404, "NoSuchBucket")
        elif not bucket.empty():
            refused(answer, 409, "BucketNotEmpty")
        else:
            assert answer.status == 204
            del self.buckets[name]

    @step(2, which=buckets, state=st.sampled_from([ENABLED, SUSPENDED]))
    def set_versioning(self, which: int, state: str) -> None:
        body = f"<VersioningConfiguration><Status>{state}</Status></VersioningConfiguration>"
        query = {"versioning": ""}
        answer = self.server.request("PUT", self.names[which], query=query, body=body.encode())
        bucket = self.bucket(which)
        if bucket is None:
            refused(answer, 404, "NoSuchBucket")
        else:
            assert answer.status == 200, answer
            bucket.state = state

    @step(1, which=buckets, cipher=st.sampled_from(CIPHERS))
    def set_encryption(self, which: int, cipher: str) -> None:
        bucket = self.bucket(which)
        if bucket is None:
            return
        if cipher:
            inner = f"<SSEAlgorithm>{cipher}</SSEAlgorithm>"
            inner = (
                f"<ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault>"
            )
            body = f"<ServerSideEncryptionRule>{inner}</ServerSideEncryptionRule>".encode()
            assert self.ask("PUT", bucket, query={"encryption": ""}, body=body).status == 200
        else:
            assert self.ask("DELETE", bucket, query={"encryption": ""}).status == 204
        bucket.sse = cipher

    # -- objects --------------------------------------------------------------------------------

    @step(
        4,
        which=buckets,
        key=keys,
        size=st.sampled_from(SIZES),
        seed=seeds,
        forbid=st.booleans(),
        cipher=st.sampled_from(CIPHERS),
    )
    def put(self, which: int, key: str, size: int, seed: int, forbid: bool, cipher: str) -> None:
        body, bucket = content(size, seed), self.bucket(which)
        headers = {"x-oss-meta-n": str(seed), "x-oss-tagging": f"seed={seed}"}
        headers |= {"x-oss-forbid-overwrite": "true"} if forbid else {}
        headers |= {SSE: cipher} if cipher else {}
        answer = self.server.request("PUT", self.names[which], key, body=body, headers=headers)
        if bucket is None:
            refused(answer, 404, "NoSuchBucket")
        elif forbid and bucket.state == NEVER and bucket.current(key):
            refused(answer, 409, "FileAlreadyExists")
        else:
            assert answer.status == 200, answer
            assert etag_of(answer) == md5_tag(body)
            version = Version(
                NORMAL, self.new_id(bucket, answer), body, md5_tag(body), str(seed),
                {"seed": str(seed)}, cipher or bucket.sse,
            )  # fmt: skip
            assert answer.headers.get(SSE, "") == version.sse
            bucket.add(key, version)
            verify.check_object(self.server, bucket, key)

    def new_id(self, bucket: Bucket, answer: Answer) -> str:
        """The id that a new version has to have, or may choose."""
        given = answer.headers.get("x-oss-version-id")
        if bucket.state == NEVER:
            assert given is None
            return "null"
        assert given is not None
        assert (given == "null") == (bucket.state == SUSPENDED)
        return given

    @step(2, which=buckets, key=keys, start=st.integers(0, 1 << 20), size=st.integers(1, 1 << 20))
    def get_range(self, which: int, key: str, start: int, size: int) -> None:
        bucket = self.bucket(which)
        version = bucket and bucket.current(key)
        if bucket is None or not version or not version.body:
            return
        start %= len(version.body)
        stop = min(start + size, len(version.body))
        headers = {"range": f"bytes={start}-{stop - 1}"}
        answer = self.ask("GET", bucket, key, headers=headers)
        assert answer.status == 206, answer
        assert answer.body == version.body[start:stop]
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(version.body)}"

    @step(1, which=buckets, key=keys)
    def get(self, which: int, key: str) -> None:
        bucket = self.bucket(which)
        if bucket is None:
            refused(self.server.request("GET", self.names[which], key), 404, "NoSuchBucket")
        else:
            verify.check_object(self.server, bucket, key)

    @step(2, which=buckets, key=keys)
    def delete(self, which: int, key: str) -> None:
        answer, bucket = self.server.request("DELETE", self.names[which], key), self.bucket(which)
        if bucket is None:
            refused(answer, 404, "NoSuchBucket")
            return
        assert answer.status == 204, answer
        made_marker = answer.headers.get("x-oss-delete-marker") == "true"
        assert made_marker == (bucket.state != NEVER)
        bucket.delete(key, self.new_id(bucket, answer))

    @step(3, which=buckets, place=places)
    def delete_version(self, which: int, place: int) -> None:
        if (found := self.some_version(which, place)) is None:
            return
        bucket, key, version = found
        answer = self.ask("DELETE", bucket, key, {"versionId": version.id})
        assert answer.status == 204, answer
        is_marker = answer.headers.get("x-oss-delete-marker") == "true"
        assert is_marker == (version.kind == MARKER)
        assert answer.headers["x-oss-version-id"] == version.id
        bucket.remove(key, version.id)
        verify.check_object(self.server, bucket, key, version.id)
        verify.check_object(self.server, bucket, key)

    def some_version(self, which: int, place: int) -> tuple[Bucket, str, Version] | None:
        bucket = self.bucket(which)
        if bucket is None or not (versions := bucket.all_versions()):
            return None
        return bucket, *versions[place % len(versions)]

    @step(2, which=buckets, some=st.sets(keys, min_size=1, max_size=4), some_places=st.sets(places))
    def delete_several(self, which: int, some: set[str], some_places: set[int]) -> None:
        bucket = self.bucket(which)
        if bucket is None:
            return
        chosen = [
            found for place in sorted(some_places) if (found := self.some_version(which, place))
        ]
        exact = {(key, version.id) for _, key, version in chosen if key not in some}
        entries = [(key, "") for key in sorted(some)] + sorted(exact)
        inner = "".join(
            f"<Object><Key>{escape(key)}</Key>"
            + (f"<VersionId>{version_id}</VersionId>" if version_id else "") + "</Object>"
            for key, version_id in entries
        )  # fmt: skip
        body = f"<Delete>{inner}</Delete>".encode()
        headers = {"content-md5": b64encode(md5(body).digest()).decode()}
        answer = self.ask("POST", bucket, query={"delete": ""}, body=body, headers=headers)
        assert answer.status == 200, answer
        page = verify.ElementTree.fromstring(answer.body)
        for (key, version_id), entry in zip(entries, page.iterfind("Deleted"), strict=True):
            assert entry.findtext("Key") == key
            if version_id:
                bucket.remove(key, version_id)
            else:
                bucket.delete(key, entry.findtext("DeleteMarkerVersionId") or "")

    # -- what objects carry ---------------------------------------------------------------------

    @step(2, which=buckets, place=places, seed=seeds)
    def tag(self, which: int, place: int, seed: int) -> None:
        if (found := self.some_version(which, place)) is None:
            return
        bucket, key, version = found
        query = {"tagging": "", "versionId": version.id}
        tag = f"<Tag><Key>k</Key><Value>{seed}</Value></Tag>"
        body = f"<Tagging><TagSet>{tag}</TagSet></Tagging>".encode()
        if seed % 3 == 0:
            answer = self.ask("DELETE", bucket, key, query)
        else:
            answer = self.ask("PUT", bucket, key, query, body=body)
        if version.kind == MARKER:
            refused(answer, 405, "MethodNotAllowed")
            return
        assert answer.status == (204 if seed % 3 == 0 else 200), answer
        version.tags = {} if seed % 3 == 0 else {"k": str(seed)}
        verify.check_tags(self.server, bucket, key, version.id)

    @step(2, which=buckets, key=keys, to=keys)
    def link(self, which: int, key: str, to: str) -> None:
        bucket = self.bucket(which)
        if bucket is None:
            return
        headers = {"x-oss-symlink-target": quote(to, safe="")}
        answer = self.ask("PUT", bucket, key, {"symlink": ""}, headers=headers)
        assert answer.status == 200, answer
        version_id = self.new_id(bucket, answer)
        bucket.add(key, Version(SYMLINK, version_id, etag=etag_of(answer), target=to))
        verify.check_object(self.server, bucket, key)
        answer = self.ask("GET", bucket, key, {"symlink": ""})
        assert answer.headers["x-oss-symlink-target"] == quote(to, safe="")

    # -- appends --------------------------------------------------------------------------------

    @step(
        4,
        which=buckets,
        key=keys,
        size=st.sampled_from(APPEND_SIZES),
        seed=seeds,
        cipher=st.sampled_from(CIPHERS),
        shift=st.sampled_from([0, 0, 0, 0, 1]),
    )
    def append(self, which: int, key: str, size: int, seed: int, cipher: str, shift: int) -> None:
        bucket, body = self.bucket(which), content(size, seed)
        if bucket is None:
            return
        old = bucket.find(key)
        position = (len(old.body) if old else 0) + shift
        headers = {"x-oss-meta-n": str(seed)} | ({SSE: cipher} if cipher else {})
        query = {"append": "", "position": str(position)}
        answer = self.ask("POST", bucket, key, query, body=body, headers=headers)
        if old is not None and old.kind != APPENDABLE:
            refused(answer, 409, "ObjectNotAppendable")
            return
        if old is not None and old.sealed:
            assert answer.status == 409, answer
            return
        if shift:
            refused(answer, 409, "PositionNotEqualToLength")
            assert answer.headers["x-oss-next-append-position"] == str(position - 1)
            return
        assert answer.status == 200, answer
        if old is None:
            old = Version(APPENDABLE, meta=str(seed), sse=cipher or bucket.sse)
            bucket.keys[key] = [old]
        old.body += body
        old.etag = etag_of(answer)
        assert answer.headers["x-oss-next-append-position"] == str(len(old.body))
        assert answer.headers["x-oss-hash-crc64ecma"] == old.crc64
        verify.check_object(self.server, bucket, key)

    @step(1, which=buckets, key=keys)
    def seal(self, which: int, key: str) -> None:
        bucket = self.bucket(which)
        version = bucket and bucket.find(key)
        if bucket is None or not version or version.kind != APPENDABLE:
            return
        query = {"seal": "", "position": str(len(version.body))}
        assert self.ask("POST", bucket, key, query).status == 200
        version.sealed = True

    # -- uploads --------------------------------------------------------------------------------

    @step(2, which=buckets, key=keys, seed=seeds, cipher=st.sampled_from(CIPHERS))
    def initiate(self, which: int, key: str, seed: int, cipher: str) -> None:
        bucket = self.bucket(which)
        if bucket is None:
            return
        headers = {"x-oss-meta-n": str(seed)} | ({SSE: cipher} if cipher else {})
        answer = self.ask("POST", bucket, key, {"uploads": ""}, headers=headers)
        assert answer.status == 200, answer
        upload = Upload(answer.element("UploadId"), key, {}, str(seed), cipher or bucket.sse)
        bucket.uploads.append(upload)

    def some_upload(self, which: int, place: int) -> tuple[Bucket, Upload] | None:
        bucket = self.bucket(which)
        if bucket is None or not bucket.uploads:
            return None
        return bucket, bucket.uploads[place % len(bucket.uploads)]

    @step(
        5,
        which=buckets,
        place=places,
        number=st.integers(1, 4),
        size=st.sampled_from(PART_SIZES),
        seed=seeds,
    )
    def upload_part(self, which: int, place: int, number: int, size: int, seed: int) -> None:
        if (found := self.some_upload(which, place)) is None:
            return
        (bucket, upload), body = found, content(size, seed)
        query = {"partNumber": str(number), "uploadId": upload.id}
        answer = self.ask("PUT", bucket, upload.key, query, body=body)
        assert answer.status == 200, answer
        assert etag_of(answer) == md5_tag(body)
        upload.parts[number] = Part(body, md5_tag(body))

    @step(
        3,
        which=buckets,
        place=places,
        number=st.integers(1, 4),
        from_which=buckets,
        from_place=places,
        cut=st.booleans(),
    )
    def upload_part_copy(
        self, which: int, place: int, number: int, from_which: int, from_place: int, cut: bool
    ) -> None:
        found, source = self.some_upload(which, place), self.some_version(from_which, from_place)
        if found is None or source is None or source[2].kind in (SYMLINK, MARKER):
            return
        bucket, upload = found
        body = source[2].body
        headers = {"x-oss-copy-source": copy_source(*source)}
        if cut and len(body) > 10:
            start, stop = len(body) // 3, len(body) - 1
            headers["x-oss-copy-source-range"] = f"bytes={start}-{stop - 1}"
            body = body[start:stop]
        query = {"partNumber": str(number), "uploadId": upload.id}
        answer = self.ask("PUT", bucket, upload.key, query, headers=headers)
        assert answer.status == 200, answer
        assert answer.element("ETag").strip('"') == etag_of(answer)
        upload.parts[number] = Part(body, etag_of(answer))

    @step(4, which=buckets, place=places, left_out=st.integers(0, 4), everything=st.booleans())
    def complete(self, which: int, place: int, left_out: int, everything: bool) -> None:
        if (found := self.some_upload(which, place)) is None:
            return
        bucket, upload = found
        numbers = sorted(upload.parts)
        headers, body = {"x-oss-complete-all": "yes"}, b""
        if not everything:
            numbers = [number for number in numbers if number != left_out]
            headers, body = {}, listed_parts(upload, numbers)
        parts = [upload.parts[number] for number in numbers]
        query = {"uploadId": upload.id}
        answer = self.ask("POST", bucket, upload.key, query, body=body, headers=headers)
        if not parts:
            assert answer.status == 400, answer
        elif any(len(part.body) < PART_MIN for part in parts[:-1]):
            refused(answer, 400, "EntityTooSmall")
        else:
            assert answer.status == 200, answer
            whole = b"".join(part.body for part in parts)
            tag = multipart_tag(parts)
            assert (etag_of(answer), answer.element("ETag")) == (tag, f'"{tag}"')
            version_id = self.new_id(bucket, answer)
            version = Version(MULTIPART, version_id, whole, tag, upload.meta, {}, upload.sse)
            bucket.uploads.remove(upload)
            bucket.add(upload.key, version)
            verify.check_object(self.server, bucket, upload.key)

    @step(1, which=buckets, place=places)
    def abort(self, which: int, place: int) -> None:
        if (found := self.some_upload(which, place)) is None:
            return
        bucket, upload = found
        query = {"uploadId": upload.id}
        assert self.ask("DELETE", bucket, upload.key, query).status == 204
        bucket.uploads.remove(upload)
        refused(self.ask("DELETE", bucket, upload.key, query), 404, "NoSuchUpload")
        refused(self.ask("GET", bucket, upload.key, query), 404, "NoSuchUpload")

    # -- copies ---------------------------------------------------------------------------------

    @step(
        5,
        from_which=buckets,
        from_place=places,
        which=buckets,
        key=keys,
        replace=st.booleans(),
        retag=st.booleans(),
        forbid=st.booleans(),
        cipher=st.sampled_from(CIPHERS),
    )
    def copy(
        self, from_which: int, from_place: int, which: int, key: str, replace: bool, retag: bool,
        forbid: bool, cipher: str,
    ) -> None:  # fmt: skip
        bucket, found = self.bucket(which), self.some_version(from_which, from_place)
        if bucket is None or found is None:
            return
        source = found[2]
        headers = {"x-oss-copy-source": copy_source(*found), "x-oss-meta-n": "replaced"}
        headers |= {"x-oss-metadata-directive": "REPLACE"} if replace else {}
        if retag:
            headers |= {"x-oss-tagging-directive": "Replace", "x-oss-tagging": "re=tagged"}
        headers |= {"x-oss-forbid-overwrite": "true"} if forbid else {}
        headers |= {SSE: cipher} if cipher else {}
        answer = self.ask("PUT", bucket, key, headers=headers)
        if source.kind == MARKER:
            refused(answer, 400, "InvalidArgument")
        elif forbid and bucket.state == NEVER and bucket.current(key):
            refused(answer, 409, "FileAlreadyExists")
        else:
            assert answer.status == 200, answer
            copied = Version(
                source.kind if source.kind in (NORMAL, SYMLINK) else MULTIPART,
                self.new_id(bucket, answer), source.body, etag_of(answer),
                "replaced" if replace else source.meta,
                {"re": "tagged"} if retag else dict(source.tags),
                "" if source.kind == SYMLINK else cipher or bucket.sse, source.target,
            )  # fmt: skip
            assert copied.etag == source.etag
            bucket.add(key, copied)
            verify.check_object(self.server, bucket, key)

    # -- listings -------------------------------------------------------------------------------

    @step(
        2, which=buckets, prefix=prefixes, delimiter=delimiters, count=counts, second=st.booleans()
    )
    def list_objects(
        self, which: int, prefix: str, delimiter: str, count: int, second: bool
    ) -> None:
        if (bucket := self.bucket(which)) is not None:
            verify.check_list(self.server, bucket, prefix, delimiter, count, second)

    @step(2, which=buckets, prefix=prefixes, delimiter=delimiters, count=counts)
    def list_versions(self, which: int, prefix: str, delimiter: str, count: int) -> None:
        if (bucket := self.bucket(which)) is not None:
            verify.check_versions(self.server, bucket, prefix, delimiter, count)

    @step(2, which=buckets, prefix=prefixes, delimiter=delimiters, count=counts, place=places)
    def list_uploads(self, which: int, prefix: str, delimiter: str, count: int, place: int) -> None:
        if (bucket := self.bucket(which)) is not None:
            verify.check_uploads(self.server, bucket, prefix, delimiter, count)
        if (found := self.some_upload(which, place)) is not None:
            verify.check_parts(self.server, *found, count)

    # -- restarts -------------------------------------------------------------------------------

    @step(1, killed=st.booleans())
    def restart(self, killed: bool) -> None:
        if killed:
            self.server.kill()
        else:
            assert self.server.stop() == 0
        self.server.start()
        self.check_everything()

    def end(self) -> None:
        """Compare all that is there, and remove it."""
        self.check_everything()
        for which, name in enumerate(self.names):
            if (bucket := self.buckets.get(name)) is not None:
                self.empty(which, bucket)
                self.delete_bucket(which)
                assert name not in self.buckets

    def empty(self, which: int, bucket: Bucket) -> None:
        """Remove all that a bucket holds."""
        while bucket.uploads:
            self.abort(which, 0)
        while bucket.keys:
            self.delete_version(which, 0)

    def check_everything(self) -> None:
        for name in self.names:
            bucket = self.buckets.get(name)
            if bucket is None:
                refused(self.server.request("GET", name), 404, "NoSuchBucket")
            else:
                verify.check_bucket(self.server, bucket)
        assert faults(self.server.data) == []


def copy_source(bucket: Bucket, key: str, version: Version) -> str:
    return f"/{bucket.name}/{quote(key)}?versionId={version.id}"


def listed_parts(upload: Upload, numbers: list[int]) -> bytes:
    """The document that completes an upload."""
    inner = "".join(
        f'<Part><PartNumber>{number}</PartNumber><ETag>"{upload.parts[number].etag}"</ETag></Part>'
        for number in numbers
    )
    return f"<CompleteMultipartUpload>{inner}</CompleteMultipartUpload>".encode()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_the_store_is_a_dictionary(workers: int, tmp_path: Path) -> None:
    states = st.tuples(*[st.sampled_from([NEVER, ENABLED, SUSPENDED])] * 2)

    # No state machine of Hypothesis: with few examples that leaves out most of the rules.
    @settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(states, st.integers(1, STEPS_MAX), st.data())
    def walk(states: tuple[str, str], count: int, data: st.DataObject) -> None:
        machine = Machine(server)
        machine.begin(states)
        try:
            for _ in range(count):
                name = data.draw(st.sampled_from(NAMES))
                arguments = data.draw(STEPS[name])
                note(f"{name}({arguments})")
                getattr(machine, name)(**arguments)
        except StopTest:  # Hypothesis wants no more of this walk
            machine.end()
            raise
        machine.end()

    with Server(tmp_path, workers=workers) as server:
        walk()
        # Every walk has removed what it made.
        wait_until(lambda: blob_files(server.data) == set(), "all files are reaped")
        wait_until(lambda: faults(server.data, swept=True) == [], "all rows are in order")
        wait_until(lambda: named_blobs(server.data) == (set(), set()), "all garbage is forgotten")
