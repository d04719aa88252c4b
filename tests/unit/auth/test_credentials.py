"""From a key id to its secret and to whom it stands for."""

import pytest

from mossbox.auth import Caller, Claim
from mossbox.auth.credentials import AccessKey, Keys, root_key
from mossbox.errors import ServiceError

KEY = root_key("id", "the secret", 7, "1000000000000001")
KEYS = Keys({"id": KEY})


def claim(key_id: str, token: str | None = None) -> Claim:
    return Claim(key_id, token, "signature", "header", "", 0, None)


def test_a_known_key_is_found() -> None:
    assert KEYS.find(claim("id")) is KEY
    assert KEYS.find(claim("id", "")) is KEY


@pytest.mark.parametrize("key_id", ["", "ID", "id ", "other", "\udcff"])
def test_an_unknown_one_is_named(key_id: str) -> None:
    with pytest.raises(ServiceError) as caught:
        KEYS.find(claim(key_id))
    assert caught.value.code.name == "InvalidAccessKeyId"
    assert caught.value.ec == "0002-00000902"
    assert caught.value.details == {"OSSAccessKeyId": key_id}


def test_a_token_beside_a_lasting_key_is_refused() -> None:
    with pytest.raises(ServiceError, match="InvalidSecurityToken"):
        KEYS.find(claim("id", "token"))


def test_a_root_key_stands_for_its_account() -> None:
    assert KEY.by_header == Caller("root", 7, "1000000000000001", "id", "header")
    assert KEY.by_query == Caller("root", 7, "1000000000000001", "id", "query")


def test_later_changes_of_the_given_table_are_not_seen() -> None:
    table: dict[str, AccessKey] = {}
    keys = Keys(table)
    table["id"] = KEY
    with pytest.raises(ServiceError):
        keys.find(claim("id"))
