"""Where the access key is looked up, in which order."""

import pytest

from mossbox.settings import SettingsError
from mossbox.upload.keys import PAIRS, find


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_the_first_whole_pair_counts(number: int) -> None:
    given = {name: f"{name} {row}" for row, pair in enumerate(PAIRS[number:]) for name in pair}
    given.update(zip(PAIRS[number], ("the-id", "the-secret"), strict=True))
    found = find(given)
    assert (found.key_id, found.secret) == ("the-id", "the-secret")


def test_the_order_is_the_documents() -> None:
    assert PAIRS[0] == ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET")
    assert PAIRS[1] == ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    assert PAIRS[2] == ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_SECRET")
    assert PAIRS[3] == ("ALIBABA_CLOUD_ACCESS_ID", "ALIBABA_CLOUD_ACCESS_SECRET")


def test_a_half_pair_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^OSS_ACCESS_KEY_ID is set and OSS_ACCESS_KEY_SECRET"):
        find({"OSS_ACCESS_KEY_ID": "a"})
    with pytest.raises(SettingsError, match=r"^ALIBABA_CLOUD_ACCESS_SECRET is set and"):
        find({"ALIBABA_CLOUD_ACCESS_SECRET": "a"})
    with pytest.raises(SettingsError, match=r"^set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET"):
        find({})


def test_a_half_pair_gives_way_to_a_whole_one() -> None:
    found = find({"OSS_ACCESS_KEY_ID": "a", **dict(zip(PAIRS[1], "bc", strict=True))})
    assert (found.key_id, found.secret) == ("b", "c")


def test_temporary_keys_bring_their_token() -> None:
    given = dict(zip(PAIRS[0], "ab", strict=True))
    assert (
        find({**given, "OSS_SESSION_TOKEN": "t", "ALIBABA_CLOUD_SECURITY_TOKEN": "u"}).token == "t"
    )
    assert find({**given, "ALIBABA_CLOUD_SECURITY_TOKEN": "u"}).token == ""


def test_a_key_is_not_shown() -> None:
    shown = repr(
        find({**dict(zip(PAIRS[0], ("id", "SECRET"), strict=True)), "OSS_SESSION_TOKEN": "TOKEN"})
    )
    assert "id" in shown
    assert "SECRET" not in shown
    assert "TOKEN" not in shown
