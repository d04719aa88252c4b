"""RAM: policies and their versions (RAM documentation, "Policy management")."""

import msgspec

from mossbox import errors
from mossbox.auth.documents import PolicyError, parse
from mossbox.engine import Database, Tx, grants, identities
from mossbox.engine.grants import PolicyVersion
from mossbox.engine.identities import SYSTEM, Identity, PolicyDetails, details
from mossbox.operation import rpc_operation
from mossbox.operations.call import Call
from mossbox.operations.ram_common import (
    RAM,
    Done,
    check_name,
    check_text,
    date,
    date_or_none,
    flag,
    found,
    made,
    name_of,
    page,
    policy,
    policy_kind,
    room_for,
)
from mossbox.wire.forms import Answer

DOCUMENT_MAX = 6144  # characters
VERSIONS_MAX = 5
_POLICY = "policy/{PolicyName}"


class Policy(Answer):
    """A policy; its document where it is asked for alone."""

    policy_name: str
    policy_type: str
    description: str
    default_version: str
    create_date: str
    update_date: str | None = None
    attachment_count: int | None = None
    policy_document: str | None = None


class Version(Answer):
    """One of a policy's versions."""

    version_id: str
    is_default_version: bool
    create_date: str
    policy_document: str | None = None


class PolicyResult(Answer):
    """One policy."""

    policy: Policy


class GetPolicyResult(Answer):
    """One policy with the version that counts."""

    policy: Policy
    default_policy_version: Version


class PolicyList(Answer):
    """Policies, in the element that holds them."""

    policy: list[Policy]


class ListPoliciesResult(Answer):
    """A page of policies."""

    policies: PolicyList
    is_truncated: bool
    marker: str | None = None


class VersionResult(Answer):
    """One version."""

    policy_version: Version


class VersionList(Answer):
    """Versions, in the element that holds them."""

    policy_version: list[Version]


class ListPolicyVersionsResult(Answer):
    """All versions of a policy."""

    policy_versions: VersionList


class CreatePolicyRequest(msgspec.Struct):
    """A new policy."""

    policy_name: str
    policy_document: str
    description: str = ""


class PolicyRequest(msgspec.Struct):
    """Which policy is meant."""

    policy_name: str
    policy_type: str = "Custom"


class DeletePolicyRequest(msgspec.Struct):
    """Which policy is to go; its further versions and attachments too if that is said."""

    policy_name: str
    cascading_delete: str = ""


class ListPoliciesRequest(msgspec.Struct):
    """Which page of which policies is meant; of all where no type is given."""

    policy_type: str = ""
    marker: str = ""
    max_items: str = ""


class DescriptionRequest(msgspec.Struct):
    """What a policy is for."""

    policy_name: str
    new_description: str


class CreatePolicyVersionRequest(msgspec.Struct):
    """A further version; the oldest that does not count may have to make room for it."""

    policy_name: str
    policy_document: str
    set_as_default: str = ""
    rotate_strategy: str = "None"


class VersionRequest(msgspec.Struct):
    """Which version of a policy is meant."""

    policy_name: str
    version_id: str
    policy_type: str = "Custom"


@rpc_operation("CreatePolicy", RAM, action="ram:CreatePolicy", resource="policy/*")
async def create_policy(call: Call, request: CreatePolicyRequest) -> PolicyResult:
    """Make a policy, its first version."""
    name = check_name("policy", request.policy_name)
    document = _document(request.policy_document)
    description = check_text("Description", request.description)
    if identities.named(call.engine.db, SYSTEM, "system", name):
        raise errors.PolicyExists()

    def work(tx: Tx) -> Identity:
        room_for(tx, call.caller.account, "policy")
        kept = PolicyDetails(description=description, updated_ms=call.now_ms)
        row = identities.insert(tx, call.caller.account, "policy", name, call.now_ms, kept)
        new = made("policy", row)
        grants.add_version(tx, new.id, 1, document, call.now_ms, default=True)
        return new

    new = await call.engine.db.write(work, catalog=True)
    return PolicyResult(_shown(call.engine.db, new))


