"""``x-oss-traffic-limit``: how fast one transfer may be (OSS documentation, "Traffic limit")."""

from mossbox import errors
from mossbox.http.pacing import Pacer

TRAFFIC_LIMIT = "x-oss-traffic-limit"
_MIN, _MAX = 819_200, 838_860_800  # bits a second


def pace(query: str | None, header: str | None) -> Pacer | None:
    """The pace that a request asks for; raises InvalidArgument."""
    if query is not None and header is not None:
        raise errors.invalid_argument(
            f"{TRAFFIC_LIMIT} should be specified either in query string or header, not both.",
            TRAFFIC_LIMIT, header,
        )  # fmt: skip
    text = query if header is None else header
    if text is None:
        return None
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not _MIN <= limit <= _MAX:
        raise errors.invalid_argument(
            f"{TRAFFIC_LIMIT} is invalid, should be specified between 819200(100KB/s) and"
            " 838860800(100MB/s).",
            TRAFFIC_LIMIT, text,
        )  # fmt: skip
    return Pacer(limit // 8)
