"""AccessDenied as OSS words it, with what a person needs to mend a policy."""

from mossbox import errors
from mossbox.auth import Caller
from mossbox.auth.policy import Layer, Verdict
from mossbox.errors import ServiceError
from mossbox.operation import Need

_EXPLICIT: dict[Layer, tuple[str, str]] = {
    "identity policy": ("Access denied by bucket policy.", "0003-00000201"),  # so says OSS
    "bucket policy": ("Access denied by bucket policy.", "0003-00000202"),
    "session policy": ("Access denied by authorizer's policy.", "0003-00000301"),
}
_PRINCIPALS = {"root": "Account", "user": "SubUser", "role": "AssumedRoleUser"}
_POLICIES: dict[Layer, str] = {
    "session policy": "SessionPolicy",
    "identity policy": "AccountLevelIdentityBasedPolicy",
    "bucket policy": "BucketPolicy",
    "object acl": "ObjectAcl",
    "bucket acl": "BucketAcl",
    "public access block": "BlockPublicAccess",
}


def refusal(caller: Caller, need: Need, verdict: Verdict) -> ServiceError:
    """AccessDenied in the words that OSS uses for this case."""
    error = _worded(caller, need, verdict)
    if caller.kind != "anonymous":
        error.nested["AccessDeniedDetail"] = detail(caller, need, verdict)
    return error


def detail(caller: Caller, need: Need, verdict: Verdict) -> dict[str, str]:
    """Who may not do what, and what kind of policy refused (OSS documentation, "403 errors").

    The ACLs stand for RAM's policies that are silent: a user lacks an allow there.
    """
    layer = verdict.layer
    if caller.kind in ("user", "role") and layer in ("object acl", "bucket acl"):
        layer = "identity policy"
    return {
        "AuthAction": need.action,
        "AuthPrincipalType": _PRINCIPALS[caller.kind],
        "AuthPrincipalOwnerId": caller.uid,
        "AuthPrincipalDisplayName": _name(caller),
        "PolicyType": _POLICIES[layer],
        "NoPermissionType": "ExplicitDeny" if verdict.explicit else "ImplicitDeny",
    }


def _name(caller: Caller) -> str:
    if caller.kind == "role":
        return f"{caller.name}:{caller.session}"
    return caller.id if caller.kind == "user" else caller.uid


def _worded(caller: Caller, need: Need, verdict: Verdict) -> ServiceError:
    if verdict.layer == "session policy" or (verdict.explicit and verdict.layer in _EXPLICIT):
        message, ec = _EXPLICIT[verdict.layer]
        return errors.AccessDenied(message, ec=ec)
    if need.level == "service":
        if caller.kind == "anonymous":
            return errors.AccessDenied("Anonymous access is forbidden for this operation.")
        return errors.AccessDenied(f"You have no right to do {need.action}.")
    if need.level == "bucket":
        if caller.kind == "anonymous":
            message = "Anonymous user has no right to access this bucket."
        else:
            message = "The bucket you access does not belong to you."
        return errors.AccessDenied(message, BucketName=need.bucket)
    if verdict.layer == "object acl":
        return errors.AccessDenied("You have no right to access this object.")
    return errors.AccessDenied()
