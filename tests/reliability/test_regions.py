"""Regions: every one is served, unless the store is told to be as strict as the cloud."""

from collections.abc import Iterator

import pytest

from tests.conformance import forms
from tests.support import Server


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("strict"), "--strict-regions") as running:
        yield running


def vendor_host(region: str, bucket: str = "") -> str:
    return f"{bucket}.oss-{region}.aliyuncs.com" if bucket else f"oss-{region}.aliyuncs.com"


def test_any_region_reaches_a_bucket(server: Server, bucket_name: str) -> None:
    host = vendor_host("cn-beijing")
    assert server.request("PUT", bucket_name, host=host, region="cn-beijing").status == 200
    location = server.request("GET", bucket_name, query={"location": ""})
    assert location.element("LocationConstraint") == "oss-cn-beijing"
    other = vendor_host("eu-central-1")
    assert server.request("GET", bucket_name, host=other, region="us-west-1").status == 200


def test_strict_regions_name_the_right_endpoint(strict: Server, bucket_name: str) -> None:
    beijing = {"host": vendor_host("cn-beijing"), "region": "cn-beijing"}
    assert strict.request("PUT", bucket_name, **beijing).status == 200
    assert strict.request("GET", bucket_name, **beijing).status == 200
    refused = strict.request("GET", bucket_name)
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert refused.element("Endpoint") == "oss-cn-beijing.aliyuncs.com"
    assert "must be addressed using the specified endpoint" in refused.element("Message")


def test_strict_regions_hold_the_signature_to_the_address(strict: Server, bucket_name: str) -> None:
    host = vendor_host("cn-beijing")
    refused = strict.request("PUT", bucket_name, host=host, region="cn-hangzhou")
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    assert strict.request("GET", bucket_name, host=host, region="cn-beijing").status == 404


def test_strict_regions_hold_forms_too(strict: Server, bucket_name: str) -> None:
    beijing = {"host": vendor_host("cn-beijing", bucket_name)}
    made = strict.request("PUT", bucket_name, host=vendor_host("cn-beijing"), region="cn-beijing")
    assert made.status == 200
    newest, oldest = (
        forms.body(("key", "a"), *forms.signed(version).items(), forms.File())
        for version in ("v4", "v1")  # which names cn-hangzhou, which names none
    )
    refused = forms.send(strict, bucket_name, newest, beijing, path="/")
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    elsewhere = forms.send(strict, bucket_name, newest)
    assert (elsewhere.status, elsewhere.code) == (403, "AccessDenied")
    assert elsewhere.element("Endpoint") == "oss-cn-beijing.aliyuncs.com"
    assert forms.send(strict, bucket_name, oldest, beijing, path="/").status == 204


def test_a_documents_hash_is_checked(server: Server, bucket_name: str) -> None:
    body = b"<CreateBucketConfiguration></CreateBucketConfiguration>"
    wrong = {"x-oss-content-sha256": "0" * 64}
    refused = server.request("PUT", bucket_name, body=body, headers=wrong)
    assert (refused.status, refused.code) == (400, "InvalidDigest")
    assert server.request("GET", bucket_name).status == 404
