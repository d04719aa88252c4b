"""A storager's operations by the official client of generation 2."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NoReturn
from urllib.parse import quote, unquote

from mossbox.storage.backend import Content, Found, Options, Page
from mossbox.storage.config import Config
from mossbox.storage.errors import (
    ConfigInvalid,
    EndpointUnreachable,
    StorageError,
    Unexpected,
    from_answer,
)
from mossbox.storage.model import Part

try:
    import alibabacloud_oss_v2 as sdk
    import alibabacloud_oss_v2.aio as aio
    from alibabacloud_oss_v2 import exceptions, models
except ImportError as error:
    raise ConfigInvalid(
        f"mossbox.storage needs {error.name}: pip install 'mossbox[storage]'"
    ) from None

_PAGE = 200
_BUCKETS_PAGE = 50
_WRAPPERS = (exceptions.RequestError, exceptions.ResponseError)
_ENCRYPTION = (
    "server_side_encryption", "server_side_data_encryption", "server_side_encryption_key_id",
)  # fmt: skip


class OssService:
    """All buckets of an account, through one client."""

    def __init__(self, config: Config) -> None:
        self._endpoint = config.endpoint.url
        settings = sdk.config.load_default()
        settings.region = config.region
        settings.endpoint = config.endpoint.url
        settings.use_path_style = config.endpoint.host == "localhost" or None
        settings.credentials_provider = sdk.credentials.StaticCredentialsProvider(
            config.access_key_id, config.access_key_secret
        )
        self._client = aio.AsyncClient(settings)

    def bucket(self, name: str) -> "OssBucket":
        """One of them; nothing is asked."""
        return OssBucket(self, name)

    async def create(self, name: str) -> None:
        """Make a bucket."""
        await self.call("put_bucket", models.PutBucketRequest(bucket=name))

    async def delete(self, name: str) -> None:
        """Delete an empty bucket."""
        await self.call("delete_bucket", models.DeleteBucketRequest(bucket=name))

    async def page(self, after: Any) -> tuple[Sequence[tuple[str, str]], Any]:
        """Names and locations of buckets."""
        request = models.ListBucketsRequest(marker=after, max_keys=_BUCKETS_PAGE)
        found = await self.call("list_buckets", request)
        names = [(one.name, one.location) for one in found.buckets or []]
        return names, found.next_marker if found.is_truncated else None

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def call(self, operation: str, request: Any) -> Any:
        """An operation's result; raises StorageError."""
        try:
            return await getattr(self._client, operation)(request)
        except exceptions.BaseError as error:
            self.refuse(error)

    def refuse(self, error: BaseException) -> NoReturn:
        """Raise the storage error that an error of the client means."""
        cause = error
        while isinstance(cause, exceptions.OperationError):
            cause = cause.unwrap()
        if (own := _own(cause)) is not None:
            raise own
        if isinstance(cause, exceptions.ServiceError):
            raise from_answer(cause.status_code, cause.code or "", cause.message or "") from error
        if isinstance(cause, _WRAPPERS):
            raise EndpointUnreachable(
                f"endpoint {self._endpoint} does not answer: {cause.unwrap()}"
            ) from error
        raise Unexpected(str(cause)) from error


def _own(error: BaseException | None) -> StorageError | None:
    """The error of ours that ended a request from within, such as a body that was too short."""
    while error is not None and not isinstance(error, StorageError):
        inner = error.unwrap() if isinstance(error, _WRAPPERS) else None
        error = inner or error.__cause__ or error.__context__
    return error


