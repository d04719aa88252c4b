"""RAM through its official client: users, passwords, keys, groups, roles, policies, lists."""

import os

import pytest

from tests.conformance.cloud import TRUST_ACCOUNT, Cloud, Refused, document
from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET, UID
from tests.support import Server


@pytest.fixture
def root(server: Server) -> Cloud:
    return Cloud(server)


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"n-{os.urandom(6).hex()}"


def refused(code: str, status: int, cloud: Cloud, action: str, /, **fields: object) -> Refused:
    with pytest.raises(Refused) as caught:
        cloud(action, **fields)
    assert (caught.value.code, caught.value.status) == (code, status)
    return caught.value


def all_names(cloud: Cloud, action: str, wrapper: str, item: str, of: str, **more: str) -> list:
    """Every name of a list, one a page."""
    found, marker = [], None
    while True:
        page = cloud(action, max_items=1, marker=marker, **more)
        found += [one[of] for one in page[wrapper][item]]
        if not page["IsTruncated"]:
            assert "Marker" not in page
            return found
        marker = page["Marker"]


def test_users(root: Cloud, name: str) -> None:
    made = root("CreateUser", user_name=name, display_name="Ann", comments="c", email="a@b")["User"]
    assert made["UserName"] == name
    assert len(made["UserId"]) == 18
    assert root("GetUser", user_name=name)["User"].items() >= made.items()
    changed = root("UpdateUser", user_name=name, new_user_name=f"{name}.2", new_comments="")["User"]
    assert changed["UserId"] == made["UserId"]
    assert (changed["DisplayName"], changed["Comments"]) == ("Ann", "")
    refused("EntityNotExist.User", 404, root, "GetUser", user_name=name)
    root("CreateUser", user_name=name)
    refused("EntityAlreadyExists.User", 409, root, "CreateUser", user_name=name)
    refused(
        "EntityAlreadyExists.User", 409, root, "UpdateUser", user_name=name,
        new_user_name=f"{name}.2",
    )  # fmt: skip
    found = all_names(root, "ListUsers", "Users", "User", "UserName")
    assert found == sorted(found)
    assert {name, f"{name}.2"} <= set(found)
    root("DeleteUser", user_name=name)
    assert name not in all_names(root, "ListUsers", "Users", "User", "UserName")


@pytest.mark.parametrize("bad", ["a b", "a/b", "é", "x" * 65])
def test_names_have_an_alphabet(root: Cloud, bad: str) -> None:
    refused("InvalidParameter.UserName", 400, root, "CreateUser", user_name=bad)


def test_a_name_is_needed(root: Cloud) -> None:
    refused("MissingParameter", 400, root, "CreateUser")


def test_passwords(root: Cloud, name: str) -> None:
    root("CreateUser", user_name=name)
    refused("EntityNotExist.User.LoginProfile", 404, root, "GetLoginProfile", user_name=name)
    refused(
        "InvalidParameter.Password",
        400,
        root,
        "CreateLoginProfile",
        user_name=name,
        password="7-chars",
    )
    made = root(
        "CreateLoginProfile", user_name=name, password="correct horse", mfabind_required=True
    )["LoginProfile"]
    assert made["MFABindRequired"] is True
    assert made["PasswordResetRequired"] is False
    refused(
        "EntityAlreadyExists.User.LoginProfile", 409, root, "CreateLoginProfile", user_name=name,
        password="correct horse",
    )  # fmt: skip
    root("UpdateLoginProfile", user_name=name, password_reset_required=True)
    changed = root("GetLoginProfile", user_name=name)["LoginProfile"]
    assert (changed["MFABindRequired"], changed["PasswordResetRequired"]) == (True, True)
    root("DeleteLoginProfile", user_name=name)
    refused("EntityNotExist.User.LoginProfile", 404, root, "DeleteLoginProfile", user_name=name)


