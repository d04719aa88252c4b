"""What a handler knows besides its request model: who, where, when, and the engine."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from mossbox import errors
from mossbox.auth import Caller
from mossbox.auth.acl import DEFAULT
from mossbox.auth.statements import Policy
from mossbox.egress.client import Egress
from mossbox.engine import DELETE_MARKER, NEVER, Bucket, Version, objects, versions
from mossbox.engine.bodies import StoredBlob
from mossbox.engine.bucket_settings import ACCOUNT_BLOCK, POLICY, PUBLIC_ACCESS_BLOCK
from mossbox.engine.callback_key import CallbackKey
from mossbox.engine.identities import Account
from mossbox.engine.store import Engine
from mossbox.http.message import Request
from mossbox.operation import Need
from mossbox.operations import facts
from mossbox.operations.origins import VARY

_NOTHING, _ROW, _BLOB = range(3)  # what of the object has been read
_NO_QUERY: Mapping[str, str] = {}


class Outgoing(NamedTuple):
    """What requests of the store's own need.

    `key_url` is where the public half of `key` can be read; when it is empty, that is on `port` of
    the address which the called server sees.
    """

    egress: Egress
    key: CallbackKey
    key_url: str
    port: int


class Endpoints(NamedTuple):
    """How the store names itself, in its answers and to servers that it calls."""

    region: str  # of new buckets made through an address without one
    strict: bool = False  # whether a bucket answers only at its own region's endpoint
    outgoing: Outgoing | None = None

    def extranet(self, region: str) -> str:
        """The public endpoint of a region."""
        return f"oss-{region}.aliyuncs.com"

    def intranet(self, region: str) -> str:
        """The internal endpoint of a region."""
        return f"oss-{region}-internal.aliyuncs.com"


class Call(msgspec.Struct):
    """One request on its way: also the verdict's facts, each fetched at most once.

    `region` is the one that the address named, or empty; `reads_body` says that the object's body
    will be wanted, so that it is read together with its row; `ref` is the version that the request
    names (see `engine.versions`), None for the newest; `request` and `query` are there for the
    conditions of policies.
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
    ref: int | None = None
    request: Request | None = None
    query: Mapping[str, str] = _NO_QUERY
    _bucket: Bucket | None = None
    _version: Version | None = None
    _stored: StoredBlob | None = None
    _known: int = _NOTHING

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

    def version(self) -> Version | None:
        """The version that the address names, delete markers included.

        The row that authorised is the row that is served.
        """
        if self._known == _NOTHING:
            self._version = objects.lookup(self.engine.db, self.bucket.id, self.key, self.ref)
            self._known = _ROW
        return self._version

    def exists(self) -> bool:
        """Whether readers see an object under the key."""
        version = self.version()
        return version is not None and version.kind != DELETE_MARKER

    def found(self) -> Version:
        """The version, which is one that has bytes.

        Raises NoSuchKey, NoSuchVersion, MethodNotAllowed.
        """
        return versions.found(self.version(), self.key, self.ref)

    def read(self) -> tuple[Version | None, StoredBlob | None]:
        """The version and its blob's row, a small body included, in one statement."""
        if self._known != _BLOB:
            self._version, self._stored = objects.read(
                self.engine.db, self.bucket.id, self.key, self.ref
            )
            self._known = _BLOB
        return self._version, self._stored

    def forget(self) -> None:
        """What was read of the object is out of date."""
        self._version, self._stored, self._known = None, None, _NOTHING

    def for_key(self, key: bytes, ref: int | None = None) -> "Call":
        """The same call about another key: answers per item are authorised per item."""
        return self.elsewhere(self.bucket_name, key, ref, self._bucket)

    def elsewhere(
        self, bucket_name: str, key: bytes, ref: int | None = None, bucket: Bucket | None = None
    ) -> "Call":
        """The same call about an object of another bucket."""
        return Call(
            self.engine, self.endpoints, bucket_name, key, self.region, self.now_ms,
            self.caller, reads_body=self.reads_body, ref=ref, request=self.request,
            query=self.query, _bucket=bucket,
        )  # fmt: skip

    def version_header(self, version: Version) -> str | None:
        """What ``x-oss-version-id`` says of a version: nothing where no versions are kept."""
        if self.bucket.versioning == NEVER:
            return None
        return versions.version_id(version.rank, version.null_id)

    def account(self) -> Account:
        """The caller's account."""
        return self.engine.account(self.caller.account)

    def header(self, name: str) -> str | None:
        """A header of the request, by its name in lower case."""
        return None if self.request is None else self.request.headers.get(name)

    def payer(self) -> str | None:
        """Who is to pay, as the request says; raises InvalidArgument for all but the requester."""
        name = "x-oss-request-payer"
        given = self.header(name) or self.query.get(name)
        if given is not None and given.lower() != "requester":
            raise errors.invalid_argument("The payer can only be requester.", name, given)
        return given

    def charge(self) -> None:
        """Let the answer say that the requester pays."""
        if self.request is not None and self.request.note is not None:
            self.request.note.charged = True

    def vary(self) -> None:
        """Let the answer say that it varies by origin, though this request has none."""
        if self.request is not None and self.request.note is not None:
            self.request.note.crossing = self.request.note.crossing or VARY

    # -- facts ----------------------------------------------------------------------------------

    def owner(self) -> int:
        """The account that owns the bucket."""
        return self.bucket.account

    def bucket_acl(self) -> int:
        """The bucket's ACL."""
        return self.bucket.acl

    def object_acl(self) -> int:
        """The object's ACL; a request for its body reads both at once, so they belong together."""
        version = self.read()[0] if self.reads_body else self.version()
        return DEFAULT if version is None else version.acl

    def session_policy(self) -> Policy | None:
        """What the caller's session is narrowed to."""
        text = self.caller.policy
        return None if text is None else facts.session_policy(text)

    def identity_policy(self) -> Policy:
        """All that is granted to the caller, a user or role."""
        return facts.identity_policy(self.engine.policies_of(self.caller.identity))

    def bucket_policy(self) -> Policy | None:
        """The bucket's policy."""
        document = self.bucket.settings.get(POLICY)
        return None if document is None else facts.bucket_policy(document)

    def blocks_public(self) -> bool:
        """Whether the bucket or its account blocks public access."""
        settings = self.bucket.settings
        return PUBLIC_ACCESS_BLOCK in settings or ACCOUNT_BLOCK in settings

    def resource(self, need: Need) -> str:
        """What policies call the thing that is needed."""
        if need.resource:
            return need.resource
        if need.level == "service":
            return f"acs:oss:*:{self.caller.uid}:{need.bucket or '*'}"
        bucket = self.bucket
        head = f"acs:oss:{bucket.region}:{self.engine.account(bucket.account).uid}:{bucket.name}"
        return f"{head}/{need.key.decode()}" if need.level == "object" else head

    def value(self, key: str) -> str | None:
        """The request's value of a condition key."""
        return facts.value(self, key)
