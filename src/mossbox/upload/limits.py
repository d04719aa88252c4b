"""What uploads are held to: the beginning of the object's name, its size, its Content-Type.

Limits can be narrowed for a request, by its query and by the `authorize` hook, and never widened.
"""

from collections.abc import Iterable
from dataclasses import dataclass

FORM_SIZE_MAX = 5 * 1024**3  # of one request: a form or a put
OBJECT_SIZE_MAX = 10_000 * 5 * 1024**3  # of an upload in parts
PARTS_MAX = 10_000
PART_SIZE_MIN = 8 * 1024**2
_KEY_SIZE_MAX = 1023
_WILD = frozenset("*?$")  # in the resource of a policy these would stand for other names too


class LimitsError(ValueError):
    """What can't be a limit, or lies beyond one, in words; `field` is dir, name, size or type."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field

    @property
    def sentence(self) -> str:
        """The message with its subject."""
        return str(self) if str(self).endswith(".") else f"The {self.field} {self}."


@dataclass(frozen=True)
class Limits:
    """Limits of an upload; 0 and an empty tuple limit nothing."""

    dir: str = ""
    min_size_bytes: int = 0
    max_size_bytes: int = 0
    types: tuple[str, ...] = ()

    @property
    def of_content(self) -> bool:
        """Whether more is limited than the object's name."""
        return bool(self.min_size_bytes or self.max_size_bytes or self.types)

    def check(self) -> None:
        """Raise LimitsError unless these limits make sense."""
        if self.dir:
            _check_name("dir", self.dir)
            if not _WILD.isdisjoint(self.dir):
                raise LimitsError("dir", f"{self.dir!r} may hold none of * ? $")
        if min(self.min_size_bytes, self.max_size_bytes) < 0:
            raise LimitsError("size", "is a number of bytes from 0 up")
        if self.max_size_bytes and self.max_size_bytes < self.min_size_bytes:
            raise LimitsError("size", "is less than the smallest size that is allowed")

    def narrowed(self, by: "Limits") -> "Limits":
        """Both limits together, `by.dir` taken as a directory inside; raises LimitsError."""
        by.check()
        types = self.types
        if by.types:
            allowed = set(self.types)
            types = tuple(kind for kind in by.types if not allowed or kind in allowed)
            if not types:
                raise _not_allowed(by.types[0], self.types)
        sizes = [size for size in (self.max_size_bytes, by.max_size_bytes) if size]
        both = Limits(
            self.dir + by.dir,
            max(self.min_size_bytes, by.min_size_bytes),
            min(sizes, default=0),
            types,
        )
        both.check()
        return both

    def key(self, name: str) -> str:
        """The key of an object called `name`; raises LimitsError where there can't be one."""
        if not name:
            raise LimitsError("name", "is empty")
        key = self.dir + name
        _check_name("name", key)
        return key

    def check_size(self, size_bytes: int, most: int) -> None:
        """Raise LimitsError unless a file may have this size; `most` is what the way can do."""
        longest = min(self.max_size_bytes or most, most)
        if size_bytes > longest:
            raise LimitsError("size", f"The file is too large: {longest:,} bytes are allowed.")
        if size_bytes < self.min_size_bytes:
            raise LimitsError(
                "size", f"The file is too small: it needs {self.min_size_bytes:,} bytes."
            )

    def check_type(self, kind: str) -> None:
        """Raise LimitsError unless a file may have this Content-Type.

        It is signed as a line of its own, so whoever could put a line break into it could have
        other headers signed.
        """
        if not (kind.isascii() and kind.isprintable()):
            raise LimitsError("type", "The file's type is no Content-Type.")
        if self.types and kind not in self.types:
            raise _not_allowed(kind, self.types)

    def part_size(self, size_bytes: int) -> int:
        """How long parts are.

        Under a limit it does not depend on the file: else parts of differently long files could be
        asked for, and put together to more than the limit. So whoever asks has no say in the limit.
        """
        size = self.max_size_bytes or size_bytes
        needed = -(-size // PARTS_MAX)
        mib = 1024**2
        return max(PART_SIZE_MIN, -(-needed // mib) * mib)


def _not_allowed(kind: str, types: Iterable[str]) -> LimitsError:
    allowed = ", ".join(types)
    return LimitsError("type", f"Files of the type {kind or 'unknown'} are not taken: {allowed}.")


def _check_name(field: str, name: str) -> None:
    """A name that every store keeps and every browser sends as it is."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise LimitsError(field, "is not valid text") from None
    if size > _KEY_SIZE_MAX:
        raise LimitsError(field, f"is longer than {_KEY_SIZE_MAX} bytes")
    if name[0] in "/\\" or any(ord(mark) < 32 or ord(mark) == 127 for mark in name):
        raise LimitsError(field, f"{name!r} begins with a slash or holds control characters")
    if not {".", ".."}.isdisjoint(name.split("/")):
        raise LimitsError(field, f"{name!r} has a part that is . or .., which browsers take out")
