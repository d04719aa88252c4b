"""Writes docs/reference/: pages made from the register, the catalogue and the settings.

`make docs` runs it; tests/house compares the pages with what it would write now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from mossbox.apps.cli import parser
from mossbox.errors import CATALOGUE
from mossbox.operation import CALLS, Operation
from mossbox.operations.register import REGISTER
from mossbox.settings import Settings, environment_name, flag_name
from mossbox.upload.settings import UploadSettings, twins

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Made by `make docs`; change the source, not this page. -->"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {"coverage.md": coverage(), "errors.md": errors(), "settings.md": settings()}


def coverage() -> str:
    """Which operations there are, and which are offered."""
    # By name: the register's own order is the one in which its files happened to be imported.
    entries = sorted(REGISTER.values(), key=lambda entry: (bool(entry.refused), entry.name))
    offered = sum(not entry.refused for entry in entries)
    planned = sum(entry.refused == "planned" for entry in entries)
    rows = [
        (entry.name, _methods(entry), entry.scope, _selects(entry), _action(entry), _state(entry))
        for entry in entries
    ]
    return _page(
        "Operations",
        "Mossbox is an object store for your own machine that speaks the wire protocol of Alibaba"
        " Cloud's Object Storage Service (OSS), and this page lists every operation that OSS has,"
        " and those that OSS has not: the key ring's own (`mossbox-keys`) and `mossbox-policy`."
        " One that is not offered is refused with `400 NotImplemented` and its name, before"
        " anything is written.",
        f"{len(entries)} operations are known: {offered} are offered, {planned} are planned, and"
        f" {len(entries) - offered - planned} belong to the cloud alone.",
        "A request reaches an operation by its method, by what its address names (the service, a"
        " bucket, an object) and by the query parameters or headers that select it. The permission"
        " is the action that a policy names to allow or deny it; for an operation that is not"
        " offered it is not settled yet.",
        _table(("Operation", "Method", "Scope", "Selected by", "Permission", "State"), rows),
        "## RAM, IMS and STS",
        "These operations are called at the same address in the RPC dialect, with GET or POST, by"
        " the parameters `Action` and `Version` or the headers `x-acs-action` and `x-acs-version`.",
        _table(
            ("Operation", "Version", "Permission"),
            sorted((entry.name, entry.version, _action(entry)) for entry in CALLS.values()),
        ),
    )


def _methods(entry: Operation) -> str:
    return f"{entry.method}, {entry.also}" if entry.also else entry.method


def _selects(entry: Operation) -> str:
    return " ".join(f"`{name}`" for name in entry.when) or "–"


def _action(entry: Operation) -> str:
    return "–" if entry.refused else f"`{entry.action}`"


def _state(entry: Operation) -> str:
    return entry.refused or "**offered**"


def errors() -> str:
    """The error codes."""
    entries = sorted(CATALOGUE.values(), key=lambda code: (code.status, code.name))
    rows = [(f"`{code.name}`", code.status, code.ec, code.message) for code in entries]
    return _page(
        "Error codes",
        "Mossbox, an object store that speaks the wire protocol of Alibaba Cloud OSS, answers a"
        " request that it refuses with an HTTP status and a small XML document, in which `Code`"
        " tells programs and `Message` tells people what was wrong. This page lists every code"
        " with its usual message; a message may say more about the case at hand.",
        "The EC is a finer number that also stands in the header `x-oss-ec`. Those that begin with"
        " `0900-` are Mossbox's own, the others are OSS's.",
        _table(("Code", "Status", "EC", "Message"), rows),
    )


def settings() -> str:
    """The commands, and the settings of the server."""
    return _page(
        "Commands and settings",
        "Mossbox, an object store that speaks the wire protocol of Alibaba Cloud OSS, is one"
        " program named `mossbox`; `mossbox serve` runs the store. Each of its settings has an"
        " environment variable, and all but the secrets have a flag, which wins over the variable.",
        _table(("Command", "Meaning"), _commands()),
        _table(("Flag", "Environment", "Default", "Meaning"), map(_setting_row, fields(Settings))),
        "Settings that may be repeated are lists separated by commas in the environment. Secrets"
        " have no flag, because other users of a machine can read the flags of its programs.",
        "## The upload server",
        "`mossbox upload-server` takes these ([how to](../how-to/upload-server.md)). Of several"
        " variables the first that is set counts. Its access key comes from `OSS_ACCESS_KEY_ID` and"
        " `OSS_ACCESS_KEY_SECRET`, else from `ALIBABA_CLOUD_ACCESS_KEY_ID` and"
        " `ALIBABA_CLOUD_ACCESS_KEY_SECRET`; the spellings `ALIBABA_CLOUD_ACCESS_SECRET` and"
        " `ALIBABA_CLOUD_ACCESS_ID` of the vendor's samples are understood.",
        _table(
            ("Flag", "Environment", "Default", "Meaning"), map(_upload_row, fields(UploadSettings))
        ),
    )


def _commands() -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for action in parser()._actions:
        if action.choices is None:
            rows.append((f"`mossbox {action.option_strings[-1]}`", action.help or ""))
        else:
            helps = {choice.dest: choice.help for choice in action._get_subactions()}  # type: ignore[attr-defined]
            rows += [(f"`mossbox {name}`", helps[name] or "") for name in action.choices]
    return sorted(rows)


def _setting_row(item) -> Sequence[str]:  # type: ignore[no-untyped-def]
    flag = f"`{flag_name(item.name)}`" if item.metadata["flag"] else "–"
    twin = f"`{environment_name(item.name)}`"
    return (flag, twin, _default(item.default), item.metadata["help"])


def _upload_row(item) -> Sequence[str]:  # type: ignore[no-untyped-def]
    names = ", ".join(f"`{name}`" for name in twins(item.name))
    return (f"`{flag_name(item.name)}`", names, _default(item.default), item.metadata["help"])


def _default(value: object) -> str:
    if value in ("", ()):
        return "–"
    if isinstance(value, bool):
        return "off"
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", MADE, *parts)) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text)
