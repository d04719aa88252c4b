"""The key pair of callbacks: one for all, kept sealed, and it survives the master key."""

import asyncio
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from mossbox import clock
from mossbox.engine import masterkey
from mossbox.engine.access_keys import derived
from mossbox.engine.blobfile import BlobDamaged
from mossbox.engine.callback_key import FACT, PURPOSE, CallbackKey
from mossbox.engine.sqlite import SqliteDatabase, connect
from mossbox.shared import Shared
from tests.conftest import Run

SEALING = bytes(range(32))


def opened(data: Path, shared: Shared) -> SqliteDatabase:
    return SqliteDatabase(str(data / "mossbox.db"), shared=shared, now_ms=clock.now_ms)


def test_what_it_signs_can_be_verified(run: Run, db: SqliteDatabase) -> None:
    pair = run(CallbackKey(db, SEALING).pair())
    public = load_pem_public_key(pair.public_pem())
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    public.verify(pair.sign(b"/index.php\nbody"), b"/index.php\nbody", padding.PKCS1v15(),
                  hashes.MD5())  # fmt: skip


def test_two_workers_that_need_it_at_once_have_one(run: Run, data: Path) -> None:
    shared = Shared(2)
    databases = [opened(data, shared), opened(data, shared)]

    async def both() -> list[bytes]:
        pairs = await asyncio.gather(*(CallbackKey(db, SEALING).pair() for db in databases))
        return [pair.public_pem() for pair in pairs]

    first, second = run(both())
    assert first == second
    assert run(CallbackKey(databases[0], SEALING).pair()).public_pem() == first
    for db in databases:
        db.close()


def test_it_is_kept_sealed(run: Run, db: SqliteDatabase) -> None:
    run(CallbackKey(db, SEALING).pair())
    kept = b64decode(db.rows("select value from facts where name = $1", FACT)[0][0])
    assert len(kept) > 1000
    assert b"\x02\x82\x01\x01\x00" not in kept  # how the modulus would begin
    with pytest.raises(BlobDamaged):
        run(CallbackKey(db, bytes(32)).pair())


def test_it_survives_another_master_key(run: Run, data: Path) -> None:
    old, new = masterkey.generate(), masterkey.generate()
    shared = Shared(1)
    db = opened(data, shared)
    before = run(CallbackKey(db, derived(old, PURPOSE)).pair()).public_pem()
    db.close()
    connection = connect(str(data / "mossbox.db"))
    masterkey.rewrap(connection, old, new)
    connection.close()
    db = opened(data, shared)
    assert run(CallbackKey(db, derived(new, PURPOSE)).pair()).public_pem() == before
    with pytest.raises(BlobDamaged):
        run(CallbackKey(db, derived(old, PURPOSE)).pair())
    db.close()


def test_a_server_without_callbacks_does_without_the_library() -> None:
    program = "import sys, mossbox.engine.callback_key; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
