"""Settings: where they come from, and which can't be used together."""

from dataclasses import fields
from typing import Any

import pytest

from mossbox.settings import (
    Settings,
    SettingsError,
    check,
    environment_name,
    flag_name,
    is_loopback,
    load,
    split_address,
)

FIELDS = {item.name: item for item in fields(Settings)}
KEY = {"access_key_id": "mine", "access_key_secret": "sixteen-letters!"}


def a_value_for(default: Any) -> tuple[str, Any]:
    """Text as somebody writes it, and what it means; never the default."""
    if isinstance(default, bool):
        return "yes", True
    if isinstance(default, int):
        return "17", 17
    if isinstance(default, float):
        return "1.5", 1.5
    return ("one", ("one",)) if isinstance(default, tuple) else ("text", "text")


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_has_a_flag_and_an_environment_twin(name: str) -> None:
    text, value = a_value_for(FIELDS[name].default)
    assert getattr(load({}, {}), name) == FIELDS[name].default != value
    assert getattr(load({}, {environment_name(name): text}), name) == value
    assert getattr(load({name: text}, {}), name) == value
    assert getattr(load({name: text}, {environment_name(name): "off"}), name) == value


def test_names() -> None:
    assert environment_name("tls_listen") == "MOSSBOX_TLS_LISTEN"
    assert flag_name("tls_listen") == "--tls-listen"
    assert FIELDS["region"].default == "cn-hangzhou"


def test_secrets_have_no_flag() -> None:
    hidden = {name for name, item in FIELDS.items() if not item.metadata["flag"]}
    assert hidden == {"access_key_secret", "accounts", "master_key", "metrics_token"}


def test_lists() -> None:
    assert load({"bucket": ["a", "b:private"]}, {}).bucket == ("a", "b:private")
    assert load({}, {"MOSSBOX_BUCKET": "a, b"}).bucket == ("a", "b")
    assert load({}, {"MOSSBOX_BUCKET": ""}).bucket == ()


def test_an_empty_variable_is_no_value() -> None:
    assert load({}, dict.fromkeys(map(environment_name, FIELDS), "")) == Settings()


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_yes(text: str) -> None:
    assert load({}, {"MOSSBOX_MEMORY": text}).memory


@pytest.mark.parametrize("text", ["0", "false", "No", "off"])
def test_no(text: str) -> None:
    assert not load({}, {"MOSSBOX_MEMORY": text}).memory


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("workers", "two", "--workers: 'two' is not a whole number"),
        ("workers", "1.5", "--workers: '1.5' is not a whole number"),
        ("memory", "maybe", "--memory: 'maybe' is not true or false"),
        ("idle_timeout_s", "5s", "--idle-timeout-s: '5s' is not a number of seconds"),
    ],
)
def test_values_that_do_not_parse(name: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({}, {environment_name(name): text})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9000", ("127.0.0.1", 9000)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert split_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "9000", ":9000", "host", "host:", "host:x", "host:65536", "host:-1", "[]:1", "h:²"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(SettingsError, match="write HOST:PORT"):
        split_address(text)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "127.0.0.1.evil.example", ""],
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


PUBLIC = {"listen": "0.0.0.0:9000"}
TLS = {"tls_listen": "127.0.0.1:9443"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"console": "off", "workers": 3},
        PUBLIC | KEY,
        TLS | {"tls_self_signed": True},
        TLS | {"tls_cert": "c", "tls_key": "k"},
        PUBLIC | KEY | {"accounts": "1:id:sixteen-letters!,2:id2:sixteen-letters?"},
        {"accounts": "1:id:short", "access_key_id": "a", "access_key_secret": "short"},
        {"account_id": "1234567890123456"},
        {"inline_limit_kib": 0, "drain_timeout_s": 0.0},
    ],
)
def test_what_can_be_used(given: dict[str, Any]) -> None:
    check(Settings(**given))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        # unsafe
        (PUBLIC, "development key pair is public"),
        ({"tls_listen": "[::]:9443", "tls_self_signed": True}, "development key pair is public"),
        ({"console": "0.0.0.0:9001"}, "development key pair is public"),
        ({"listen": "127.evil.example:1"}, "development key pair is public"),
        (PUBLIC | {"access_key_id": "mossbox", "access_key_secret": "mossbox-secret"}, "public"),
        (PUBLIC | KEY | {"access_key_secret": "fifteen-letters"}, "at least 16 characters"),
        (PUBLIC | KEY | {"accounts": "1:id:short"}, "at least 16 characters"),
        # half told
        ({"access_key_id": "a"}, "together"),
        ({"access_key_secret": "s"}, "together"),
        (TLS, "--tls-listen needs"),
        (TLS | {"tls_cert": "c"}, "--tls-listen needs"),
        (TLS | {"tls_key": "k"}, "--tls-listen needs"),
        (TLS | {"tls_cert": "c", "tls_key": "k", "tls_self_signed": True}, "--tls-listen needs"),
        ({"tls_self_signed": True}, "without --tls-listen"),
        ({"tls_cert": "c", "tls_key": "k"}, "without --tls-listen"),
        # nonsense
        ({"listen": "9000"}, "HOST:PORT"),
        ({"console": "yes"}, "HOST:PORT"),
        ({"account_id": "123"}, "--account-id is 16 digits"),
        ({"account_id": "123456789012345x"}, "--account-id is 16 digits"),
        ({"workers": -1}, "--workers is a number from 0 up"),
        ({"inline_limit_kib": -1}, "--inline-limit-kib is"),
        ({"memory_limit_mib": 0}, "--memory-limit-mib is a number above 0"),
        ({"callback_timeout_s": 0.0}, "--callback-timeout-s is"),
        ({"header_timeout_s": 0.0}, "--header-timeout-s is"),
        ({"body_timeout_s": float("nan")}, "--body-timeout-s is"),
        ({"idle_timeout_s": float("inf")}, "--idle-timeout-s is"),
    ],
)
def test_what_cannot(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        check(Settings(**given))


def test_the_development_pair_serves_when_no_key_is_given() -> None:
    assert Settings().development
    assert Settings().root_key == ("mossbox", "mossbox-secret")
    assert not Settings(**KEY).development
    assert Settings(**KEY).root_key == ("mine", "sixteen-letters!")


def test_workers() -> None:
    assert Settings(workers=3).worker_count() == 3
    assert Settings(workers=3, memory=True).worker_count() == 1
    assert 1 <= Settings().worker_count() <= 4
