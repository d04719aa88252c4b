"""What listings share: counts, and url-encoded answers (OSS documentation, "ListObjects")."""

from mossbox import errors
from mossbox.wire.text import encode_path

COUNT_MAX = 1000
MARK_SIZE_MAX = 1024


def check_count(name: str, count: int) -> int:
    """A page size between 0 and 1000; raises InvalidArgument."""
    if not 0 <= count <= COUNT_MAX:
        raise errors.invalid_argument(f"{name} must lie between 0 and {COUNT_MAX}.", name, count)
    return count


def mark(name: str, text: str) -> bytes:
    """A prefix, marker or delimiter as bytes; raises InvalidArgument when it is too long."""
    raw = text.encode("utf-8", "surrogateescape")
    if len(raw) > MARK_SIZE_MAX:
        raise errors.invalid_argument(f"{name} has more than {MARK_SIZE_MAX} bytes.", name, text)
    return raw


def encoding(text: str | None) -> bool:
    """Whether names in the answer are url-encoded; raises InvalidArgument."""
    if text is None or text == "":
        return False
    if text != "url":
        raise errors.invalid_argument("Invalid Encoding Method specified.", "encoding-type", text)
    return True


def shown(raw: bytes, url: bool) -> str:
    """A key or prefix as an answer shows it."""
    if url:  # slashes last: most keys have no other character to encode
        return encode_path(raw).replace("/", "%2F")
    return raw.decode("utf-8", "replace")
