"""One store with a second account, for all clients."""

import os
from collections.abc import Iterator

import oss2
import pytest

from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET, OTHER_UID
from tests.support import KEY_ID, REGION, SECRET, Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The store that the clients talk to."""
    environment = {"MOSSBOX_ACCOUNTS": f"{OTHER_UID}:{OTHER_KEY_ID}:{OTHER_SECRET}"}
    arguments = ("--domain", "oss.test", "--cname", "files.example=cname-bucket")
    with Server(
        tmp_path_factory.mktemp("store"), *arguments, workers=2, environment=environment
    ) as running:
        yield running


@pytest.fixture
def bucket_name(server: Server) -> Iterator[str]:
    """A bucket name that no other test uses; what begins with it is removed afterwards."""
    name = f"t-{os.urandom(6).hex()}"
    yield name
    for key_id, secret in ((KEY_ID, SECRET), (OTHER_KEY_ID, OTHER_SECRET)):
        auth = oss2.AuthV4(key_id, secret)
        service = oss2.Service(auth, server.endpoint, region=REGION)
        for found in service.list_buckets(prefix=name).buckets:
            empty(server, oss2.Bucket(auth, server.endpoint, found.name, region=REGION))


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> oss2.Bucket:
    """A bucket of oss2, signed in the newest way."""
    auth = oss2.AuthV4(KEY_ID, SECRET)
    made = oss2.Bucket(auth, server.endpoint, bucket_name, region=REGION)
    made.create_bucket()
    return made


@pytest.fixture
def named(bucket: oss2.Bucket) -> str:
    """The name of such a bucket."""
    return str(bucket.bucket_name)


def empty(server: Server, bucket: oss2.Bucket) -> None:
    """Remove a bucket with all that it holds; some keys are none that oss2 can send."""
    keys = {"key_id": bucket.auth.credentials_provider.get_credentials().access_key_id}
    keys["secret"] = bucket.auth.credentials_provider.get_credentials().access_key_secret
    for upload in oss2.MultipartUploadIterator(bucket):
        bucket.abort_multipart_upload(upload.key, upload.upload_id)
    page = bucket.list_object_versions()
    while True:
        for item in (*page.versions, *page.delete_marker):
            query = {"versionId": item.versionid}
            server.request("DELETE", bucket.bucket_name, item.key, query, **keys)
        if not page.is_truncated:
            break
        page = bucket.list_object_versions(
            key_marker=page.next_key_marker, versionid_marker=page.next_versionid_marker
        )
    bucket.delete_bucket()
