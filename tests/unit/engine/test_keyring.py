"""The key ring: keys that are made, rotated and disabled, and what each opens."""

from collections.abc import Iterator
from typing import Any

import pytest

from mossbox import clock, errors
from mossbox.engine.blobfile import BlobDamaged
from mossbox.engine.cipher import AES256, PLAIN, SM4
from mossbox.engine.keyring import Keyring
from mossbox.engine.sqlite import SqliteDatabase
from mossbox.errors import ServiceError
from mossbox.shared import Shared
from tests.conftest import Run

MASTER = bytes(range(32))
NOW = 1_795_000_000_000
MINE, OTHER = 1, 2


@pytest.fixture
def shared() -> Shared:
    return Shared(1)


@pytest.fixture
def db(shared: Shared) -> Iterator[SqliteDatabase]:
    made = SqliteDatabase(":memory:", shared=shared, now_ms=clock.now_ms)
    yield made
    made.close()


@pytest.fixture
def ring(db: SqliteDatabase, shared: Shared) -> Keyring:
    return Keyring(db, MASTER, shared)


def code_of(failed: Any) -> str:
    return failed.value.code.name


@pytest.mark.parametrize("cipher", [AES256, SM4])
def test_a_data_key_comes_back(ring: Keyring, run: Run, cipher: int) -> None:
    key, wrapped = ring.make(run(ring.oss_managed(NOW)), cipher)
    assert ring.open(cipher, wrapped) == key
    assert key.key not in wrapped


def test_another_process_opens_it_too(
    ring: Keyring, run: Run, db: SqliteDatabase, shared: Shared
) -> None:
    key, wrapped = ring.make(run(ring.default(MINE, NOW)), AES256)
    assert Keyring(db, MASTER, shared).open(AES256, wrapped) == key


def test_every_data_key_is_another(ring: Keyring, run: Run) -> None:
    managed = run(ring.oss_managed(NOW))
    made = [ring.make(managed, AES256) for _ in range(20)]
    assert len({key for key, _ in made}) == len({wrapped for _, wrapped in made}) == 20


def test_what_is_not_encrypted_has_no_key(ring: Keyring) -> None:
    assert ring.open(PLAIN, None) is None


def test_a_changed_wrapping_does_not_open(ring: Keyring, run: Run) -> None:
    _, wrapped = ring.make(run(ring.oss_managed(NOW)), AES256)
    for position in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[position] ^= 1
        with pytest.raises(BlobDamaged):
            ring.open(AES256, bytes(changed))
    for cipher, kept in ((SM4, wrapped), (PLAIN, wrapped), (AES256, None), (AES256, b"")):
        with pytest.raises(BlobDamaged):
            ring.open(cipher, kept)


def test_another_master_key_opens_nothing(
    ring: Keyring, run: Run, db: SqliteDatabase, shared: Shared
) -> None:
    _, wrapped = ring.make(run(ring.oss_managed(NOW)), AES256)
    with pytest.raises(BlobDamaged):
        Keyring(db, MASTER[::-1], shared).open(AES256, wrapped)


def test_ring_keys_can_not_take_each_others_place(
    ring: Keyring, run: Run, db: SqliteDatabase
) -> None:
    """Who can write to the database can't make one key serve where another was meant."""
    one, other = run(ring.create(MINE, NOW, "")), run(ring.create(MINE, NOW, ""))
    _, wrapped = ring.make(one, AES256)

    def swap(tx: Any) -> None:
        tx.rows(
            "update ring_versions set wrapped = (select wrapped from ring_versions"
            " where ring_key = $2) where ring_key = $1",
            one.id, other.id,
        )  # fmt: skip

    run(db.write(swap, catalog=True))
    with pytest.raises(BlobDamaged):
        ring.open(AES256, wrapped)


# -- names --------------------------------------------------------------------------------------


def test_the_default_is_made_once(ring: Keyring, run: Run) -> None:
    first = run(ring.default(MINE, NOW))
    assert run(ring.default(MINE, NOW + 5)) == first
    assert first.preferred
    assert [key.name for key in ring.keys(MINE)] == [first.name]
    assert run(ring.default(OTHER, NOW)).name != first.name


def test_an_account_finds_its_own_keys_alone(ring: Keyring, run: Run) -> None:
    made = run(ring.create(MINE, NOW, "for tests"))
    run(ring.oss_managed(NOW))
    assert ring.named(MINE, made.name) == made
    assert made.description == "for tests"
    for account, name in ((OTHER, made.name), (MINE, "oss"), (MINE, ""), (MINE, "no-such-key")):
        with pytest.raises(ServiceError) as failed:
            ring.named(account, name)
        assert code_of(failed) == "KeyNotFound"


def test_another_key_can_be_the_default(ring: Keyring, run: Run) -> None:
    first = run(ring.default(MINE, NOW))
    second = run(ring.create(MINE, NOW, ""))
    run(ring.prefer(MINE, second.name))
    assert run(ring.default(MINE, NOW)).name == second.name
    assert [key.preferred for key in ring.keys(MINE)] == [False, True]
    assert not ring.named(MINE, first.name).preferred


# -- rotation and disabling ---------------------------------------------------------------------


def test_after_a_rotation_old_and_new_open(ring: Keyring, run: Run) -> None:
    before = run(ring.create(MINE, NOW, ""))
    old_key, old = ring.make(before, AES256)
    after = run(ring.rotate(MINE, before.name, NOW + 9))
    assert (after.version, before.version) == (2, 1)
    new_key, new = ring.make(ring.named(MINE, before.name), AES256)
    assert old[:13] != new[:13]  # the head names the version
    assert ring.open(AES256, old) == old_key
    assert ring.open(AES256, new) == new_key
    assert [version.version for version in ring.versions(after)] == [1, 2]


def test_a_disabled_key_neither_opens_nor_makes(ring: Keyring, run: Run) -> None:
    ring_key = run(ring.create(MINE, NOW, ""))
    key, wrapped = ring.make(ring_key, AES256)
    assert ring.open(AES256, wrapped) == key  # and now it is cached
    run(ring.enable(MINE, ring_key.name, enabled=False))
    disabled = ring.named(MINE, ring_key.name)
    for refused in (
        lambda: ring.open(AES256, wrapped),
        lambda: ring.make(disabled, AES256),
        lambda: run(ring.rotate(MINE, ring_key.name, NOW)),
        lambda: run(ring.prefer(MINE, ring_key.name)),
    ):
        with pytest.raises(ServiceError, match="forbidden by kms") as failed:
            refused()
        assert failed.value.code is errors.AccessDenied
    run(ring.enable(MINE, ring_key.name, enabled=True))
    assert ring.open(AES256, wrapped) == key


def test_a_default_that_is_disabled_is_not_replaced(ring: Keyring, run: Run) -> None:
    ring_key = run(ring.default(MINE, NOW))
    run(ring.enable(MINE, ring_key.name, enabled=False))
    assert not run(ring.default(MINE, NOW)).enabled
    assert len(ring.keys(MINE)) == 1


def test_nothing_is_cached_while_a_change_is_committed(
    ring: Keyring, run: Run, shared: Shared
) -> None:
    """What is read then may be the old row."""
    made = run(ring.create(MINE, NOW, ""))
    shared.catalog_changes()
    ring.named(MINE, made.name)
    assert ring._named == {}
    shared.catalog_changed()
    ring.named(MINE, made.name)
    assert ring._named == {(MINE, made.name): made}
