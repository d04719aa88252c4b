"""Who signed a form: its fields in the three versions of the signature, which covers the policy.

Sources: OSS documentation, "PostObject" and its pages on signatures V1 and V4. What is signed is
the base64 text of the policy, exactly as it came.
"""

from collections.abc import Mapping

from mossbox import errors
from mossbox.auth import Claim, Mismatch, equal, oss_v1, oss_v2, oss_v4

_V1 = ("ossaccesskeyid", "policy", "signature")
_V2 = ("x-oss-access-key-id", "policy", "x-oss-signature")
_V4 = ("x-oss-credential", "x-oss-date", "policy", "x-oss-signature")
_VERSION = "x-oss-signature-version"
_TOKEN = "x-oss-security-token"  # noqa: S105  (a field's name)
_ANY = frozenset((*_V1, *_V2, *_V4, _VERSION, _TOKEN))
_EC = "0002-00000705"
_EC_MISSING = {"policy": "0002-00000702", "signature": "0002-00000703"}


class FormClaim(Claim, frozen=True, gc=False):
    """What a form says of its signer: also the version, and the policy that is signed."""

    version: str = ""
    policy: str = ""


def claim(fields: Mapping[str, str]) -> FormClaim | None:
    """What a form says of its signer, None where it says nothing; `fields` are in lower case.

    Raises InvalidArgument where it says but a part of it: such a form is nobody's, not anybody's.
    """
    if _ANY.isdisjoint([name for name, value in fields.items() if value]):
        return None
    version = fields.get(_VERSION, "")
    if version and ("signature" in fields or "ossaccesskeyid" in fields):
        raise errors.InvalidArgument("The form is signed in two ways.")
    if version == oss_v4.ALGORITHM:
        return _claim_v4(fields)
    if version not in ("", oss_v2.VERSION):
        raise errors.invalid_argument("There is no such signature version.", _VERSION, version)
    key_id, policy, signature = _needed(fields, _V2 if version else _V1)
    return FormClaim(
        key_id, fields.get(_TOKEN), signature, "form", "", None, None, version=version,
        policy=policy,
    )  # fmt: skip


def _claim_v4(fields: Mapping[str, str]) -> FormClaim:
    credential, timestamp, policy, signature = _needed(fields, _V4)
    parsed = oss_v4.authorization(credential)
    signed_s = oss_v4.seconds(timestamp)
    if signed_s is None:
        raise errors.invalid_argument("Not a date like 20261121T010203Z.", "x-oss-date", timestamp)
    return FormClaim(
        parsed.key_id, fields.get(_TOKEN), signature, "form", timestamp, signed_s, None,
        parsed.scope, version=oss_v4.ALGORITHM, policy=policy,
    )  # fmt: skip


def _needed(fields: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not fields.get(name):
            raise errors.InvalidArgument(
                f"The form is signed in a part only: its field {name} is missing or empty.",
                ec=_EC_MISSING.get(name.removeprefix("x-oss-"), ""),
                ArgumentName=name, ArgumentValue="",
            )  # fmt: skip
    return tuple(fields[name] for name in names)


def verify(claim: FormClaim, secret: str) -> Mismatch | None:
    """None when the signature is right, else what it should have covered."""
    if claim.version == oss_v4.ALGORITHM:
        ours = oss_v4.signature(secret, claim.scope, claim.policy)
        same_day = claim.scope.startswith(claim.timestamp[:8])
    else:
        ours = (oss_v2 if claim.version else oss_v1).signature(secret, claim.policy)
        same_day = True
    if equal(ours, claim.signature) and same_day:
        return None
    return Mismatch(claim.policy, "", _EC)


def sign_v1(policy: str, key_id: str, secret: str) -> dict[str, str]:
    """The fields of a form under this policy (base64), signed with V1."""
    signature = oss_v1.signature(secret, policy)
    return {"OSSAccessKeyId": key_id, "policy": policy, "Signature": signature}


def sign_v2(policy: str, key_id: str, secret: str) -> dict[str, str]:
    """The same with V2."""
    return {
        _VERSION: oss_v2.VERSION,
        "x-oss-access-key-id": key_id,
        "policy": policy,
        "x-oss-signature": oss_v2.signature(secret, policy),
    }


def sign_v4(policy: str, key_id: str, secret: str, region: str, timestamp: str) -> dict[str, str]:
    """The same with V4; `timestamp` is written like ``20261121T010203Z``."""
    scope = f"{timestamp[:8]}/{region}/oss/{oss_v4.TERMINATOR}"
    return {
        _VERSION: oss_v4.ALGORITHM,
        "x-oss-credential": f"{key_id}/{scope}",
        "x-oss-date": timestamp,
        "policy": policy,
        "x-oss-signature": oss_v4.signature(secret, scope, policy),
    }
