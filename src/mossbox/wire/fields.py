"""Where a model's field lies on the wire: the marks that annotations carry.

An operation's request and result are `msgspec.Struct` classes whose fields are written
``Annotated[type, mark]``. Binders, encoders and XML readers and writers are generated from them
once, at import (`wire.bind`, `wire.xml`).
"""

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Bucket:
    """The bucket that the address names."""


@dataclass(frozen=True)
class Key:
    """The object key that the address names, as bytes."""


@dataclass(frozen=True)
class Query:
    """A query parameter."""

    name: str


@dataclass(frozen=True)
class Header:
    """A header; in a request its name is lower case."""

    name: str


@dataclass(frozen=True)
class Meta:
    """All ``x-oss-meta-`` headers as a dictionary without that prefix."""


@dataclass(frozen=True)
class StoredHeaders:
    """A dictionary of whole header lines that a result gives back as they were stored."""


@dataclass(frozen=True)
class XmlBody:
    """The request's XML document, at most `limit` bytes; `optional` lets it be absent."""

    limit: int
    optional: bool = False


@dataclass(frozen=True)
class RawBody:
    """The request's body as bytes, at most `limit` of them."""

    limit: int


@dataclass(frozen=True)
class Derived:
    """Not on the wire: a handler keeps what it worked out."""


@dataclass(frozen=True)
class Stream:
    """The body itself: a `Body` in requests, bytes or a reader in results."""


@dataclass(frozen=True)
class Reply:
    """JSON of another server, which takes the place of a result's own body unless it is empty."""


@dataclass(frozen=True)
class Status:
    """The result's own HTTP status."""


@dataclass(frozen=True)
class Length:
    """The body's size in bytes, told also where no body is sent (HEAD)."""


@dataclass(frozen=True)
class Element:
    """An XML element; ``Buckets/Bucket`` is a list in a wrapper; `plain` text needs no escaping."""

    path: str = ""
    plain: bool = False


@dataclass(frozen=True)
class Text:
    """The text of the root element itself."""


Mark = (
    Bucket | Key | Query | Header | Meta | StoredHeaders | XmlBody | RawBody | Derived | Stream
    | Reply | Status | Length | Element | Text | None
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field of a model, taken apart."""

    name: str
    kind: Any
    optional: bool
    many: bool
    mark: Mark


@cache  # reading hints costs 30 µs, and an XML list asks for each of its items
def fields_of(model: type) -> tuple[Field, ...]:
    """The fields of a model in their order, with what their annotations say."""
    hints = get_type_hints(model, include_extras=True)
    names = model.__struct_fields__  # type: ignore[attr-defined]
    return tuple(_field(name, hints[name]) for name in names)


def _field(name: str, hint: Any) -> Field:
    mark: Mark = None
    if get_origin(hint) is Annotated:
        hint, mark = get_args(hint)[0], get_args(hint)[1]
    optional = False
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        optional = len(kinds) < len(get_args(hint))
        hint = kinds[0] if len(kinds) == 1 else Any
    many = get_origin(hint) in (list, tuple)
    if many:
        hint = get_args(hint)[0]
    return Field(name, hint, optional, many, mark)


def element_name(name: str) -> str:
    """The vendor's element for a field without a mark: ``max_keys`` → ``MaxKeys``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