def test_access_keys(root: Cloud, name: str) -> None:
    user = root.user(name)
    assert user("GetCallerIdentity")["Arn"] == f"acs:ram::{UID}:user/{name}"
    second = root("CreateAccessKey", user_name=name)["AccessKey"]
    assert second["Status"] == "Active"
    refused("LimitExceeded.User.AccessKey", 409, root, "CreateAccessKey", user_name=name)
    key = {"user_name": name, "user_access_key_id": user.key_id}
    root("UpdateAccessKey", **key, status="Inactive")
    listed = root("ListAccessKeys", user_name=name)["AccessKeys"]["AccessKey"]
    assert {one["AccessKeyId"]: one["Status"] for one in listed} == {
        user.key_id: "Inactive", second["AccessKeyId"]: "Active",
    }  # fmt: skip
    assert all("AccessKeySecret" not in one for one in listed)
    refused("InvalidAccessKeyId.Inactive", 400, user, "GetCallerIdentity")
    refused("InvalidParameter.Status", 400, root, "UpdateAccessKey", **key, status="Off")
    root("UpdateAccessKey", **key, status="Active")
    assert user("GetCallerIdentity")["IdentityType"] == "RAMUser"
    root("DeleteAccessKey", **key)
    refused("InvalidAccessKeyId.NotFound", 404, user, "GetCallerIdentity")
    refused("EntityNotExist.User.AccessKey", 404, root, "DeleteAccessKey", **key)


def test_groups(root: Cloud, name: str) -> None:
    group = {"group_name": name}
    made = root("CreateGroup", **group, comments="c")["Group"]
    assert root("GetGroup", **group)["Group"].items() >= made.items()
    refused("EntityAlreadyExists.Group", 409, root, "CreateGroup", **group)
    for user in (f"{name}-a", f"{name}-b"):
        root("CreateUser", user_name=user)
        root("AddUserToGroup", **group, user_name=user)
    refused("EntityAlreadyExists.User.Group", 409, root, "AddUserToGroup", **group, user_name=user)
    members = all_names(root, "ListUsersForGroup", "Users", "User", "UserName", **group)
    assert members == [f"{name}-a", f"{name}-b"]
    joined = root("ListGroupsForUser", user_name=user)["Groups"]["Group"]
    assert [one["GroupName"] for one in joined] == [name]
    refused("DeleteConflict.Group.User", 409, root, "DeleteGroup", **group)
    for user in members:
        root("RemoveUserFromGroup", **group, user_name=user)
    refused("EntityNotExist.User.Group", 404, root, "RemoveUserFromGroup", **group, user_name=user)
    renamed = root("UpdateGroup", **group, new_group_name=f"{name}-2", new_comments="d")["Group"]
    assert (renamed["GroupId"], renamed["Comments"]) == (made["GroupId"], "d")
    assert f"{name}-2" in all_names(root, "ListGroups", "Groups", "Group", "GroupName")
    root("DeleteGroup", group_name=f"{name}-2")
    refused("EntityNotExist.Group", 404, root, "GetGroup", group_name=f"{name}-2")


def test_what_a_group_may_its_members_may(root: Cloud, name: str, bucket_name: str) -> None:
    user = root.user(name)
    assert user.oss("PUT", bucket_name).status == 403
    root("CreateGroup", group_name=name)
    root.attach("AliyunOSSFullAccess", "Group", name)
    root("AddUserToGroup", group_name=name, user_name=name)
    assert user.oss("PUT", bucket_name).status == 200
    root("RemoveUserFromGroup", group_name=name, user_name=name)
    assert user.oss("DELETE", bucket_name).status == 403
    refused("DeleteConflict.Group.Policy", 409, root, "DeleteGroup", group_name=name)


def test_roles(root: Cloud, name: str) -> None:
    made = root(
        "CreateRole", role_name=f"{name}.Up", assume_role_policy_document=TRUST_ACCOUNT,
        max_session_duration=7200,
    )["Role"]  # fmt: skip
    assert made["Arn"] == f"acs:ram::{UID}:role/{name}.Up"
    assert made["MaxSessionDuration"] == 7200
    assert root("GetRole", role_name=f"{name}.Up")["Role"].items() >= made.items()
    refused(
        "EntityAlreadyExists.Role", 409, root, "CreateRole", role_name=f"{name}.up",
        assume_role_policy_document=TRUST_ACCOUNT,
    )  # fmt: skip
    changed = root(
        "UpdateRole", role_name=f"{name}.Up", new_description="d", new_max_session_duration=3600
    )
    assert changed["Role"]["Description"] == "d"
    assert changed["Role"]["AssumeRolePolicyDocument"] == TRUST_ACCOUNT
    assert f"{name}.Up" in all_names(root, "ListRoles", "Roles", "Role", "RoleName")
    root.attach("AliyunOSSFullAccess", "Role", f"{name}.Up")
    root("DeleteRole", role_name=f"{name}.Up")  # detaches what is attached
    refused("EntityNotExist.Role", 404, root, "GetRole", role_name=f"{name}.Up")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("max_session_duration", 3599, "InvalidParameter.MaxSessionDuration"),
        ("max_session_duration", 43_201, "InvalidParameter.MaxSessionDuration"),
        ("assume_role_policy_document", "{", "InvalidParameter.AssumeRolePolicyDocument"),
        ("assume_role_policy_document", document("sts:AssumeRole"),
         "InvalidParameter.AssumeRolePolicyDocument"),
        ("role_name", "a/b", "InvalidParameter.RoleName"),
    ],
)  # fmt: skip
def test_a_role_that_can_not_be(
    root: Cloud, name: str, field: str, value: object, code: str
) -> None:
    given = {"role_name": name, "assume_role_policy_document": TRUST_ACCOUNT, field: value}
    refused(code, 400, root, "CreateRole", **given)


