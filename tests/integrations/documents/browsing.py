"""A person at a sample's page: chooses a file, presses the button, and sees what happens."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Dialog, Error, Page, Response

_FORBIDDEN = "Failed to load resource: the server responded with a status of 403"
FORM = '<form><input type="file" id="file"><button>Upload</button></form>'


def page_of(script: str, *before: str) -> str:
    """A page around a printed script, which the document leaves to the reader."""
    scripts = "".join(f"<script>\n{text}\n</script>\n" for text in (*before, script))
    return f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8">\n{FORM}\n{scripts}</html>\n'


@dataclass
class Seen:
    """What a page has shown."""

    alerts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  # of the console, and that nobody caught
    answers: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """The errors without the browser's own line for an answer of 403."""
        return [error for error in self.errors if not error.startswith(_FORBIDDEN)]

    def status(self, method: str, host: str) -> int:
        """Of the last answer of a host to a method."""
        return next(
            status for asked, url, status in reversed(self.answers)
            if asked == method and f"//{host}/" in url
        )  # fmt: skip


class Person:
    """A person with a page open; the page is watched from its beginning."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.seen = Seen()
        page.on("dialog", self._dialog)
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("response", self._response)
        page.goto(url)

    def upload(self, path: Path, ends: str = "dialog") -> Seen:
        """Choose a file and press the button, until an event tells how it ended.

        It is ``dialog``, ``pageerror``, or ``log`` for a line of the page's own in the console.
        """
        with self.page.expect_file_chooser() as chooser:
            self.page.click("#file")
        chooser.value.set_files(path)
        self.seen.alerts.clear()
        self.seen.errors.clear()
        event, wanted = (ends, None) if ends != "log" else ("console", _is_log)
        with self.page.expect_event(event, wanted, timeout=60_000):
            self.page.click("button")
        return self.seen

    def _dialog(self, dialog: Dialog) -> None:
        self.seen.alerts.append(dialog.message)
        dialog.accept()

    def _console(self, message: ConsoleMessage) -> None:
        asked_by_itself = message.location["url"].endswith("/favicon.ico")
        if message.type == "error" and not asked_by_itself:
            self.seen.errors.append(message.text)

    def _error(self, error: Error) -> None:
        self.seen.errors.append(error.message)

    def _response(self, response: Response) -> None:
        self.seen.answers.append((response.request.method, response.url, response.status))


def _is_log(message: ConsoleMessage) -> bool:
    return message.type == "log"