@rpc_operation("GetPolicy", RAM, action="ram:GetPolicy", resource=_POLICY)
async def get_policy(call: Call, request: PolicyRequest) -> GetPolicyResult:
    """A policy and its default version."""
    db = call.engine.db
    one = policy(db, call.caller.account, request.policy_type, request.policy_name)
    counts = grants.chosen(db, one.id)
    shown = _shown(db, one, account=call.caller.account)
    return GetPolicyResult(
        msgspec.structs.replace(shown, policy_document=counts.document), version_shown(counts)
    )


@rpc_operation("UpdatePolicyDescription", RAM, action="ram:UpdatePolicyDescription",
               resource=_POLICY)  # fmt: skip
async def update_policy_description(call: Call, request: DescriptionRequest) -> PolicyResult:
    """Say anew what a policy is for."""
    text = check_text("NewDescription", request.new_description)

    def work(tx: Tx) -> Identity | None:
        one = found(tx, call.caller.account, "policy", request.policy_name)
        kept = details(one, PolicyDetails)
        kept = msgspec.structs.replace(kept, description=text, updated_ms=call.now_ms)
        return identities.update(tx, one, kept)

    one = await call.engine.db.write(work)
    assert one is not None
    return PolicyResult(_shown(call.engine.db, one))


@rpc_operation("DeletePolicy", RAM, action="ram:DeletePolicy", resource=_POLICY)
async def delete_policy(call: Call, request: DeletePolicyRequest) -> Done:
    """Remove a policy that is not attached and has no further versions, or all of it."""
    everything = flag("CascadingDelete", request.cascading_delete)

    def work(tx: Tx) -> None:
        one = found(tx, call.caller.account, "policy", request.policy_name)
        if not everything and grants.targets(tx, one.id, one.account):
            raise errors.DeleteConflictPolicy()
        if not everything and len(grants.versions(tx, one.id)) > 1:
            raise errors.DeleteConflictPolicyVersions()
        identities.delete(tx, one.id)

    await call.engine.db.write(work, catalog=True)
    return Done()


@rpc_operation("ListPolicies", RAM, action="ram:ListPolicies", resource="policy/*")
async def list_policies(call: Call, request: ListPoliciesRequest) -> ListPoliciesResult:
    """A page of policies, custom ones before the system's, each in order of their names."""
    db, account = call.engine.db, call.caller.account
    kinds = ("policy", "system") if not request.policy_type else (policy_kind(request.policy_type),)
    after_kind, _, after = request.marker.rpartition("/")

    def read(count: int) -> list[Identity]:
        items: list[Identity] = []
        for kind in kinds[kinds.index(after_kind) :] if after_kind in kinds else kinds:
            marker = after if kind == after_kind else ""
            owner = SYSTEM if kind == "system" else account
            items += identities.page(db, owner, kind, marker, count - len(items))  # type: ignore[arg-type]
        return items

    found_, more, marker = page(request.max_items, read, lambda one: f"{one.kind}/{name_of(one)}")
    shown = [_shown(db, one, account=account) for one in found_]
    return ListPoliciesResult(PolicyList(shown), more, marker)


# -- versions ----------------------------------------------------------------------------------


@rpc_operation("CreatePolicyVersion", RAM, action="ram:CreatePolicyVersion", resource=_POLICY)
async def create_policy_version(call: Call, request: CreatePolicyVersionRequest) -> VersionResult:
    """Add a version; it counts at once if it is to be the default."""
    document = _document(request.policy_document)
    default = flag("SetAsDefault", request.set_as_default)
    rotate = request.rotate_strategy == "DeleteOldestNonDefaultVersionWhenLimitExceeded"

    def work(tx: Tx) -> PolicyVersion:
        one = found(tx, call.caller.account, "policy", request.policy_name)
        held = grants.versions(tx, one.id)
        if len(held) >= VERSIONS_MAX:
            if not rotate:
                raise errors.TooManyPolicyVersions()
            grants.remove_version(tx, one.id, next(v.version for v in held if not v.chosen))
        kept = details(one, PolicyDetails)
        number = kept.latest + 1
        kept = msgspec.structs.replace(kept, latest=number, updated_ms=call.now_ms)
        identities.update(tx, one, kept)
        return grants.add_version(tx, one.id, number, document, call.now_ms, default=default)

    return VersionResult(version_shown(await call.engine.db.write(work, catalog=True)))