def test_policies_and_their_versions(root: Cloud, name: str) -> None:
    text = document("oss:GetObject")
    made = root("CreatePolicy", policy_name=name, policy_document=text, description="d")["Policy"]
    assert (made["PolicyType"], made["DefaultVersion"]) == ("Custom", "v1")
    refused(
        "EntityAlreadyExists.Policy",
        409,
        root,
        "CreatePolicy",
        policy_name=name,
        policy_document=text,
    )
    for number in range(2, 6):
        added = root(
            "CreatePolicyVersion", policy_name=name, policy_document=document(f"oss:Get{number}*")
        )
        assert added["PolicyVersion"]["VersionId"] == f"v{number}"
    refused(
        "LimitExceeded.Policy.Version",
        409,
        root,
        "CreatePolicyVersion",
        policy_name=name,
        policy_document=text,
    )
    rotated = root(
        "CreatePolicyVersion", policy_name=name, policy_document=text, set_as_default=True,
        rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
    )["PolicyVersion"]  # fmt: skip
    assert (rotated["VersionId"], rotated["IsDefaultVersion"]) == ("v6", True)
    listed = root("ListPolicyVersions", policy_name=name, policy_type="Custom")
    versions = listed["PolicyVersions"]["PolicyVersion"]
    assert [one["VersionId"] for one in versions] == ["v1", "v3", "v4", "v5", "v6"]
    root("SetDefaultPolicyVersion", policy_name=name, version_id="v3")
    one = root("GetPolicy", policy_name=name, policy_type="Custom")
    assert one["DefaultPolicyVersion"]["PolicyDocument"] == document("oss:Get3*")
    refused(
        "DeleteConflict.Policy.Version.Default",
        409,
        root,
        "DeletePolicyVersion",
        policy_name=name,
        version_id="v3",
    )
    root("DeletePolicyVersion", policy_name=name, version_id="v1")
    kept = {"policy_name": name, "policy_type": "Custom"}
    refused("EntityNotExist.Policy.Version", 404, root, "GetPolicyVersion", **kept, version_id="v1")
    got = root("GetPolicyVersion", **kept, version_id="v6")["PolicyVersion"]
    assert got["PolicyDocument"] == text
    said = root("UpdatePolicyDescription", policy_name=name, new_description="e")["Policy"]
    assert said["Description"] == "e"
    refused("DeleteConflict.Policy.Version", 409, root, "DeletePolicy", policy_name=name)
    root("DeletePolicy", policy_name=name, cascading_delete=True)
    refused("EntityNotExist.Policy", 404, root, "GetPolicy", **kept)


def test_lists_of_policies_have_the_systems_last(root: Cloud, name: str) -> None:
    root.policy(name, "oss:GetObject")
    found = all_names(root, "ListPolicies", "Policies", "Policy", "PolicyName")
    assert found[-4:] == [
        "AdministratorAccess", "AliyunOSSFullAccess", "AliyunOSSReadOnlyAccess",
        "AliyunSTSAssumeRoleAccess",
    ]  # fmt: skip
    custom = all_names(
        root, "ListPolicies", "Policies", "Policy", "PolicyName", policy_type="Custom"
    )
    assert custom == found[:-4]
    assert name in custom
    refused("InvalidParameter.MaxItems", 400, root, "ListPolicies", max_items=1001)


@pytest.mark.parametrize("text", ["{", "[]", '{"Version":"1"}', document("oss"), "x" * 6145])
def test_what_is_no_policy_is_not_kept(root: Cloud, name: str, text: str) -> None:
    with pytest.raises(Refused) as caught:
        root("CreatePolicy", policy_name=name, policy_document=text)
    assert caught.value.code.startswith("InvalidParameter.PolicyDocument")


