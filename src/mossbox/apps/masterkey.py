"""`mossbox master-key rotate`: all keys of the ring under a new master key, store stopped."""

import os
import sys
from pathlib import Path
from typing import Any

from mossbox.settings import Settings, SettingsError, load


def rotate(flags: dict[str, Any]) -> int:
    """Rotate; gives the exit status."""
    from mossbox.engine import masterkey
    from mossbox.engine.sqlite import StoreError, connect
    from mossbox.engine.store import prepare_directory
    from mossbox.supervisor import Busy, lock_directory

    target = flags.pop("new_key_file")
    try:
        settings = load(flags, os.environ)
        folder = Path(settings.data)
        if not (folder / "mossbox.db").exists():
            raise StoreError(f"{folder} holds no store")
        lock = lock_directory(folder)
        prepare_directory(folder)
        connection = connect(str(folder / "mossbox.db"))
        old = masterkey.load(
            folder, connection, file=settings.master_key_file, text=settings.master_key
        )
        count = _rotate(folder, settings, connection, old, target)
        connection.close()
        os.close(lock)
    except (SettingsError, StoreError, Busy) as error:
        print(f"mossbox: {error}", file=sys.stderr)
        return 2
    print(f"The master key is a new one; {count} keys of the ring were wrapped anew.")
    if target:
        print(f"Start the store with --master-key-file {target} from now on.")
    return 0


def _rotate(folder: Path, settings: Settings, connection: Any, old: bytes, target: str) -> int:
    from mossbox.engine import masterkey

    if target:
        path = Path(target)
        if not path.exists():
            masterkey.write_file(path, masterkey.generate())
        new = masterkey.read_file(path)
        if new == old:
            raise SettingsError(f"{target} holds the present master key")
        return masterkey.rewrap(connection, old, new)
    if settings.master_key or settings.master_key_file:
        raise SettingsError(
            "the master key is not kept in the data directory: say with --new-key-file where the"
            " new one is, or is to be made"
        )
    return masterkey.rotate_in_place(folder, connection, old)