@rpc_operation("GetPolicyVersion", RAM, action="ram:GetPolicyVersion", resource=_POLICY)
async def get_policy_version(call: Call, request: VersionRequest) -> VersionResult:
    """A version with its document."""
    db = call.engine.db
    one = policy(db, call.caller.account, request.policy_type, request.policy_name)
    return VersionResult(version_shown(_version(db, one, request.version_id)))


@rpc_operation("ListPolicyVersions", RAM, action="ram:ListPolicyVersions", resource=_POLICY)
async def list_policy_versions(call: Call, request: PolicyRequest) -> ListPolicyVersionsResult:
    """All versions of a policy, oldest first."""
    db = call.engine.db
    one = policy(db, call.caller.account, request.policy_type, request.policy_name)
    shown = [version_shown(version) for version in grants.versions(db, one.id)]
    return ListPolicyVersionsResult(VersionList(shown))


@rpc_operation("SetDefaultPolicyVersion", RAM, action="ram:SetDefaultPolicyVersion",
               resource=_POLICY)  # fmt: skip
async def set_default_policy_version(call: Call, request: VersionRequest) -> Done:
    """Let another version count, from the next request on."""

    def work(tx: Tx) -> None:
        one = found(tx, call.caller.account, "policy", request.policy_name)
        grants.choose(tx, one.id, _version(tx, one, request.version_id).version)

    await call.engine.db.write(work, catalog=True)
    return Done()


@rpc_operation("DeletePolicyVersion", RAM, action="ram:DeletePolicyVersion", resource=_POLICY)
async def delete_policy_version(call: Call, request: VersionRequest) -> Done:
    """Remove a version that does not count."""

    def work(tx: Tx) -> None:
        one = found(tx, call.caller.account, "policy", request.policy_name)
        version = _version(tx, one, request.version_id)
        if version.chosen:
            raise errors.DeleteConflictDefaultVersion()
        grants.remove_version(tx, one.id, version.version)

    await call.engine.db.write(work, catalog=True)
    return Done()


def _version(source: Database | Tx, one: Identity, version_id: str) -> PolicyVersion:
    digits = version_id[1:]
    if version_id[:1] != "v" or not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise errors.InvalidVersionId()
    version = grants.version(source, one.id, int(digits))
    if version is None:
        raise errors.NoSuchPolicyVersion()
    return version


def _document(text: str) -> str:
    """A policy's text; raises InvalidParameter.PolicyDocument that says what is wrong."""
    if len(text) > DOCUMENT_MAX:
        raise errors.InvalidPolicyTextSize(f"A policy has at most {DOCUMENT_MAX} characters.")
    try:
        parse(text, "identity")
    except PolicyError as error:
        raise errors.InvalidPolicyText(f"The policy is not valid: {error}") from None
    return text


def version_shown(version: PolicyVersion) -> Version:
    """A version as answers show it."""
    return Version(
        f"v{version.version}", version.chosen, date(version.created_ms), version.document
    )


def policy_type(one: Identity) -> str:
    """System or Custom."""
    return "System" if one.kind == "system" else "Custom"


def _shown(db: Database, one: Identity, *, account: int = 0) -> Policy:
    kept = details(one, PolicyDetails)
    return Policy(
        one.name, policy_type(one), kept.description,
        f"v{grants.chosen(db, one.id).version}", date(one.created_ms),
        date_or_none(kept.updated_ms),
        len(grants.targets(db, one.id, account)) if account else None,
    )  # fmt: skip
