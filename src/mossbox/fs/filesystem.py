"""``oss://`` for fsspec: an asynchronous file system, with the synchronous face that fsspec makes.

Directories are prefixes, as on OSS itself: they are there while something lies in them. Nothing
is cached, so that what another program writes is seen at once.
"""

import asyncio
import os
import weakref
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from glob import has_magic
from pathlib import Path
from typing import Any

from alibabacloud_oss_v2 import models
from fsspec.asyn import AsyncFileSystem, sync, sync_wrapper
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import stringify_path

from mossbox.fs.client import Calls
from mossbox.fs.config import Config, build, load
from mossbox.fs.transfer import Transfer, wanted_range

_CLOSING: set[asyncio.Task[None]] = set()  # the loop itself holds tasks but weakly
_DELETE_MAX = 1000  # keys a request (OSS documentation, DeleteMultipleObjects)


class OSSFileSystem(AsyncFileSystem):  # type: ignore[misc]
    """A file system over OSS's buckets; paths are ``bucket/key``, with or without ``oss://``.

    `config` is a mapping of ``fs.oss.*`` keys, a core-site.xml, flink-conf.yaml or config.yaml, or
    a folder with one of them; `endpoint`, `key`, `secret`, `token` and `region` come before it.
    Without one, what is not given is taken from OSS_ENDPOINT, OSS_ACCESS_KEY_ID,
    OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN, and without any key requests are anonymous.
    Raises ConfigInvalid.
    """

    protocol = "oss"
    root_marker = ""
    cachable = True

    def __init__(
        self,
        endpoint: str | None = None,
        key: str | None = None,
        secret: str | None = None,
        token: str | None = None,
        *,
        region: str | None = None,
        config: Mapping[str, Any] | str | Path | None = None,
        default_block_size: int | None = None,
        default_cache_type: str = "readahead",
        **more: Any,
    ) -> None:
        self.config = _config(config, endpoint, key, secret, token, region)
        more.setdefault("batch_size", self.config.connections)
        super().__init__(**more)
        self.block_size = default_block_size or self.config.read_bytes
        self.cache_type = default_cache_type
        self._calls: Calls | None = None

    def __repr__(self) -> str:
        return f"OSSFileSystem({self.config.endpoint})"

    # -- paths ----------------------------------------------------------------------------------

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        return stringify_path(path).removeprefix("oss://").strip("/")

    @classmethod
    def split_path(cls, path: str) -> tuple[str, str]:
        """Bucket and key."""
        bucket, _, key = stringify_path(path).removeprefix("oss://").lstrip("/").partition("/")
        return bucket, key

    # -- the client -----------------------------------------------------------------------------

    @property
    def calls(self) -> Calls:
        """The client, made at the first need and closed with the file system."""
        if self._calls is None:
            self._calls = Calls(self.config)
            if not self.asynchronous:
                weakref.finalize(self, _close, self.loop, self._calls)
        return self._calls

    @property
    def transfer(self) -> Transfer:
        """What moves whole objects."""
        return Transfer(self.calls)

    async def aclose(self) -> None:
        """Let go of connections; for ``asynchronous=True``, whose event loop is the caller's."""
        if self._calls is not None:
            await self._calls.client.close()
            self._calls = None

    # -- what there is --------------------------------------------------------------------------

    async def _info(self, path: str, **_more: Any) -> dict[str, Any]:
        path = self._strip_protocol(path)
        bucket, key = self.split_path(path)
        if not key:
            if bucket:
                async for _ in self.calls.pages(bucket, "", limit=1):
                    pass
            return _directory(path)
        try:
            found = await self.calls.head(bucket, key)
        except FileNotFoundError:
            async for page in self.calls.pages(bucket, f"{key}/", limit=1):
                if page.contents or page.common_prefixes:
                    return _directory(path)
            raise
        return {
            **_file(path, found.content_length or 0, found.last_modified, found.etag),
            "ContentType": found.content_type,
            "StorageClass": found.storage_class,
            "ObjectType": found.object_type,
        }

    async def _ls(self, path: str, detail: bool = True, **_more: Any) -> list[Any]:
        path = self._strip_protocol(path)
        found = [one async for one in self._listed(path)]
        if not found and "/" in path:
            info = await self._info(path)
            found = [info] if info["type"] == "file" else []
        found.sort(key=lambda info: str(info["name"]))
        return found if detail else [info["name"] for info in found]

    async def _listed(self, path: str) -> AsyncIterator[dict[str, Any]]:
        """What lies directly in a directory; of the root, its buckets."""
        bucket, key = self.split_path(path)
        if not bucket:
            async for name in self._buckets():
                yield _directory(name)
            return
        prefix = f"{key}/" if key else ""
        async for page in self.calls.pages(bucket, prefix, "/"):
            for one in page.common_prefixes or []:
                yield _directory(f"{bucket}/{one.prefix[:-1]}")
            for one in page.contents or []:
                if one.key != prefix:  # the directory's own marker
                    yield _file(f"{bucket}/{one.key}", one.size, one.last_modified, one.etag)

    async def _buckets(self) -> AsyncIterator[str]:
        after = None
        while True:
            page = await self.calls.call("list_buckets", models.ListBucketsRequest(marker=after))
            for one in page.buckets or []:
                yield one.name
            if not page.is_truncated:
                return
            after = page.next_marker

    async def _find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        prefix: str = "",
        **more: Any,
    ) -> Any:
        """All files below a path: one list of keys, whatever the number of directories."""
        path = self._strip_protocol(path)
        if maxdepth is None and path:
            out = await self._all_below(path, withdirs, prefix)
        else:
            out = await super()._find(path, maxdepth, withdirs, detail=True, **more)
            start = f"{path}/{prefix}" if path else prefix
            out = {name: out[name] for name in out if not prefix or name.startswith(start)}
        names = sorted(out)
        return {name: out[name] for name in names} if detail else names

    async def _all_below(self, path: str, withdirs: bool, prefix: str) -> dict[str, Any]:
        bucket, key = self.split_path(path)
        out: dict[str, dict[str, Any]] = {}
        async for one in self.calls.objects(bucket, (f"{key}/" if key else "") + prefix):
            name = f"{bucket}/{one.key}"
            if not one.key.endswith("/"):
                out[name] = _file(name, one.size, one.last_modified, one.etag)
            if withdirs:
                _add_parents(out, name, path)
        return out if prefix else await self._with_top(out, path, withdirs)

    async def _with_top(self, out: dict[str, Any], path: str, withdirs: bool) -> dict[str, Any]:
        """What was found, and where it was looked for: a file, or a directory if wanted."""
        info = _directory(path) if out else await self._found(path)
        if info and (info["type"] == "file" or withdirs):
            out[path] = info
        return out

    async def _found(self, path: str) -> dict[str, Any] | None:
        try:
            return await self._info(path)
        except FileNotFoundError:
            return None

    async def _modified(self, path: str) -> datetime:
        """When a file was last written."""
        info = await self._info(path)
        if info["type"] != "file":
            raise IsADirectoryError(f"{path} is a directory, which has no time")
        return info["LastModified"]  # type: ignore[no-any-return]

    modified = sync_wrapper(_modified)

    # -- reading --------------------------------------------------------------------------------

    async def _cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **more: Any
    ) -> bytes:
        bucket, key = self.split_path(self._strip_protocol(path))
        etag = more.get("etag", "")
        size = 0
        if (start or 0) < 0 or (end or 0) < 0:
            size = (await self._info(path))["size"]
        wanted = wanted_range(start, end, size)
        return b"" if wanted is None else await self.calls.get(bucket, key, wanted, etag)

    async def _get_file(
        self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, **_more: Any
    ) -> None:
        if os.path.isdir(lpath):
            return
        bucket, key = self.split_path(self._strip_protocol(rpath))
        try:
            await self.transfer.download(bucket, key, lpath, callback)
        except FileNotFoundError:
            if not await self._isdir(rpath):
                raise
            os.makedirs(lpath, exist_ok=True)

    async def _sign(self, path: str, expiration: int = 100, **_more: Any) -> str:
        """A URL that reads a file, for so many seconds."""
        bucket, key = self.split_path(self._strip_protocol(path))
        request = models.GetObjectRequest(bucket=bucket, key=key)
        signed = await self.calls.client.presign(request, expires=timedelta(seconds=expiration))
        return str(signed.url)

    sign = sync_wrapper(_sign)

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: Any = None,
        **more: Any,
    ) -> Any:
        from mossbox.fs.file import OSSFile

        more.setdefault("cache_type", self.cache_type)
        if mode == "rb":
            block_size = block_size or self.block_size
        if mode == "xb" and self.exists(path):
            raise FileExistsError(17, "there is such a file already", path)
        return OSSFile(
            self, path, mode, block_size, autocommit, cache_options=cache_options, **more
        )

    async def open_async(self, path: str, mode: str = "rb", **_more: Any) -> Any:
        """A file for coroutines to read; they write by `_pipe_file` and `_put_file`."""
        from mossbox.fs.file import OSSStream

        if mode != "rb":
            raise NotImplementedError("coroutines write by _pipe_file and _put_file")
        return OSSStream(self, path)

    # -- writing --------------------------------------------------------------------------------

    async def _pipe_file(
        self, path: str, value: bytes, mode: str = "overwrite", **given: Any
    ) -> None:
        bucket, key = self._key(path)
        await self.transfer.upload_bytes(bucket, key, value, mode == "create", given)

    async def _put_file(
        self,
        lpath: Any,
        rpath: str,
        callback: Any = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        **given: Any,
    ) -> None:
        if os.path.isdir(lpath):
            return
        bucket, key = self._key(rpath)
        await self.transfer.upload_file(bucket, key, lpath, mode == "create", given, callback)

    def _key(self, path: str) -> tuple[str, str]:
        bucket, key = self.split_path(self._strip_protocol(path))
        if not key:
            raise IsADirectoryError(21, "a bucket is no file", path)
        return bucket, key

    async def _cp_file(self, path1: str, path2: str, **more: Any) -> None:
        """Copy inside OSS; no bytes travel."""
        source = self.split_path(self._strip_protocol(path1))
        bucket, key = self._key(path2)
        await self.transfer.copy(source, bucket, key, more.get("mode") == "create")

    async def _mkdir(self, path: str, create_parents: bool = True, **_more: Any) -> None:
        """Make a bucket; directories inside need no making."""
        bucket, key = self.split_path(self._strip_protocol(path))
        if key or not bucket:
            return
        if await self._found(bucket):
            raise FileExistsError(17, "there is such a bucket already", bucket)
        await self.calls.call("put_bucket", models.PutBucketRequest(bucket=bucket))

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        bucket, key = self.split_path(self._strip_protocol(path))
        if not key and not (exist_ok and await self._found(bucket)):
            await self._mkdir(bucket)

    async def _rmdir(self, path: str) -> None:
        """Delete an empty bucket, or the marker of an empty directory."""
        bucket, key = self.split_path(self._strip_protocol(path))
        if not key:
            await self.calls.call("delete_bucket", models.DeleteBucketRequest(bucket=bucket))
        elif await self._ls(path):
            raise OSError(39, "the directory is not empty", path)
        else:
            await self.calls.delete(bucket, [f"{key}/"])

    rmdir = sync_wrapper(_rmdir)

    async def _rm_file(self, path: str, **_more: Any) -> None:
        bucket, key = self._key(path)
        request = models.DeleteObjectRequest(bucket=bucket, key=key)
        await self.calls.call("delete_object", request)

    async def _rm(
        self,
        path: str | Sequence[str],
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **_more: Any,
    ) -> None:
        """Delete files, a thousand a request; of a bucket the content, never the bucket itself."""
        keys: dict[str, list[str]] = {}
        for one in [path] if isinstance(path, str) else path:
            for found in await self._to_delete(one, recursive, maxdepth):
                bucket, key = self.split_path(found)
                if key:
                    keys.setdefault(bucket, []).append(key)
        for bucket, names in keys.items():
            names = list(dict.fromkeys(names))
            starts = range(0, len(names), _DELETE_MAX)
            await asyncio.gather(
                *(self.calls.delete(bucket, names[at : at + _DELETE_MAX]) for at in starts)
            )

    async def _to_delete(self, path: str, recursive: bool, maxdepth: int | None) -> list[str]:
        """Paths of objects, the markers of directories among them."""
        path = self._strip_protocol(path)
        if has_magic(path) or maxdepth is not None or not recursive:
            found = await self._expand_path(path, recursive=recursive, maxdepth=maxdepth)
            return list(found)
        bucket, key = self.split_path(path)
        if not bucket:
            raise ValueError("the root, which is all buckets, is not deleted")
        prefix = f"{key}/" if key else ""
        found = [f"{bucket}/{one.key}" async for one in self.calls.objects(bucket, prefix)]
        if not found:
            await self._info(path)  # raises FileNotFoundError
        return [*found, path]


