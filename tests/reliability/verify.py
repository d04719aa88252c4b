"""A store held against its model: every answer that tells what it holds."""

from base64 import b64decode
from collections.abc import Iterator
from xml.etree import ElementTree

from tests.reliability.model import MARKER, NEVER, NORMAL, SYMLINK, Bucket, Upload, Version, md5_tag
from tests.support import Answer, Server

Page = ElementTree.Element


def refused(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status, answer
    if answer.body or "x-oss-err" in answer.headers:
        assert answer.code == code, answer


def pages(
    server: Server, bucket: str, query: dict[str, str], marks: dict[str, str], key: str = ""
) -> Iterator[Page]:
    """All pages of a list; `marks` are the parameters that go on, and where a page has them."""
    query = dict(query)
    while True:
        answer = server.request("GET", bucket, key, query)
        assert answer.status == 200, answer
        page = ElementTree.fromstring(answer.body)
        yield page
        if page.findtext("IsTruncated") != "true":
            return
        for parameter, element in marks.items():
            query[parameter] = page.findtext(element) or ""


def texts(page: Page, path: str) -> list[str]:
    return [element.text or "" for element in page.iterfind(path)]


def grouped(keys: list[str], prefix: str, delimiter: str) -> tuple[list[int], list[str]]:
    """Places of the keys that a list shows, and the common prefixes of the others."""
    shown: list[int] = []
    groups: dict[str, None] = {}
    for place, key in enumerate(keys):
        if key.startswith(prefix):
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                shown.append(place)
            else:
                groups[key[: cut + len(delimiter)]] = None
    return shown, list(groups)


# -- one object -----------------------------------------------------------------------------------


def read_failure(bucket: Bucket, key: str, version_id: str | None) -> tuple[int, str] | None:
    """How reading has to fail; None when it has to succeed."""
    found = bucket.find(key, version_id)
    if found is None:
        return (404, "NoSuchKey") if version_id is None else (404, "NoSuchVersion")
    if found.kind == MARKER:
        return (404, "NoSuchKey") if version_id is None else (405, "MethodNotAllowed")
    if found.kind == SYMLINK:
        target = bucket.current(found.target)
        if target is None:
            return 404, "SymlinkTargetNotExist"
        if target.kind == SYMLINK:
            return 400, "InvalidTargetType"
    return None


def check_object(server: Server, bucket: Bucket, key: str, version_id: str | None = None) -> None:
    """What GetObject and HeadObject say of a version."""
    query = {} if version_id is None else {"versionId": version_id}
    got = server.request("GET", bucket.name, key, query)
    head = server.request("HEAD", bucket.name, key, query)
    failure = read_failure(bucket, key, version_id)
    if failure is not None:
        refused(got, *failure)
        refused(head, *failure)
        found = bucket.find(key, version_id)
        assert ("x-oss-delete-marker" in got.headers) == (
            found is not None and found.kind == MARKER
        )
        return
    shown = bucket.find(key, version_id)
    assert shown is not None
    version = shown if shown.kind != SYMLINK else bucket.current(shown.target)
    assert version is not None
    assert (got.status, head.status) == (200, 200), (got, head)
    assert got.body == version.body, f"{len(got.body)} bytes, {len(version.body)} were kept"
    for answer in (got, head):
        _check_headers(answer, bucket, shown, version)


def _check_headers(answer: Answer, bucket: Bucket, shown: Version, version: Version) -> None:
    headers = answer.headers
    assert int(headers["content-length"]) == len(version.body)
    assert headers["etag"] == f'"{version.etag}"'
    assert headers["x-oss-hash-crc64ecma"] == version.crc64
    assert headers["x-oss-object-type"] == shown.kind
    assert headers.get("x-oss-meta-n", "") == shown.meta
    assert headers.get("x-oss-tagging-count", "0") == str(len(shown.tags))
    assert headers.get("x-oss-version-id") == (None if bucket.state == NEVER else shown.id)
    if "content-md5" in headers:
        assert b64decode(headers["content-md5"]).hex().upper() == md5_tag(version.body)
    if shown.kind == NORMAL:
        assert "content-md5" in headers
    assert headers.get("x-oss-server-side-encryption", "") == version.sse  # of a link's target


def check_tags(server: Server, bucket: Bucket, key: str, version_id: str) -> None:
    answer = server.request("GET", bucket.name, key, {"tagging": "", "versionId": version_id})
    version = bucket.find(key, version_id)
    assert version is not None
    page = ElementTree.fromstring(answer.body)
    found = dict(zip(texts(page, "TagSet/Tag/Key"), texts(page, "TagSet/Tag/Value"), strict=True))
    assert found == version.tags


# -- lists ----------------------------------------------------------------------------------------


def check_list(
    server: Server, bucket: Bucket, prefix: str = "", delimiter: str = "", count: int = 1000,
    second: bool = True,
) -> None:  # fmt: skip
    """ListObjects or ListObjectsV2, page by page."""
    query = {"prefix": prefix, "delimiter": delimiter, "max-keys": str(count)}
    marks = {"marker": "NextMarker"}
    if second:
        query["list-type"] = "2"
        marks = {"continuation-token": "NextContinuationToken"}
    found: list[tuple[str, ...]] = []
    groups: list[str] = []
    for page in pages(server, bucket.name, query, marks):
        entries, names = page.findall("Contents"), texts(page, "CommonPrefixes/Prefix")
        assert len(entries) + len(names) <= count
        found += [_fields(entry, "Key", "ETag", "Type", "Size") for entry in entries]
        groups += names
    visible = bucket.visible()
    keys = sorted(visible, key=str.encode)
    places, wanted = grouped(keys, prefix, delimiter)
    assert found == [_summary(keys[place], visible[keys[place]]) for place in places]
    assert groups == wanted


def _fields(entry: Page, *names: str) -> tuple[str, ...]:
    return tuple(entry.findtext(name) or "" for name in names)


def _summary(key: str, version: Version) -> tuple[str, ...]:
    return key, f'"{version.etag}"', version.kind, str(len(version.body))


def check_versions(
    server: Server, bucket: Bucket, prefix: str = "", delimiter: str = "", count: int = 1000
) -> None:
    """ListObjectVersions, page by page."""
    query = {"versions": "", "prefix": prefix, "delimiter": delimiter, "max-keys": str(count)}
    marks = {"key-marker": "NextKeyMarker", "version-id-marker": "NextVersionIdMarker"}
    found: list[tuple[str, ...]] = []
    markers: list[tuple[str, ...]] = []
    groups: list[str] = []
    for page in pages(server, bucket.name, query, marks):
        names = texts(page, "CommonPrefixes/Prefix")
        here, hidden = page.findall("Version"), page.findall("DeleteMarker")
        assert len(here) + len(hidden) + len(names) <= count
        common = ("Key", "VersionId", "IsLatest")
        found += [_fields(entry, *common, "ETag", "Type", "Size") for entry in here]
        markers += [_fields(entry, *common) for entry in hidden]
        groups += names
    rows = bucket.all_versions()
    places, wanted = grouped([key for key, _ in rows], prefix, delimiter)
    all_shown = [rows[place] for place in places]
    latest = {id(versions[0]) for versions in bucket.keys.values()}
    wanted_markers, wanted_versions = [], []
    for key, version in all_shown:
        place = (key, version.id, "true" if id(version) in latest else "false")
        if version.kind == MARKER:
            wanted_markers.append(place)
        else:
            wanted_versions.append((*place, *_summary(key, version)[1:]))
    assert (found, markers, groups) == (wanted_versions, wanted_markers, wanted)


def check_uploads(
    server: Server, bucket: Bucket, prefix: str = "", delimiter: str = "", count: int = 1000
) -> None:
    """ListMultipartUploads, page by page."""
    query = {"uploads": "", "prefix": prefix, "delimiter": delimiter, "max-uploads": str(count)}
    marks = {"key-marker": "NextKeyMarker", "upload-id-marker": "NextUploadIdMarker"}
    found: list[tuple[str, ...]] = []
    groups: list[str] = []
    for page in pages(server, bucket.name, query, marks):
        entries, names = page.findall("Upload"), texts(page, "CommonPrefixes/Prefix")
        assert len(entries) + len(names) <= count
        found += [_fields(entry, "Key", "UploadId") for entry in entries]
        groups += names
    uploads = bucket.sorted_uploads()
    places, wanted = grouped([upload.key for upload in uploads], prefix, delimiter)
    assert found == [(uploads[place].key, uploads[place].id) for place in places]
    assert groups == wanted


def check_parts(server: Server, bucket: Bucket, upload: Upload, count: int = 1000) -> None:
    """ListParts, page by page."""
    query = {"uploadId": upload.id, "max-parts": str(count)}
    found: list[tuple[str, ...]] = []
    for page in pages(
        server, bucket.name, query, {"part-number-marker": "NextPartNumberMarker"}, upload.key
    ):
        entries = page.findall("Part")
        assert len(entries) <= count
        found += [
            _fields(entry, "PartNumber", "ETag", "Size", "HashCrc64ecma") for entry in entries
        ]
    assert found == [
        (str(number), f'"{part.etag}"', str(len(part.body)), part.crc64)
        for number, part in sorted(upload.parts.items())
    ]


def check_bucket(server: Server, bucket: Bucket) -> None:
    """All that a bucket holds and says of itself."""
    check_list(server, bucket)
    check_versions(server, bucket)
    check_uploads(server, bucket)
    for upload in bucket.uploads:
        check_parts(server, bucket, upload)
    for key, version in bucket.all_versions():
        check_object(server, bucket, key, version.id)
    for key in bucket.keys:
        check_object(server, bucket, key)
    for key, version_id in bucket.gone[-3:]:
        check_object(server, bucket, key, version_id)
    stat = server.request("GET", bucket.name, query={"stat": ""})
    assert {name: int(stat.element(name)) for name in bucket.stat()} == bucket.stat()
    assert server.request("GET", bucket.name, query={"acl": ""}).element("Grant") == bucket.acl
    state = server.request("GET", bucket.name, query={"versioning": ""})
    assert state.element("Status") == bucket.state
