"""What buckets, keys, storage classes and ACLs may be called (OSS documentation, "Limits")."""

import re
from functools import lru_cache

from mossbox import errors

BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")
_BUCKET_ACCESS = re.compile(r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]\Z")  # old buckets carry underscores
_IPV4 = re.compile(r"\d+\.\d+\.\d+\.\d+\Z")

KEY_SIZE_MAX = 1023
ACLS = ("default", "private", "public-read", "public-read-write")
STORAGE_CLASSES = ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive")
ARCHIVE = 2  # from this class on, objects are restored before they can be read
REDUNDANCIES = ("LRS", "ZRS")
OBJECT_TYPES = ("Normal", "Multipart", "Appendable", "Symlink", "DeleteMarker")


def check_new_bucket(name: str) -> None:
    """Raise InvalidBucketName unless a bucket may be created under this name."""
    if not BUCKET.match(name):
        raise errors.InvalidBucketName(BucketName=name)


@lru_cache(maxsize=4096)
def check_bucket(name: str) -> None:
    """Raise InvalidBucketName unless a bucket can have this name."""
    if not _BUCKET_ACCESS.match(name):
        raise errors.InvalidBucketName(BucketName=name)


def check_key(key: bytes) -> None:
    """Raise InvalidObjectName unless `key` is 1 to 1023 bytes of UTF-8, free of a leading slash."""
    if not key:
        raise errors.InvalidObjectName("The Object name can not be empty.")
    if len(key) > KEY_SIZE_MAX:
        raise errors.InvalidObjectName("The Length of Object name must be less than 1024.")
    if key[0] in b"/\\" or 0 in key:
        raise errors.InvalidObjectName()
    if not key.isascii():
        try:
            key.decode()
        except UnicodeDecodeError:
            raise errors.InvalidObjectName("The Object name is not valid UTF-8.") from None


def is_ipv4(host: str) -> bool:
    """Whether a host name is four numbers, so that its first label is no bucket."""
    return _IPV4.match(host) is not None
