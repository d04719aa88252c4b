"""The Range header, in OSS's way and in the standard one (OSS documentation, "GetObject")."""

import re

_ONE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})\Z")


def parse(text: str, size: int, *, standard: bool) -> tuple[int, int] | None:
    """The bytes [start, stop) that a Range header asks of `size` bytes; None means all of them.

    By default OSS answers with the whole object whenever the range does not lie fully inside.
    With ``x-oss-range-behavior: standard`` the end is clipped and a start past the end raises
    ValueError (416 InvalidRange).
    """
    found = _ONE.match(text.strip())
    if found is None:
        return None
    first, last = found.groups()
    if first:
        return _between(int(first), int(last) + 1 if last else None, size, standard)
    return _suffix(int(last), size, standard) if last else None


def _between(start: int, stop: int | None, size: int, standard: bool) -> tuple[int, int] | None:
    if stop is None:
        stop = max(size, start + 1)
    if stop <= start:
        return None  # last before first: not a range at all
    if stop <= size:
        return start, stop
    if not standard:
        return None
    if start >= size:
        raise ValueError("the range begins past the end")
    return start, size


def _suffix(length: int, size: int, standard: bool) -> tuple[int, int] | None:
    if length == 0 or size == 0:
        if standard:
            raise ValueError("an empty suffix")
        return None
    if length > size:
        return (0, size) if standard else None
    return size - length, size
