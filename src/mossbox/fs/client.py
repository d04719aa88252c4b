"""OSS's operations by the official client of generation 2, with errors as Python's files raise."""

import errno
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import alibabacloud_oss_v2 as sdk
import alibabacloud_oss_v2.aio as aio
from alibabacloud_oss_v2 import exceptions, models, retry

from mossbox.fs.config import Config
from mossbox.fs.errors import from_answer
from mossbox.wire.checksum import crc64_combine

_WRAPPERS = (exceptions.RequestError, exceptions.ResponseError)
_BUSY = (429, 503)
_PIECE = 1 << 20


class _OnlyRefusals:
    """When a request that creates or appends is sent again: if OSS was too busy to look at it.

    After a broken connection nobody knows whether it was done, and a second request would be
    told that somebody was faster, or append the same bytes once more.
    """

    def is_error_retryable(self, error: Exception) -> bool:
        """Whether OSS said that it did nothing."""
        return isinstance(error, exceptions.ServiceError) and error.status_code in _BUSY


def make_client(config: Config) -> Any:
    """A client, which belongs to the event loop that first uses it."""
    settings = sdk.config.load_default()
    settings.endpoint, settings.region = config.endpoint, config.region
    settings.signature_version = config.signature
    host = config.endpoint.partition("://")[2].partition(":")[0]
    settings.use_path_style = host == "localhost" or None  # addresses are always in path style
    settings.connect_timeout = config.connect_timeout_s
    settings.readwrite_timeout = config.read_timeout_s
    settings.retryer = retry.StandardRetryer(max_attempts=config.attempts)
    settings.proxy_host = config.proxy or None
    settings.user_agent = config.agent or None
    settings.credentials_provider = (
        sdk.credentials.StaticCredentialsProvider(
            config.key_id, config.secret, config.token or None
        )
        if config.key_id
        else sdk.credentials.AnonymousCredentialsProvider()
    )
    return aio.AsyncClient(settings)


