"""Parameters of the RPC dialect, in query or form, and its answers in JSON and XML.

A field without a mark is the parameter or element of its name: ``user_name`` is ``UserName``.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mossbox import errors
from mossbox.wire.fields import element_name
from mossbox.wire.xml import DECLARATION, document, escape, writer

_ODD = {"mfa_bind_required": "MFABindRequired"}


def wire_name(name: str) -> str:
    """What a field is called on the wire."""
    return _ODD.get(name) or element_name(name)


class Answer(msgspec.Struct, rename=wire_name, omit_defaults=True):
    """The base of results: fields that are None are left out."""


def binder(model: type[msgspec.Struct]) -> Callable[[str, bytes, Mapping[str, str], Any], Any]:
    """A function ``(…, …, parameters, …) → model`` for a model whose fields are all texts.

    It raises MissingParameter for one without a default that is absent or empty.
    """
    names = [(name, wire_name(name)) for name in model.__struct_fields__]
    optional = len(model.__struct_defaults__)
    needed = names[: len(names) - optional]
    others = names[len(names) - optional :]

    def bind(_bucket: str, _key: bytes, parameters: Mapping[str, str], _headers: Any) -> Any:
        values: dict[str, str] = {}
        for name, shown in needed:
            values[name] = parameters.get(shown, "")
            if not values[name]:
                raise errors.missing_parameter(shown)
        for name, shown in others:
            if shown in parameters:
                values[name] = parameters[shown]
        return model(**values)

    return bind


def as_json(result: msgspec.Struct, request_id: str) -> bytes:
    """An answer in JSON, its request id first."""
    inner = msgspec.json.encode(result)
    head = b'{"RequestId":"' + request_id.encode() + b'"'
    return head + (b"}" if inner == b"{}" else b"," + inner[1:])


def as_xml(name: str, result: msgspec.Struct, request_id: str) -> bytes:
    """The same in XML."""
    inner = writer(type(result))(result)
    return document(f"{name}Response", f"<RequestId>{request_id}</RequestId>{inner}")


Elements = Mapping[str, str | Mapping[str, str]]


def error_as_json(elements: Elements) -> bytes:
    """A refusal in JSON."""
    return msgspec.json.encode(_plain_all(elements))


def error_as_xml(elements: Elements) -> bytes:
    """A refusal in XML."""
    return f"{DECLARATION}<Error>{_elements(elements)}</Error>\n".encode("utf-8", "replace")


def _plain_all(elements: Elements) -> dict[str, Any]:
    return {
        name: _plain(value) if isinstance(value, str) else _plain_all(value)
        for name, value in elements.items()
    }


def _elements(elements: Elements) -> str:
    return "".join(
        f"<{name}>{escape(_plain(value)) if isinstance(value, str) else _elements(value)}</{name}>"
        for name, value in elements.items()
    )


def _plain(text: str) -> str:
    """Text that came as bytes of any kind, without what no parser reads."""
    text = text.encode("utf-8", "replace").decode()
    if text.isprintable():
        return text
    return "".join(mark if mark >= " " or mark in "\t\n\r" else "?" for mark in text)
