"""Tokens say whose they are, and nobody else can make or change one."""

import os

import msgspec
import pytest

from mossbox.auth.tokens import Session, Tokens, new_key_id

KEY = bytes(32)
SESSION = Session("STS.abc", 7, 1, "1000000000000001", "session", 2_000_000_000, '{"Version":"1"}')


def test_what_is_sealed_is_opened() -> None:
    assert Tokens(KEY).open(Tokens(KEY).seal(SESSION)) == SESSION


def test_only_its_own_key_opens_a_token() -> None:
    assert Tokens(os.urandom(32)).open(Tokens(KEY).seal(SESSION)) is None


def test_two_tokens_of_a_session_differ() -> None:
    assert Tokens(KEY).seal(SESSION) != Tokens(KEY).seal(SESSION)


def test_every_changed_character_is_noticed() -> None:
    token = Tokens(KEY).seal(SESSION)
    for at in range(len(token) - 1):  # of the last one not all bits are used
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert Tokens(KEY).open(changed) is None


@pytest.mark.parametrize(
    "junk", ["", "A", "AQ", "AQ==", "AQ" * 9, "é", "\udcff", "A" * 5000, "a b"]
)
def test_junk_is_no_token(junk: str) -> None:
    assert Tokens(KEY).open(junk) is None


def test_a_token_is_short_and_goes_into_a_url_as_it_is() -> None:
    policy = "".join(f"{number:08}" for number in range(256))
    token = Tokens(KEY).seal(msgspec.structs.replace(SESSION, policy=policy))
    assert len(token) < 2048
    random = os.urandom(1024).hex()  # as hard to pack as any policy of 2,048 letters
    token = Tokens(KEY).seal(msgspec.structs.replace(SESSION, policy=random))
    assert len(token) < 3000
    assert token.replace("-", "").replace("_", "").isalnum()


def test_a_secret_belongs_to_its_id() -> None:
    one, two = new_key_id(), new_key_id()
    assert Tokens(KEY).secret(one) == Tokens(KEY).secret(one)
    assert Tokens(KEY).secret(one) != Tokens(KEY).secret(two)
    assert Tokens(KEY).secret(one) != Tokens(os.urandom(32)).secret(one)
    assert len(Tokens(KEY).secret(one)) == 44
