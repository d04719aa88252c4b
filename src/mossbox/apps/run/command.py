"""`mossbox run` at work: the program becomes one process, and this one serves its world."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mossbox.apps.access import report
from mossbox.apps.run import spaces
from mossbox.apps.run.spaces import NoWorldError
from mossbox.apps.store import ENDPOINT, Refused

if TYPE_CHECKING:
    from mossbox.apps.run.authority import Authority

_NOT_FOUND = 127  # as shells say it
_READY = b"+"


def run(options: Mapping[str, Any]) -> int:
    """Run the program; gives its exit status, or 128 and the signal that ended it."""
    words = options["program"][options["program"][:1] == ["--"] :]
    status = [2]

    def go() -> None:
        if not words:
            raise Refused("name a program: mossbox run -- PROGRAM")
        try:
            if options["join"] is not None:
                _join(options["join"], words)
            status[0] = _run(_endpoint(options["endpoint"]), words)
        except NoWorldError as error:
            raise Refused(str(error)) from None

    return report(go) or status[0]


def _endpoint(given: str | None) -> str:
    """The store's address; raises Refused where no Mossbox answers."""
    from http.client import HTTPException
    from urllib.error import URLError
    from urllib.request import ProxyHandler, build_opener

    endpoint = (given or os.environ.get("MOSSBOX_ENDPOINT") or ENDPOINT).rstrip("/")
    endpoint = endpoint if "//" in endpoint else f"http://{endpoint}"
    try:
        with build_opener(ProxyHandler({})).open(f"{endpoint}/-/health", timeout=10) as answer:
            found = answer.read(3) == b"ok\n"
    except (URLError, HTTPException, ValueError, TimeoutError):
        found = False
    if not found:
        raise Refused(f"no store answers at {endpoint}: start one with mossbox serve") from None
    return endpoint


def _run(endpoint: str, words: list[str]) -> int:
    from mossbox.apps.run.authority import Authority
    from mossbox.apps.run.surroundings import furnish

    folder = Path(tempfile.mkdtemp(prefix="mossbox-run-"))  # mode 0700
    try:
        authority = Authority(folder)
        furnish(folder, authority)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = os.fork()
        if not process:
            ours.close()
            _become(words, folder, theirs)
        theirs.close()
        return asyncio.run(_accompany(endpoint, authority, process, ours))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _accompany(
    endpoint: str, authority: "Authority", process: int, channel: socket.socket
) -> int:
    """Serve the world of a process until it ends; gives its exit status."""
    from mossbox.apps.run.relay import Relay

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    handle = os.pidfd_open(process)
    loop.add_reader(handle, ended.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # a terminal tells the program too
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, signal.pidfd_send_signal, handle, number)
    said, fds, _, _ = socket.recv_fds(channel, 4096, 1 + len(spaces.LISTENERS))
    if said != _READY:
        os.waitpid(process, 0)
        raise NoWorldError(said.decode() or "the program's process ended before it began")
    await Relay(endpoint, authority).start([socket.socket(fileno=fd) for fd in fds])
    print(
        f"mossbox: the hosts of OSS, STS and RAM lead to {endpoint} here; to enter this run:"
        f" mossbox run --join {process} -- PROGRAM",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    channel.send(_READY)
    await ended.wait()
    return _status(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def _become(words: list[str], folder: Path, channel: socket.socket) -> None:
    """Leave for the new world, and become the program; never returns."""
    from mossbox.apps.run.surroundings import covers, environment

    try:
        spaces.die_with_parent()
        spaces.leave()
        spaces.cover(covers(folder))
        sockets = spaces.listen()
        socket.send_fds(channel, [_READY], [one.fileno() for one in sockets])
        for one in sockets:
            one.close()
        if channel.recv(1):
            _execute(words, environment(folder, os.environ))
    except (NoWorldError, OSError) as error:
        channel.send(str(error).encode())
    finally:
        os._exit(_NOT_FOUND)


def _join(process: int, words: list[str]) -> None:
    """Become the program in the world of a run under way; raises NoWorldError."""
    from mossbox.apps.run.surroundings import FOLDER_VARIABLE, environment

    try:
        pairs = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:
        pairs = []
    found = dict(pair.partition(b"=")[::2] for pair in pairs).get(FOLDER_VARIABLE.encode())
    if not found:
        raise NoWorldError(f"there is no run of yours as process {process}")
    folder = Path(os.fsdecode(found))
    spaces.join(process)
    _execute(words, environment(folder, os.environ))


def _execute(words: list[str], variables: Mapping[str, str]) -> None:
    """Become a program; where there is none, end as shells do."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and programs count on it
    try:
        os.execvpe(words[0], words, variables)  # noqa: S606
    except OSError as error:
        print(f"mossbox: {words[0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(_NOT_FOUND)


def _status(code: int) -> int:
    return code if code >= 0 else 128 - code
