"""Patterns with ``*`` (any characters) and ``?`` (one character), in time linear in the text.

There is no backtracking, so no pattern makes a request slow; every other character is itself.
"""

from collections.abc import Callable, Iterable

Match = Callable[[str], bool]


def compiled(pattern: str) -> Match:
    """Whether a whole text fits a pattern."""
    return any_of((pattern,))


def any_of(patterns: Iterable[str]) -> Match:
    """Whether a whole text fits one of the patterns."""
    exact: set[str] = set()
    prefixes: list[str] = []
    others: list[Match] = []
    for pattern in patterns:
        stem = pattern.rstrip("*")
        if "*" not in stem and "?" not in stem:
            if stem == pattern:
                exact.add(pattern)
            else:
                prefixes.append(stem)
        elif "?" in pattern:
            others.append(_automaton(pattern))
        else:
            others.append(_pieces(pattern))
    return _joined(frozenset(exact), tuple(prefixes), tuple(others))


def literal_head(pattern: str) -> str:
    """What every text that fits begins with."""
    ends = [at for at in (pattern.find("*"), pattern.find("?")) if at >= 0]
    return pattern[: min(ends)] if ends else pattern


def is_literal(pattern: str) -> bool:
    """Whether only one text fits."""
    return "*" not in pattern and "?" not in pattern


def _joined(exact: frozenset[str], prefixes: tuple[str, ...], others: tuple[Match, ...]) -> Match:
    """One function, the cheapest that will do: a verdict asks dozens of these."""
    if not others:
        if not prefixes:
            return exact.__contains__
        if not exact:
            return (
                (lambda _text: True) if "" in prefixes else lambda text: text.startswith(prefixes)
            )
    elif len(others) == 1 and not exact and not prefixes:
        return others[0]

    def match(text: str) -> bool:
        return text in exact or text.startswith(prefixes) or any(other(text) for other in others)

    return match


def _pieces(pattern: str) -> Match:
    """Of a pattern without ``?``: each piece is found after the one before, leftmost first."""
    first, *middle, last = pattern.split("*")
    middle = [piece for piece in middle if piece]
    least = len(first) + len(last)

    def match(text: str) -> bool:
        if len(text) < least or not text.startswith(first) or not text.endswith(last):
            return False
        at, stop = len(first), len(text) - len(last)
        for piece in middle:
            at = text.find(piece, at, stop)
            if at < 0:
                return False
            at += len(piece)
        return True

    return match


def _automaton(pattern: str) -> Match:
    """All positions in the pattern at once, as the bits of one number.

    Bit i is set while the first i characters of the pattern, stars not counted, may have been
    matched by what was read so far.
    """
    anything = loops = count = 0
    places: dict[str, int] = {}
    for character in pattern:
        if character == "*":
            loops |= 1 << count
            continue
        if character == "?":
            anything |= 1 << count
        else:
            places[character] = places.get(character, 0) | 1 << count
        count += 1
    steps = {character: bits | anything for character, bits in places.items()}
    accepted = 1 << count

    def match(text: str) -> bool:
        state = 1
        for character in text:
            state = (state & steps.get(character, anything)) << 1 | state & loops
            if not state:
                return False
        return state & accepted != 0

    return match
