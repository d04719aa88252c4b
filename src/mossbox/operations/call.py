"""What a handler knows besides its request model: who, where, when, and the engine."""

from typing import NamedTuple

import msgspec

from mossbox import errors
from mossbox.auth import Caller
from mossbox.auth.acl import DEFAULT
from mossbox.engine import Bucket, Version, objects
from mossbox.engine.identities import Account
from mossbox.engine.objects import StoredBlob
from mossbox.engine.store import Engine

NO_BLOB = StoredBlob(0, 0, None, None, None)


class Endpoints(NamedTuple):
    """How the store names itself in answers."""

    region: str  # of new buckets made through an address without one
    strict: bool = False  # whether a bucket answers only at its own region's endpoint

    def extranet(self, region: str) -> str:
        """The public endpoint of a region."""
        return f"oss-{region}.aliyuncs.com"

    def intranet(self, region: str) -> str:
        """The internal endpoint of a region."""
        return f"oss-{region}-internal.aliyuncs.com"


class Call(msgspec.Struct):
    """One request on its way: also the verdict's facts, each fetched at most once.

    `region` is the one that the address named, or empty; `reads_body` says that the object's body
    will be wanted, so that it is read together with its row.
    """

    engine: Engine
    endpoints: Endpoints
    bucket_name: str
    key: bytes
    region: str
    now_ms: int
    caller: Caller
    has_query: bool = False
    reads_body: bool = False
    _bucket: Bucket | None = None
    _head: Version | None = None
    _stored: StoredBlob | None = None
    _head_known: bool = False

    @property
    def bucket(self) -> Bucket:
        """The bucket that the address names; raises NoSuchBucket."""
        if self._bucket is None:
            self._bucket = self.engine.bucket(self.bucket_name)
            if self.endpoints.strict:
                self._check_region(self._bucket)
        return self._bucket

    def _check_region(self, bucket: Bucket) -> None:
        if bucket.region != (self.region or self.endpoints.region):
            raise errors.AccessDenied(
                "The bucket you are attempting to access must be addressed using the specified"
                " endpoint. Please send all future requests to this endpoint.",
                Bucket=bucket.name,
                Endpoint=self.endpoints.extranet(bucket.region),
            )

    def head(self) -> Version | None:
        """The object that the address names: the row that authorised is the row that is served."""
        if not self._head_known:
            self._head = objects.head(self.engine.db, self.bucket.id, self.key)
            self._head_known = True
        return self._head

    def read(self) -> tuple[Version | None, StoredBlob]:
        """The object and its blob's row, a small body included, in one statement."""
        if self._stored is None:
            self.read_again()
        return self._head, self._stored or NO_BLOB

    def read_again(self) -> tuple[Version | None, StoredBlob]:
        """The same, as it is now."""
        found = objects.read(self.engine.db, self.bucket.id, self.key)
        self._head, self._stored = found or (None, NO_BLOB)
        self._head_known = True
        return self._head, self._stored

    def forget(self) -> None:
        """What was read of the object is out of date."""
        self._head, self._stored, self._head_known = None, None, False

    def for_key(self, key: bytes) -> "Call":
        """The same call about another key: answers per item are authorised per item."""
        return Call(
            self.engine, self.endpoints, self.bucket_name, key, self.region, self.now_ms,
            self.caller, _bucket=self._bucket,
        )  # fmt: skip

    def account(self) -> Account:
        """The caller's account."""
        return self.engine.account(self.caller.account)

    # -- facts ----------------------------------------------------------------------------------

    def owner(self) -> int:
        """The account that owns the bucket."""
        return self.bucket.account

    def bucket_acl(self) -> int:
        """The bucket's ACL."""
        return self.bucket.acl

    def object_acl(self) -> int:
        """The object's ACL; a request for its body reads both at once, so they belong together."""
        head = self.read()[0] if self.reads_body else self.head()
        return DEFAULT if head is None else head.acl