def _config(
    source: Mapping[str, Any] | str | Path | None,
    endpoint: str | None,
    key: str | None,
    secret: str | None,
    token: str | None,
    region: str | None,
) -> Config:
    values, file = load(source) if source is not None else _environment()
    if key:  # a pair of keys is taken whole, its token included
        for name in ("accessKeyId", "accessKeySecret", "securityToken", "credentials.provider"):
            values.pop(f"fs.oss.{name}", None)
    given = {
        "endpoint": endpoint, "accessKeyId": key, "accessKeySecret": secret,
        "securityToken": token, "region": region,
    }  # fmt: skip
    values.update({f"fs.oss.{name}": value for name, value in given.items() if value})
    return build(values, file, anonymous=source is None)


def _environment() -> tuple[dict[str, str], str]:
    names = {
        "OSS_ENDPOINT": "endpoint", "OSS_ACCESS_KEY_ID": "accessKeyId",
        "OSS_ACCESS_KEY_SECRET": "accessKeySecret", "OSS_SESSION_TOKEN": "securityToken",
    }  # fmt: skip
    environ = os.environ
    return {f"fs.oss.{key}": environ[name] for name, key in names.items() if environ.get(name)}, ""


def _directory(name: str) -> dict[str, Any]:
    return {"name": name, "size": 0, "type": "directory"}


def _file(name: str, size: int, modified: datetime, etag: str | None) -> dict[str, Any]:
    return {
        "name": name, "size": size, "type": "file", "LastModified": modified.astimezone(UTC),
        "ETag": etag,
    }  # fmt: skip


def _add_parents(out: dict[str, dict[str, Any]], name: str, top: str) -> None:
    """The directories between a found file and where the search began."""
    parent = name.rpartition("/")[0]
    while len(parent) > len(top) and parent not in out:
        out[parent] = _directory(parent)
        parent = parent.rpartition("/")[0]


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _close(loop: asyncio.AbstractEventLoop, calls: Calls) -> None:
    """Close connections, from whichever thread noticed that nobody needs them any more."""
    if loop is None or not loop.is_running():
        return
    if _running() is loop:
        task = loop.create_task(calls.client.close())
        _CLOSING.add(task)
        task.add_done_callback(_CLOSING.discard)
        return
    try:
        sync(loop, calls.client.close, timeout=1)
    except (RuntimeError, TimeoutError):
        pass  # at the end of the interpreter
