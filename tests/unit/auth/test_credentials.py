"""From a key id to its secret and to whom it stands for."""

from typing import NamedTuple

import pytest
from msgspec.structs import replace

from mossbox.auth import Caller, Claim
from mossbox.auth.credentials import AccessKey, Keys, root_key
from mossbox.auth.tokens import Session, Tokens
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


class Kept(NamedTuple):
    """A user or role, and a key of it, as a directory keeps them."""

    kind: str = "user"
    account: int = 7
    name: str = "ann"
    public_id: str = "2"
    active: bool = True
    secret: bytes = b"sealed"
    identity: int = 3
    uid: str = "1000000000000001"


class Rows:
    """A directory of two rows."""

    def __init__(self) -> None:
        self.generation = 0
        self.keys = {"LTAI": Kept()}
        self.identities = {3: Kept(), 4: Kept("role", name="worker", public_id="3")}
        self.reads = 0

    def owner(self, key_id: str) -> Kept | None:
        self.reads += 1
        return self.keys.get(key_id)

    def secret(self, _key_id: str, sealed: bytes) -> str:
        return sealed.decode()

    def identity(self, row: int) -> Kept | None:
        return self.identities.get(row)


TOKENS = Tokens(bytes(32))
SESSION = Session("STS.a", 4, 7, "1000000000000001", "s", 1000, '{"Version":"1"}')


def test_a_users_key_is_read_once_a_change() -> None:
    rows = Rows()
    keys = Keys({}, rows, TOKENS)
    found = [keys.find(claim("LTAI")) for _ in range(3)]
    assert rows.reads == 1
    assert (found[0].secret, found[0].by_query.via) == ("sealed", "query")
    assert (found[0].by_header.kind, found[0].by_header.arn) == (
        "user", "acs:ram::1000000000000001:user/ann",
    )  # fmt: skip
    rows.keys["LTAI"] = Kept(active=False)
    rows.generation += 2
    with pytest.raises(ServiceError, match="is disabled"):
        keys.find(claim("LTAI"))


def test_nothing_is_remembered_while_a_change_is_on_its_way() -> None:
    rows = Rows()
    rows.generation = 1
    keys = Keys({}, rows, TOKENS)
    keys.find(claim("LTAI"))
    keys.find(claim("LTAI"))
    assert rows.reads == 2


def test_a_temporary_key_is_what_its_token_says() -> None:
    key = Keys({}, Rows(), TOKENS).find(claim("STS.a", TOKENS.seal(SESSION)))
    caller = key.by_header
    assert key.secret == TOKENS.secret("STS.a")
    assert (caller.kind, caller.name, caller.session) == ("role", "worker", "s")
    assert (caller.policy, caller.identity, caller.expires_s) == ('{"Version":"1"}', 4, 1000)
    key.check_life(999.9)
    with pytest.raises(ServiceError, match="SecurityTokenExpired"):
        key.check_life(1000)


@pytest.mark.parametrize(
    ("key_id", "session", "code"),
    [
        ("STS.b", SESSION, "AccessKeyIdAndSecurityTokenNotMatch"),
        ("STS.a", replace(SESSION, role=5), "InvalidSecurityToken"),  # the role is gone
        ("STS.a", replace(SESSION, role=3), "InvalidSecurityToken"),  # and that one is a user
        ("STS.a", replace(SESSION, account=8), "InvalidSecurityToken"),
        ("LTAI", SESSION, "InvalidSecurityToken"),
    ],
)
def test_a_token_that_does_not_fit(key_id: str, session: Session, code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Keys({}, Rows(), TOKENS).find(claim(key_id, TOKENS.seal(session)))
    assert caught.value.code.name == code


def test_a_temporary_key_without_its_token_is_unknown() -> None:
    with pytest.raises(ServiceError, match="InvalidAccessKeyId"):
        Keys({}, Rows(), TOKENS).find(claim("STS.a"))
