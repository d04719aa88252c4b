"""Keys, policies and nonces as the engine keeps them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mossbox import clock
from mossbox.engine import Tx, access_keys, grants, identities, masterkey
from mossbox.engine.blobfile import BlobDamaged
from mossbox.engine.directory import Directory
from mossbox.engine.identities import GroupDetails, Identity, PolicyDetails, UserDetails
from mossbox.engine.sqlite import SqliteDatabase, connect, prepare
from mossbox.shared import Shared
from tests.conftest import Run

MASTER = bytes(range(32))


class Store:
    """A database in memory with an account and a user."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.shared = Shared(1)
        self.db = SqliteDatabase(":memory:", shared=self.shared, now_ms=clock.now_ms)
        self.directory = Directory(self.db, MASTER, self.shared)
        self.account = self.write(lambda tx: identities.create(tx, "1" * 16, "a", 1)).id
        self.user = self.make("user", "ann", UserDetails())

    def write(self, work):
        return self.run(self.db.write(work, catalog=True))

    def make(self, kind: str, name: str, kept) -> Identity:
        return self.write(lambda tx: identities.insert(tx, self.account, kind, name, 1, kept))

    def policy(self, name: str, document: str) -> Identity:
        made = self.make("policy", name, PolicyDetails())
        self.write(lambda tx: grants.add_version(tx, made.id, 1, document, 1, default=True))
        return made

    def key(self):
        return self.run(self.directory.create_key(self.account, self.user.id, 5))


@pytest.fixture
def store(run: Run) -> Iterator[Store]:
    made = Store(run)
    yield made
    made.db.close()


def test_a_secret_is_kept_sealed_and_bound_to_its_key(store: Store) -> None:
    row, secret = store.key()
    owner = store.directory.owner(row.id)
    assert owner is not None
    assert secret.encode() not in owner.secret
    assert store.directory.secret(row.id, owner.secret) == secret
    with pytest.raises(BlobDamaged):
        store.directory.secret("another id", owner.secret)
    with pytest.raises(BlobDamaged):
        Directory(store.db, bytes(32), store.shared).secret(row.id, owner.secret)


def test_the_third_key_is_one_too_many(store: Store) -> None:
    assert store.key() is not None
    assert store.key() is not None
    assert store.key() is None


def test_a_change_is_seen_at_once(store: Store) -> None:
    row, _ = store.key()
    assert store.directory.owner(row.id).active
    store.write(lambda tx: access_keys.set_state(tx, row.id, active=False))
    assert not store.directory.owner(row.id).active
    store.write(lambda tx: access_keys.delete(tx, row.id))
    assert store.directory.owner(row.id) is None


def test_what_counts_for_a_user_is_its_own_and_its_groups(store: Store) -> None:
    own, shared, other = (store.policy(name, f"{name} text") for name in ("own", "team", "other"))
    team = store.make("group", "team", GroupDetails())
    store.write(lambda tx: grants.attach(tx, own.id, store.user.id, 1))
    store.write(lambda tx: grants.attach(tx, shared.id, team.id, 1))
    assert store.directory.policies_of(store.user.id) == (("own", "own text"),)
    store.write(lambda tx: grants.join(tx, store.user.id, team.id, 1))
    assert store.directory.policies_of(store.user.id) == (
        ("own", "own text"),
        ("team", "team text"),
    )
    store.write(lambda tx: grants.attach(tx, shared.id, store.user.id, 1))  # twice is once
    assert len(store.directory.policies_of(store.user.id)) == 2
    store.write(lambda tx: identities.delete(tx, shared.id))
    assert store.directory.policies_of(store.user.id) == (("own", "own text"),)
    assert other.id


def test_a_row_is_never_used_again(store: Store) -> None:
    first = store.make("role", "r", identities.RoleDetails())
    store.write(lambda tx: identities.delete(tx, first.id))
    assert store.make("role", "r", identities.RoleDetails()).public_id > first.public_id


@pytest.mark.parametrize("text", ["", "2", "x" * 18, "３" * 18, "3" + "0" * 16 + "5"])
def test_what_is_no_users_id_is_nobodys(text: str) -> None:
    assert identities.row_of(text, "user") == 0


def test_public_ids_lead_back(store: Store) -> None:
    assert identities.row_of(store.user.public_id, "user") == store.user.id


def test_a_nonce_serves_once_for_each_key_and_is_forgotten(store: Store) -> None:
    def first(key: str, now_ms: int) -> bool:
        return store.run(store.directory.first_time(key, "n", now_ms + 1000, now_ms))

    assert first("a", 0)
    assert not first("a", 999)
    assert first("b", 999)
    assert first("a", 1001)
    assert store.db.rows("select count(*) from nonces")[0][0] == 2


def test_a_rate_lets_so_many_through_in_a_second(store: Store) -> None:
    store.directory.sts_rate = 3
    assert [store.directory.let_through(0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert [store.directory.let_through(400) for _ in range(2)] == [True, False]
    store.directory.sts_rate = 0.5
    assert [store.directory.let_through(60_000) for _ in range(2)] == [True, False]
    assert not store.directory.let_through(61_000)
    assert store.directory.let_through(62_000)


def test_a_new_master_key_opens_what_the_old_one_sealed(tmp_path: Path, run: Run) -> None:
    file = str(tmp_path / "m.db")
    prepare(file).close()
    shared = Shared(1)
    db = SqliteDatabase(file, shared=shared, now_ms=clock.now_ms)

    def work(tx: Tx) -> Identity | None:
        account = identities.create(tx, "1" * 16, "a", 1)
        return identities.insert(tx, account.id, "user", "ann", 1, UserDetails())

    user = run(db.write(work))
    row, secret = run(Directory(db, MASTER, shared).create_key(user.account, user.id, 1))
    db.close()
    connection = connect(file)
    masterkey.rewrap(connection, MASTER, bytes(32))
    connection.close()
    db = SqliteDatabase(file, shared=shared, now_ms=clock.now_ms)
    directory = Directory(db, bytes(32), shared)
    owner = directory.owner(row.id)
    assert owner is not None
    assert directory.secret(row.id, owner.secret) == secret
    db.close()
