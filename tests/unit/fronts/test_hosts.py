"""What Host headers name."""

import pytest

from mossbox.errors import ServiceError
from mossbox.fronts.hosts import Host, Hosts
from mossbox.settings import SettingsError

ENDPOINT = Host(endpoint=True)


def bucket(name: str, region: str = "") -> Host:
    return Host(endpoint=False, bucket=name, region=region)


def endpoint(region: str) -> Host:
    return Host(endpoint=True, region=region)


KNOWN = [
    ("localhost", ENDPOINT),
    ("LocalHost:9000", ENDPOINT),
    ("localhost.", ENDPOINT),
    ("127.0.0.1", ENDPOINT),
    ("127.0.0.1:9000", ENDPOINT),
    ("127.9.9.9", ENDPOINT),
    ("[::1]", ENDPOINT),
    ("[::1]:9000", ENDPOINT),
    ("photos.localhost", bucket("photos")),
    ("Photos.LOCALHOST:9000", bucket("photos")),
    ("photos.localhost.", bucket("photos")),
    ("photos.oss-cn-hangzhou.localhost", bucket("photos", "cn-hangzhou")),
    ("photos.oss-cn-hangzhou-internal.localhost", bucket("photos", "cn-hangzhou")),
    ("oss-cn-hangzhou.localhost", endpoint("cn-hangzhou")),
    ("oss-cn-hangzhou-internal.localhost", endpoint("cn-hangzhou")),
    ("photos.oss-cn-hangzhou.aliyuncs.com", bucket("photos", "cn-hangzhou")),
    ("photos.oss-cn-hangzhou-internal.aliyuncs.com:80", bucket("photos", "cn-hangzhou")),
    ("photos.oss-us-west-1.aliyuncs.com", bucket("photos", "us-west-1")),
    ("old_photos.oss-cn-hangzhou.aliyuncs.com", bucket("old_photos", "cn-hangzhou")),
    ("oss-cn-hangzhou.aliyuncs.com", endpoint("cn-hangzhou")),
    ("gosspublic.alicdn.com", ENDPOINT),
    ("oss-cn-hangzhou-internal.aliyuncs.com", endpoint("cn-hangzhou")),
    ("oss-ap-southeast-1.aliyuncs.com:443", endpoint("ap-southeast-1")),
    (".oss-cn-hangzhou.aliyuncs.com", endpoint("cn-hangzhou")),
    ("cn-hangzhou.aliyuncs.com", endpoint("cn-hangzhou")),
    ("ap-southeast-1.aliyuncs.com:80", endpoint("ap-southeast-1")),
    ("oss.aliyuncs.com", ENDPOINT),
    ("photos.oss.aliyuncs.com", bucket("photos")),
    ("oss-accelerate.aliyuncs.com", ENDPOINT),
    ("photos.oss-accelerate.aliyuncs.com", bucket("photos")),
    ("photos.oss-accelerate-overseas.aliyuncs.com", bucket("photos")),
    ("sts.oss-cn-hangzhou.aliyuncs.com", bucket("sts", "cn-hangzhou")),
    ("sts.aliyuncs.com", Host(endpoint=True, rpc=True)),
    ("sts.cn-hangzhou.aliyuncs.com", Host(endpoint=True, rpc=True)),
    ("sts-vpc.cn-hangzhou.aliyuncs.com", Host(endpoint=True, rpc=True)),
    ("ram.aliyuncs.com", Host(endpoint=True, rpc=True)),
    ("ims.aliyuncs.com", Host(endpoint=True, rpc=True)),
    ("store.example", ENDPOINT),
    ("Store.Example:9000", ENDPOINT),
    ("photos.store.example", bucket("photos")),
    ("files.example", bucket("photos")),
    ("FILES.example:80", bucket("photos")),
]

STRANGERS = [
    "example", "photos.cn-hangzhou.aliyuncs.com", "kms.cn-hangzhou.aliyuncs.com", "evil.example",
    "localhost.evil.example", "store.example.evil", "xstore.example",
    "other.files.example", "aliyuncs.com", "www.aliyuncs.com", "photos.oss-cn-x.aliyuncs.com.evil",
    "10.0.0.1", "192.168.1.1:9000", "0.0.0.0", "128.0.0.1", "[fe80::1]:9000", "[::]", "",
    "127.0.0.1.evil.example", "a.b.oss-cn-hangzhou.aliyuncs.com",
]  # fmt: skip


@pytest.fixture(params=[True, False], ids=["strict", "open"])
def strict(request: pytest.FixtureRequest) -> bool:
    return request.param


def hosts(strict: bool) -> Hosts:
    return Hosts(("store.example", "Second.Example."), ("files.example=photos",), strict=strict)


@pytest.mark.parametrize(("header", "meaning"), KNOWN)
def test_known_hosts_mean_the_same_to_everybody(strict, header, meaning):
    found = hosts(strict)
    assert found.resolve(header) == meaning
    assert found.resolve(header) == meaning  # from the cache


@pytest.mark.parametrize("header", STRANGERS)
def test_strangers_are_refused_with_the_development_keys(header):
    found = hosts(strict=True)
    for _ in range(2):
        with pytest.raises(ServiceError) as caught:
            found.resolve(header)
        assert caught.value.code.status == 421


@pytest.mark.parametrize("header", STRANGERS)
def test_strangers_are_endpoints_otherwise(header):
    assert hosts(strict=False).resolve(header) == ENDPOINT


@pytest.mark.parametrize("bucket_name", ["photos", ""])
def test_a_doubled_prefix_is_read_as_one_and_told_once(bucket_name, caplog):
    """A reader of the tutorial for Node.js writes the region as oss-cn-hangzhou."""
    found = hosts(strict=True)
    dot = "." if bucket_name else ""
    once = f"{bucket_name}{dot}oss-cn-hangzhou.aliyuncs.com"
    twice = f"{bucket_name}{dot}oss-oss-cn-hangzhou.aliyuncs.com"
    assert found.resolve(once) == found.resolve(twice) == found.resolve(twice.upper())
    (line,) = caplog.messages
    assert "region oss-cn-hangzhou and puts oss- before it; write cn-hangzhou" in line


def test_nobody_tells_where_services_lie():
    with pytest.raises(ServiceError) as caught:
        hosts(strict=False).resolve("location-readonly.aliyuncs.com:443")
    assert caught.value.code.status == 404


def test_the_cache_has_an_end():
    found = hosts(strict=False)
    for number in range(5000):
        assert found.resolve(f"b{number}.localhost").bucket == f"b{number}"
    assert len(found._known) <= 4096


def test_a_custom_domain_before_the_rules_of_others():
    found = Hosts((), ("www.localhost=site", "cdn.store.example=site"), strict=True)
    assert found.resolve("www.localhost") == bucket("site")
    assert found.resolve("cdn.store.example") == bucket("site")


@pytest.mark.parametrize("text", ["host", "=bucket", "host=", ""])
def test_a_custom_domain_has_two_sides(text):
    with pytest.raises(SettingsError, match="HOST=BUCKET"):
        Hosts((), (text,), strict=False)
