"""`mossbox key …`: the key ring of a running store, through its operations ``mossbox-keys``."""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mossbox.apps.store import Refused, Store, address_arguments

if TYPE_CHECKING:
    from mossbox.operations.keys import KeyMetadata

_ACTIONS = {
    "create": ("POST", "CreateKey", "make a key"),
    "list": ("GET", "ListKeys", "list the keys"),
    "show": ("GET", "DescribeKey", "show a key and its versions"),
    "enable": ("POST", "EnableKey", "let a key be used again"),
    "disable": ("POST", "DisableKey", "let nothing be read or written with a key"),
    "rotate": ("POST", "CreateKeyVersion", "use a new version of a key from now on"),
    "default": ("POST", "SetDefaultKey", "use a key where none is named"),
}


def arguments(parser: ArgumentParser) -> None:
    """What `mossbox key` takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (_method, _operation, text) in _ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text.capitalize() + ".")
        if name == "create":
            action.add_argument("--description", default="", help="what the key is for")
        elif name != "list":
            action.add_argument("key_id", metavar="KEY-ID", help="the key's id")
        address_arguments(action)


def run(options: dict[str, Any]) -> int:
    """Do what was asked for; gives the exit status."""
    from http.client import HTTPException

    from mossbox.operations.keys import KeyResult, ListKeysResult
    from mossbox.wire.xml import read

    method, operation, _text = _ACTIONS[options["action"]]
    query = {"mossbox-keys": operation}
    if options.get("key_id"):
        query["x-oss-key-id"] = options["key_id"]
    if options.get("description"):
        query["x-oss-key-description"] = options["description"]
    try:
        document = ask(options, method, query)
    except (Refused, OSError, HTTPException) as error:
        print(f"mossbox: {error}", file=sys.stderr)
        return 1
    root = f"{operation}Response"
    if operation == "ListKeys":
        for key in read(ListKeysResult, root, document).keys:
            print(_line(key))
    else:
        _show(read(KeyResult, root, document).key_metadata)
    return 0


def ask(options: Mapping[str, Any], method: str, query: Mapping[str, str]) -> bytes:
    """The document that the store answers with; raises Refused, OSError, HTTPException."""
    return Store(options["endpoint"], options["access_key_id"]).oss(method, query=query)


def _line(key: "KeyMetadata") -> str:
    """A key in the list."""
    words = [key.key_id, key.key_state.lower()]
    if key.default:
        words.append("default")
    if key.description:
        words.append(f"({key.description})")
    return "  ".join(words)


def _show(key: "KeyMetadata") -> None:
    print(_line(key))
    print(f"  created   {key.creation_date}")
    for version in key.key_versions:
        print(f"  version   {version.version}, {version.create_time}")
