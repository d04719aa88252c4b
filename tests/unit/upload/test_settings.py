"""What the upload server can be told, and how wrong settings are refused."""

from dataclasses import fields

import pytest

from mossbox.settings import SettingsError
from mossbox.upload.settings import UploadSettings, load_upload, twins

CLOUD = "https://oss-cn-beijing.aliyuncs.com"


def test_flags_win_over_our_variables_and_these_over_the_vendors() -> None:
    vendors = {"OSS_BUCKET": "theirs", "OSS_STS_ROLE_ARN": "acs:ram::1:role/theirs"}
    ours = {**vendors, "MOSSBOX_UPLOAD_BUCKET": "ours"}
    assert load_upload({}, vendors).bucket == "theirs"
    assert load_upload({}, ours).bucket == "ours"
    assert load_upload({"bucket": "given"}, ours).bucket == "given"
    assert load_upload({}, ours).role_arn == "acs:ram::1:role/theirs"
    named = {"OSS_BUCKET": "abc", "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/r"}
    assert load_upload({}, named).role_arn == "acs:ram::1:role/r"


def test_port_is_the_port_unless_an_address_is_given() -> None:
    given = {"OSS_BUCKET": "abc", "PORT": "5000"}
    assert load_upload({}, {"OSS_BUCKET": "abc"}).listen == "127.0.0.1:8000"
    assert load_upload({}, given).listen == "127.0.0.1:5000"
    assert load_upload({"listen": "127.0.0.1:0"}, given).listen == "127.0.0.1:0"


def test_lists_are_separated_by_commas_in_the_environment() -> None:
    given = {"OSS_BUCKET": "abc", "MOSSBOX_UPLOAD_CONTENT_TYPE": "image/png, image/jpeg"}
    assert load_upload({}, given).content_type == ("image/png", "image/jpeg")


def test_every_setting_has_a_twin_of_its_own() -> None:
    names = [twins(item.name)[0] for item in fields(UploadSettings)]
    assert len(set(names)) == len(names)
    assert all(name.startswith("MOSSBOX_UPLOAD_") for name in names)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:9000/abc"),
        ({"endpoint": "http://localhost:9000/"}, "http://localhost:9000/abc"),
        ({"endpoint": "http://[::1]:9000"}, "http://[::1]:9000/abc"),
        ({"endpoint": CLOUD}, "https://abc.oss-cn-beijing.aliyuncs.com"),
        ({"endpoint": "oss-cn-beijing.aliyuncs.com"}, "https://abc.oss-cn-beijing.aliyuncs.com"),
        ({"public_endpoint": "https://oss.example.com:444"}, "https://abc.oss.example.com:444"),
        ({"endpoint": "http://localhost:9000", "addressing": "virtual"}, "http://abc.localhost:9000"),
        ({"endpoint": "https://oss.example.com", "addressing": "path"}, "https://oss.example.com/abc"),
        ({"endpoint": "https://img.example.com", "addressing": "cname"}, "https://img.example.com"),
    ],
)  # fmt: skip
def test_how_browsers_address_the_bucket(given: dict[str, str], url: str) -> None:
    assert load_upload({"bucket": "abc", **given}, {}).bucket_url == url


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:9000"),
        ({"endpoint": CLOUD, "region": "cn-beijing"}, "https://sts.cn-beijing.aliyuncs.com"),
        ({"endpoint": CLOUD, "sts_endpoint": "sts.aliyuncs.com"}, "https://sts.aliyuncs.com"),
        ({"public_endpoint": CLOUD}, "http://127.0.0.1:9000"),
    ],
)
def test_where_roles_are_assumed(given: dict[str, str], url: str) -> None:
    assert load_upload({"bucket": "abc", **given}, {}).sts_url == url


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"bucket": ""}, "--bucket is needed"),
        ({"bucket": "A"}, "--bucket 'A' is not a bucket's name"),
        ({"region": "https://x"}, "--region 'https://x' is not a region"),
        ({"endpoint": "http://h/path"}, "--endpoint 'http://h/path' is not an address"),
        ({"endpoint": "ftp://h"}, "--endpoint 'ftp://h' is not an address"),
        ({"endpoint": "http://h:99999"}, "--endpoint 'http://h:99999' is not an address"),
        ({"public_endpoint": "http://"}, "--public-endpoint 'http://' is not an address"),
        ({"sts_endpoint": "http://u:p@h"}, "--sts-endpoint 'http://u:p@h' is not an address"),
        ({"addressing": "magic"}, "--addressing is one of auto, virtual, path, cname"),
        ({"role_arn": "OSS_STS_ROLE_ARN"}, "--role-arn 'OSS_STS_ROLE_ARN' is not a role's ARN"),
        ({"session_name": "a b"}, "--session-name 'a b' is not 2 to 64 letters"),
        ({"duration_s": "60"}, "--duration-s is a number from 900 to 43200"),
        ({"duration_s": "long"}, "--duration-s: 'long' is not a whole number"),
        ({"expire_s": "0"}, "--expire-s is a number from 1 to 604800"),
        ({"post_version": "V3"}, "--post-version is one of V4, V1"),
        ({"max_size_bytes": "-1"}, "--max-size-bytes is a number from 0"),
        ({"max_size_bytes": "1", "min_size_bytes": "2"}, "--max-size-bytes is less than the"),
        ({"content_type": ["image"]}, "--content-type 'image' is not a Content-Type"),
        ({"dir": "/a/"}, "--dir '/a/' begins with a slash"),
        ({"dir": "a/*"}, "--dir 'a/*' may hold none of"),
        ({"dir": "../b"}, "--dir '../b' has a part that is"),
        ({"presigned_name": ""}, "--presigned-name is empty"),
        ({"presigned_type": "png"}, "--presigned-type 'png' is not a Content-Type"),
        ({"offer": ["cake"]}, "--offer 'cake': there are sts, post, presigned, multipart, page"),
        ({"allow_origin": ["example.com"]}, "--allow-origin 'example.com' is not an address"),
        ({"allow_origin": ["https://a/"]}, "--allow-origin 'https://a/': an origin has no slash"),
        ({"listen": "8000"}, "'8000' is not an address: write HOST:PORT"),
        ({"listen": "0.0.0.0:8000"}, "--listen 0.0.0.0:8000: off loopback anybody could"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence_that_names_it(
    given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_upload({"bucket": "abc", **given}, {})
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", [{"authorize": "hooks:ask"}, {"open_to_all": True}])
def test_off_loopback_somebody_must_decide(given: dict[str, object]) -> None:
    settings = load_upload({"bucket": "abc", "listen": "0.0.0.0:8000", **given}, {})
    assert settings.listen == "0.0.0.0:8000"
