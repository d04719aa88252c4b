"""XML documents: writers generated from models, and a reader over expat that refuses DTDs.

This is the only file that imports an XML parser.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar
from xml.parsers import expat

import msgspec

from mossbox import errors
from mossbox.wire.fields import Element, Field, Text, element_name, fields_of

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DEPTH_MAX = 32
_ELEMENTS_MAX = 100_000  # the longest document that OSS takes has a third of this
_DIGITS_MAX = 19

T = TypeVar("T", bound=msgspec.Struct)


def escape(text: str) -> str:
    """Text as XML character data; control characters become references."""
    if not text.isprintable():
        text = "".join(mark if mark >= " " else f"\0{ord(mark)};" for mark in text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\0", "&#")


def document(root: str, inner: str) -> bytes:
    """A whole document around the content of its root element."""
    text = f"{DECLARATION}<{root}>{inner}</{root}>\n"
    return text.encode("utf-8", "replace")


@cache
def writer(model: type[msgspec.Struct]) -> Callable[[Any], str]:
    """A function that writes the content of a model's element, generated once.

    None is left out, a list repeats its element, booleans are ``true`` and ``false``.
    """
    scope: dict[str, Any] = {"escape": escape}
    parts = [_write_field(field, scope) for field in fields_of(model) if _is_element(field)]
    source = "def write(m):\n    return (" + "\n        + ".join(parts or ["''"]) + ")\n"
    exec(source, scope)  # noqa: S102  (text made above from our own models)
    return scope["write"]  # type: ignore[no-any-return]


def _is_element(field: Field) -> bool:
    return field.mark is None or isinstance(field.mark, Element | Text)


def _path(field: Field) -> tuple[str, str]:
    """Wrapper (or empty) and element name of a field."""
    path = field.mark.path if isinstance(field.mark, Element) else ""
    wrapper, _, name = (path or element_name(field.name)).rpartition("/")
    return wrapper, name


def _write_field(field: Field, scope: dict[str, Any]) -> str:
    wrapper, name = _path(field)
    value = f"m.{field.name}"
    if isinstance(field.mark, Text):
        return f"escape({value})"
    if field.many:
        one = _expression(field, "i", scope)
        text = f"''.join([f'<{name}>{{{one}}}</{name}>' for i in {value}])"
        if wrapper:
            text = f"'<{wrapper}>' + {text} + '</{wrapper}>'"
    else:
        text = f"f'<{name}>{{{_expression(field, value, scope)}}}</{name}>'"
    return f"('' if {value} is None else {text})" if field.optional else text


def _expression(field: Field, value: str, scope: dict[str, Any]) -> str:
    if isinstance(field.kind, type) and issubclass(field.kind, msgspec.Struct):
        scope[f"write_{field.name}"] = writer(field.kind)
        return f"write_{field.name}({value})"
    if field.kind is bool:
        return f'"true" if {value} else "false"'
    if field.kind is int or (isinstance(field.mark, Element) and field.mark.plain):
        return value
    return f"escape({value})"


class Node:
    """An element of a parsed document: its name, pieces of text and children."""

    __slots__ = ("children", "name", "pieces")

    def __init__(self, name: str) -> None:
        self.name = name
        self.pieces: list[str] = []
        self.children: list[Node] = []

    @property
    def text(self) -> str:
        """The text directly inside the element."""
        text = "".join(self.pieces)
        return _TAMED.sub(_restore, text) if _STAND_IN in text else text


# Keys may hold control characters, clients send them as they are, and OSS takes them, though no
# XML parser does. So each travels through expat as a character that nobody uses and two digits.
_STAND_IN = "\U0010fffe"
_CONTROLS = bytes(mark for mark in range(32) if mark not in b"\t\n\r")
_STAND_IN_BYTES = _STAND_IN.encode()
_UNTAMED = re.compile(
    rb"[%s]|&#(?:x0*[0-9a-fA-F]{1,6}|0*[0-9]{1,7});|%s" % (_CONTROLS, _STAND_IN_BYTES)
)
_TAMED = re.compile(f"{_STAND_IN}(--|[0-9a-f]{{2}})")


def _tame(data: bytes) -> bytes:
    odd = len(data) - len(data.translate(None, _CONTROLS)) + data.count(b"&#")
    if odd > _ELEMENTS_MAX:  # each costs a call
        raise errors.MalformedXML(ErrorDetail="too many control characters")
    return _UNTAMED.sub(_stand_in, data) if odd or _STAND_IN_BYTES in data else data


def _stand_in(found: "re.Match[bytes]") -> bytes:
    text = found.group()
    number = text[0]
    if len(text) > 1:
        number = ord(_STAND_IN)
        if text[:1] == b"&":
            number = int(text[3:-1], 16) if text[2:3] == b"x" else int(text[2:-1])
    if number == ord(_STAND_IN):
        return _STAND_IN_BYTES + b"--"
    if number > 31 or number not in _CONTROLS:
        return text
    return _STAND_IN_BYTES + b"%02x" % number


def _restore(found: "re.Match[str]") -> str:
    return _STAND_IN if found[1] == "--" else chr(int(found[1], 16))


def parse(data: bytes) -> Node:
    """The root of a UTF-8 document.

    Raises MalformedXML, also for a DTD, an entity, deep nesting and very many elements.
    """
    parser = expat.ParserCreate("UTF-8")  # else the document could ask for any of Python's codecs
    parser.buffer_text = True
    top = Node("")
    stack = [top]
    count = 0

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        node = Node(name.rpartition(":")[2])
        stack[-1].children.append(node)
        stack.append(node)
        if len(stack) > _DEPTH_MAX or count > _ELEMENTS_MAX:
            raise errors.MalformedXML(ErrorDetail="nested too deeply, or too many elements")

    def end(_name: str) -> None:
        stack.pop()

    def characters(text: str) -> None:
        stack[-1].pieces.append(text)

    def refuse(*_args: Any) -> None:
        raise errors.MalformedXML(ErrorDetail="a document type is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(_tame(data.lstrip()), True)  # Go's client sends blanks before the XML line
    except (expat.ExpatError, ValueError) as error:
        raise errors.MalformedXML(ErrorDetail=str(error)) from None
    return top.children[0]


def read(model: type[T], root: str, data: bytes) -> T:
    """A model from a document whose root element has the given name; raises MalformedXML."""
    node = parse(data)
    if node.name != root:
        raise errors.MalformedXML(ErrorDetail=f"the root is {node.name}, not {root}")
    return _build(model, node)


def _build(model: type[T], node: Node) -> T:
    values: dict[str, Any] = {}
    for field in fields_of(model):
        wrapper, name = _path(field)
        parents = _named(node, wrapper) if wrapper else [node]
        found = [child for parent in parents for child in _named(parent, name)]
        if field.many:
            values[field.name] = [_value(field, child) for child in found]
        elif found:
            values[field.name] = _value(field, found[-1])
        elif field.optional:
            values[field.name] = None
        else:
            raise errors.MalformedXML(ErrorDetail=f"{node.name} lacks {name}")
    return model(**values)


def _named(node: Node, name: str) -> list[Node]:
    return [child for child in node.children if child.name == name]


def _value(field: Field, node: Node) -> Any:
    if isinstance(field.kind, type) and issubclass(field.kind, msgspec.Struct):
        return _build(field.kind, node)
    text = node.text
    if field.kind is str:
        return text
    text = text.strip()
    if field.kind is bool and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if field.kind is int and _is_integer(text):
        return int(text)
    raise errors.MalformedXML(ErrorDetail=f"{node.name} is {text[:64]!r}")


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX
