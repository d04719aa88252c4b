"""The policies that every account has from the start (RAM documentation, "System policies")."""

from typing import NamedTuple


class SystemPolicy(NamedTuple):
    """A policy that nobody can change: what it is for, and its document."""

    description: str
    document: str


def _allow(*actions: str) -> str:
    shown = ",".join(f'"{action}"' for action in actions)
    return (
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":[' + shown + '],"Resource":"*"}]}'
    )


SYSTEM_POLICIES = {
    "AdministratorAccess": SystemPolicy("Everything in the account.", _allow("*")),
    "AliyunOSSFullAccess": SystemPolicy("Everything in OSS.", _allow("oss:*")),
    "AliyunOSSReadOnlyAccess": SystemPolicy(
        "Reading and listing in OSS.", _allow("oss:Get*", "oss:List*")
    ),
    "AliyunSTSAssumeRoleAccess": SystemPolicy(
        "Assuming the roles that trust the caller.", _allow("sts:AssumeRole")
    ),
}
"""By name; no custom policy can have one of these names."""
