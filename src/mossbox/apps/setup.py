"""`mossbox setup direct-upload`: all that a page needs to upload by itself, in one command.

It does what the vendor's tutorial does by hand in the console: a bucket, a user with a key who may
assume a role, and the role, which may put objects into that bucket and nothing else. All three
are called like the bucket; what is not marked as made here is never changed or removed.
"""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from mossbox.apps import buckets, cors
from mossbox.apps.access import account_trust, report
from mossbox.apps.store import STS, Refused, Store, address_arguments

_MARK = "made by mossbox setup direct-upload"
_ASSUME = {"PolicyType": "System", "PolicyName": "AliyunSTSAssumeRoleAccess"}


def arguments(parser: ArgumentParser) -> None:
    """What `mossbox setup` takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "make bucket, user, key, role and policy for uploads from a page; repeatable"
    make = actions.add_parser("direct-upload", help=text, description=text.capitalize() + ".")
    make.add_argument("--bucket", required=True, help="the bucket's name")
    make.add_argument("--origin", default="*", help="the page's origin, for the CORS rule")
    make.add_argument(
        "--expose", default="", help="headers that it may read: ETag, for big files in parts"
    )
    make.add_argument("--shell", choices=("sh", "cmd"), default="sh", help="how variables are set")
    make.add_argument("--json", action="store_true", help="print the variables as JSON")
    address_arguments(make)
    text = "take back what a setup made"
    remove = actions.add_parser("remove", help=text, description=text.capitalize() + ".")
    remove.add_argument("what", choices=("direct-upload",))
    remove.add_argument("--bucket", required=True, help="the bucket's name")
    address_arguments(remove)


def run(options: Mapping[str, Any]) -> int:
    """Do what was asked for; gives the exit status."""
    if options["action"] == "remove":
        return report(
            lambda: _remove(Store(options["endpoint"], options["access_key_id"]), options)
        )
    return report(lambda: _make(Store(options["endpoint"], options["access_key_id"]), options))


def _make(store: Store, options: Mapping[str, Any]) -> None:
    name = options["bucket"]
    uid = store.rpc("GetCallerIdentity", STS)["AccountId"]
    _check_ours(store, name)
    buckets.make(store, name)
    exposed = [header for header in options["expose"].split(",") if header]
    cors.allow(store, name, [options["origin"]], ("POST", "PUT", "GET"), ["*"], exposed)
    _unless_there(store, "CreateUser", UserName=name, Comments=_MARK)
    _unless_there(store, "AttachPolicyToUser", UserName=name, **_ASSUME)
    _unless_there(
        store, "CreateRole", RoleName=name, Description=_MARK,
        AssumeRolePolicyDocument=account_trust(uid),
    )  # fmt: skip
    _unless_there(
        store, "CreatePolicy", PolicyName=name, PolicyDocument=_put_policy(name),
        Description=_MARK,
    )  # fmt: skip
    custom = {"PolicyType": "Custom", "PolicyName": name}
    _unless_there(store, "AttachPolicyToRole", RoleName=name, **custom)
    key = _fresh_key(store, name)
    _print(
        {
            "OSS_ACCESS_KEY_ID": key["AccessKeyId"],
            "OSS_ACCESS_KEY_SECRET": key["AccessKeySecret"],
            "OSS_STS_ROLE_ARN": f"acs:ram::{uid}:role/{name}",
        },
        options,
    )  # fmt: skip


def _put_policy(bucket: str) -> str:
    """Putting objects into one bucket, and nothing else."""
    statement = {
        "Effect": "Allow",
        "Action": "oss:PutObject",
        "Resource": f"acs:oss:*:*:{bucket}/*",
    }
    return json.dumps({"Version": "1", "Statement": [statement]})


def _print(values: dict[str, str], options: Mapping[str, Any]) -> None:
    if options["json"]:
        print(json.dumps(values))
        return
    for name, value in values.items():
        print(f'setx {name} "{value}"' if options["shell"] == "cmd" else f"export {name}='{value}'")


def _unless_there(store: Store, operation: str, **parameters: str) -> None:
    try:
        store.rpc(operation, **parameters)
    except Refused as error:
        if not error.code.startswith("EntityAlreadyExists."):
            raise


def _check_ours(store: Store, name: str) -> None:
    """Refuse names that somebody else uses for something."""
    for kind, operation, field, mark in (
        ("user", "GetUser", "UserName", ("User", "Comments")),
        ("role", "GetRole", "RoleName", ("Role", "Description")),
        ("policy", "GetPolicy", "PolicyName", ("Policy", "Description")),
    ):
        try:
            found = store.rpc(operation, **{field: name})
        except Refused as error:
            if not error.code.startswith("EntityNotExist."):
                raise
            continue
        if found[mark[0]][mark[1]] != _MARK:
            raise Refused(f"there is a {kind} {name} that was not made here")


def _fresh_key(store: Store, user: str) -> dict[str, str]:
    """A new key; where there are two already the oldest makes room."""
    keys = store.rpc("ListAccessKeys", UserName=user)["AccessKeys"]["AccessKey"]
    if len(keys) > 1:
        store.rpc("DeleteAccessKey", UserName=user, UserAccessKeyId=keys[0]["AccessKeyId"])
    made: dict[str, str] = store.rpc("CreateAccessKey", UserName=user)["AccessKey"]
    return made


def _remove(store: Store, options: Mapping[str, Any]) -> None:
    name = options["bucket"]
    _check_ours(store, name)
    for operation, field in (
        ("DeleteRole", "RoleName"), ("DeletePolicy", "PolicyName"), ("DeleteUser", "UserName"),
    ):  # fmt: skip
        more = {"CascadingDelete": "true"} if operation == "DeletePolicy" else {}
        try:
            store.rpc(operation, **{field: name}, **more)
        except Refused as error:
            if not error.code.startswith("EntityNotExist."):
                raise
    try:
        store.oss("DELETE", name)
    except Refused as error:
        if error.code == "BucketNotEmpty":
            print(f"the bucket still holds objects: mossbox bucket empty {name}, then delete it")
        elif error.code != "NoSuchBucket":
            raise
    print(f"role, policy and bucket {name} are gone; its user lies in the recycle bin")
