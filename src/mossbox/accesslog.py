"""The access line: one a request, written a few times a second, without secrets.

time request-id peer key-id operation "method target" status code in out ms "user agent" "host"
"""

import re
import sys
from typing import IO

from mossbox import clock
from mossbox.settings import SettingsError

_SECRET = re.compile(
    rb"(?i)((?:^|&)(?:x-(?:oss|acs|amz)-)?(?:signature|security-?token|credential|callback(?:-var)?|(?:old|new)?password)=)[^&]*"
)
_BUFFER_LINES = 4096
_REMEMBERED_MAX = 2048


class AccessLog:
    """Collects lines until `flush`; `path` is a file, ``-`` or ``off``.

    Raises SettingsError for a file that can't be opened.
    """

    def __init__(self, path: str) -> None:
        self._lines: list[str] = []
        self._file: IO[str] | None = None
        if path == "-":
            self._file = sys.stdout
        elif path != "off":
            try:
                self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115  (open while we run)
            except OSError as error:
                raise SettingsError(f"--access-log {path}: {error.strerror}") from None
        self.enabled = self._file is not None
        self._second = (0, "")
        self._tails: dict[tuple[str, str], str] = {}

    def add(
        self, request_id: str, peer: str, key_id: str, operation: str, method: str, path: bytes,
        query: bytes, status: int, code: str, received: int, sent: int, took_us: int, agent: str,
        host: str,
    ) -> None:  # fmt: skip
        """One request."""
        now = int(clock.now())
        if self._second[0] != now:
            self._second = (now, clock.iso_ms(now * 1000)[:19] + "Z")
        target = path.decode("latin-1")
        if query:
            target += "?" + _SECRET.sub(rb"\1-", query).decode("latin-1")
        tail = self._tails.get((agent, host)) or self._tail(agent, host)
        if '"' in target:
            target = target.replace('"', "%22")
        self._lines.append(
            f"{self._second[1]} {request_id} {peer or '-'} {key_id or '-'} {operation or '-'}"
            f' "{method} {target}" {status} {code or "-"} {received} {sent} {took_us / 1000:.2f}'
            f"{tail}"
        )
        if len(self._lines) >= _BUFFER_LINES:
            self.flush()

    def _tail(self, agent: str, host: str) -> str:
        """Agent and host, so that they can't break the line; common ones are looked at once."""
        tail = f' "{_unquoted(agent)}" "{_unquoted(host)}"\n'
        if len(self._tails) < _REMEMBERED_MAX:
            self._tails[agent, host] = tail
        return tail

    def flush(self) -> None:
        """Write what has been collected."""
        if self._lines and self._file is not None:
            try:
                self._file.write("".join(self._lines))
                self._file.flush()
            except OSError:
                pass  # a full disk or a closed pipe must not stop the store
            self._lines.clear()

    def reopen(self) -> None:
        """After the file was moved away (SIGHUP); a name that can't be opened keeps the old one."""
        if self._file is not None and self._file is not sys.stdout:
            self.flush()
            try:
                fresh = open(self._file.name, "a", encoding="utf-8")  # noqa: SIM115
            except OSError:
                return
            self._file.close()
            self._file = fresh


def _unquoted(text: str) -> str:
    """What can stand between quotation marks on one line."""
    clean = text if text.isprintable() else ascii(text)
    return clean.replace('"', "'") or "-"
