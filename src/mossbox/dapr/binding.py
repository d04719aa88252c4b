"""The output binding itself: what each operation does at an OSS, through the official SDK.

``create`` is as Dapr's own ``bindings.alicloud.oss`` has it; ``get``, ``delete``, ``list`` and
``presign`` follow the names that Dapr's other bindings of object stores use. Nothing here knows
whether Dapr or `mossbox dapr-http` asks.
"""

import asyncio
import base64
import binascii
import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2 import aio, exceptions

CREATE_ONLY = ("create",)
"""What Dapr's own binding offers."""
OPERATIONS = ("create", "get", "delete", "list", "presign")

_REQUIRED = ("endpoint", "accessKeyID", "accessKey", "bucket")
_OPTIONAL = ("securityToken", "region", "pathStyle")
# Every binding may have these, and an output binding has no use for them.
_DAPR_OWN = ("direction", "route")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_CLOUD_HOST = re.compile(r"oss-((?!accelerate)[a-z]+-[a-z0-9-]+?)(-internal)?\.aliyuncs\.com")
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+/?")
_DURATION = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s?)?")
_TTL_DEFAULT = timedelta(minutes=15)
_TTL_MAX_S = 7 * 24 * 3600  # of a URL with signature V4
_LIST_FIELDS = {"prefix": str, "delimiter": str, "marker": str, "maxResults": int}


class FieldError(ValueError):
    """A metadata field of a component that cannot be used; the text begins with its name."""


class BindingError(Exception):
    """An operation that failed, in words for the caller."""


@dataclass(frozen=True, slots=True)
class Target:
    """The bucket that a component speaks for, and with which key.

    `origin` is where that was written, for messages; without a region requests have signature V1.
    """

    endpoint: str
    access_key_id: str
    access_key: str = field(repr=False)
    bucket: str
    security_token: str = field(default="", repr=False)
    region: str = ""
    path_style: bool = False
    origin: str = ""

    @classmethod
    def of(cls, metadata: Mapping[str, str], origin: str = "") -> Self:
        """From a component's metadata, whose names compare without case. Raises `FieldError`."""
        given = {name.lower(): value for name, value in metadata.items()}
        for name in _REQUIRED:
            if name.lower() not in given:
                raise FieldError(f"{name} is missing")
            if not given[name.lower()].strip():
                raise FieldError(f"{name} is empty")
        host = _check_endpoint(given["endpoint"])
        if not _BUCKET.fullmatch(given["bucket"]):
            raise FieldError(
                f"bucket: {given['bucket']!r} is no bucket's name, which has 3 to 63 small letters,"
                " digits and hyphens and begins and ends with a letter or digit"
            )
        cloud = _CLOUD_HOST.fullmatch(host)
        return cls(
            given["endpoint"],
            given["accesskeyid"],
            given["accesskey"],
            given["bucket"],
            given.get("securitytoken", ""),
            given.get("region", "") or (cloud[1] if cloud else ""),
            _flag("pathStyle", given.get("pathstyle", "")) or "." not in host,
            origin,
        )

    def failure(self, why: str) -> str:
        """A sentence about an address that does not answer."""
        place = f"{self.origin}: " if self.origin else ""
        return f"{place}endpoint: {self.endpoint} does not answer: {why}"


