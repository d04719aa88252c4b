import socket
from ipaddress import ip_address

import pytest

from mossbox.egress.addresses import (
    BadUrl,
    Rules,
    Target,
    is_global,
    parse_allowed,
    parse_url,
    source_address,
)


@pytest.mark.parametrize(
    "text",
    """
    0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.0.1
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
    198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808
    64:ff9b:1::a00:1 100::1 2001::1 2001:0:4136:e378::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1
    3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1
    """.split(),
)
def test_special_addresses_are_not_global(text: str) -> None:
    assert not is_global(ip_address(text))
    assert not Rules().permit(Target(False, "a.test", 80, "/", ""), text)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111"])
def test_others_are(text: str) -> None:
    assert is_global(ip_address(text))
    assert Rules().permit(Target(False, "a.test", 80, "/", ""), text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://app.test", Target(False, "app.test", 80, "/", "")),
        ("https://App.Test:8443/a%20b?x=1&y", Target(True, "app.test", 8443, "/a%20b", "?x=1&y")),
        ("121.101.166.30/test.php", Target(False, "121.101.166.30", 80, "/test.php", "")),
        ("121.43.113.8:23456/index.html", Target(False, "121.43.113.8", 23456, "/index.html", "")),
        ("http://[2606:4700::1111]:81/", Target(False, "2606:4700::1111", 81, "/", "")),
        ("http://0x7f.1/", Target(False, "0x7f.1", 80, "/", "")),
        ("app.test?x", Target(False, "app.test", 80, "/", "?x")),
    ],
)
def test_urls(text: str, expected: Target) -> None:
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "http://", "ftp://a.test/", "file:///etc/passwd", "gopher://a.test", "//a.test",
        "http://user:secret@a.test/", "http://a.test@127.0.0.1/", "http://a.test:test", "http:/a",
        "http://a.test:0", "http://a.test:65536", "http://a.test/#fragment", "http://a test/",
        "http://a.test/\r\nHost: b", "http://a.test\\@b.test/", "http://例え.test/", "http://[::1",
        "http://[fe80::1%25eth0]/", "http://a.test/" + "x" * 9000, "http://-/", "http://a/\x00",
    ],
)  # fmt: skip
def test_bad_urls(text: str) -> None:
    with pytest.raises(BadUrl):
        parse_url(text)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("http://a.test", "a.test"),
        ("https://a.test:80", "a.test:80"),
        ("http://[::1]", "[::1]"),
        ("https://[2606::1]:8443", "[2606::1]:8443"),
    ],
)
def test_host_headers(text: str, header: str) -> None:
    assert parse_url(text).host_header == header


@pytest.mark.parametrize(
    ("allow", "url", "address", "permitted"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", "127.0.0.1", True),
        ("127.0.0.1", "http://127.0.0.2:8000", "127.0.0.2", False),
        ("127.0.0.0/8:8000", "http://127.0.0.2:8000", "127.0.0.2", True),
        ("127.0.0.0/8:8000", "http://127.0.0.2:8001", "127.0.0.2", False),
        ("127.0.0.0/8", "http://[::ffff:127.0.0.1]", "::ffff:127.0.0.1", False),
        ("[::1]:8000", "http://[::1]:8000", "::1", True),
        ("[::1]", "http://[::1]:1", "::1", True),
        ("::1", "http://[::1]:1", "::1", True),
        ("[fd00::/8]:443", "https://app.test", "fd00::9", True),
        ("app.test", "http://app.test", "10.0.0.1", True),
        ("App.Test.:80", "http://app.test./", "10.0.0.1", True),
        ("app.test:80", "http://app.test:81", "10.0.0.1", False),
        ("app.test", "http://www.app.test", "10.0.0.1", False),
    ],
)
def test_exceptions(allow: str, url: str, address: str, permitted: bool) -> None:
    assert Rules([allow]).permit(parse_url(url), address) is permitted


@pytest.mark.parametrize(
    "text",
    [
        "", "10.0.0.0/33", "10.0.0.1/8", "a b", "a:b", "[::1", "[::1]80", "a:0", "a:99999", "1.2.3",
        "http://a.test/", "a.test/8",
    ],
)  # fmt: skip
def test_bad_exceptions(text: str) -> None:
    with pytest.raises(ValueError):
        parse_allowed(text)


def test_our_own_listeners_are_never_called() -> None:
    everywhere = ["0.0.0.0/0", "::/0", "localhost"]
    one = Rules(everywhere, own=[("127.0.0.1", 9000), ("::1", 9001)])
    target = parse_url("http://localhost:9000")
    assert not one.permit(target, "127.0.0.1")
    assert not one.permit(target, "::ffff:127.0.0.1")
    for itself in ("0.0.0.0", "::", "::ffff:0.0.0.0"):  # a connection there ends at this machine
        assert not one.permit(target, itself)
    assert one.permit(target, "127.0.0.2")
    assert one.permit(parse_url("http://localhost:9002"), "127.0.0.1")
    assert not one.permit(parse_url("http://localhost:9001"), "::1")
    for wildcard in ("0.0.0.0", "::"):
        whole = Rules(everywhere, own=[(wildcard, 9000)])
        assert not whole.permit(target, "127.0.0.2")
        assert not whole.permit(target, "0.0.0.0")
        assert whole.permit(target, "192.0.2.1")  # which this machine does not have


def test_the_address_that_a_peer_sees() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        assert source_address("127.0.0.1", listener.getsockname()[1]) == "127.0.0.1"
