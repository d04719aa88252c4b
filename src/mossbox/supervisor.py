"""The parent of the workers: opens the sockets, holds the data directory, restarts the dead."""

import asyncio
import logging
import os
import signal
import ssl
import sys
import time
from pathlib import Path
from types import FrameType

from mossbox import clock
from mossbox.app import Sockets, Worker
from mossbox.bootstrap import prepare
from mossbox.egress.addresses import parse_allowed
from mossbox.engine import keyring, masterkey
from mossbox.engine.sqlite import DataLock, SqliteDatabase, StoreError, connect
from mossbox.engine.store import prepare_directory, secure_directory
from mossbox.http import tls
from mossbox.http.listen import open_sockets
from mossbox.jobs import try_lock
from mossbox.settings import Settings, SettingsError, check, split_address
from mossbox.shared import Shared

log = logging.getLogger("mossbox")

_RESTART_PAUSE_S = 0.5
_ORPHANS_S = 3.0
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_TLS_NAMES = ("localhost", "*.localhost", "127.0.0.1", "::1")


class Busy(RuntimeError):
    """Another server holds the data directory or the port."""


def lock_directory(folder: Path) -> int:
    """Take the data directory for this process; raises Busy naming who has it."""
    fd = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    patience = time.monotonic() + _ORPHANS_S
    while not try_lock(fd):
        owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        # The workers of a killed server end by themselves, and soon: they are waited for.
        if time.monotonic() > patience or _alive(owner):
            os.close(fd)
            raise Busy(f"{folder} is in use by another Mossbox (process {owner or 'unknown'})")
        time.sleep(0.02)
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def _alive(owner: str) -> bool:
    if not owner.isdigit():
        return False  # it has the lock, and is about to say who it is
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def open_all(settings: Settings) -> Sockets:
    """Every listening socket; raises Busy for an address that is taken."""
    plain = _open(settings.listen)
    secure = _open(settings.tls_listen) if settings.tls_listen else []
    return Sockets(plain, secure)


def _open(address: str) -> list:  # type: ignore[type-arg]
    host, port = split_address(address)
    try:
        return open_sockets(host, port)
    except OSError as error:
        raise Busy(f"cannot listen on {address}: {error.strerror or error}") from None


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context that the settings ask for."""
    if not settings.tls_listen:
        return None
    cert, key = settings.tls_cert, settings.tls_key
    if settings.tls_self_signed:
        folder = Path("." if settings.memory else settings.data)
        # Many clients take no wildcard directly below a top-level name, so buckets are named.
        buckets = (f"{text.partition(':')[0]}.localhost" for text in settings.bucket)
        domains = (name for domain in settings.domain for name in (domain, f"*.{domain}"))
        names = dict.fromkeys((*_TLS_NAMES, *buckets, *domains))
        cert, key = tls.self_signed(folder, tuple(names))
    try:
        return tls.context(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"the TLS certificate or key can't be used: {error}") from None


def _check_egress(settings: Settings) -> None:
    """Refuse an exception that can't be read; raises SettingsError."""
    for text in settings.egress_allow:
        try:
            parse_allowed(text)
        except ValueError as error:
            raise SettingsError(f"--egress-allow: {error}") from None


class Supervisor:
    """One server: its sockets, its workers, its end."""

    def __init__(self, settings: Settings) -> None:
        check(settings)
        _check_egress(settings)
        self.settings = settings
        self.folder = Path(settings.data)
        self.shared = Shared(settings.worker_count())
        self._lock = -1
        self._master = masterkey.generate()
        if not settings.memory:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = lock_directory(self.folder)
            prepare_directory(self.folder)
            self._master = self._master_key()
            self._prepare_store()
            secure_directory(self.folder)
        self.tls = tls_context(settings)
        self.sockets = open_all(settings)
        self._pids: dict[int, int] = {}
        self._stopping = False

    def _master_key(self) -> bytes:
        """The key that the workers are given in memory; raises StoreError."""
        connection = connect(str(self.folder / "mossbox.db"))
        try:
            return masterkey.load(
                self.folder, connection,
                file=self.settings.master_key_file, text=self.settings.master_key,
            )  # fmt: skip
        finally:
            connection.close()

    def _prepare_store(self) -> None:
        """Accounts and buckets, once and before there are workers; raises SettingsError."""
        db = SqliteDatabase(
            str(self.folder / "mossbox.db"), shared=self.shared, now_ms=clock.now_ms
        )
        try:
            asyncio.run(prepare(db, self.settings))
            keyring.warm(db)
        finally:
            db.close()

    @property
    def port(self) -> int:
        """The port that HTTP is served on."""
        return int(self.sockets.plain[0].getsockname()[1])

    def run(self, announce: str) -> int:
        """Serve until told to stop; gives the exit status. `announce` is printed once ready."""
        if self.shared.workers == 1:
            worker = Worker(self.settings, self.shared, 0, self._master)
            worker.serve(self.sockets, self.tls, lambda: _say(announce))
            return 0
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, self._stop)
        signal.signal(signal.SIGHUP, self._pass_on)
        ready, told = os.pipe()
        for number in range(self.shared.workers):
            self._start(number, told)
        os.close(told)
        for _ in range(self.shared.workers):
            if not os.read(ready, 1):
                self._stop(signal.SIGTERM, None)  # a worker could not start; it said why
                break
        else:
            _say(announce)
        os.close(ready)
        return self._watch()

    def _start(self, number: int, told: int = -1) -> None:
        parent = os.getpid()
        # A signal in the middle would miss the child, or find it with its parent's handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        pid = os.fork()
        if pid:
            self._pids[pid] = number
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            return
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nothing to reopen yet
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            worker = Worker(self.settings, self.shared, number, self._master)
            worker.serve(self.sockets, self.tls, lambda: _tell(told), parent)
            status = 0
        except (SettingsError, StoreError) as error:
            print(f"mossbox: {error}", file=sys.stderr)
            status = 2
        except Exception:
            log.exception("worker %d failed", number)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _watch(self) -> int:
        """Wait for workers to end; start another in the place of one that died."""
        worst = 0
        while self._pids:
            try:
                pid, status = os.wait()
            except InterruptedError:
                continue
            except ChildProcessError:
                break
            number = self._pids.pop(pid, None)
            if number is None:
                continue
            code = os.waitstatus_to_exitcode(status)
            if self._stopping or code == 2:
                if code != -signal.SIGTERM:  # told to stop before it could listen for it
                    worst = max(worst, abs(code))
                if code == 2:
                    self._stop(signal.SIGTERM, None)
                continue
            print(f"mossbox: worker {number} ended ({code}); starting another", file=sys.stderr)
            self._renew_catalog()
            time.sleep(_RESTART_PAUSE_S)
            if not self._stopping:
                self._start(number)
        return worst

    def _renew_catalog(self) -> None:
        """A worker died, perhaps between a commit and its mark: all read the catalog anew."""
        lock = DataLock(self.folder)
        with lock:  # another worker's commit may be under way, and its mark must stay
            self.shared.catalog_changes()
            self.shared.catalog_changed()
        lock.close()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        for listener in (*self.sockets.plain, *self.sockets.tls):
            listener.close()
        self._send(signal.SIGTERM)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        self._send(number)

    def _send(self, number: int) -> None:
        for pid in list(self._pids):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


def _tell(told: int) -> None:
    if told >= 0:
        os.write(told, b".")
        os.close(told)


def _say(text: str) -> None:
    print(text, flush=True)