def unknown_fields(metadata: Mapping[str, str]) -> list[str]:
    """Names that mean nothing to the binding."""
    known = {name.lower() for name in (*_REQUIRED, *_OPTIONAL, *_DAPR_OWN)}
    return [name for name in metadata if name.lower() not in known]


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation gives back."""

    data: bytes = b""
    metadata: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""


class OssBinding:
    """The binding to one bucket. It belongs to the event loop that first uses it."""

    def __init__(self, target: Target, operations: tuple[str, ...] = OPERATIONS) -> None:
        self.target, self.operations = target, operations
        self._client: aio.AsyncClient | None = None
        self._handlers = {
            "create": self._create, "get": self._get, "delete": self._delete,
            "list": self._list, "presign": self._presign,
        }  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def invoke(
        self, operation: str, data: bytes = b"", metadata: Mapping[str, str] | None = None
    ) -> Reply:
        """Do an operation; `data` is kept as it is. Raises `BindingError`."""
        if operation not in self.operations:
            known = " ".join(self.operations)
            raise BindingError(f"operation {operation!r} is not one of: {known}")
        try:
            return await self._handlers[operation](data, metadata or {})
        except FieldError as error:
            raise BindingError(f"metadata.{error}") from error
        except exceptions.BaseError as error:
            raise BindingError(_explain(error, self.target)) from error

    # -- operations -----------------------------------------------------------------------------

    async def _create(self, data: bytes, metadata: Mapping[str, str]) -> Reply:
        key = metadata.get("key") or str(uuid.uuid4())
        if _flag("decodeBase64", metadata.get("decodeBase64", "")):
            data = _decoded(data)
        # Without the length the SDK sends chunks.
        put = oss.PutObjectRequest(self.target.bucket, key, content_length=len(data), body=data)
        if content_type := metadata.get("contentType"):
            put.content_type = content_type
        await self._oss().put_object(put)
        if "presignTTL" in metadata:
            return await self._presign(b"", {**metadata, "key": key, "method": "GET"})
        return Reply(metadata={"key": key})

    async def _get(self, data: bytes, metadata: Mapping[str, str]) -> Reply:
        key = _key(metadata)
        found = await self._oss().get_object(oss.GetObjectRequest(self.target.bucket, key))
        content, kind = found.body.content, found.content_type or ""
        if _flag("encodeBase64", metadata.get("encodeBase64", "")):
            content = base64.b64encode(content)
        return Reply(content, {"key": key, "contentType": kind, "etag": found.etag or ""}, kind)

    async def _delete(self, data: bytes, metadata: Mapping[str, str]) -> Reply:
        key = _key(metadata)
        await self._oss().delete_object(oss.DeleteObjectRequest(self.target.bucket, key))
        return Reply(metadata={"key": key})

    async def _list(self, data: bytes, metadata: Mapping[str, str]) -> Reply:
        wanted = _list_fields(data)
        page = await self._oss().list_objects_v2(
            oss.ListObjectsV2Request(
                self.target.bucket,
                prefix=wanted.get("prefix"),
                delimiter=wanted.get("delimiter"),
                start_after=wanted.get("marker"),
                max_keys=wanted.get("maxResults"),
            )
        )
        objects = [
            {
                "key": one.key, "size": one.size, "etag": one.etag,
                "lastModified": one.last_modified.isoformat(), "storageClass": one.storage_class,
            }
            for one in page.contents or []
        ]  # fmt: skip
        prefixes = [one.prefix for one in page.common_prefixes or []]
        last = max([one["key"] for one in objects] + prefixes, default="")
        answer = {
            "objects": objects, "prefixes": prefixes, "isTruncated": bool(page.is_truncated),
            "nextMarker": last if page.is_truncated else "",
        }  # fmt: skip
        return Reply(json.dumps(answer).encode(), content_type="application/json")

    async def _presign(self, data: bytes, metadata: Mapping[str, str]) -> Reply:
        key, method = _key(metadata), metadata.get("method", "GET").upper()
        life = _duration("presignTTL", metadata.get("presignTTL", ""))
        if method == "GET":
            request = oss.GetObjectRequest(self.target.bucket, key)
        elif method == "PUT":
            kind = metadata.get("contentType")
            request = oss.PutObjectRequest(self.target.bucket, key, content_type=kind)
        else:
            raise BindingError(f"metadata.method: {method!r} is neither GET nor PUT")
        signed = await self._oss().presign(request, expires=life)
        headers = dict(signed.signed_headers or {})
        answer = {"presignURL": signed.url, "method": method, "headers": headers}
        return Reply(json.dumps(answer).encode(), {"key": key}, "application/json")

    def _oss(self) -> aio.AsyncClient:
        if self._client is None:
            target = self.target
            keys = oss.credentials.StaticCredentialsProvider(
                target.access_key_id, target.access_key, target.security_token or None
            )
            self._client = aio.AsyncClient(
                oss.config.Config(
                    region=target.region,
                    endpoint=target.endpoint,
                    signature_version="v4" if target.region else "v1",
                    credentials_provider=keys,
                    use_path_style=target.path_style,
                )
            )
        return self._client


class BlockingOssBinding:
    """The same for programs without an event loop."""

    def __init__(self, target: Target, operations: tuple[str, ...] = OPERATIONS) -> None:
        self._runner = asyncio.Runner()
        self._binding = OssBinding(target, operations)

    def invoke(
        self, operation: str, data: bytes = b"", metadata: Mapping[str, str] | None = None
    ) -> Reply:
        """See `OssBinding.invoke`."""
        return self._runner.run(self._binding.invoke(operation, data, metadata))

    def close(self) -> None:
        """Close its connections."""
        self._runner.run(self._binding.close())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


# -- what people write --------------------------------------------------------------------------


def _check_endpoint(text: str) -> str:
    """The host of an endpoint, which may lack the scheme. Raises `FieldError`."""
    whole = text if "://" in text else f"https://{text}"
    if _ENDPOINT.fullmatch(whole):
        try:
            parts = urlsplit(whole)
            if parts.port != 0 and parts.hostname:
                return parts.hostname
        except ValueError:
            pass  # a port or an address that is none
    shown = "a text with an @" if "@" in text else repr(text)  # a password may stand before it
    raise FieldError(
        f"endpoint: {shown} is no address of an OSS, such as"
        " https://oss-cn-hangzhou.aliyuncs.com or http://127.0.0.1:9000"
    )


def _key(metadata: Mapping[str, str]) -> str:
    key = metadata.get("key")
    if not key:
        raise BindingError("metadata.key is missing: it names the object")
    return key


def _flag(name: str, text: str) -> bool:
    """A yes or no in one of the spellings that Dapr reads."""
    if text.lower() in ("", "false", "f", "no", "n", "0", "off"):
        return False
    if text.lower() in ("true", "t", "yes", "y", "1", "on"):
        return True
    raise FieldError(f"{name}: {text!r} is neither true nor false")


def _duration(name: str, text: str) -> timedelta:
    """A length of time such as ``15m`` or ``1h30m``; a plain number is seconds."""
    if not text:
        return _TTL_DEFAULT
    found = _DURATION.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if not 0 < total <= _TTL_MAX_S:
        raise BindingError(
            f"metadata.{name}: {text!r} is no length of time such as 15m or 1h30m, of seven days"
            " at most"
        )
    return timedelta(seconds=total)


def _decoded(data: bytes) -> bytes:
    """The bytes behind base64, which Dapr's HTTP address hands on as a JSON string."""
    try:
        return base64.b64decode(data.strip(b'"'), validate=True)
    except binascii.Error as error:
        raise BindingError("data is no base64, which metadata.decodeBase64 says it is") from error


