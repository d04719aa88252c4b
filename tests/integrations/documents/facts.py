"""What the store says of an upload: its access lines, the object, and whose key it was."""

import hashlib
import re
from pathlib import Path

from tests.integrations.documents.documents import BUCKET, HOST
from tests.integrations.world import until
from tests.support import Server

_LINE = re.compile(
    r'\S+ \S+ \S+ (?P<key>\S+) (?P<operation>\S+) "(?P<method>\S+) (?P<target>\S+)" (?P<status>\d+)'
    r' (?P<code>\S+) \d+ \d+ \S+ "(?P<agent>[^"]*)" "(?P<host>[^"]*)"'
)


class Log:
    """The access lines from now on."""

    def __init__(self, store: Server) -> None:
        self.store = store
        self._from = len(store.accessed())

    def lines(self, operation: str) -> list[dict[str, str]]:
        """All lines of an operation."""
        found = map(_LINE.match, self.store.access[self._from :].splitlines())
        return [line.groupdict() for line in found if line and line["operation"] == operation]

    def count(self, operation: str, wanted: int) -> None:
        """So many of these requests there were."""
        self.store.accessed()
        assert len(self.lines(operation)) == wanted

    def last(self, operation: str, **wanted: str) -> dict[str, str]:
        """The last line of an operation with these values, which soon comes."""
        found: list[dict[str, str]] = []

        def came() -> bool:
            found.extend(one for one in self.lines(operation) if wanted.items() <= one.items())
            return bool(found)

        until(came, lambda: self.store.access[self._from :])
        return found[-1]

    def uploaded(self, operation: str, key: str, path: Path, issued: str, host: str = HOST) -> None:
        """Three facts: who sent what where, the object, and to whom the key was issued.

        `issued` is a key id, or the name of the session that a temporary key was given to.
        """
        line = self.last(operation, status="200")
        assert "HeadlessChrome" in line["agent"]
        assert line["host"] == host
        assert re.fullmatch(rf"{issued}|STS\.\w+/{issued}", line["key"]), line["key"]
        body = self.store.request("GET", BUCKET, key).body
        assert hashlib.sha256(body).digest() == hashlib.sha256(path.read_bytes()).digest()

    def assumed(self, agent: str, host: str, by: str) -> None:
        """A temporary key was asked for at the cloud's own host, by the sample's client."""
        line = self.last("AssumeRole", status="200")
        assert agent in line["agent"], line
        assert line["host"] == host
        assert line["key"] == by

    def refused(self, operation: str, code: str) -> None:
        """The last of these requests was refused so."""
        assert self.last(operation, code=code)["status"] == "403"
