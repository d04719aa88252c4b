"""A twin without any OSS: the same servicer and storager on dictionaries, for unit tests.

It refuses what OSS refuses, by the same codes, and encrypts nothing: it tells what it was asked.
"""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from mossbox import clock
from mossbox.storage import servicer
from mossbox.storage.backend import Content, Found, Options, Page
from mossbox.storage.errors import from_answer
from mossbox.storage.model import PART_SIZE_MIN, Part

_PAGE = 200
_CONTENT_TYPE = "application/octet-stream"
_ENCRYPTION = (
    "server_side_encryption", "server_side_data_encryption", "server_side_encryption_key_id",
)  # fmt: skip


class Servicer(servicer.Servicer):
    """A servicer of a store of its own; `kms_keys` are the ids of the keys that SSE-KMS has."""

    def __init__(self, *, location: str = "cn-hangzhou", kms_keys: Sequence[str] = ()) -> None:
        super().__init__(MemoryService(location, kms_keys))


@dataclass
class _Upload:
    key: str
    options: Options
    parts: dict[int, tuple[Part, bytes]] = field(default_factory=dict)


class MemoryService:
    """All buckets."""

    def __init__(self, location: str, kms_keys: Sequence[str]) -> None:
        self.location = location
        self.kms_keys = ("the-default-key", *kms_keys)
        self.buckets: dict[str, MemoryBucket] = {}

    def bucket(self, name: str) -> "MemoryBucket":
        """One of them, or one that is not there yet."""
        return self.buckets.get(name) or MemoryBucket(self, name)

    async def create(self, name: str) -> None:
        """Make a bucket."""
        self.buckets.setdefault(name, MemoryBucket(self, name))

    async def delete(self, name: str) -> None:
        """Delete an empty bucket."""
        bucket = self.found(name)
        if bucket.objects:
            raise from_answer(409, "BucketNotEmpty", "The bucket has objects.")
        del self.buckets[name]

    def found(self, name: str) -> "MemoryBucket":
        """A bucket that is there."""
        if name not in self.buckets:
            raise from_answer(404, "NoSuchBucket", "The specified bucket does not exist.")
        return self.buckets[name]

    async def page(self, after: Any) -> tuple[Sequence[tuple[str, str]], Any]:
        """Names and locations of buckets."""
        names = [name for name in sorted(self.buckets) if name > (after or "")]
        page = [(name, self.location) for name in names[:_PAGE]]
        return page, names[_PAGE - 1] if len(names) > _PAGE else None

    async def close(self) -> None:
        """Nothing to let go."""