def _list_fields(data: bytes) -> dict[str, Any]:
    """What `list` is asked for: a JSON object, or nothing."""
    try:
        wanted = json.loads(data or b"{}") or {}
    except ValueError as error:
        raise BindingError(f"data of list is no JSON: {error}") from error
    if not isinstance(wanted, dict):
        raise BindingError("data of list is no JSON object")
    for name, value in wanted.items():
        if name not in _LIST_FIELDS:
            raise BindingError(f"data.{name} of list is not one of: {' '.join(_LIST_FIELDS)}")
        if type(value) is not _LIST_FIELDS[name]:
            raise BindingError(f"data.{name} of list is no {_LIST_FIELDS[name].__name__}")
    return wanted


def _explain(error: BaseException, target: Target) -> str:
    """A failure of the SDK in one line; refusals of the store as Dapr's binding words them."""
    inner = error.unwrap() if hasattr(error, "unwrap") else None
    if isinstance(error, exceptions.ServiceError):
        return (
            f"oss: service returned error: StatusCode={error.status_code}, ErrorCode={error.code},"
            f' ErrorMessage="{error.message}", RequestId={error.request_id}, Ec={error.ec}'
        )
    if isinstance(error, exceptions.OperationError) and isinstance(inner, exceptions.BaseError):
        return _explain(inner, target)
    if isinstance(error, exceptions.RequestError | exceptions.ResponseError):
        return target.failure(reason(inner or error))
    return " ".join(str(error).split())


def reason(error: BaseException) -> str:
    """Why a connection failed, in the system's words."""
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number > 0:
        return os.strerror(number)
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or "no answer in time"
