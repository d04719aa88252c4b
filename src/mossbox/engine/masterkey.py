"""The master key: what opens the key ring, and with it every encrypted object.

It is 32 random bytes, written as base64 into a file that its owner alone can read, or given in the
environment. The database keeps a check value of it, so that a wrong one is noticed at start.
Nothing here needs the cipher library but `rewrap`.
"""

import hmac
import os
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from pathlib import Path

import apsw

from mossbox.engine import Row, access_keys, callback_key
from mossbox.engine.cipher import wrapping
from mossbox.engine.files import sync_directory
from mossbox.engine.keyring import covered
from mossbox.engine.sqlite import StoreError

FILE = "master.key"
NEXT = "master.key.new"  # of a rotation that was not finished
KEY_BYTES = 32
_FACT = "master_key_check"


def generate() -> bytes:
    """A new master key."""
    return secrets.token_bytes(KEY_BYTES)


def parse(text: str, source: str) -> bytes:
    """A master key from its text; raises StoreError."""
    try:
        key = b64decode(text.strip(), validate=True)
    except (Base64Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise StoreError(f"{source} is not a master key: that is {KEY_BYTES} bytes in base64")
    return key


def read_file(path: Path) -> bytes:
    """A master key from its file; raises StoreError, also when others may read it."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1024)
    except FileNotFoundError:
        raise StoreError(f"{path} is not there, and it holds the master key") from None
    if mode & 0o077:
        raise StoreError(f"{path} can be read by others: chmod 600 it, or make a new master key")
    return parse(text.decode("ascii", "replace"), str(path))


def write_file(path: Path, key: bytes) -> None:
    """Keep a master key in a new file, whole or not at all; raises FileExistsError."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, b64encode(key) + b"\n")
        os.fsync(fd)
    finally:
        os.close(fd)
    try:
        os.link(part, path)  # unlike a renaming, it takes nobody's place
    finally:
        part.unlink()
    sync_directory(path.absolute().parent)


def check_value(key: bytes) -> str:
    """What the database remembers of a key; it tells nothing about it."""
    return hmac.digest(key, b"the master key of this store", "sha256").hex()


def load(folder: Path, connection: apsw.Connection, *, file: str, text: str) -> bytes:
    """The master key of a store that is about to be served; the first start makes one.

    `text` and `file` are the settings. Finishes a rotation that was cut off. Raises StoreError
    where the key is missing, can be read by others, or is not this store's.
    """
    known = known_check(connection)
    if text:
        key, source = parse(text, "MOSSBOX_MASTER_KEY"), "MOSSBOX_MASTER_KEY"
    else:
        path = Path(file) if file else folder / FILE
        if not file:
            finish_rotation(folder, known)
        if not known and not path.exists():
            write_file(path, generate())
        key, source = read_file(path), str(path)
    if not known:
        remember(connection, key)
    elif known != check_value(key):
        raise StoreError(f"{source} is not the master key of this store")
    return key


def known_check(connection: apsw.Connection) -> str:
    """The check value that the database has, empty before the first start."""
    rows = connection.execute("select value from facts where name = ?", (_FACT,)).fetchall()
    return str(rows[0][0]) if rows else ""


def remember(connection: apsw.Connection, key: bytes) -> None:
    """Keep the check value; part of whatever transaction is under way."""
    connection.execute(
        "insert into facts values (?, ?) on conflict (name) do update set value = excluded.value",
        (_FACT, check_value(key)),
    ).fetchall()


# -- rotation: after a crash at any point, the file in place is the one that the database knows ----


def rewrap(connection: apsw.Connection, old: bytes, new: bytes) -> int:
    """Wrap every key of the ring under another master key, in one transaction; tells how many.

    Secrets of access keys and the key of callbacks are sealed anew with them.
    """
    was, becomes = wrapping(old), wrapping(new)
    connection.pragma("secure_delete", True)  # nothing stays that the old key could open
    with connection:
        rows: list[Row] = connection.execute(
            "select v.ring_key, v.version, k.name, v.wrapped"
            " from ring_versions v join ring_keys k on k.id = v.ring_key"
        ).fetchall()
        for ring, version, name, wrapped in rows:
            covers = covered(name, version)
            connection.execute(
                "update ring_versions set wrapped = ? where ring_key = ? and version = ?",
                (becomes.wrap(was.unwrap(wrapped, covers), covers), ring, version),
            ).fetchall()
        kept: list[Row] = connection.execute("select id, secret from access_keys").fetchall()
        for changed in access_keys.rewrapped(kept, old, new):
            connection.execute("update access_keys set secret = ? where id = ?", changed).fetchall()
        for (text,) in connection.execute(
            "select value from facts where name = ?", (callback_key.FACT,)
        ).fetchall():
            connection.execute(
                "update facts set value = ? where name = ?",
                (callback_key.rewrapped(str(text), old, new), callback_key.FACT),
            ).fetchall()
        remember(connection, new)
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    return len(rows)


def rotate_in_place(folder: Path, connection: apsw.Connection, old: bytes) -> int:
    """Replace the key in the data directory by a new one; tells how many ring keys there were."""
    finish_rotation(folder, known_check(connection))
    new = generate()
    write_file(folder / NEXT, new)
    count = rewrap(connection, old, new)
    finish_rotation(folder, check_value(new))
    return count


def finish_rotation(folder: Path, known: str) -> None:
    """Put the new key in place if the database has changed to it, or drop it if not."""
    path = folder / NEXT
    if not path.exists():
        return
    if known == check_value(read_file(path)):
        os.rename(path, folder / FILE)
    else:
        path.unlink()
    sync_directory(folder)
