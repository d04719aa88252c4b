"""What an upload's parts add up to."""

from mossbox.engine import uploads
from mossbox.engine.uploads import Part

GIVEN = [
    "251AD9D223371CF6380544DF72E106CB", "215A888785362D10E3F5204BFAB1EEDF",
    "547DF973F1622420B4D20B5E7C6D329C", "B820869246C889A0AD3C54043F2B7E05",
    "BCCAB4D694301EB00A03686D12F331A7",
]  # fmt: skip


def test_the_etag_is_the_one_that_oss_gives() -> None:
    """OSS gave it to a picture of five parts, as the tests of its Go client say."""
    parts = [Part(number, 1, 0, etag, None, None, 0, None) for number, etag in enumerate(GIVEN)]
    assert uploads.etag_of(parts) == "2351E662233817A7AE974D8C5B0876DD-5"