class MemoryBucket:
    """One bucket."""

    def __init__(self, service: MemoryService, name: str) -> None:
        self._service = service
        self._name = name
        self._numbers = count(1)
        self.objects: dict[str, tuple[Found, bytes]] = {}
        self._links: dict[str, str] = {}
        self._uploads: dict[str, _Upload] = {}

    def _mine(self) -> "MemoryBucket":
        return self._service.found(self._name)

    def _at(self, key: str) -> tuple[Found, bytes]:
        found = self._mine().objects.get(key)
        if found is None:
            raise from_answer(404, "NoSuchKey", "The specified key does not exist.")
        if found[0].kind == "Symlink":
            target = self._mine().objects.get(self._mine()._links[key])
            if target is None:
                raise from_answer(404, "SymlinkTargetNotExist", "The link leads nowhere.")
            return found[0], target[1]
        return found

    def _keep(self, key: str, data: bytes, options: Options, kind: str) -> None:
        mine = self._mine()
        mine.objects[key] = (
            Found(
                key, len(data), kind, _etag(data), datetime.fromtimestamp(int(clock.now()), UTC),
                options.get("content_type", _CONTENT_TYPE),
                _md5(data) if kind == "Normal" else None,
                storage_class=options.get("storage_class", "Standard"),
                next_position=len(data) if kind == "Appendable" else None,
                encryption=self._encryption(options),
            ),
            data,
        )  # fmt: skip

    def _encryption(self, options: Options) -> dict[str, str]:
        """What an answer tells; raises what OSS refuses."""
        algorithm, data, key = (options.get(name) for name in _ENCRYPTION)
        if algorithm != "KMS":
            _check_plain(algorithm, data, key)
            return {_ENCRYPTION[0]: algorithm} if algorithm else {}
        if data not in (None, "SM4"):
            raise from_answer(400, "InvalidDataEncryptionAlgorithmError", "It can only be SM4.")
        told = (algorithm, data, key or self._service.kms_keys[0])
        if told[2] not in self._service.kms_keys:
            raise from_answer(400, "InvalidParameter", "KMS keyId not valid")
        return {name: value for name, value in zip(_ENCRYPTION, told, strict=True) if value}

    async def put(self, key: str, content: Content, options: Options) -> None:
        """Write an object."""
        self._mine()
        self._encryption(options)
        self._keep(key, await _whole(content, options), options, "Normal")

    async def get(self, key: str, offset: int, size: int | None) -> AsyncIterator[bytes]:
        """Read `size` bytes from `offset` on, or all that is left."""
        data = self._at(key)[1]
        if (offset or size is not None) and offset >= len(data):
            raise from_answer(416, "InvalidRange", "The requested range cannot be satisfied")
        yield data[offset:] if size is None else data[offset : offset + size]

    async def head(self, key: str) -> Found:
        """What there is under a key."""
        return self._at(key)[0]

    async def delete(self, key: str) -> None:
        """Delete an object, which need not be there."""
        self._mine().objects.pop(key, None)

    async def page(self, prefix: str, delimiter: str, after: Any) -> Page:
        """A page of objects."""
        objects = self._mine().objects
        found = _folded(objects, prefix, delimiter)
        left = [name for name in found if name.encode() > (after or "").encode()]
        names = left[:_PAGE]
        entries = [entry for name in names if (entry := found[name]) is not None]
        prefixes = [name for name in names if found[name] is None]
        return Page(entries, prefixes, names[-1] if len(left) > _PAGE else None)

    async def append(self, key: str, position: int, content: Content, options: Options) -> int:
        """Append at a position; gives the next one."""
        found, data = self._mine().objects.get(key, (None, b""))
        if found is not None and found.kind != "Appendable":
            raise from_answer(409, "ObjectNotAppendable", "The object is not appendable")
        if position != len(data):
            raise from_answer(409, "PositionNotEqualToLength", f"The length is {len(data)}.")
        more = await _whole(content, options)
        self._keep(key, data + more, options, "Appendable")
        if found is not None:  # only the first append settles these
            kept = self._mine().objects[key][0]
            kept = replace(
                kept, encryption=found.encryption, content_type=found.content_type,
                storage_class=found.storage_class,
            )  # fmt: skip
            self._mine().objects[key] = (kept, data + more)
        return position + len(more)

    async def put_link(self, key: str, target: str) -> None:
        """Make a symbolic link."""
        self._keep(key, b"", {}, "Symlink")
        self._mine()._links[key] = target

    async def link_target(self, key: str) -> str:
        """The key that a link leads to."""
        found = self._mine().objects.get(key)
        if found is None or found[0].kind != "Symlink":
            raise from_answer(404, "NoSuchKey", "The specified key does not exist.")
        return self._mine()._links[key]

    async def begin(self, key: str, options: Options) -> str:
        """Begin an upload in parts; gives its id."""
        self._encryption(options)
        mine = self._mine()
        upload = f"{next(mine._numbers):032X}"
        mine._uploads[upload] = _Upload(key, options)
        return upload

    def _upload(self, key: str, upload: str) -> _Upload:
        found = self._mine()._uploads.get(upload)
        if found is None or found.key != key:
            raise from_answer(404, "NoSuchUpload", "The specified upload does not exist.")
        return found

    async def put_part(
        self, key: str, upload: str, number: int, content: Content, options: Options
    ) -> str:
        """Write a part, counted from 1; gives its ETag."""
        found = self._upload(key, upload)
        data = await _whole(content, options)
        etag = _etag(data)
        found.parts[number] = Part(number - 1, len(data), etag), data
        return etag

    async def parts(self, key: str, upload: str, after: Any) -> tuple[Sequence[Part], Any]:
        """Parts of an upload."""
        written = self._upload(key, upload).parts
        numbers = [number for number in sorted(written) if number > (after or 0)]
        page = [written[number][0] for number in numbers[:_PAGE]]
        return page, numbers[_PAGE - 1] if len(numbers) > _PAGE else None

    async def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """Make an object of parts."""
        found = self._upload(key, upload)
        chosen = []
        for part in sorted(parts, key=lambda part: part.index):
            written = found.parts.get(part.index + 1)
            if written is None or written[0].etag != part.etag:
                raise from_answer(400, "InvalidPart", "A part was not written, or another one.")
            chosen.append(written[1])
        if any(len(data) < PART_SIZE_MIN for data in chosen[:-1]):
            raise from_answer(400, "EntityTooSmall", "A part but the last one is too small.")
        self._keep(key, b"".join(chosen), found.options, "Multipart")
        del self._mine()._uploads[upload]

    async def abort(self, key: str, upload: str) -> None:
        """Give an upload up."""
        self._upload(key, upload)
        del self._mine()._uploads[upload]

    async def uploads(self, prefix: str, after: Any) -> tuple[Sequence[tuple[str, str]], Any]:
        """Key and id of unfinished uploads."""
        named = ((found.key, upload) for upload, found in self._mine()._uploads.items())
        left = sorted(pair for pair in named if pair[0].startswith(prefix) and pair > (after or ()))
        return left[:_PAGE], left[_PAGE - 1] if len(left) > _PAGE else None


def _folded(
    objects: dict[str, tuple[Found, bytes]], prefix: str, delimiter: str
) -> dict[str, Found | None]:
    """What a list shows, in its order: objects, and common prefixes as None."""
    found: dict[str, Found | None] = {}
    for key in sorted((key for key in objects if key.startswith(prefix)), key=str.encode):
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            found[key] = objects[key][0]
        else:
            found[key[: cut + len(delimiter)]] = None
    return found


def _check_plain(algorithm: str | None, data: str | None, key: str | None) -> None:
    """Raise what OSS says to encryption pairs without KMS."""
    if algorithm not in (None, "AES256", "SM4"):
        raise from_answer(400, "InvalidEncryptionAlgorithmError", "There is no such algorithm.")
    if key or (data and algorithm is None):
        raise from_answer(400, "InvalidArgument", "This needs server_side_encryption: KMS.")
    if data not in (None, "SM4"):
        raise from_answer(400, "InvalidDataEncryptionAlgorithmError", "It can only be SM4.")


async def _whole(content: Content, options: Options) -> bytes:
    """A body; raises what OSS says where its MD5 is not the announced one."""
    if not isinstance(content, bytes):
        content = b"".join([piece async for piece in content])
    if options.get("content_md5", _md5(content)) != _md5(content):
        raise from_answer(400, "InvalidDigest", "The Content-MD5 you specified is not valid.")
    return content


def _md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest().upper()}"'