class OssBucket:
    """One bucket."""

    def __init__(self, service: OssService, name: str) -> None:
        self._service = service
        self._name = name

    async def put(self, key: str, content: Content, options: Options) -> None:
        """Write an object."""
        request = models.PutObjectRequest(bucket=self._name, key=key, body=content, **options)
        await self._service.call("put_object", request)

    async def get(self, key: str, offset: int, size: int | None) -> AsyncIterator[bytes]:
        """Read `size` bytes from `offset` on, or all that is left."""
        request = models.GetObjectRequest(bucket=self._name, key=key)
        if offset or size is not None:
            last = "" if size is None else offset + size - 1
            request.range_header = f"bytes={offset}-{last}"
            request.range_behavior = "standard"
        found = await self._service.call("get_object", request)
        left = found.content_length
        body = found.body
        try:
            async for piece in await body.iter_bytes():
                if piece is None:  # the client's word for a connection that broke
                    break
                left -= len(piece)
                yield piece
        except Exception as error:
            raise EndpointUnreachable(f"the connection broke: {error}") from error
        finally:
            await body.close()
        if left:
            raise EndpointUnreachable(f"the connection broke {left} bytes before the end")

    async def head(self, key: str) -> Found:
        """What there is under a key."""
        request = models.HeadObjectRequest(bucket=self._name, key=key)
        found = await self._service.call("head_object", request)
        position = found.next_append_position
        encryption = {name: getattr(found, name) for name in _ENCRYPTION}
        return Found(
            key, found.content_length or 0, found.object_type or "Normal", found.etag,
            found.last_modified, found.content_type, found.content_md5, found.storage_class,
            int(position) if position is not None else None, encryption,
        )  # fmt: skip

    async def delete(self, key: str) -> None:
        """Delete an object, which need not be there."""
        request = models.DeleteObjectRequest(bucket=self._name, key=key)
        await self._service.call("delete_object", request)

    async def page(self, prefix: str, delimiter: str, after: Any) -> Page:
        """A page of objects."""
        request = models.ListObjectsV2Request(
            bucket=self._name, prefix=prefix, delimiter=delimiter or None,
            continuation_token=after, max_keys=_PAGE, encoding_type="url",
        )  # fmt: skip
        got = await self._service.call("list_objects_v2", request)
        found = [
            Found(
                one.key, one.size, one.object_type or "Normal", one.etag, one.last_modified,
                storage_class=one.storage_class,
            )
            for one in got.contents or []
        ]  # fmt: skip
        prefixes = [one.prefix for one in got.common_prefixes or []]
        return Page(found, prefixes, got.next_continuation_token if got.is_truncated else None)

    async def append(self, key: str, position: int, content: Content, options: Options) -> int:
        """Append at a position; gives the next one."""
        request = models.AppendObjectRequest(
            bucket=self._name, key=key, position=position, body=content, **options
        )
        found = await self._service.call("append_object", request)
        return int(found.next_position)

    async def put_link(self, key: str, target: str) -> None:
        """Make a symbolic link."""
        request = models.PutSymlinkRequest(bucket=self._name, key=key, symlink_target=quote(target))
        await self._service.call("put_symlink", request)

    async def link_target(self, key: str) -> str:
        """The key that a link leads to."""
        request = models.GetSymlinkRequest(bucket=self._name, key=key)
        return unquote((await self._service.call("get_symlink", request)).target)

    async def begin(self, key: str, options: Options) -> str:
        """Begin an upload in parts; gives its id."""
        request = models.InitiateMultipartUploadRequest(bucket=self._name, key=key, **options)
        return str((await self._service.call("initiate_multipart_upload", request)).upload_id)

    async def put_part(
        self, key: str, upload: str, number: int, content: Content, options: Options
    ) -> str:
        """Write a part, counted from 1; gives its ETag."""
        request = models.UploadPartRequest(
            bucket=self._name, key=key, upload_id=upload, part_number=number, body=content,
            **options,
        )  # fmt: skip
        return str((await self._service.call("upload_part", request)).etag)

    async def parts(self, key: str, upload: str, after: Any) -> tuple[Sequence[Part], Any]:
        """Parts of an upload."""
        request = models.ListPartsRequest(
            bucket=self._name, key=key, upload_id=upload, part_number_marker=after, max_parts=_PAGE
        )
        got = await self._service.call("list_parts", request)
        found = [Part(one.part_number - 1, one.size, one.etag) for one in got.parts or []]
        return found, got.next_part_number_marker if got.is_truncated else None

    async def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """Make an object of parts."""
        named = [
            models.UploadPart(part_number=part.index + 1, etag=part.etag)
            for part in sorted(parts, key=lambda part: part.index)
        ]
        request = models.CompleteMultipartUploadRequest(
            bucket=self._name, key=key, upload_id=upload,
            complete_multipart_upload=models.CompleteMultipartUpload(parts=named),
        )  # fmt: skip
        await self._service.call("complete_multipart_upload", request)

    async def abort(self, key: str, upload: str) -> None:
        """Give an upload up."""
        request = models.AbortMultipartUploadRequest(bucket=self._name, key=key, upload_id=upload)
        await self._service.call("abort_multipart_upload", request)

    async def uploads(self, prefix: str, after: Any) -> tuple[Sequence[tuple[str, str]], Any]:
        """Key and id of unfinished uploads."""
        key_marker, id_marker = after or (None, None)
        request = models.ListMultipartUploadsRequest(
            bucket=self._name, prefix=prefix, key_marker=key_marker, upload_id_marker=id_marker,
            max_uploads=_PAGE, encoding_type="url",
        )  # fmt: skip
        got = await self._service.call("list_multipart_uploads", request)
        found = [(one.key, one.upload_id) for one in got.uploads or []]
        following = (got.next_key_marker, got.next_upload_id_marker)
        return found, following if got.is_truncated else None
