"""Linux namespaces: a process leaves its machine's network, files and names for a world's.

Everything here is done in a process that soon becomes the program itself, so that the program
runs as the person who started it, without any privilege of the steps before.
"""

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

from mossbox.apps.run.names import ADDRESS, KEY_ADDRESS

LISTENERS = (
    (ADDRESS, 53), (ADDRESS, 80), (ADDRESS, 443), (KEY_ADDRESS, 80), (KEY_ADDRESS, 443),
)  # fmt: skip
_NEW_MOUNTS, _NEW_USER, _NEW_NETWORK = 0x20000, 0x10000000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_DIES_WITH_PARENT, _SIGKILL = 1, 9
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_INTERFACE = struct.Struct("16sH14s")
_NAMES = ("user", "net", "mnt")  # in this order: the first gives the right to the others


class NoWorldError(RuntimeError):
    """Namespaces are not to be had here; in words for the person who asked."""


def leave() -> None:
    """Enter new namespaces, where there is a loopback and nothing else; raises NoWorldError."""
    user, group = os.getuid(), os.getgid()
    _call("unshare", _NEW_USER | _NEW_NETWORK | _NEW_MOUNTS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _call("mount", None, b"/", None, _RECURSIVE | _PRIVATE, None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = _INTERFACE.pack(b"lo", 0, b"")
        name, flags, rest = _INTERFACE.unpack(fcntl.ioctl(any_socket, _GET_FLAGS, request))
        fcntl.ioctl(any_socket, _SET_FLAGS, _INTERFACE.pack(name, flags | _UP, rest))


def cover(files: Mapping[str, Path]) -> None:
    """Put files or folders in the place of those that are there, for this world alone."""
    for place, instead in files.items():
        if Path(place).exists():
            _call("mount", os.fsencode(instead), place.encode(), None, _BIND, None)


def listen() -> list[socket.socket]:
    """The sockets on which the world is served from outside: names by UDP, then `LISTENERS`."""
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind((ADDRESS, 53))
    return [names, *(socket.create_server(address, backlog=1024) for address in LISTENERS)]


def join(process: int) -> None:
    """Enter the world that another process is in; raises NoWorldError."""
    fds = []
    try:
        for name in _NAMES:
            fds.append(os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY))
    except OSError as error:
        raise NoWorldError(f"there is no run of yours as process {process}") from error
    folder = Path.cwd()
    for fd in fds:
        _call("setns", fd, 0)
        os.close(fd)
    os.chdir(folder)


def die_with_parent() -> None:
    """Let the kernel end this process, and what it becomes, when its parent ends."""
    _call("prctl", _DIES_WITH_PARENT, _SIGKILL, 0, 0, 0)


def _call(name: str, *arguments: bytes | int | None) -> None:
    """A system call by the C library; raises NoWorldError."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        raise NoWorldError("namespaces are Linux's; this system has none")
    words = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in arguments]
    if function(*words) != 0:
        why = os.strerror(ctypes.get_errno())
        raise NoWorldError(
            f"{name}: {why}. A private world needs user namespaces, which something here forbids:"
            " a container's seccomp profile, user.max_user_namespaces, or on Debian and Ubuntu"
            " kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns"
        )
