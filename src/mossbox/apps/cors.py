"""`mossbox cors set|show|delete`: which pages of other origins may use a bucket's objects."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mossbox.apps.access import report
from mossbox.apps.store import Store, address_arguments

if TYPE_CHECKING:
    from mossbox.operations.cors import CORSConfiguration

_QUERY = {"cors": ""}
_TEXTS = {
    "set": "give a bucket one rule, in the place of all that it had",
    "show": "print a bucket's rules",
    "delete": "remove a bucket's rules: no page of another origin may read its answers",
}
_SHOWN = (
    ("AllowedOrigin", "origins"), ("AllowedMethod", "methods"), ("AllowedHeader", "headers"),
    ("ExposeHeader", "exposed"), ("MaxAgeSeconds", "max age"),
)  # fmt: skip


def arguments(parser: ArgumentParser) -> None:
    """What `mossbox cors` takes; lists have commas between."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in _TEXTS.items():
        action = actions.add_parser(name, help=text, description=text.capitalize() + ".")
        action.add_argument("--bucket", required=True, help="the bucket's name")
        if name == "set":
            _rule_arguments(action)
        action.add_argument("--json", action="store_true", help="print the outcome as JSON")
        address_arguments(action)


def _rule_arguments(action: ArgumentParser) -> None:
    action.add_argument(
        "--origin", action="append", required=True,
        help="origins of pages, such as https://app.example.com; each may have one *; repeatable",
    )  # fmt: skip
    action.add_argument("--methods", required=True, help="of GET, PUT, POST, DELETE, HEAD")
    action.add_argument("--headers", default="", help="headers that requests may have; * for all")
    action.add_argument("--expose", default="", help="headers of answers that pages may read")
    action.add_argument(
        "--max-age", type=int, metavar="SECONDS", help="how long browsers need not ask again"
    )
    action.add_argument(
        "--vary", action="store_true", help="let all answers say that they vary by origin"
    )


def run(options: Mapping[str, Any]) -> int:
    """Do what was asked for; gives the exit status."""
    actions: dict[str, Callable[[Store, Mapping[str, Any]], dict[str, Any]]] = {
        "set": _set, "show": _show, "delete": _delete,
    }  # fmt: skip

    def work() -> None:
        store = Store(options["endpoint"], options["access_key_id"])
        outcome = actions[options["action"]](store, options)
        if options["json"]:
            print(json.dumps(outcome, ensure_ascii=False))
        elif options["action"] == "show":
            print("\n".join(_lines(outcome)))

    return report(work)


def allow(
    store: Store, bucket: str, origins: Iterable[str], methods: Iterable[str],
    headers: Iterable[str], exposed: Iterable[str] = (), max_age_s: int | None = None,
    *, vary: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Give a bucket one rule; tells it in the vendor's words. Raises Refused."""
    from mossbox.operations.cors import CORSConfiguration, CORSRule
    from mossbox.wire.xml import document, writer

    rule = CORSRule(list(origins), list(methods), list(headers), list(exposed), max_age_s)
    configuration = CORSConfiguration([rule], vary)
    body = document("CORSConfiguration", writer(CORSConfiguration)(configuration))
    store.oss("PUT", bucket, query=_QUERY, body=body)
    return _told(configuration)


def _set(store: Store, options: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: _listed(options[name]) for name in ("methods", "headers", "expose")}
    origins = [origin for text in options["origin"] for origin in _listed(text)]
    return allow(
        store, options["bucket"], origins, [method.upper() for method in given["methods"]],
        given["headers"], given["expose"], options["max_age"], vary=options["vary"],
    )  # fmt: skip


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _show(store: Store, options: Mapping[str, Any]) -> dict[str, Any]:
    from mossbox.operations.cors import CORSConfiguration
    from mossbox.wire.xml import read

    body = store.oss("GET", options["bucket"], query=_QUERY)
    return _told(read(CORSConfiguration, "CORSConfiguration", body))


def _delete(store: Store, options: Mapping[str, Any]) -> dict[str, Any]:
    store.oss("DELETE", options["bucket"], query=_QUERY)
    return {"Bucket": options["bucket"]}


def _told(found: "CORSConfiguration") -> dict[str, Any]:
    """The rules in the vendor's words; what is not given is left out."""
    rules = []
    for rule in found.rules:
        values = (
            rule.allowed_origins, rule.allowed_methods, rule.allowed_headers,
            rule.expose_headers, rule.max_age_seconds,
        )  # fmt: skip
        named = zip(_SHOWN, values, strict=True)
        rules.append({name: value for (name, _), value in named if value not in (None, [])})
    return {"CORSRule": rules, "ResponseVary": bool(found.response_vary)}


def _lines(told: dict[str, Any]) -> list[str]:
    """The rules for a person, one block each."""
    lines = []
    for rule in told["CORSRule"]:
        for name, word in _SHOWN:
            if name in rule:
                value = rule[name]
                text = f"{value} s" if isinstance(value, int) else ", ".join(value)
                lines.append(f"{word:8} {text}")
        lines.append("")
    lines.append(f"Vary: Origin is {'on all' if told['ResponseVary'] else 'on no'} answers")
    return lines
