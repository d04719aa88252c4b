"""Everything that `alibabacloud_credentials` does with a store; started by its test.

A program of its own, because the certificate to trust is taken from the environment at start.
Reads its orders as JSON from standard input and prints what it saw.
"""

import json
import sys
import time
from typing import Any

from alibabacloud_credentials.client import Client
from alibabacloud_credentials.models import Config
from alibabacloud_credentials.provider import refreshable

given = json.load(sys.stdin)


def shown(client: Client) -> dict[str, Any]:
    found = client.get_credential()
    return {
        "id": found.access_key_id,
        "secret": found.access_key_secret,
        "token": found.security_token,
    }


class Later:
    """The clock of a program that has run for a while."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead_s = ahead_s

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def localtime(self) -> time.struct_time:
        return time.localtime(time.time() + self.ahead_s)


def refreshing(client: Client, ahead_s: float) -> dict[str, Any]:
    """A session, the same when asked again, and another when its end is near."""
    first, again = shown(client), shown(client)
    refreshable.time = Later(ahead_s)
    later = shown(client)
    refreshable.time = time
    return {"first": first, "kept": first == again, "later": later}


said = {
    "role": refreshing(
        Client(
            Config(
                type="ram_role_arn", access_key_id=given["user"]["id"],
                access_key_secret=given["user"]["secret"], role_arn=given["roleArn"],
                role_session_name="provider", role_session_expiration=3600,
                sts_endpoint=f"localhost:{given['tlsPort']}",
            )
        ),
        3000,
    ),
    "uri": refreshing(Client(Config(type="credentials_uri", credentials_uri=given["uri"])), 3000),
    "static": shown(
        Client(
            Config(
                type="sts", access_key_id=given["session"]["id"],
                access_key_secret=given["session"]["secret"],
                security_token=given["session"]["token"],
            )
        )
    ),
}  # fmt: skip
json.dump(said, sys.stdout)
