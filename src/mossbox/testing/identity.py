"""A RAM user, a role that it may assume, and temporary keys, by the public API."""

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from mossbox import clock
from mossbox.auth import acs3
from mossbox.auth.rpc import Message

if TYPE_CHECKING:
    from mossbox.testing.server import MossboxServer

RAM, STS = "2015-05-01", "2015-04-01"
USER, ROLE = "mossbox-test-user", "mossbox-test-role"
_TIMEOUT_S = 20.0
_FORM = "application/x-www-form-urlencoded"


class Role(NamedTuple):
    """A role with all permissions in OSS, and the key of the RAM user who may assume it.

    The root account's own key can't: STS refuses it, as the cloud does.
    """

    arn: str
    name: str
    access_key_id: str
    access_key_secret: str


class Credentials(NamedTuple):
    """A temporary key; `expiration` is a date in ISO 8601."""

    access_key_id: str
    access_key_secret: str
    security_token: str
    expiration: str


def make_role(server: "MossboxServer") -> Role:
    """Make user, key and role; raises RuntimeError where the store refuses."""
    key_id, secret, uid = server.access_key_id, server.access_key_secret, server.account_id
    trusted = {"RAM": [f"acs:ram::{uid}:root"]}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    document = json.dumps({"Version": "1", "Statement": [trust]})

    def call(action: str, **parameters: str) -> dict[str, Any]:
        return rpc(server, action, RAM, key_id, secret, **parameters)

    call("CreateUser", UserName=USER)
    key = call("CreateAccessKey", UserName=USER)["AccessKey"]
    call(
        "AttachPolicyToUser", UserName=USER, PolicyType="System",
        PolicyName="AliyunSTSAssumeRoleAccess",
    )  # fmt: skip
    role = call("CreateRole", RoleName=ROLE, AssumeRolePolicyDocument=document)["Role"]
    call("AttachPolicyToRole", RoleName=ROLE, PolicyType="System", PolicyName="AliyunOSSFullAccess")
    return Role(role["Arn"], ROLE, key["AccessKeyId"], key["AccessKeySecret"])


def assume_role(
    server: "MossboxServer", role: Role, *, policy: str, duration_s: int, session_name: str
) -> Credentials:
    """A temporary key of the role; raises RuntimeError where the store refuses."""
    more = {"Policy": policy} if policy else {}
    given = rpc(
        server, "AssumeRole", STS, role.access_key_id, role.access_key_secret,
        RoleArn=role.arn, RoleSessionName=session_name, DurationSeconds=str(duration_s), **more,
    )["Credentials"]  # fmt: skip
    return Credentials(
        given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"], given["Expiration"]
    )


def rpc(
    server: "MossboxServer", action: str, version: str, key_id: str, secret: str, **parameters: str
) -> dict[str, Any]:
    """What RAM or STS answers; raises RuntimeError for a refusal."""
    body = urlencode(parameters).encode()
    headers = acs3.unsigned(f"{server.host}:{server.port}", action, version, clock.now())
    signed = acs3.sign(Message("POST", "/", {}, {}, headers, body), key_id, secret)
    connection = HTTPConnection(server.host, server.port, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", "/", body, {**signed, "content-type": _FORM})
        answer = connection.getresponse()
        said: dict[str, Any] = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{action}: {said['Code']}: {said['Message']}")
    return said
