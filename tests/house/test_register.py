"""The register knows every operation that OSS has, and agrees with what clients sign."""

import re
from pathlib import Path

import alibabacloud_oss_v2.operations

from mossbox.auth.oss_v1 import SIGNED
from mossbox.operation import REGISTER
from mossbox.operations.register import ROUTES

BEYOND_THE_CLIENT = {
    "PostObject", "PutLiveChannel", "GetLiveChannelInfo", "DeleteLiveChannel", "ListLiveChannel",
    "PutLiveChannelStatus", "GetLiveChannelStat", "GetLiveChannelHistory", "PostVodPlaylist",
    "GetVodPlaylist", "PutBucketCallbackPolicy", "GetBucketCallbackPolicy",
    "DeleteBucketCallbackPolicy", "PutAsyncFetchTask", "GetAsyncFetchTask",
}  # fmt: skip

OUR_OWN = {
    "CreateKey", "ListKeys", "DescribeKey", "EnableKey", "DisableKey", "CreateKeyVersion",
    "SetDefaultKey", "ExplainPolicy",
}  # fmt: skip

NOT_SIGNED = {
    "accessmonitor": "no client signs it",
    "quota": "no client signs it",
    "metadataConfiguration": "younger than V1: its clients sign with V4 only",
    "metadataInventoryTable": "younger than V1: its clients sign with V4 only",
    "metadataJournalTable": "younger than V1: its clients sign with V4 only",
    "action": "a parameter of metaQuery, which is signed",
    "list-type": "chooses between two ways of listing, and no client signs it",
    "regions": "signed by one client alone, which verify() tries",
}


def client_names() -> set[str]:
    """Every operation that the official Python client of generation 2 sends."""
    folder = Path(alibabacloud_oss_v2.operations.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("*.py"))
    return set(re.findall(r"\bop_name\s*=\s*['\"](\w+)['\"]", text))


def test_every_operation_of_the_official_client_is_known() -> None:
    names = client_names()
    assert len(names) > 140
    assert sorted((names | BEYOND_THE_CLIENT) - set(REGISTER)) == []


def test_nothing_is_declared_that_oss_does_not_have() -> None:
    assert sorted(set(REGISTER) - client_names() - BEYOND_THE_CLIENT) == sorted(OUR_OWN)


def test_what_is_not_offered_says_why() -> None:
    for entry in REGISTER.values():
        assert bool(entry.refused) is not hasattr(entry, "handle"), entry.name


def test_sub_resources_are_among_those_that_v1_signs() -> None:
    unsigned = {
        name
        for entry in REGISTER.values()
        for name in (text.partition("=")[0] for text in entry.when)
        if name not in SIGNED and not name.startswith("x-oss-")  # all of these are signed
    }
    assert sorted(unsigned) == sorted(NOT_SIGNED)


def test_every_operation_is_found_by_what_it_demands() -> None:
    for entry in REGISTER.values():
        query = {name: value for name, _, value in (text.partition("=") for text in entry.when)}
        for method in filter(None, (entry.method, entry.also)):
            assert ROUTES.match(entry.scope, method, query, {}) is entry, entry.name
