"""`mossbox policy …`: the policies of a running store, and why somebody may or may not."""

import sys
from argparse import ArgumentParser
from typing import Any

from mossbox.apps import access
from mossbox.apps.store import address_arguments


def arguments(parser: ArgumentParser) -> None:
    """What `mossbox policy` takes: what changes policies, and what explains them."""
    actions = access.arguments(parser, "policy")
    text = "say whether somebody may do something, and which statements decide it"
    explain = actions.add_parser("explain", help=text, description=text.capitalize() + ".")
    explain.add_argument(
        "--as", dest="who", required=True, metavar="USER",
        help="a user's name, role/NAME, role/NAME/SESSION, root, anonymous or another account's id",
    )  # fmt: skip
    explain.add_argument(
        "--action", dest="asked", required=True, metavar="ACTION", help="such as oss:PutObject"
    )
    explain.add_argument("--resource", required=True, help="such as acs:oss:*:*:bucket/key")
    explain.add_argument(
        "--context", action="append", default=[], metavar="KEY=VALUE",
        help="what a condition asks, such as acs:SourceIp=10.0.0.1; may be repeated",
    )  # fmt: skip
    address_arguments(explain)


def run(options: dict[str, Any]) -> int:
    """Do what was asked for; gives the exit status.

    `explain` gives 0 where it is allowed, 1 where not, 2 where there is no answer.
    """
    if options["action"] != "explain":
        return access.run("policy", options)
    from http.client import HTTPException
    from urllib.parse import urlencode

    from mossbox.apps.keys import ask
    from mossbox.apps.store import Refused
    from mossbox.operations.explaining import ExplainPolicyResult
    from mossbox.wire.xml import read

    query = {
        "mossbox-policy": "ExplainPolicy",
        "x-oss-explain-as": options["who"],
        "x-oss-explain-action": options["asked"],
        "x-oss-explain-resource": options["resource"],
    }
    if options["context"]:
        pairs = [text.partition("=")[::2] for text in options["context"]]
        query["x-oss-explain-context"] = urlencode(pairs)
    try:
        document = ask(options, "GET", query)
    except (Refused, OSError, HTTPException) as error:
        print(f"mossbox: {error}", file=sys.stderr)
        return 2
    result = read(ExplainPolicyResult, "ExplainPolicyResponse", document)
    print(result.reason)
    for sentence in result.statements:
        print(f"  {sentence}")
    return 0 if result.allowed else 1
