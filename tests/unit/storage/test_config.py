"""Configurations as document and connection string print them, and one sentence a fault."""

from pathlib import Path

import pytest
import yaml

from mossbox.storage import ConfigInvalid, Servicer, Storager
from mossbox.storage.config import (
    SERVICER_FIELDS,
    STORAGER_FIELDS,
    read_config,
    read_endpoint,
    read_string,
)

PRINTED = """\
credential: hmac:<access_key>:<secret_key>
endpoint: https:<location>.aliyuncs.com
name: <bucket_name>
work_dir: /<work_dir>
location: <bucket_location>
"""


def filled(text: str) -> str:
    """The document's lines with values for what stands in brackets."""
    values = {
        "access_key": "LTAI5t", "secret_key": "a:b/c=", "location": "oss-cn-beijing",
        "bucket_name": "photos", "work_dir": "albums", "bucket_location": "oss-cn-beijing",
    }  # fmt: skip
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text


def test_the_storager_that_the_document_prints() -> None:
    config = read_config(yaml.safe_load(filled(PRINTED)), STORAGER_FIELDS)
    assert (config.access_key_id, config.access_key_secret) == ("LTAI5t", "a:b/c=")
    assert config.endpoint.url == "https://oss-cn-beijing.aliyuncs.com"
    assert (config.name, config.work_dir, config.region) == ("photos", "/albums/", "cn-beijing")
    assert "a:b/c=" not in repr(config)


def test_the_servicer_that_the_document_prints() -> None:
    lines = "\n".join(filled(PRINTED).splitlines()[:2])
    assert read_config(yaml.safe_load(lines), SERVICER_FIELDS).region == "cn-beijing"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http:127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("https:oss.test", "https://oss.test"),
        ("https:oss.test:8443", "https://oss.test:8443"),
        ("https://oss.test", "https://oss.test"),
        ("http://oss.test:9000/", "http://oss.test:9000"),
        ("http:oss.test:80", "http://oss.test"),
        ("http:[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_endpoints(text: str, url: str) -> None:
    assert read_endpoint(text).url == url


@pytest.mark.parametrize(
    ("endpoint", "location", "region"),
    [
        ("https:oss-cn-beijing.aliyuncs.com", "", "cn-beijing"),
        ("https:oss-cn-beijing-internal.aliyuncs.com", "", "cn-beijing"),
        ("https:oss-us-west-1.aliyuncs.com", "us-west-1", "us-west-1"),
        ("http:127.0.0.1:9000", "oss-eu-central-1", "eu-central-1"),
        ("http:127.0.0.1:9000", "", "cn-hangzhou"),
    ],
)
def test_regions(endpoint: str, location: str, region: str) -> None:
    fields = {"credential": "hmac:a:b", "endpoint": endpoint, "location": location}
    assert read_config(fields, SERVICER_FIELDS).region == region


def test_a_connection_string() -> None:
    text = "oss://photos/albums/2026?credential=hmac:a:b%2Bc&endpoint=http:127.0.0.1:9000"
    config = read_config(read_string(text), STORAGER_FIELDS)
    assert (config.name, config.work_dir) == ("photos", "/albums/2026/")
    assert config.access_key_secret == "b+c"
    assert config.endpoint.url == "http://127.0.0.1:9000"


GOOD = {"credential": "hmac:a:b", "endpoint": "http:127.0.0.1:9000", "name": "photos"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"credential": None}, "credential is missing"),
        ({"credential": ""}, "credential is missing"),
        ({"endpoint": None}, "endpoint is missing"),
        ({"name": None}, "name is missing"),
        ({"credential": "env:"}, "credential: only hmac is supported"),
        ({"credential": "basic:me:hidden"}, "credential: only hmac is supported"),
        ({"credential": "hmac:a"}, "credential: write hmac:<access_key>:<secret_key>"),
        ({"credential": "hmac:<access_key>:<secret_key>"}, "credential: write hmac:"),
        ({"credential": 5}, "credential is text, not int"),
        ({"endpoint": "127.0.0.1:9000"}, "endpoint: write http:<host>[:<port>] or https:<host>"),
        ({"endpoint": "tcp:127.0.0.1:9000"}, "endpoint: write http:<host>"),
        ({"endpoint": "https:"}, "endpoint: 'https:' names no host"),
        ({"endpoint": "https:<location>.aliyuncs.com"}, "names no host"),
        ({"endpoint": "http:h:99999"}, "endpoint: the port of 'http:h:99999' is no number"),
        ({"endpoint": "http:h:x"}, "endpoint: the port of 'http:h:x' is no number"),
        ({"endpoint": "http://[::1"}, "endpoint: 'http://[::1' names no host"),
        ({"endpoint": "http:a\u2100"}, "endpoint: 'http:a\u2100' names no host"),
        ({"endpoint": "http://h#x"}, "endpoint: 'http://h#x' names no host"),
        ({"endpoint": "http://me:hidden@h"}, "endpoint: a text with an @ names no host"),
        ({"endpoint": "http://:hidden@h"}, "endpoint: a text with an @ names no host"),
        ({"endpoint": "http://me:hidden@h:x"}, "endpoint: a text with an @ names no host"),
        ({"endpoint": "ftp://me:hidden@h"}, "endpoint: write http:<host>"),
        ({"bucket": "photos"}, "bucket is not a field: there are credential, endpoint, location"),
        (
            {"endpoint": "https:oss-cn-beijing.aliyuncs.com", "location": "oss-cn-hangzhou"},
            "location oss-cn-hangzhou is not the region of endpoint https:oss-cn-beijing",
        ),
    ],
)
def test_a_field_that_is_wrong_is_named(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        Storager.from_config({**GOOD, **change})
    assert str(refused.value).startswith(sentence) or sentence in str(refused.value)
    assert "hidden" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_servicer_has_no_name() -> None:
    with pytest.raises(ConfigInvalid, match="name is not a field"):
        Servicer.from_config(GOOD)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("credential: hmac:a:b", "endpoint is missing"),
        ("endpoint: [", "this is no YAML in line 1"),
        ("- one", "this is no list of fields"),
    ],
)
def test_a_file_is_named_too(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "oss.yaml"
    file.write_text(text)
    with pytest.raises(ConfigInvalid) as refused:
        Servicer.from_file(file)
    assert str(refused.value).startswith(f"{file}: {sentence}")


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigInvalid, match="no/such: No such file"):
        Storager.from_file("no/such")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("s3://photos?credential=a", "begins with oss://"),
        ("oss://[photos?credential=a", "begins with oss://"),
        ("oss://photos?credential", r"ends with \?credential="),
        ("oss://photos?name=a&name=b", "given twice"),
        ("oss://photos", "credential is missing"),
        ("oss://?credential=hmac:a:b&endpoint=http:h", "name is missing"),
    ],
)
def test_a_connection_string_that_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(ConfigInvalid, match=sentence):
        Storager.from_string(text)
