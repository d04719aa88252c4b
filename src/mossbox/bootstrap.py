"""What the settings ask to be there at start: accounts, their keys, buckets."""

from functools import partial

from mossbox import clock
from mossbox.auth.credentials import Keys, root_key
from mossbox.auth.system_policies import SYSTEM_POLICIES
from mossbox.auth.tokens import Tokens
from mossbox.engine import Bucket, Database, Tx, buckets, grants, identities
from mossbox.engine.identities import Account
from mossbox.engine.store import BUCKETS_MAX, Engine
from mossbox.errors import ServiceError
from mossbox.settings import Settings, SettingsError
from mossbox.wire import names

_DEFAULT_UID = "1000000000000001"


def _further_accounts(settings: Settings) -> list[tuple[str, str, str]]:
    """Uid, key id and secret of each of ``MOSSBOX_ACCOUNTS``."""
    found = []
    for text in filter(None, settings.accounts.split(",")):
        parts = text.strip().split(":")
        if len(parts) != 3 or not all(parts):
            raise SettingsError("MOSSBOX_ACCOUNTS: write UID:KEYID:SECRET, separated by commas")
        found.append((parts[0], parts[1], parts[2]))
    return found


async def prepare(db: Database, settings: Settings) -> None:
    """Make the accounts and buckets that the settings ask for; repeatable."""
    root = identities.root(db)
    wanted = settings.account_id or (root.uid if root else _DEFAULT_UID)
    if root is not None and root.uid != wanted:
        raise SettingsError(f"this store's account id is {root.uid}, fixed at its first start")
    now = clock.now_ms()
    for uid, name in [(wanted, wanted), *((uid, uid) for uid, _, _ in _further_accounts(settings))]:
        if identities.find(db, uid) is None:
            await db.write(partial(identities.create, uid=uid, name=name, now_ms=now))
    await _put_system_policies(db, now)
    account = identities.find(db, wanted)
    assert account is not None
    for text in settings.bucket:
        await _make_bucket(db, settings, account, text)


async def _put_system_policies(db: Database, now_ms: int) -> None:
    """What every account has; written where it is not as this program means it."""
    stale = [
        (name, policy.description, policy.document)
        for name, policy in SYSTEM_POLICIES.items()
        if not grants.is_current(db, name, policy.description, policy.document)
    ]

    def work(tx: Tx) -> None:
        for name, description, document in stale:
            grants.put_system_policy(tx, name, description, document, now_ms)

    if stale:
        await db.write(work, catalog=True)


async def _make_bucket(db: Database, settings: Settings, account: Account, text: str) -> None:
    name, _, acl = text.partition(":")
    try:
        names.check_new_bucket(name)
    except ServiceError:
        raise SettingsError(f"--bucket {name!r} is not a bucket's name") from None
    if acl not in ("", *names.ACLS[1:]):
        raise SettingsError(f"--bucket {text!r}: the ACL is one of {', '.join(names.ACLS[1:])}")
    asked = Bucket(
        0, name, account.id, clock.now_ms(), settings.region, 0, 0,
        names.ACLS.index(acl or "private"), 0,
    )  # fmt: skip

    def work(tx: Tx) -> None:
        buckets.create(tx, asked, BUCKETS_MAX)

    await db.write(work, catalog=True)


def keys(engine: Engine, settings: Settings) -> Keys:
    """The access keys that the settings give, and the way to all others."""
    db = engine.db
    root = identities.root(db)
    assert root is not None
    key_id, secret = settings.root_key
    found = {key_id: root_key(key_id, secret, root.id, root.uid)}
    for uid, other_id, other_secret in _further_accounts(settings):
        account = identities.find(db, uid)
        assert account is not None
        found[other_id] = root_key(other_id, other_secret, account.id, uid)
    return Keys(found, engine.directory, Tokens(engine.directory.derive("temporary keys")))
