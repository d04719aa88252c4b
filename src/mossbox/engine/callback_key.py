"""The key pair that signs upload callbacks: made at its first need, and the same for all workers.

The private key is kept in the database, sealed under a key that is derived from the master key.
"""

import asyncio
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from mossbox.engine import Database, Tx
from mossbox.engine.access_keys import derived
from mossbox.engine.cipher import wrapping

if TYPE_CHECKING:
    from mossbox.engine.rsa import KeyPair

FACT = "callback_key"
PURPOSE = "callback key"  # of the derived key
_COVERED = b"callback key"


class CallbackKey:
    """The pair as one worker sees it; `sealing` are the 32 bytes that it is kept under."""

    def __init__(self, db: Database, sealing: bytes) -> None:
        self._db = db
        self._sealing = sealing
        self._pair: KeyPair | None = None

    async def pair(self) -> "KeyPair":
        """The pair; raises BlobDamaged where what is kept does not open."""
        if self._pair is None:
            kept = self._db.rows("select value from facts where name = $1", FACT)
            text = kept[0][0] if kept else await self._make()
            self._pair = await asyncio.to_thread(_opened, text, self._sealing)
        return self._pair

    async def _make(self) -> str:
        """A new pair as it is kept, or the one of a worker that was faster."""
        text = await asyncio.to_thread(_made, self._sealing)

        def work(tx: Tx) -> str:
            tx.rows("insert into facts values ($1, $2) on conflict (name) do nothing", FACT, text)
            return str(tx.rows("select value from facts where name = $1", FACT)[0][0])

        return await self._db.write(work)


def _made(sealing: bytes) -> str:
    from mossbox.engine import rsa  # a server without callbacks does without the library

    return b64encode(wrapping(sealing).wrap(rsa.generate(), _COVERED)).decode()


def _opened(text: str, sealing: bytes) -> "KeyPair":
    from mossbox.engine.rsa import KeyPair

    return KeyPair(wrapping(sealing).unwrap(b64decode(text), _COVERED))


def rewrapped(text: str, old: bytes, new: bytes) -> str:
    """The pair as it is kept, sealed for another master key."""
    der = wrapping(derived(old, PURPOSE)).unwrap(b64decode(text), _COVERED)
    return b64encode(wrapping(derived(new, PURPOSE)).wrap(der, _COVERED)).decode()
