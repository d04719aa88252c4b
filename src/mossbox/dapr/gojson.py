"""JSON as Dapr reads and writes it, down to the byte and to the words of its refusals.

Dapr decodes a request into plain values and encodes ``data`` anew before a binding sees it, so
what is stored is Go's spelling: names in order, numbers as doubles, the signs of HTML escaped. Read
off the answers of daprd 1.14.0; tests/integrations/dapr compares the two on the same bodies.
"""

import codecs
import json
import math
import re
from collections.abc import Mapping
from typing import Any

DEPTH_MAX = 200
"""How deep arrays and objects may nest: Python itself gives up at a few hundred."""

_SPACE = re.compile(rb"[ \t\r\n]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_HEX = b"0123456789abcdefABCDEF"
_DIGITS = re.compile(rb"[0-9]*")
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_DEEP = "exceeded max depth"
_END = "unexpected end of JSON input"
_VALUE = "looking for beginning of value"
_KEY = "looking for beginning of object key string"
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r'["\\<>&\x00-\x1f\u2028\u2029]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _a_sign_a_byte(error: UnicodeError) -> tuple[str, int]:
    """Go puts a replacement for every byte that is no UTF-8, Python one for several."""
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error("a-sign-a-byte", _a_sign_a_byte)


class Malformed(ValueError):
    """A text that is no JSON, in Go's words."""


def decode(body: bytes) -> Any:
    """The value that a text holds; objects come as lists of pairs, whose order and doubles count.

    Raises `Malformed`.
    """
    text = body.decode("utf-8", "a-sign-a-byte")
    try:
        return json.loads(
            text, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number,
            parse_constant=_no_constant,
        )  # fmt: skip
    except (ValueError, RecursionError):
        _Scanner(body).check()  # slower, and knows Go's words
        raise Malformed(_DEEP) from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


class Pairs(list[tuple[str, Any]]):
    """The members of an object as they were written."""


class Number(str):
    """A number as it was written."""

    __slots__ = ()


def plain(value: Any, depth: int = 0) -> Any:
    """The value with objects as dictionaries (a later member wins) and numbers as doubles.

    Raises `OverflowError` with the number's text when it is too large for a double, and
    `Malformed` when arrays and objects nest deeper than `DEPTH_MAX`.
    """
    if depth > DEPTH_MAX:
        raise Malformed(_DEEP)
    if isinstance(value, Pairs):
        return {_text(name): plain(item, depth + 1) for name, item in value}
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, Number):
        number = float(value)
        if math.isinf(number):
            raise OverflowError(str(value))
        return number
    return _text(value) if isinstance(value, str) else value


def kind(value: Any) -> str:
    """What Go's messages call a value."""
    if isinstance(value, Number):
        return "number"
    if isinstance(value, Pairs):
        return "object"
    if isinstance(value, str):
        return "string"
    return "bool" if isinstance(value, bool) else "array"


def encode(value: Any) -> bytes:
    """A plain value in Go's spelling."""
    return _encode(value).encode()


def encode_members(members: Mapping[str, str]) -> bytes:
    """An object whose members keep their order, as those of a Go struct do."""
    return ("{" + ",".join(f"{_encode(n)}:{_encode(v)}" for n, v in members.items()) + "}").encode()


def _encode(value: Any) -> str:
    if isinstance(value, str):
        return '"' + _ESCAPED.sub(_escape, value) + '"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        members = (f"{_encode(name)}:{_encode(value[name])}" for name in sorted(value))
        return "{" + ",".join(members) + "}"
    return "[" + ",".join(map(_encode, value)) + "]"


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    return _SHORT.get(sign) or f"\\u{ord(sign):04x}"


