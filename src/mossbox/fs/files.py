"""Reading ``fs.oss.*`` keys from core-site.xml, flink-conf.yaml, config.yaml and folders of them.

Every fault is a `ConfigInvalid` of one sentence that names the file and, where there is one, the
key; values are never shown.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mossbox.errors import ServiceError
from mossbox.fs.errors import ConfigInvalid
from mossbox.wire import xml

PREFIX = "fs.oss."
NAMES = ("core-site.xml", "flink-conf.yaml", "config.yaml")
"""What is looked for in a folder, in this order."""

_DEPTH_MAX = 20
_VARIABLE = re.compile(r"\$\{([^{}$\s]+)\}")


def read(source: str | Path) -> tuple[dict[str, str], str]:
    """The keys of a file, or of the first known file in a folder, and the file's name."""
    path = Path(source).expanduser()
    if path.is_dir():
        path = _in_folder(path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigInvalid(f"{path}: {error.strerror}") from None
    if path.suffix == ".xml":
        found = _hadoop(text, path)
    elif path.name == "flink-conf.yaml":
        found = _flink(_text(text, path), path)
    elif path.suffix in (".yaml", ".yml"):
        found = _yaml(_text(text, path), path)
    else:
        raise ConfigInvalid(
            f"{path}: only core-site.xml, flink-conf.yaml and config.yaml can be read"
        )
    return found, str(path)


def _in_folder(folder: Path) -> Path:
    for name in NAMES:
        for place in (folder, folder / "conf"):
            if (place / name).is_file():
                return place / name
    raise ConfigInvalid(f"{folder}: there is no {', '.join(NAMES[:-1])} or {NAMES[-1]} in it")


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigInvalid(f"{path}: this is not UTF-8") from None


def _hadoop(data: bytes, path: Path) -> dict[str, str]:
    """Properties of a Hadoop configuration; the last of a name wins, as in Hadoop."""
    try:
        root = xml.parse(data)
    except ServiceError as error:
        raise ConfigInvalid(
            f"{path}: this is no XML: {error.details.get('ErrorDetail', '')}"
        ) from None
    if root.name != "configuration":
        raise ConfigInvalid(f"{path}: the root is {root.name}, not configuration")
    every = dict(_property(node, path) for node in root.children)
    return {name: _expanded(name, every, path) for name in every if name.startswith(PREFIX)}


def _property(node: xml.Node, path: Path) -> tuple[str, str]:
    """Name and value of a property; nothing of an element that is none."""
    if node.name == "include":
        raise ConfigInvalid(f"{path}: an include is not followed, give the file that it names")
    parts = {child.name: child.text.strip() for child in node.children}
    if node.name == "property" and not parts.get("name"):
        raise ConfigInvalid(f"{path}: a property has no element name")
    return parts.get("name", ""), parts.get("value", "")


def _expanded(name: str, every: Mapping[str, str], path: Path) -> str:
    """A value whose ``${other.key}`` and ``${env.NAME:-default}`` are replaced, as Hadoop does."""
    value = every[name]
    for _ in range(_DEPTH_MAX):
        found = _VARIABLE.search(value)
        if found is None:
            return value
        other = _variable(found[1], every)
        if other is None:
            raise ConfigInvalid(f"{path}: {name} refers to {found[0]}, which is not there")
        value = value[: found.start()] + other + value[found.end() :]
    raise ConfigInvalid(f"{path}: {name} refers to itself")


def _variable(name: str, every: Mapping[str, str]) -> str | None:
    if not name.startswith("env."):
        return every.get(name)
    wanted, dash, default = name.removeprefix("env.").partition("-")
    if wanted.endswith(":"):  # ${env.NAME:-default} is also for an empty one
        return os.environ.get(wanted[:-1]) or default
    return os.environ.get(wanted, default if dash else None)


def _flink(text: str, path: Path) -> dict[str, str]:
    """Lines of ``key: value``, read as Flink itself reads them: no YAML, and # begins a comment."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content.startswith(PREFIX):
            continue
        name, colon, value = content.partition(": ")
        if not colon or not value.strip():
            raise ConfigInvalid(f"{path}: line {number} is no key: value")
        found[name.strip()] = value.strip()
    return found


def _yaml(text: str, path: Path) -> dict[str, str]:
    """A YAML file, whose keys may be nested."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise ConfigInvalid(f"{path}: reading YAML needs pyyaml: pip install pyyaml") from None
    try:
        root = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise ConfigInvalid(f"{path}: this is no YAML{line}") from None
    if not isinstance(root, Mapping):
        raise ConfigInvalid(f"{path}: there are no keys such as fs.oss.endpoint in it")
    leaves = ((name, value) for name, value in _leaves("", root.items()) if value is not None)
    return {name: plain(name, value, str(path)) for name, value in leaves}


def _leaves(above: str, items: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    for key, value in items:
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            yield from _leaves(name, value.items())
        elif name.startswith(PREFIX):
            yield name, value


def plain(name: str, value: Any, file: str = "") -> str:
    """A value as text; raises ConfigInvalid for lists and other things."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value).strip()
    said = f"{name} is text or a number, not {type(value).__name__}"
    raise ConfigInvalid(f"{file}: {said}" if file else said)
