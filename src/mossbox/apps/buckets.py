"""`mossbox bucket create|list|show|empty|delete`: buckets of a running store."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mossbox.apps.access import report
from mossbox.apps.store import Store, address_arguments

if TYPE_CHECKING:
    from mossbox.wire.xml import Node

_TEXTS = {
    "create": "make a bucket",
    "list": "list the buckets",
    "show": "list a bucket's objects: size in bytes, time, name",
    "empty": "remove all objects, versions and uploads of a bucket, for good",
    "delete": "remove an empty bucket",
}


def arguments(parser: ArgumentParser) -> None:
    """What `mossbox bucket` takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in _TEXTS.items():
        action = actions.add_parser(name, help=text, description=text.capitalize() + ".")
        if name != "list":
            action.add_argument("name", metavar="NAME")
        if name == "create":
            action.add_argument("--acl", default="", help="private, public-read or …-read-write")
        if name == "show":
            action.add_argument("--prefix", default="", help="only names that begin so")
        action.add_argument("--json", action="store_true", help="print the outcome as JSON")
        address_arguments(action)


def run(options: Mapping[str, Any]) -> int:
    """Do what was asked for; gives the exit status."""
    actions: dict[str, Callable[[Store, Mapping[str, Any]], Any]] = {
        "create": _create, "list": _list, "show": _show, "empty": _empty, "delete": _delete,
    }  # fmt: skip

    def work() -> None:
        store = Store(options["endpoint"], options["access_key_id"])
        outcome = actions[options["action"]](store, options)
        if options["json"]:
            print(json.dumps(outcome, ensure_ascii=False))
        elif isinstance(outcome, list):
            print("".join(f"{_line(item)}\n" for item in outcome), end="")

    return report(work)


def _create(store: Store, options: Mapping[str, Any]) -> dict[str, str]:
    make(store, options["name"], options["acl"])
    return {"Bucket": options["name"]}


def make(store: Store, name: str, acl: str = "") -> None:
    """Make a bucket; one's own is no error."""
    store.oss("PUT", name, headers={"x-oss-acl": acl} if acl else {})


def _list(store: Store, _options: Mapping[str, Any]) -> list[str]:
    names: list[str] = []
    query: dict[str, str] = {"max-keys": "1000"}
    while True:
        page = _parsed(store.oss("GET", query=query))
        names += [_value(bucket, "Name") for bucket in _all(page, "Buckets/Bucket")]
        if _value(page, "IsTruncated") != "true":
            return names
        query["marker"] = _value(page, "NextMarker")


def _show(store: Store, options: Mapping[str, Any]) -> list[dict[str, str]]:
    objects: list[dict[str, str]] = []
    query = {"list-type": "2", "max-keys": "1000", "encoding-type": "url"}
    query["prefix"] = options["prefix"]
    while True:
        page = _parsed(store.oss("GET", options["name"], query=query))
        for item in _all(page, "Contents"):
            facts = {name: _value(item, name) for name in ("Size", "LastModified", "ETag")}
            objects.append({**facts, "Key": _key(item).decode()})
        if _value(page, "IsTruncated") != "true":
            return objects
        query["continuation-token"] = _value(page, "NextContinuationToken")


def _line(item: str | dict[str, str]) -> str:
    """A bucket's name, or an object for people; what a terminal would act on is written out."""
    if isinstance(item, str):
        return item
    key = item["Key"] if item["Key"].isprintable() else ascii(item["Key"])
    return f"{item['Size']:>14}  {item['LastModified']}  {key}"


def _empty(store: Store, options: Mapping[str, Any]) -> dict[str, int]:
    return {"Removed": empty(store, options["name"])}


def empty(store: Store, name: str) -> int:
    """Remove all that a bucket holds; tells how many versions and uploads that was."""
    removed = 0
    while found := list(_versions(store, name)):
        for key, version in found:
            store.oss("DELETE", name, key, {"versionId": version})
        removed += len(found)
    while uploads := list(_uploads(store, name)):
        for key, upload in uploads:
            store.oss("DELETE", name, key, {"uploadId": upload})
        removed += len(uploads)
    return removed


def _versions(store: Store, name: str) -> Iterator[tuple[bytes, str]]:
    """A page of versions and delete markers."""
    query = {"versions": "", "max-keys": "1000", "encoding-type": "url"}
    page = _parsed(store.oss("GET", name, query=query))
    for item in (*_all(page, "Version"), *_all(page, "DeleteMarker")):
        yield _key(item), _value(item, "VersionId")


def _uploads(store: Store, name: str) -> Iterator[tuple[bytes, str]]:
    """A page of uploads."""
    query = {"uploads": "", "max-uploads": "1000", "encoding-type": "url"}
    for item in _all(_parsed(store.oss("GET", name, query=query)), "Upload"):
        yield _key(item), _value(item, "UploadId")


def _delete(store: Store, options: Mapping[str, Any]) -> dict[str, str]:
    store.oss("DELETE", options["name"])
    return {"Bucket": options["name"]}


def _parsed(document: bytes) -> "Node":
    from mossbox.wire.xml import parse

    return parse(document)


def _all(node: "Node", path: str) -> list["Node"]:
    found = [node]
    for step in path.split("/"):
        found = [child for one in found for child in one.children if child.name == step]
    return found


def _value(node: "Node", name: str) -> str:
    found = _all(node, name)
    return found[0].text if found else ""


def _key(node: "Node") -> bytes:
    from mossbox.wire.text import decode

    return decode(_value(node, "Key").encode())