def _number(value: float) -> str:
    """The shortest digits; an exponent from 1e21 up and below 1e-6."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    sign, digits, exponent = _digits(value)
    if not 1e-6 <= abs(value) < 1e21:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        power = f"+{exponent:02d}" if exponent >= 0 else str(exponent)
        return f"{sign}{digits[0]}{rest}e{power}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    rest = digits[exponent + 1 :]
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def _digits(value: float) -> tuple[str, str, int]:
    """Sign, significant digits, and the power of ten of the first of them."""
    sign = "-" if value < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, rest = mantissa.partition(".")
    digits = (whole + rest).lstrip("0")
    leading = len(whole) if whole != "0" else len(digits) - len(rest)
    return sign, digits.rstrip("0"), leading - 1 + int(power or 0)


def _text(value: str) -> str:
    return _SURROGATE.sub("\ufffd", value)


class _Scanner:
    """Goes over a text as Go's own scanner does, to refuse what it refuses in the same words."""

    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def check(self) -> None:
        """The whole text, with a stack of what is open instead of recursion."""
        opened: list[int] = []
        self._open(opened)
        while opened:
            self._next(opened)
        sign = self._sign()
        if sign >= 0:
            raise self._unexpected("after top-level value")

    def _open(self, opened: list[int]) -> None:
        """A value; of an array or object only its beginning, unless it is empty."""
        sign = self._needed()
        if sign not in b"{[":
            self._scalar(sign)
            return
        self.at += 1
        if self._needed() == sign + 2:  # ] and } stand two behind [ and {
            self.at += 1
            return
        if len(opened) == DEPTH_MAX:
            raise Malformed(_DEEP)
        opened.append(sign)
        if sign == ord("{"):
            self._name()
        self._open_inner(opened)

    def _open_inner(self, opened: list[int]) -> None:
        """The first value inside what was just opened: left to the loop when it opens too."""
        if self._needed() in b"{[":
            opened.append(0)  # a value is due
        else:
            self._scalar(self.body[self.at])

    def _next(self, opened: list[int]) -> None:
        """What follows a value inside the innermost array or object."""
        if opened[-1] == 0:
            opened.pop()
            self._open(opened)
            return
        sign, inside = self._needed(), opened[-1]
        if sign == inside + 2:
            self.at += 1
            opened.pop()
        elif sign == ord(","):
            self.at += 1
            if inside == ord("{"):
                self._name()
            self._open_inner(opened)
        else:
            array = inside == ord("[")
            raise self._unexpected(f"after {'array element' if array else 'object key:value pair'}")

    def _name(self) -> None:
        if self._needed() != ord('"'):
            raise self._unexpected(_KEY)
        self._string()
        if self._needed() != ord(":"):
            raise self._unexpected("after object key")
        self.at += 1

    def _scalar(self, sign: int) -> None:
        if sign == ord('"'):
            self._string()
        elif sign in _LITERALS:
            self._literal(_LITERALS[sign])
        elif sign in b"-0123456789":
            self._numeral()
        else:
            raise self._unexpected(_VALUE)

    def _literal(self, word: bytes) -> None:
        for expected in word[1:]:
            self.at += 1
            if self._here() != expected:
                raise self._unexpected(f"in literal {word.decode()} (expecting '{chr(expected)}')")
        self.at += 1

    def _string(self) -> None:
        self.at += 1
        while True:
            self.at = self._skip(_PLAIN)
            if self.at >= len(self.body):
                raise Malformed(_END)
            sign = self._here()
            if sign not in b'"\\':
                raise self._unexpected("in string literal")
            self.at += 1
            if sign == ord('"'):
                return
            self._escaped()

    def _escaped(self) -> None:
        if self._here() == ord("u"):
            for _ in range(4):
                self.at += 1
                if self._here() not in _HEX:
                    raise self._unexpected("in \\u hexadecimal character escape")
        elif self._here() not in b'"\\/bfnrt':
            raise self._unexpected("in string escape code")
        self.at += 1

    def _numeral(self) -> None:
        if self.body[self.at] == ord("-"):
            self.at += 1
            if self._here() not in b"0123456789":
                raise self._unexpected("in numeric literal")
        self.at = self.at + 1 if self._here() == ord("0") else self._skip(_DIGITS)
        if self.body[self.at : self.at + 1] == b".":
            self._more_digits("after decimal point in numeric literal")
        if self.body[self.at : self.at + 1] in (b"e", b"E"):
            if self.body[self.at + 1 : self.at + 2] in (b"+", b"-"):
                self.at += 1
            self._more_digits("in exponent of numeric literal")

    def _more_digits(self, where: str) -> None:
        self.at += 1
        if self._here() not in b"0123456789":
            raise self._unexpected(where)
        self.at = self._skip(_DIGITS)

    def _skip(self, pattern: re.Pattern[bytes]) -> int:
        found = pattern.match(self.body, self.at)
        return found.end() if found else self.at

    def _sign(self) -> int:
        """The next byte that is no space, or -1 at the end."""
        self.at = self._skip(_SPACE)
        return self.body[self.at] if self.at < len(self.body) else -1

    def _needed(self) -> int:
        """The next byte that is no space; raises at the end of the text."""
        sign = self._sign()
        if sign < 0:
            raise Malformed(_END)
        return sign

    def _here(self) -> int:
        """The byte at hand; at the end of the text Go tries whether a space could follow."""
        return self.body[self.at] if self.at < len(self.body) else 0x20

    def _unexpected(self, where: str) -> Malformed:
        return Malformed(f"invalid character {_quoted(self._here())} {where}")


def _quoted(byte: int) -> str:
    """A byte as Go prints it between single quotes."""
    special = {0x27: "\\'", 0x22: '"', 0x5C: "\\\\", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n"}
    special |= {11: "\\v", 12: "\\f", 13: "\\r"}
    if byte in special:
        return f"'{special[byte]}'"
    if byte < 0x20 or byte == 0x7F:
        return f"'\\x{byte:02x}'"
    if 0x80 <= byte < 0xA1 or byte == 0xAD:
        return f"'\\u{byte:04x}'"
    return f"'{chr(byte)}'"
