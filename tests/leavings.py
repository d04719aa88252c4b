"""Taking away what a test leaves in a store that others use after it."""

import oss2

from tests.support import REGION, Server


def remove_buckets(server: Server, prefix: str, key_id: str, secret: str) -> None:
    """Remove an account's buckets whose names begin so, with all that they hold."""
    auth = oss2.AuthV4(key_id, secret)
    service = oss2.Service(auth, server.endpoint, region=REGION)
    for found in service.list_buckets(prefix=prefix).buckets:
        empty(server, oss2.Bucket(auth, server.endpoint, found.name, region=REGION))


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
