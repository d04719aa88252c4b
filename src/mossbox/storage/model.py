"""What operations take and give: objects, their modes, parts, limits, and pairs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Flag, auto
from typing import Any, TypedDict

from mossbox.storage.errors import PairUnsupported

WRITE_SIZE_MAX = 5 << 30
APPEND_SIZE_MAX = 5 << 30
PART_SIZE_MAX = 5 << 30
PART_SIZE_MIN = 100 << 10
PARTS_MAX = 10_000


class ObjectMode(Flag):
    """What an object is good for; an appendable object is READ | APPEND."""

    DIR = auto()
    READ = auto()
    LINK = auto()
    PART = auto()
    APPEND = auto()


class ListMode(Flag):
    """How to list: one directory, everything below a prefix, or unfinished uploads."""

    DIR = auto()
    PREFIX = auto()
    PART = auto()


@dataclass
class Object:
    """One object as a storager knows it; what it does not know is None.

    `path` is relative to the work dir, `id` the key in the bucket. Write operations keep
    `append_offset` up to date.
    """

    path: str
    id: str
    mode: ObjectMode
    content_length: int | None = None
    content_type: str | None = None
    content_md5: str | None = None
    etag: str | None = None
    last_modified: datetime | None = None
    link_target: str | None = None
    multipart_id: str | None = None
    append_offset: int | None = None
    storage_class: str | None = None
    server_side_encryption: str | None = None
    server_side_data_encryption: str | None = None
    server_side_encryption_key_id: str | None = None


@dataclass(frozen=True)
class Part:
    """One part of an unfinished upload; `index` counts from 0, where OSS counts from 1."""

    index: int
    size: int
    etag: str


@dataclass(frozen=True)
class StorageMeta:
    """A storager's name, place and limits; sizes are bytes."""

    name: str
    work_dir: str
    location: str
    write_size_maximum: int = WRITE_SIZE_MAX
    append_total_size_maximum: int = APPEND_SIZE_MAX
    multipart_number_maximum: int = PARTS_MAX
    multipart_size_maximum: int = PART_SIZE_MAX
    multipart_size_minimum: int = PART_SIZE_MIN


IoCallback = Callable[[bytes], object]
"""Told of every piece that was read or written."""


class EncryptionPairs(TypedDict, total=False):
    """How OSS is to encrypt; `server-side-encryption-key-id` is taken for the last, too."""

    server_side_encryption: str
    server_side_data_encryption: str
    server_side_encryption_key_id: str


class CreatePairs(TypedDict, total=False):
    """Which kind of object a path names."""

    object_mode: ObjectMode
    multipart_id: str


class ReadPairs(TypedDict, total=False):
    """Which bytes: `size` from `offset` on."""

    offset: int
    size: int
    io_callback: IoCallback


class ContentPairs(TypedDict, total=False):
    """What is known of some bytes; `content_md5` is in Base64."""

    content_md5: str
    io_callback: IoCallback


class WritePairs(EncryptionPairs, ContentPairs, total=False):
    """How to write an object."""

    content_type: str
    storage_class: str


class AppendPairs(EncryptionPairs, ContentPairs, total=False):
    """How to append."""


class NewPairs(EncryptionPairs, total=False):
    """How to begin an appendable object or an upload in parts."""

    content_type: str
    storage_class: str


class DirPairs(TypedDict, total=False):
    """How to make a directory."""

    storage_class: str


def checked(operation: str, pairs: Mapping[str, Any], known: type) -> dict[str, Any]:
    """The pairs by their names in Python; raises PairUnsupported for one that is not `known`."""
    found: dict[str, Any] = {}
    for name, value in pairs.items():
        plain = name.replace("-", "_")
        if plain not in known.__annotations__:
            raise PairUnsupported(f"{operation} has no pair {name}")
        if plain in found:
            raise PairUnsupported(f"the pair {plain} is given twice")
        if value is not None:
            found[plain] = value
    return found
