"""`mossbox user|access-key|group|role|policy …`: who may do what in a running store.

Each command is one operation of the public API, or a few of them.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mossbox.apps.store import IMS, STS, Refused, Store, address_arguments

if TYPE_CHECKING:
    from argparse import _SubParsersAction

Options = Mapping[str, Any]
Answer = dict[str, Any]
_PAGE = "1000"


class Command(NamedTuple):
    """One command: its words, what it does, and where in the answer the lines are."""

    text: str
    run: Callable[[Store, Options], Answer]
    words: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    items: str = ""  # path of the list in the answer, or of the one thing
    columns: tuple[str, ...] = ()


def _call(operation: str, **fields: str) -> Callable[[Store, Options], Answer]:
    """An operation; `fields` are its parameters, each with the option it is taken from."""

    def run(store: Store, options: Options) -> Answer:
        given = {name: options[option] for name, option in fields.items() if options[option]}
        return store.rpc(operation, **given)

    return run


def _pages(operation: str, items: str, **fields: str) -> Callable[[Store, Options], Answer]:
    """All pages of a list."""
    wrapper, _, item = items.partition(".")

    def run(store: Store, options: Options) -> Answer:
        given = {name: options[option] for name, option in fields.items() if options[option]}
        found: list[Answer] = []
        while True:
            page = store.rpc(operation, MaxItems=_PAGE, **given)
            found += page[wrapper][item]
            if not page["IsTruncated"]:
                return {wrapper: {item: found}}
            given["Marker"] = page["Marker"]

    return run


def _account(store: Store) -> str:
    """The id of the account that is asked."""
    return str(store.rpc("GetCallerIdentity", STS)["AccountId"])


def _create_role(store: Store, options: Options) -> Answer:
    trust = options["trust"] or "account"
    document = account_trust(_account(store)) if trust == "account" else _text(trust)
    more = {"MaxSessionDuration": options["max_session"]} if options["max_session"] else {}
    return store.rpc(
        "CreateRole", RoleName=options["name"], AssumeRolePolicyDocument=document,
        Description=options["description"] or "", **more,
    )  # fmt: skip


def account_trust(uid: str) -> str:
    """The trust policy that lets all of an account assume a role."""
    trusted = {"RAM": [f"acs:ram::{uid}:root"]}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    return json.dumps({"Version": "1", "Statement": [statement]})


def _create_policy(store: Store, options: Options) -> Answer:
    return store.rpc(
        "CreatePolicy", PolicyName=options["name"], PolicyDocument=_text(options["file"]),
        Description=options["description"] or "",
    )  # fmt: skip


def _update_policy(store: Store, options: Options) -> Answer:
    return store.rpc(
        "CreatePolicyVersion", PolicyName=options["name"], SetAsDefault="true",
        PolicyDocument=_text(options["file"]),
        RotateStrategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
    )  # fmt: skip


def policy_type(name: str) -> str:
    """System or Custom: no custom policy can have a system policy's name."""
    from mossbox.auth.system_policies import SYSTEM_POLICIES

    return "System" if name in SYSTEM_POLICIES else "Custom"


def _show_policy(store: Store, options: Options) -> Answer:
    name = options["name"]
    return store.rpc("GetPolicy", PolicyName=name, PolicyType=policy_type(name))


def _attachment(verb: str) -> Callable[[Store, Options], Answer]:
    def run(store: Store, options: Options) -> Answer:
        chosen = [kind for kind in ("user", "group", "role") if options[kind]]
        if len(chosen) != 1:
            raise Refused("name one of --user, --group and --role")
        kind, name = chosen[0].capitalize(), options["name"]
        return store.rpc(
            f"{verb}{kind}", PolicyName=name, PolicyType=policy_type(name),
            **{f"{kind}Name": options[chosen[0]]},
        )  # fmt: skip

    return run


def _restore_user(store: Store, options: Options) -> Answer:
    name = options["name"]
    listed = store.rpc("ListUsersInRecycleBin", IMS, Filter=name, MaxItems=_PAGE)
    fit = [u for u in listed["Users"]["User"] if u["UserPrincipalName"].partition("@")[0] == name]
    if not fit:
        raise Refused(f"no user {name} lies in the recycle bin")
    last = max(fit, key=lambda user: str(user["RecycleDate"]))
    return store.rpc("RestoreUserFromRecycleBin", IMS, UserId=last["UserId"])


def _bin(store: Store, _options: Options) -> Answer:
    return store.rpc("ListUsersInRecycleBin", IMS, MaxItems=_PAGE)


def _key_state(status: str) -> Callable[[Store, Options], Answer]:
    def run(store: Store, options: Options) -> Answer:
        return store.rpc(
            "UpdateAccessKey", UserName=options["user"], UserAccessKeyId=options["id"],
            Status=status,
        )  # fmt: skip

    return run


def _text(path: str) -> str:
    """A document from a file, or from standard input for ``-``."""
    if path == "-":
        return sys.stdin.read()
    with open(path, encoding="utf-8") as file:
        return file.read()


