"""The recycle bin of users and keys, through the official client of IMS."""

import os

import pytest

from tests.conformance.cloud import Cloud, Refused
from tests.support import Server


@pytest.fixture
def root(server: Server) -> Cloud:
    return Cloud(server)


@pytest.fixture
def name() -> str:
    return f"n-{os.urandom(6).hex()}"


def binned(root: Cloud, name: str) -> dict:
    found = root("ListUsersInRecycleBin", filter=name)["Users"]["User"]
    assert len(found) == 1
    return found[0]


def refused(code: str, cloud: Cloud, action: str, **fields: str) -> None:
    with pytest.raises(Refused) as caught:
        cloud(action, **fields)
    assert caught.value.code == code


def test_a_user_comes_back_with_all_it_had(root: Cloud, name: str, bucket_name: str) -> None:
    user = root.user(name)
    root("CreateGroup", group_name=name)
    root("AddUserToGroup", group_name=name, user_name=name)
    root.attach("AliyunOSSFullAccess", "User", name)
    assert user.oss("PUT", bucket_name).status == 200
    root("DeleteUser", user_name=name)
    assert user.oss("GET", bucket_name).code == "InvalidAccessKeyId"
    assert root("ListUsersForGroup", group_name=name)["Users"]["User"] == []

    found = binned(root, name)
    assert root("GetUserInRecycleBin", user_id=found["UserId"])["User"] == found
    assert found["UserPrincipalName"].startswith(f"{name}@")
    root("RestoreUserFromRecycleBin", user_id=found["UserId"])
    assert root("GetUser", user_name=name)["User"]["UserId"] == found["UserId"]
    assert user.oss("GET", bucket_name).code == "InvalidAccessKeyId"  # its keys stay inactive
    root("UpdateAccessKey", user_name=name, user_access_key_id=user.key_id, status="Active")
    assert user.oss("GET", bucket_name).status == 200
    assert root("ListUsersForGroup", group_name=name)["Users"]["User"]


def test_a_name_in_the_bin_is_free_and_must_be_to_come_back(root: Cloud, name: str) -> None:
    root("CreateUser", user_name=name)
    root("DeleteUser", user_name=name)
    old = binned(root, name)["UserId"]
    assert root("CreateUser", user_name=name)["User"]["UserId"] != old
    refused("EntityAlreadyExists.User", root, "RestoreUserFromRecycleBin", user_id=old)
    root("UpdateUser", user_name=name, new_user_name=f"{name}-2")
    root("RestoreUserFromRecycleBin", user_id=old)
    assert root("GetUser", user_name=name)["User"]["UserId"] == old


def test_a_user_is_removed_for_good(root: Cloud, name: str) -> None:
    root.user(name)
    root("DeleteUser", user_name=name)
    user_id = binned(root, name)["UserId"]
    root("DeleteUserInRecycleBin", user_id=user_id)
    assert root("ListUsersInRecycleBin", filter=name)["Users"]["User"] == []
    refused("EntityNotExist.User", root, "RestoreUserFromRecycleBin", user_id=user_id)


def test_the_bin_has_pages(root: Cloud, name: str) -> None:
    for letter in "abc":
        root("CreateUser", user_name=f"{name}-{letter}")
        root("DeleteUser", user_name=f"{name}-{letter}")
    first = root("ListUsersInRecycleBin", filter=name, max_items=2)
    assert first["IsTruncated"] is True
    rest = root("ListUsersInRecycleBin", filter=name, max_items=2, marker=first["Marker"])
    assert rest["IsTruncated"] is False
    assert len(first["Users"]["User"] + rest["Users"]["User"]) == 3


def test_a_key_comes_back_inactive_or_goes_for_good(root: Cloud, name: str) -> None:
    user = root.user(name)
    user_id = root("GetUser", user_name=name)["User"]["UserId"]
    root("DeleteAccessKey", user_name=name, user_access_key_id=user.key_id)
    listed = root("ListAccessKeysInRecycleBin", user_id=user_id)["AccessKeys"]["AccessKey"]
    assert [one["AccessKeyId"] for one in listed] == [user.key_id]
    root("RestoreAccessKeyFromRecycleBin", user_id=user_id, user_access_key_id=user.key_id)
    keys = root("ListAccessKeys", user_name=name)["AccessKeys"]["AccessKey"]
    assert [(one["AccessKeyId"], one["Status"]) for one in keys] == [(user.key_id, "Inactive")]
    root("DeleteAccessKey", user_name=name, user_access_key_id=user.key_id)
    root("DeleteAccessKeyInRecycleBin", user_id=user_id, user_access_key_id=user.key_id)
    refused(
        "EntityNotExist.User.AccessKey", root, "RestoreAccessKeyFromRecycleBin", user_id=user_id,
        user_access_key_id=user.key_id,
    )  # fmt: skip
