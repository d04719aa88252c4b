"""The official Python clients of RAM, IMS and STS, called by the names of operations."""

import json
import re
from functools import cache
from types import ModuleType
from typing import Any

from Tea.exceptions import TeaException

from tests.conformance.keys import UID
from tests.support import KEY_ID, SECRET, Answer, Server

TRUST_ACCOUNT = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"RAM": [f"acs:ram::{UID}:root"]},
            }
        ],
    }
)


@cache
def clients() -> tuple[tuple[ModuleType, ModuleType], ...]:
    """Client and models of each, loaded at the first need: it takes a second."""
    from alibabacloud_ims20190815 import client as ims
    from alibabacloud_ims20190815 import models as ims_models
    from alibabacloud_ram20150501 import client as ram
    from alibabacloud_ram20150501 import models as ram_models
    from alibabacloud_sts20150401 import client as sts
    from alibabacloud_sts20150401 import models as sts_models

    return (ram, ram_models), (sts, sts_models), (ims, ims_models)


class Refused(Exception):
    """A refusal as the client saw it."""

    def __init__(self, error: TeaException) -> None:
        super().__init__(str(error))
        self.code = error.code
        self.status = error.data["statusCode"]
        self.data = error.data


class Cloud:
    """Somebody who calls: ``cloud("CreateUser", user_name="a")`` gives the answer's body."""

    def __init__(
        self, server: Server, key_id: str = KEY_ID, secret: str = SECRET, token: str | None = None
    ) -> None:
        self.server = server
        self.key_id, self.secret, self.token = key_id, secret, token

    def __call__(self, action: str, **fields: Any) -> dict[str, Any]:
        from alibabacloud_tea_openapi.models import Config

        client, models = next(one for one in clients() if hasattr(one[1], f"{action}Response"))
        config = Config(
            access_key_id=self.key_id, access_key_secret=self.secret, security_token=self.token,
            endpoint=f"127.0.0.1:{self.server.port}", protocol="http",
        )  # fmt: skip
        method = getattr(client.Client(config), re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower())
        request = getattr(models, f"{action}Request", None)
        try:
            answer = method(request(**fields)) if request else method()
        except TeaException as error:
            raise Refused(error) from None
        return answer.body.to_map()

    # -- what tests ask for again and again -----------------------------------------------------

    def user(self, name: str) -> "Cloud":
        """A new user with a key."""
        self("CreateUser", user_name=name)
        key = self("CreateAccessKey", user_name=name)["AccessKey"]
        return Cloud(self.server, key["AccessKeyId"], key["AccessKeySecret"])

    def policy(self, name: str, *actions: str, resource: str = "*", effect: str = "Allow") -> str:
        """A new custom policy of one statement."""
        self(
            "CreatePolicy",
            policy_name=name,
            policy_document=document(*actions, on=resource, effect=effect),
        )
        return name

    def attach(self, policy: str, kind: str, name: str) -> None:
        """Attach a policy, one of the system's by its well-known name."""
        system = policy.startswith(("Aliyun", "Administrator"))
        self(
            f"AttachPolicyTo{kind}", policy_type="System" if system else "Custom",
            policy_name=policy, **{f"{kind.lower()}_name": name},
        )  # fmt: skip

    def assume(self, role: str, session: str = "session", **fields: Any) -> "Cloud":
        """The temporary key of a role of the first account."""
        given = self(
            "AssumeRole", role_arn=f"acs:ram::{UID}:role/{role}", role_session_name=session,
            **fields,
        )["Credentials"]  # fmt: skip
        return Cloud(
            self.server, given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"]
        )

    def oss(self, method: str, bucket: str = "", key: str = "", **more: Any) -> Answer:
        """A V4-signed request to OSS."""
        headers = dict(more.pop("headers", {}))
        if self.token:
            headers["x-oss-security-token"] = self.token
        return self.server.request(
            method, bucket, key, headers=headers, key_id=self.key_id, secret=self.secret, **more
        )


def document(*actions: str, on: str | list[str] = "*", effect: str = "Allow") -> str:
    """A policy of one statement."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": on}
    return json.dumps({"Version": "1", "Statement": [statement]})
