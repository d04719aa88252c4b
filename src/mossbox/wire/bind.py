"""Requests to models and results to headers: one function each, generated from the declaration.

A generated binder costs 0.6 µs where reflection at every request costs 5; so they are made once.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mossbox import errors
from mossbox.wire.fields import (
    Bucket,
    Derived,
    Field,
    Header,
    Key,
    Length,
    Meta,
    Query,
    RawBody,
    Reply,
    Status,
    StoredHeaders,
    Stream,
    XmlBody,
    fields_of,
)
from mossbox.wire.xml import document, writer

Binder = Callable[[str, bytes, Mapping[str, str], Mapping[str, str]], Any]
Encoder = Callable[[Any], tuple[int, str, Any, int | None]]

META_PREFIX = "x-oss-meta-"


def user_metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """The user's own metadata of a request, names without their prefix."""
    # The parser leaves space at a value's end, which is no part of it.
    return {k[11:]: v.rstrip(" \t") for k, v in headers.items() if k.startswith(META_PREFIX)}


def integer(name: str, text: str) -> int:
    """A decimal argument; raises InvalidArgument."""
    if len(text) > 19 or not text.isascii() or not text.removeprefix("-").isdigit():
        raise errors.invalid_argument(f"{name} must be an integer.", name, text)
    return int(text)


def boolean(name: str, text: str) -> bool:
    """``true`` or ``false`` in any case; raises InvalidArgument."""
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise errors.invalid_argument(f"{name} must be true or false.", name, text)
    return lowered == "true"


def binder(model: type[msgspec.Struct]) -> Binder:
    """A function ``(bucket, key, query, headers) → model`` for a request model."""
    scope: dict[str, Any] = {
        "Model": model,
        "integer": integer,
        "boolean": boolean,
        "user_metadata": user_metadata,
    }
    lines: list[str] = []
    arguments: list[str] = []
    fields = fields_of(model)
    # A missing value takes the field's default, so that rules stay in the model's own text.
    for field, default in zip(fields, _defaults(model), strict=True):
        scope[f"d_{field.name}"] = default
        arguments.append(_argument(field, lines))
    body = "".join(f"    {line}\n" for line in lines)
    source = f"def bind(bucket, key, q, h):\n{body}    return Model({', '.join(arguments)})\n"
    exec(source, scope)  # noqa: S102  (text made above from our own models)
    return scope["bind"]  # type: ignore[no-any-return]


def _defaults(model: type[msgspec.Struct]) -> list[Any]:
    given = list(model.__struct_defaults__)
    missing = len(model.__struct_fields__) - len(given)
    return [None] * missing + given


def _argument(field: Field, lines: list[str]) -> str:
    mark = field.mark
    if isinstance(mark, Bucket):
        return "bucket"
    if isinstance(mark, Key):
        return "key"
    if isinstance(mark, Meta):
        return "user_metadata(h)"
    if isinstance(mark, Derived):
        return f"d_{field.name}"
    if isinstance(mark, Stream | XmlBody | RawBody):
        return "None"  # the pipeline fills it in once the caller is authorised
    if not isinstance(mark, Query | Header):
        raise TypeError(f"{field.name} does not say where it lies in the request")
    source = "q" if isinstance(mark, Query) else "h"
    if field.kind is str:
        return f"{source}.get({mark.name!r}, d_{field.name})"
    convert = {int: "integer", bool: "boolean"}[field.kind]
    variable = f"v_{field.name}"
    lines.append(f"{variable} = {source}.get({mark.name!r})")
    return f"d_{field.name} if {variable} is None else {convert}({mark.name!r}, {variable})"


def encoder(model: type[msgspec.Struct], root: str | None, status: int) -> Encoder:
    """A function ``result → (status, header lines, body, length or None)`` for a result model.

    `root` names the XML document that the element fields make; without one the body is the
    field marked Stream, or nothing. A field marked Reply goes before both.
    """
    scope: dict[str, Any] = {"document": document, "join_headers": join_headers}
    fields = fields_of(model)
    heads = [text for field in fields if (text := _header(field))]
    places = {type(field.mark): f"m.{field.name}" for field in fields}
    body, code = places.get(Stream, "b''"), places.get(Status, str(status))
    reply = places.get(Reply, "")
    if root is not None:
        scope["write"] = writer(model)
        body = f"document({root!r}, write(m))"
        if code != str(status):
            body += f" if {code} != 304 else b''"  # which has no body by definition
        heads.insert(0, "'Content-Type: application/xml\\r\\n'")
    if reply:
        own = heads.pop(0) if root is not None else "''"
        heads.insert(0, f"('Content-Type: application/json\\r\\n' if {reply} else {own})")
        body = f"{reply} or ({body})"
    parts = (code, " + ".join(heads) or "''", body, places.get(Length, "None"))
    source = f"def encode(m):\n    return {', '.join(parts)}\n"
    exec(source, scope)  # noqa: S102  (text made above from our own models)
    return scope["encode"]  # type: ignore[no-any-return]


def join_headers(lines: Mapping[str, str], prefix: str = "") -> str:
    """A dictionary as header lines."""
    return "".join([f"{prefix}{name}: {value}\r\n" for name, value in lines.items()])


def _header(field: Field) -> str:
    value = f"m.{field.name}"
    if isinstance(field.mark, Meta):
        return f"(join_headers({value}, {META_PREFIX!r}) if {value} else '')"
    if isinstance(field.mark, StoredHeaders):
        return f"(join_headers({value}) if {value} else '')"
    if not isinstance(field.mark, Header):
        return ""
    shown = f'"true" if {value} else "false"' if field.kind is bool else value
    text = f"f'{field.mark.name}: {{{shown}}}\\r\\n'"
    return f"('' if {value} is None else {text})" if field.optional else text


def query_names(model: type[msgspec.Struct]) -> frozenset[str]:
    """The query parameters that a request model reads."""
    return frozenset(f.mark.name for f in fields_of(model) if isinstance(f.mark, Query))


def header_names(model: type[msgspec.Struct]) -> frozenset[str]:
    """The headers that a request model reads."""
    return frozenset(f.mark.name for f in fields_of(model) if isinstance(f.mark, Header))


def body_field(model: type[msgspec.Struct]) -> Field | None:
    """The field that the request's body fills, if it has one."""
    for field in fields_of(model):
        if isinstance(field.mark, Stream | XmlBody | RawBody):
            return field
    return None