def test_attachments(root: Cloud, name: str) -> None:
    policy = {"policy_type": "Custom", "policy_name": root.policy(name, "oss:GetObject")}
    root("CreateUser", user_name=name)
    root("CreateGroup", group_name=name)
    root("CreateRole", role_name=name, assume_role_policy_document=TRUST_ACCOUNT)
    root("AttachPolicyToUser", **policy, user_name=name)
    root("AttachPolicyToGroup", **policy, group_name=name)
    root("AttachPolicyToRole", **policy, role_name=name)
    refused(
        "EntityAlreadyExists.User.Policy", 409, root, "AttachPolicyToUser", **policy, user_name=name
    )
    who = root("ListEntitiesForPolicy", **policy)
    assert [one["UserName"] for one in who["Users"]["User"]] == [name]
    assert [one["GroupName"] for one in who["Groups"]["Group"]] == [name]
    assert [one["RoleName"] for one in who["Roles"]["Role"]] == [name]
    assert root("GetPolicy", **policy)["Policy"]["AttachmentCount"] == 3
    for listed in (
        root("ListPoliciesForUser", user_name=name), root("ListPoliciesForGroup", group_name=name),
        root("ListPoliciesForRole", role_name=name),
    ):  # fmt: skip
        assert [one["PolicyName"] for one in listed["Policies"]["Policy"]] == [name]
    refused("DeleteConflict.Policy.Attachment", 409, root, "DeletePolicy", policy_name=name)
    root("DetachPolicyFromUser", **policy, user_name=name)
    root("DetachPolicyFromGroup", **policy, group_name=name)
    root("DetachPolicyFromRole", **policy, role_name=name)
    refused(
        "EntityNotExist.Role.Policy", 404, root, "DetachPolicyFromRole", **policy, role_name=name
    )
    root("DeletePolicy", policy_name=name)


def test_another_default_version_counts_from_the_next_request_on(
    root: Cloud, name: str, bucket_name: str
) -> None:
    user = root.user(name)
    root.attach(root.policy(name, "oss:PutBucket"), "User", name)
    assert user.oss("PUT", bucket_name).status == 200
    assert user.oss("GET", bucket_name, query={"acl": ""}).status == 403
    root("CreatePolicyVersion", policy_name=name, policy_document=document("oss:GetBucketAcl"))
    assert user.oss("GET", bucket_name, query={"acl": ""}).status == 403
    root("SetDefaultPolicyVersion", policy_name=name, version_id="v2")
    for _ in range(8):  # whichever worker answers
        assert user.oss("GET", bucket_name, query={"acl": ""}).status == 200
    assert user.oss("PUT", bucket_name).status == 403


def test_users_are_held_to_their_policies_in_ram_too(root: Cloud, name: str) -> None:
    user = root.user(name)
    denied = refused("NoPermission", 403, user, "ListUsers")
    assert denied.data["AccessDeniedDetail"]["AuthAction"] == "ram:ListUsers"
    root.attach(root.policy(name, "ram:GetUser", resource=f"acs:ram:*:*:user/{name}"), "User", name)
    assert user("GetUser", user_name=name)["User"]["UserName"] == name
    root("CreateUser", user_name=f"{name}-other")
    refused("NoPermission", 403, user, "GetUser", user_name=f"{name}-other")
    root.attach("AdministratorAccess", "User", name)
    assert user("GetUser", user_name=f"{name}-other")["User"]
    assert user("CreateAccessKey")["AccessKey"]["AccessKeyId"]  # its own, by default


def test_who_names_nobody_is_held_to_what_is_said_of_itself(root: Cloud, name: str) -> None:
    user = root.user(name)
    root.attach(root.policy(name, "ram:*"), "User", name)
    assert len(user("ListAccessKeys")["AccessKeys"]["AccessKey"]) == 1
    mine = f"acs:ram:*:*:user/{name}"
    root.attach(
        root.policy(f"{name}-2", "ram:CreateAccessKey", resource=mine, effect="Deny"), "User", name
    )
    refused("NoPermission", 403, user, "CreateAccessKey")
    refused("NoPermission", 403, user, "CreateAccessKey", user_name=name)
    refused("MissingParameter", 400, root, "CreateAccessKey")


def test_accounts_do_not_see_each_other(root: Cloud, server: Server, name: str) -> None:
    other = Cloud(server, OTHER_KEY_ID, OTHER_SECRET)
    root("CreateUser", user_name=name)
    refused("EntityNotExist.User", 404, other, "GetUser", user_name=name)
    other("CreateUser", user_name=name)
    assert other("GetUser", user_name=name)["User"] != root("GetUser", user_name=name)["User"]
