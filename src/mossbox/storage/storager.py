"""go-storage's Storager, with its Appender, Multiparter, Direr and Linker, in Python."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from mossbox.storage.backend import Bucket, Found, Service
from mossbox.storage.config import (
    STORAGER_FIELDS,
    Config,
    read_config,
    read_file,
    read_string,
)
from mossbox.storage.content import Counted, Data
from mossbox.storage.errors import (
    ListModeInvalid,
    ObjectModeInvalid,
    ObjectNotExist,
    PairRequired,
    RestrictionDissatisfied,
)
from mossbox.storage.model import (
    APPEND_SIZE_MAX,
    PART_SIZE_MAX,
    PARTS_MAX,
    WRITE_SIZE_MAX,
    AppendPairs,
    ContentPairs,
    CreatePairs,
    DirPairs,
    EncryptionPairs,
    ListMode,
    NewPairs,
    Object,
    ObjectMode,
    Part,
    ReadPairs,
    StorageMeta,
    WritePairs,
    checked,
)
from mossbox.storage.within import within

_ENCRYPTION = tuple(EncryptionPairs.__annotations__)
_FIRST = ("content_type", "storage_class", *_ENCRYPTION)  # told by an object's first append


class Storager:
    """One bucket below its work dir: every path is relative to it, and nothing else is seen.

    Paths have no leading slash. Operations raise `StorageError`s.
    """

    def __init__(
        self, service: Service, bucket: Bucket, name: str, work_dir: str, location: str
    ) -> None:
        self._service = service
        self._bucket = bucket
        self.name = name
        self.work_dir = work_dir
        self.location = location
        self._prefix = work_dir[1:]

    def __repr__(self) -> str:
        return f"Storager oss {{Name: {self.name}, WorkDir: {self.work_dir}}}"

    @classmethod
    def open(cls, config: Config) -> Self:
        """A storager of OSS; raises ConfigInvalid where the client's library is missing."""
        from mossbox.storage.oss import OssService

        service = OssService(config)
        bucket = service.bucket(config.name)
        return cls(service, bucket, config.name, config.work_dir, config.region)

    @classmethod
    def from_config(cls, fields: Mapping[str, Any]) -> Self:
        """From ``credential``, ``endpoint``, ``name``, ``work_dir`` and ``location``.

        Raises ConfigInvalid.
        """
        return cls.open(read_config(fields, STORAGER_FIELDS))

    @classmethod
    def from_file(cls, file: str | Path) -> Self:
        """The same fields from a YAML file; raises ConfigInvalid."""
        return cls.open(read_config(read_file(file), STORAGER_FIELDS, str(file)))

    @classmethod
    def from_string(cls, text: str) -> Self:
        """From ``oss://<name>/<work_dir>?credential=…&endpoint=…``; raises ConfigInvalid."""
        return cls.open(read_config(read_string(text), STORAGER_FIELDS))

    def metadata(self) -> StorageMeta:
        """Name, place and limits."""
        return StorageMeta(self.name, self.work_dir, self.location)

    # -- objects --------------------------------------------------------------------------------

    def create(self, path: str, **pairs: Unpack[CreatePairs]) -> Object:
        """An object to work on, without asking whether it is there."""
        given = checked("create", pairs, CreatePairs)
        if "multipart_id" in given:
            return Object(
                path, self._key(path), ObjectMode.PART, multipart_id=given["multipart_id"]
            )
        if _is_dir(given):
            return Object(path, self._dir_key(path), ObjectMode.DIR)
        return Object(path, self._key(path), ObjectMode.READ)

    @within("read")
    async def read(self, path: str, **pairs: Unpack[ReadPairs]) -> bytes:
        """An object's bytes."""
        return b"".join([piece async for piece in self.stream(path, **pairs)])

    @within("read")
    async def stream(self, path: str, **pairs: Unpack[ReadPairs]) -> AsyncIterator[bytes]:
        """The same in pieces, as they come."""
        given = checked("read", pairs, ReadPairs)
        offset, size = given.get("offset", 0), given.get("size")
        if offset < 0 or (size is not None and size < 0):
            raise RestrictionDissatisfied("offset and size count from 0")
        if size == 0:
            await self._bucket.head(self._key(path))
            return
        callback = given.get("io_callback")
        async for piece in self._bucket.get(self._key(path), offset, size):
            if callback is not None:
                callback(piece)
            yield piece

    @within("write")
    async def write(
        self, path: str, data: Data, size: int | None = None, **pairs: Unpack[WritePairs]
    ) -> int:
        """Write an object, of `size` bytes or of all there are; gives their number."""
        options = checked("write", pairs, WritePairs)
        body = Counted(data, size, options.pop("io_callback", None))
        _limit(size if size is not None else body.count, WRITE_SIZE_MAX)
        await self._bucket.put(self._key(path), body.content, _sized(options, size))
        return body.count

    @within("stat")
    async def stat(self, path: str, **pairs: Unpack[CreatePairs]) -> Object:
        """What there is; a directory is there if it was made, or if something lies below."""
        given = checked("stat", pairs, CreatePairs)
        if "multipart_id" in given:
            made = self.create(path, multipart_id=given["multipart_id"])
            await self._bucket.parts(made.id, given["multipart_id"], None)
            return made
        if _is_dir(given):
            return await self._stat_dir(path)
        key = self._key(path)
        try:
            found = await self._bucket.head(key)
        except ObjectNotExist as error:
            if error.code == "NoSuchKey":
                raise
            return await self._link(path, key)  # a link that leads nowhere is a link
        if found.kind == "Symlink":
            return await self._link(path, key)
        return self._object(found)

    async def _stat_dir(self, path: str) -> Object:
        key = self._dir_key(path)
        try:
            return self._object(await self._bucket.head(key))
        except ObjectNotExist:
            page = await self._bucket.page(key, "", None)
            if not page.found:
                raise
            return Object(path.rstrip("/"), key, ObjectMode.DIR)

    @within("delete")
    async def delete(self, path: str, **pairs: Unpack[CreatePairs]) -> None:
        """Delete an object, a directory's own mark or an unfinished upload, there or not."""
        given = checked("delete", pairs, CreatePairs)
        if "multipart_id" in given:
            try:
                await self._bucket.abort(self._key(path), given["multipart_id"])
            except ObjectNotExist:
                pass  # deleting twice is no error
            return
        await self._bucket.delete(self._dir_key(path) if _is_dir(given) else self._key(path))

    @within("list")
    async def list(
        self, path: str = "", *, list_mode: ListMode = ListMode.PREFIX
    ) -> AsyncIterator[Object]:
        """The objects of a directory, all below a prefix, or unfinished uploads below it."""
        if list_mode == ListMode.PART:
            found = self._uploads(path)
        elif list_mode == ListMode.PREFIX:
            found = self._objects(self._key(path), "")
        elif list_mode == ListMode.DIR:
            found = self._objects(self._dir_key(path) if path else self._prefix, "/")
        else:
            raise ListModeInvalid(f"{list_mode} is not one of DIR, PREFIX and PART")
        async for one in found:
            yield one

    async def _objects(self, prefix: str, delimiter: str) -> AsyncIterator[Object]:
        after: Any = None
        while True:
            page = await self._bucket.page(prefix, delimiter, after)
            found = [Object(self._path(key), key, ObjectMode.DIR) for key in page.prefixes]
            found += map(self._object, page.found)
            for one in sorted(found, key=lambda one: one.id.encode()):
                if one.id != prefix or one.mode != ObjectMode.DIR:  # a directory's own mark
                    yield one
            after = page.next
            if after is None:
                return

    async def _uploads(self, path: str) -> AsyncIterator[Object]:
        after: Any = None
        while True:
            found, after = await self._bucket.uploads(self._key(path), after)
            for key, upload in found:
                yield Object(self._path(key), key, ObjectMode.PART, multipart_id=upload)
            if after is None:
                return

    # -- appending ------------------------------------------------------------------------------

    @within("create_append")
    async def create_append(self, path: str, **pairs: Unpack[NewPairs]) -> Object:
        """An empty object to append to, in the place of one that was there."""
        options = checked("create_append", pairs, NewPairs)
        key = self._key(path)
        await self._bucket.delete(key)  # OSS does not append to what was put
        offset = await self._bucket.append(key, 0, b"", options)
        return Object(
            path, key, ObjectMode.READ | ObjectMode.APPEND, append_offset=offset, **options
        )

    @within("write_append")
    async def write_append(
        self, o: Object, data: Data, size: int | None = None, **pairs: Unpack[AppendPairs]
    ) -> int:
        """Append to an object of `create_append` or `stat`; gives the number of bytes.

        How it is encrypted is settled by its first byte: pairs that say so later must say the same.
        """
        if ObjectMode.APPEND not in o.mode:
            raise ObjectModeInvalid(f"{o.path} is not appendable")
        if o.append_offset is None:
            raise PairRequired("the object has no append_offset: stat it")
        options = checked("write_append", pairs, AppendPairs)
        asked = {name: options.pop(name) for name in _ENCRYPTION if name in options}
        body = Counted(data, size, options.pop("io_callback", None))
        _limit(o.append_offset + (size or body.count), APPEND_SIZE_MAX)
        if asked:
            await self._settle(o, asked)
        if not o.append_offset:
            options |= {name: getattr(o, name) for name in _FIRST if getattr(o, name)}
        o.append_offset = await self._bucket.append(
            o.id, o.append_offset, body.content, _sized(options, size)
        )
        return body.count

    async def _settle(self, o: Object, asked: Mapping[str, str]) -> None:
        """Take up how an object is to be encrypted; possible while it is empty."""
        had = {name: getattr(o, name) for name in _ENCRYPTION if getattr(o, name)}
        if asked.items() <= had.items():
            return
        if o.append_offset:
            raise RestrictionDissatisfied("encryption is settled by an object's first byte")
        await self._bucket.delete(o.id)  # the append makes it anew
        for name in _ENCRYPTION:
            setattr(o, name, asked.get(name))

    @within("commit_append")
    async def commit_append(self, o: Object) -> None:
        """End appending; in OSS every append is whole by itself, and may be followed by others."""
        if ObjectMode.APPEND not in o.mode:
            raise ObjectModeInvalid(f"{o.path} is not appendable")

    # -- directories and links ------------------------------------------------------------------

    @within("create_dir")
    async def create_dir(self, path: str, **pairs: Unpack[DirPairs]) -> Object:
        """An empty object that marks a directory."""
        options = checked("create_dir", pairs, DirPairs)
        key = self._dir_key(path)
        await self._bucket.put(key, b"", options)
        return Object(path.rstrip("/"), key, ObjectMode.DIR)

    @within("create_link")
    async def create_link(self, path: str, target: str) -> Object:
        """A symbolic link; `target` is a path, which need not be there."""
        key, leads = self._key(path), self._key(target)
        await self._bucket.put_link(key, leads)
        return Object(path, key, ObjectMode.LINK, link_target=target)

    async def _link(self, path: str, key: str) -> Object:
        target = await self._bucket.link_target(key)
        return Object(path, key, ObjectMode.LINK, link_target=self._path(target))

    # -- uploads in parts -----------------------------------------------------------------------

    @within("create_multipart")
    async def create_multipart(self, path: str, **pairs: Unpack[NewPairs]) -> Object:
        """Begin an upload in parts."""
        options = checked("create_multipart", pairs, NewPairs)
        key = self._key(path)
        upload = await self._bucket.begin(key, options)
        return Object(path, key, ObjectMode.PART, multipart_id=upload, **options)

    @within("write_multipart")
    async def write_multipart(
        self,
        o: Object,
        data: Data,
        size: int | None = None,
        index: int = 0,
        **pairs: Unpack[ContentPairs],
    ) -> Part:
        """Write a part, counted from 0."""
        upload = _upload(o)
        if not 0 <= index < PARTS_MAX:
            raise RestrictionDissatisfied(f"index is between 0 and {PARTS_MAX - 1}")
        options = checked("write_multipart", pairs, ContentPairs)
        body = Counted(data, size, options.pop("io_callback", None))
        _limit(size if size is not None else body.count, PART_SIZE_MAX)
        etag = await self._bucket.put_part(
            o.id, upload, index + 1, body.content, _sized(options, size)
        )
        return Part(index, body.count, etag)

    @within("list_multipart")
    async def list_multipart(self, o: Object) -> AsyncIterator[Part]:
        """The parts that were written."""
        upload = _upload(o)
        after: Any = None
        while True:
            found, after = await self._bucket.parts(o.id, upload, after)
            for part in found:
                yield part
            if after is None:
                return

    @within("complete_multipart")
    async def complete_multipart(self, o: Object, parts: Sequence[Part]) -> None:
        """Make the object of its parts; `o` is readable then."""
        await self._bucket.complete(o.id, _upload(o), parts)
        o.mode = ObjectMode.READ

    async def close(self) -> None:
        """Let go of connections, which all storagers of a servicer share."""
        await self._service.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # -- paths ----------------------------------------------------------------------------------

    def _key(self, path: str) -> str:
        return self._prefix + path

    def _dir_key(self, path: str) -> str:
        return self._key(path.rstrip("/") + "/")

    def _path(self, key: str) -> str:
        return key.removeprefix(self._prefix).rstrip("/")

    def _object(self, found: Found) -> Object:
        mode = ObjectMode.DIR if found.key.endswith("/") else ObjectMode.READ
        if found.kind == "Symlink":
            mode = ObjectMode.LINK
        elif found.kind == "Appendable":
            mode |= ObjectMode.APPEND
        return Object(
            self._path(found.key), found.key, mode, found.size, found.content_type,
            found.content_md5, found.etag, found.modified, append_offset=found.next_position,
            storage_class=found.storage_class, **found.encryption,
        )  # fmt: skip


def _is_dir(pairs: Mapping[str, Any]) -> bool:
    mode = pairs.get("object_mode")
    return mode is not None and ObjectMode.DIR in mode


def _upload(o: Object) -> str:
    if ObjectMode.PART not in o.mode:
        raise ObjectModeInvalid(f"{o.path} is no unfinished upload")
    if o.multipart_id is None:
        raise PairRequired("the object has no multipart_id")
    return o.multipart_id


def _limit(size: int, most: int) -> None:
    if size > most:
        raise RestrictionDissatisfied(f"{size} bytes are more than {most}")


def _sized(options: dict[str, Any], size: int | None) -> dict[str, Any]:
    return options if size is None else {**options, "content_length": size}