class Calls:
    """The operations that a file system is made of; each raises OSErrors that name the path."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.client = make_client(config)
        self._creating = retry.StandardRetryer(
            max_attempts=config.attempts, error_retryables=[_OnlyRefusals()]
        )

    async def call(self, operation: str, request: Any) -> Any:
        """An operation's result."""
        once = operation == "append_object" or getattr(request, "forbid_overwrite", False)
        options = {"retryer": self._creating} if once else {}
        try:
            return await getattr(self.client, operation)(request, **options)
        except exceptions.BaseError as error:
            bucket, key = getattr(request, "bucket", ""), getattr(request, "key", "")
            self.refuse(error, f"{bucket}/{key}" if key else bucket)

    def refuse(self, error: BaseException, path: str) -> NoReturn:
        """Raise what an error of the client means."""
        cause = error
        while isinstance(cause, exceptions.OperationError):
            cause = cause.unwrap()
        if isinstance(cause, exceptions.ServiceError):
            raise from_answer(
                cause.status_code, cause.code or "", cause.message or "", path
            ) from error
        if isinstance(cause, _WRAPPERS):
            why = cause.unwrap()
            kind = TimeoutError if isinstance(why, TimeoutError) else ConnectionError
            raise kind(
                f"fs.oss.endpoint {self.config.endpoint} does not answer: {why or 'too late'}"
            ) from error
        raise OSError(f"{path}: {cause}") from error

    # -- settings of what is written ------------------------------------------------------------

    def written(self, forbid: bool, given: dict[str, Any], *, acl: bool = True) -> dict[str, Any]:
        """Fields of a request that makes an object, from the configuration and the caller's."""
        fields = dict(given)
        if self.config.encryption:
            fields.setdefault("server_side_encryption", self.config.encryption)
        if acl and self.config.acl:
            fields.setdefault("acl", self.config.acl)
        if forbid:
            fields["forbid_overwrite"] = True
        return fields

    async def put(self, bucket: str, key: str, body: Any, forbid: bool, **given: Any) -> None:
        """Write an object in one request."""
        fields = self.written(forbid, given)
        await self.call(
            "put_object", models.PutObjectRequest(bucket=bucket, key=key, body=body, **fields)
        )

    async def append(self, bucket: str, key: str, at: int, body: bytes, **given: Any) -> int:
        """Append at a position; gives the next one."""
        fields = self.written(False, given) if at == 0 else {}
        found = await self.call(
            "append_object",
            models.AppendObjectRequest(bucket=bucket, key=key, position=at, body=body, **fields),
        )
        return int(found.next_position)

    async def copy(self, source: tuple[str, str], bucket: str, key: str, forbid: bool) -> None:
        """Copy an object of up to 5 GiB; no bytes travel."""
        await self.call(
            "copy_object",
            models.CopyObjectRequest(
                bucket=bucket, key=key, source_bucket=source[0], source_key=source[1],
                **self.written(forbid, {}),
            ),
        )  # fmt: skip

    # -- uploads in parts -----------------------------------------------------------------------

    async def begin(self, bucket: str, key: str, forbid: bool, **given: Any) -> str:
        """Begin an upload in parts; gives its id."""
        fields = self.written(forbid, given, acl=False)
        request = models.InitiateMultipartUploadRequest(bucket=bucket, key=key, **fields)
        return str((await self.call("initiate_multipart_upload", request)).upload_id)

    async def part(self, upload: "Upload", number: int, body: bytes) -> None:
        """Write a part, counted from 1."""
        request = models.UploadPartRequest(
            bucket=upload.bucket, key=upload.key, upload_id=upload.id, part_number=number, body=body
        )
        found = await self.call("upload_part", request)
        upload.etags[number], upload.sums[number] = found.etag, (int(found.hash_crc64), len(body))

    async def part_copy(
        self, upload: "Upload", number: int, source: tuple[str, str], start: int, stop: int,
        etag: str,
    ) -> None:  # fmt: skip
        """Copy a part from an object that must still be the same."""
        request = models.UploadPartCopyRequest(
            bucket=upload.bucket, key=upload.key, upload_id=upload.id, part_number=number,
            source_bucket=source[0], source_key=source[1], if_match=etag,
            source_range=f"bytes={start}-{stop - 1}",
        )  # fmt: skip
        upload.etags[number] = (await self.call("upload_part_copy", request)).etag

    async def complete(self, upload: "Upload") -> None:
        """Make an object of the parts, once: what was done though its answer was lost, is done."""
        try:
            await self._complete(upload)
        except OSError as error:
            if upload.forbid or "NoSuchUpload" not in str(error):
                raise
            found = await self.head(upload.bucket, upload.key)
            if upload.crc64 is None or found.hash_crc64 != str(upload.crc64):
                raise

    async def _complete(self, upload: "Upload") -> None:
        parts = [
            models.UploadPart(part_number=number, etag=etag)
            for number, etag in sorted(upload.etags.items())
        ]
        request = models.CompleteMultipartUploadRequest(
            bucket=upload.bucket, key=upload.key, upload_id=upload.id,
            complete_multipart_upload=models.CompleteMultipartUpload(parts=parts),
            forbid_overwrite=upload.forbid or None, acl=self.config.acl or None,
        )  # fmt: skip
        await self.call("complete_multipart_upload", request)

    async def abort(self, upload: "Upload") -> None:
        """Give an upload up."""
        request = models.AbortMultipartUploadRequest(
            bucket=upload.bucket, key=upload.key, upload_id=upload.id
        )
        await self.call("abort_multipart_upload", request)

    @asynccontextmanager
    async def uploading(
        self, bucket: str, key: str, forbid: bool, **given: Any
    ) -> AsyncIterator["Upload"]:
        """An upload that is completed at the end, and given up if anything fails."""
        upload = Upload(bucket, key, await self.begin(bucket, key, forbid, **given), forbid)
        try:
            yield upload
            await self.complete(upload)
        except BaseException:
            try:
                await self.abort(upload)
            except OSError:
                pass  # what failed before is what counts
            raise

    # -- reading --------------------------------------------------------------------------------

    async def get(self, bucket: str, key: str, wanted: str = "", etag: str = "") -> bytes:
        """An object's bytes, or those of a range such as ``0-99``; nothing beyond the end."""
        request = models.GetObjectRequest(bucket=bucket, key=key, if_match=etag or None)
        if wanted:
            request.range_header, request.range_behavior = f"bytes={wanted}", "standard"
        try:
            found = await self.client.get_object(request)
        except exceptions.BaseError as error:
            cause: Any = error
            while isinstance(cause, exceptions.OperationError):
                cause = cause.unwrap()
            if getattr(cause, "status_code", 0) == 416:
                return b""
            self.refuse(error, f"{bucket}/{key}")
        return bytes(found.body.content)

    async def stream(self, bucket: str, key: str) -> Any:
        """An object as a stream, which resumes by itself where the connection breaks."""
        return await self.call(
            "get_object_as_stream", models.GetObjectRequest(bucket=bucket, key=key)
        )

    async def pieces(self, found: Any, path: str) -> AsyncIterator[bytes]:
        """The bytes of a stream; raises OSError also where it changes while it is read."""
        try:
            async for piece in await found.body.iter_bytes(block_size=_PIECE):
                yield piece
        except exceptions.BaseError as error:
            self.refuse(error, path)
        except ValueError as error:  # the client's word for an object that is another one now
            raise OSError(errno.ESTALE, "it changed while it was read", path) from error
        finally:
            await found.body.close()

    async def head(self, bucket: str, key: str) -> Any:
        """What there is under a key."""
        return await self.call("head_object", models.HeadObjectRequest(bucket=bucket, key=key))

    async def pages(
        self, bucket: str, prefix: str, delimiter: str = "", limit: int = 0
    ) -> AsyncIterator[Any]:
        """Pages of a list; `limit` is for those who want to know only whether there is any."""
        after = None
        while True:
            page = await self.call(
                "list_objects_v2",
                models.ListObjectsV2Request(
                    bucket=bucket, prefix=prefix or None, delimiter=delimiter or None,
                    continuation_token=after, max_keys=limit or self.config.page,
                    encoding_type="url",
                ),
            )  # fmt: skip
            yield page
            after = page.next_continuation_token
            if limit or not page.is_truncated:
                return

    async def objects(self, bucket: str, prefix: str) -> AsyncIterator[Any]:
        """Every object whose key begins so."""
        async for page in self.pages(bucket, prefix):
            for one in page.contents or []:
                yield one

    async def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Delete up to 1,000 objects in one request; raises PermissionError for what is left."""
        request = models.DeleteMultipleObjectsRequest(
            bucket=bucket,
            encoding_type="url",
            delete=models.Delete(
                objects=[models.ObjectIdentifier(key=key) for key in keys], quiet=False
            ),
        )
        found = await self.call("delete_multiple_objects", request)
        gone = {one.key for one in found.deleted_objects or []}
        if left := [key for key in keys if key not in gone]:
            raise from_answer(403, "", f"{len(left)} were not deleted", f"{bucket}/{left[0]}")


class Upload:
    """An upload in parts under way."""

    def __init__(self, bucket: str, key: str, id: str, forbid: bool) -> None:  # noqa: A002
        self.bucket, self.key, self.id, self.forbid = bucket, key, id, forbid
        self.etags: dict[int, str] = {}
        self.sums: dict[int, tuple[int, int]] = {}  # CRC-64 and size

    @property
    def crc64(self) -> int | None:
        """The CRC-64 of the object that the parts make; None if some were copied."""
        whole = 0
        for number in sorted(self.etags):
            if number not in self.sums:
                return None
            whole = crc64_combine(whole, *self.sums[number])
        return whole