_USER = ("UserName", "UserId", "DisplayName")
COMMANDS: dict[str, dict[str, Command]] = {
    "user": {
        "create": Command(
            "make a user", _call("CreateUser", UserName="name", DisplayName="display_name"),
            ("name",), ("display-name",), "User", _USER,
        ),
        "list": Command(
            "list the users", _pages("ListUsers", "Users.User"), (), (), "Users.User", _USER
        ),
        "delete": Command(
            "move a user into the recycle bin", _call("DeleteUser", UserName="name"), ("name",)
        ),
        "restore": Command("bring a user back from the bin", _restore_user, ("name",)),
        "bin": Command(
            "list the users in the bin", _bin, (), (), "Users.User",
            ("UserPrincipalName", "UserId", "RecycleDate"),
        ),
    },
    "access-key": {
        "create": Command(
            "make a key for a user; its secret is shown this once",
            _call("CreateAccessKey", UserName="user"), ("user",), (), "AccessKey",
            ("AccessKeyId", "AccessKeySecret"),
        ),
        "list": Command(
            "list a user's keys", _call("ListAccessKeys", UserName="user"), ("user",), (),
            "AccessKeys.AccessKey", ("AccessKeyId", "Status", "CreateDate"),
        ),
        "activate": Command("let a key be used", _key_state("Active"), ("user", "id")),
        "deactivate": Command("let a key not be used", _key_state("Inactive"), ("user", "id")),
        "delete": Command(
            "move a key into the recycle bin",
            _call("DeleteAccessKey", UserName="user", UserAccessKeyId="id"), ("user", "id"),
        ),
    },
    "group": {
        "create": Command(
            "make a group", _call("CreateGroup", GroupName="name"), ("name",), (), "Group",
            ("GroupName", "GroupId"),
        ),
        "list": Command(
            "list the groups", _pages("ListGroups", "Groups.Group"), (), (), "Groups.Group",
            ("GroupName", "GroupId", "Comments"),
        ),
        "delete": Command("remove a group", _call("DeleteGroup", GroupName="name"), ("name",)),
        "members": Command(
            "list a group's users",
            _pages("ListUsersForGroup", "Users.User", GroupName="name"), ("name",), (),
            "Users.User", ("UserName", "JoinDate"),
        ),
        "add": Command(
            "put a user into a group", _call("AddUserToGroup", GroupName="name", UserName="user"),
            ("name", "user"),
        ),
        "remove": Command(
            "take a user out of a group",
            _call("RemoveUserFromGroup", GroupName="name", UserName="user"), ("name", "user"),
        ),
    },
    "role": {
        "create": Command(
            "make a role; --trust is a file, or account for all users of the account (the default)",
            _create_role, ("name",), ("trust", "max-session", "description"), "Role", ("Arn",),
        ),
        "list": Command(
            "list the roles", _pages("ListRoles", "Roles.Role"), (), (), "Roles.Role",
            ("RoleName", "Arn", "Description"),
        ),
        "show": Command(
            "show a role and whom it trusts", _call("GetRole", RoleName="name"), ("name",), (),
            "Role", ("Arn", "MaxSessionDuration", "AssumeRolePolicyDocument"),
        ),
        "delete": Command(
            "remove a role with its attachments; its temporary keys die",
            _call("DeleteRole", RoleName="name"), ("name",),
        ),
    },
    "policy": {
        "create": Command(
            "make a policy from a file, or from - for standard input", _create_policy,
            ("name", "file"), ("description",), "Policy", ("PolicyName", "DefaultVersion"),
        ),
        "update": Command(
            "give a policy a new version, which counts at once", _update_policy,
            ("name", "file"), (), "PolicyVersion", ("VersionId",),
        ),
        "list": Command(
            "list the policies, the system's last", _pages("ListPolicies", "Policies.Policy"),
            (), (), "Policies.Policy", ("PolicyName", "PolicyType", "DefaultVersion"),
        ),
        "show": Command(
            "show a policy", _show_policy, ("name",), (), "DefaultPolicyVersion",
            ("VersionId", "PolicyDocument"),
        ),
        "delete": Command(
            "remove a policy that is not attached", _call("DeletePolicy", PolicyName="name"),
            ("name",),
        ),
        "attach": Command(
            "attach a policy to a user, group or role", _attachment("AttachPolicyTo"), ("name",),
            ("user", "group", "role"),
        ),
        "detach": Command(
            "detach a policy", _attachment("DetachPolicyFrom"), ("name",),
            ("user", "group", "role"),
        ),
    },
}  # fmt: skip
TEXTS = {
    "user": "users of the account",
    "access-key": "access keys of users",
    "group": "groups of users",
    "role": "roles, which users assume",
}


def arguments(parser: ArgumentParser, noun: str) -> "_SubParsersAction[ArgumentParser]":
    """What `mossbox NOUN` takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, command in COMMANDS[noun].items():
        action = actions.add_parser(name, help=command.text, description=command.text + ".")
        for word in command.words:
            action.add_argument(word, metavar=word.upper())
        for option in command.options:
            action.add_argument(f"--{option}", default=None)
        action.add_argument("--json", action="store_true", help="print the API's answer")
        address_arguments(action)
    return actions


def run(noun: str, options: Options) -> int:
    """Do what was asked for; gives the exit status."""
    command = COMMANDS[noun][options["action"]]
    return report(lambda: _shown(command, options))


def report(work: Callable[[], None]) -> int:
    """Do it, and tell in words what went wrong; gives the exit status."""
    from http.client import HTTPException

    try:
        work()
    except (Refused, OSError, HTTPException) as error:
        print(f"mossbox: {error}", file=sys.stderr)
        return 1
    return 0


def _shown(command: Command, options: Options) -> None:
    answer = command.run(Store(options["endpoint"], options["access_key_id"]), options)
    answer.pop("RequestId", None)
    if options["json"]:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    found: Any = answer
    for step in filter(None, command.items.split(".")):
        found = found[step]
    for item in found if isinstance(found, list) else [found]:
        line = "  ".join(str(item[column]) for column in command.columns if item.get(column))
        if line:
            print(line)
