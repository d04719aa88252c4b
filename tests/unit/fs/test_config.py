"""Keys of fs.oss: where they are read from, what they become, and one sentence for each fault."""

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.fs import ConfigInvalid
from mossbox.fs.config import Config, build, load
from mossbox.fs.errors import from_answer
from mossbox.fs.keys import IGNORED, REFUSED, USED
from mossbox.fs.transfer import part_bytes, pieces, wanted_range
from tests.conftest import ROOT
from tests.unit.examples import few

SECRET = "a-secret-never-shown"
MINIMAL = {
    "fs.oss.endpoint": "oss-cn-beijing.aliyuncs.com",
    "fs.oss.accessKeyId": "id",
    "fs.oss.accessKeySecret": SECRET,
}


def made(**keys: object) -> Config:
    """A configuration; a name's ``__`` is a dot, for Python has no names with dots."""
    changed = {f"fs.oss.{name.replace('__', '.')}": value for name, value in keys.items()}
    values, file = load({**MINIMAL, **changed})
    return build(values, file)


def file_of(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def properties(*pairs: tuple[str, str], more: str = "") -> str:
    every = [*MINIMAL.items(), *pairs]
    inner = "".join(
        f"<property><name>{name}</name><value>{value}</value></property>" for name, value in every
    )
    return f"<configuration>{inner}{more}</configuration>"


# -- files ------------------------------------------------------------------------------------


def test_core_site_flink_conf_and_config_yaml_say_the_same(tmp_path: Path) -> None:
    lines = "".join(f"{name}: {value}\n" for name, value in MINIMAL.items())
    nested = (
        "fs:\n  oss:\n    endpoint: oss-cn-beijing.aliyuncs.com\n    accessKeyId: id\n"
        f"  oss.accessKeySecret: {SECRET}\nrest.port: 1\n"
    )
    for name, text in {
        "core-site.xml": f'<?xml version="1.0"?><!-- a --><?pi x?>{properties(("a.b", "1"))}',
        "flink-conf.yaml": f"# comment\nrest.port: 1\n\n{lines}",
        "config.yaml": nested,
        "flat.yml": lines,
    }.items():
        path = file_of(tmp_path, name, text)
        assert load(path) == (MINIMAL, str(path))
        assert load(str(path))[0] == MINIMAL


def test_a_folder_is_searched_as_hadoop_and_flink_lay_theirs_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"there is no core-site.xml, flink-conf.yaml or conf"):
        load(tmp_path)
    (tmp_path / "conf").mkdir()
    flink = file_of(tmp_path / "conf", "flink-conf.yaml", "fs.oss.endpoint: b")
    assert load(tmp_path) == ({"fs.oss.endpoint": "b"}, str(flink))
    hadoop = file_of(tmp_path, "core-site.xml", properties())
    assert load(tmp_path) == (MINIMAL, str(hadoop))


def test_values_refer_to_others_and_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", SECRET)
    monkeypatch.setenv("EMPTY", "")
    text = properties(
        ("where", "oss-${region}.aliyuncs.com"), ("region", "${env.NOT_THERE-cn-beijing}"),
        ("fs.oss.endpoint", "${where}"), ("fs.oss.accessKeySecret", "${env.A_SECRET}"),
        ("fs.oss.accessKeyId", "${env.EMPTY:-id}"),
    )  # fmt: skip
    assert load(file_of(tmp_path, "core-site.xml", text))[0] == MINIMAL


def test_flinks_file_is_read_as_flink_reads_it(tmp_path: Path) -> None:
    """No YAML: a colon alone belongs to the value, and # begins a comment wherever it stands."""
    path = file_of(
        tmp_path, "flink-conf.yaml",
        "fs.oss.endpoint: http://127.0.0.1:9000 # here\nfs.oss.accessKeyId: {a\n",
    )  # fmt: skip
    assert load(path)[0] == {
        "fs.oss.endpoint": "http://127.0.0.1:9000", "fs.oss.accessKeyId": "{a",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("core-site.xml", "<configuration>", "this is no XML: no element found"),
        ("core-site.xml", "<!DOCTYPE a><a/>", "this is no XML: a document type is not allowed"),
        ("core-site.xml", "<a/>", "the root is a, not configuration"),
        ("core-site.xml", "<configuration/>", "there is no key fs.oss.endpoint"),
        ("core-site.xml", properties(more="<include/>"), "an include is not followed"),
        ("core-site.xml", properties(more="<property/>"), "a property has no element name"),
        (
            "core-site.xml", properties(("fs.oss.region", "${none}")),
            "fs.oss.region refers to ${none}, which is not there",
        ),
        (
            "core-site.xml", properties(("fs.oss.region", "${a}"), ("a", "${fs.oss.region}")),
            "fs.oss.region refers to itself",
        ),
        ("flink-conf.yaml", "\nfs.oss.endpoint:x", "line 2 is no key: value"),
        ("config.yaml", "a: [", "this is no YAML in line 1"),
        ("config.yaml", "- a", "there are no keys such as fs.oss.endpoint"),
        ("config.yaml", "fs.oss.endpoint: [a]", "fs.oss.endpoint is text or a number, not list"),
        ("other.conf", "", "only core-site.xml, flink-conf.yaml and config.yaml can be read"),
    ],
)  # fmt: skip
def test_a_fault_of_a_file_is_told_with_its_name(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    path = file_of(tmp_path, name, text)
    with pytest.raises(ConfigInvalid) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"none\.xml: No such file or directory"):
        load(tmp_path / "none.xml")
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigInvalid, match=r"config\.yaml: this is not UTF-8"):
        load(path)


# -- values -----------------------------------------------------------------------------------


def test_the_three_keys_of_the_documentation_suffice() -> None:
    config = made()
    assert config.endpoint == "https://oss-cn-beijing.aliyuncs.com"
    assert (config.region, config.signature) == ("cn-beijing", "v4")
    assert SECRET not in repr(config)


@pytest.mark.parametrize(
    ("keys", "endpoint", "region"),
    [
        ({"endpoint": "oss-cn-hangzhou-internal.aliyuncs.com"}, None, "cn-hangzhou"),
        ({"endpoint": "oss-accelerate.aliyuncs.com", "region": "cn-x"}, None, "cn-x"),
        ({"endpoint": "http://127.0.0.1:9000/"}, "http://127.0.0.1:9000", "cn-hangzhou"),
        ({"endpoint": "http://[::1]:9000"}, "http://[::1]:9000", "cn-hangzhou"),
        (
            {"endpoint": "127.0.0.1:9000", "connection__secure__enabled": "False"},
            "http://127.0.0.1:9000", "cn-hangzhou",
        ),
        (
            {"endpoint": "http://a.example", "connection__secure__enabled": True},
            "http://a.example", "cn-hangzhou",
        ),
        ({"endpoint": "a.example", "region": "oss-cn-y"}, "https://a.example", "cn-y"),
    ],
)  # fmt: skip
def test_endpoints_as_hadoop_takes_them(
    keys: dict[str, object], endpoint: str | None, region: str
) -> None:
    config = made(**keys)
    assert config.endpoint == (endpoint or f"https://{keys['endpoint']}")
    assert config.region == region


def test_every_other_key_becomes_something() -> None:
    config = made(
        securityToken="t", signatureversion="V1", attempts__maximum=7,
        connection__establish__timeout=1500, connection__timeout="2500", connection__maximum=5,
        paging__maximum=10, proxy__host="p", proxy__port=3128, proxy__username="u@",
        proxy__password="p:", acl__default="Private", user__agent__prefix="me",
        multipart__upload__size="1M", multipart__upload__threshold="3m",
        multipart__download__size="64K",
    )  # fmt: skip
    assert config == Config(
        "https://oss-cn-beijing.aliyuncs.com", "cn-beijing", "id", SECRET, "t", "v1", 7, 1.5, 2.5,
        5, 10, "http://u%40:p%3A@p:3128", "private", "", "me", 1 << 20, 3 << 20, 64 << 10,
    )  # fmt: skip
    for algorithm in ("AES256", "KMS", "SM4"):
        values = {**MINIMAL, "fs.oss.server-side-encryption-algorithm": algorithm.lower()}
        assert build(values).encryption == algorithm


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("endpoint", "", "fs.oss.endpoint is missing"),
        ("endpoint", "http://a/b", "fs.oss.endpoint is a host or http(s)://host[:port]"),
        ("endpoint", "ftp://a", "fs.oss.endpoint is a host or http(s)://host[:port]"),
        ("endpoint", "http://u:p@a", "fs.oss.endpoint is a host or http(s)://host[:port]"),
        ("endpoint", "http://a:70000", "fs.oss.endpoint is a host or http(s)://host[:port]"),
        ("endpoint", "oss-accelerate.aliyuncs.com", "fs.oss.region is missing"),
        ("region", "cn-hangzhou", "fs.oss.region is cn-hangzhou, and fs.oss.endpoint is of cn-b"),
        ("accessKeyId", "", "fs.oss.accessKeyId is missing"),
        ("accessKeySecret", "", "fs.oss.accessKeySecret is missing"),
        ("credentials.provider", "a.B", "only AliyunCredentialsProvider and Environment"),
        ("connection.secure.enabled", "yes", "is one of true, false, not yes"),
        ("signatureversion", "V3", "is one of v1, v4, not V3"),
        ("acl.default", "all", "is one of default, private, public-read, public-read-write"),
        ("server-side-encryption-algorithm", "DES", "is one of AES256, KMS, SM4, not DES"),
        ("multipart.upload.size", "1K", "is a number from 102400 to 5368709120, not 1K"),
        ("attempts.maximum", "-1", "is a number from 1 to 100, not -1"),
        ("paging.maximum", "1001", "is a number from 1 to 1000, not 1001"),
        ("assumed.role.arn", "a", "fs.oss.assumed.role.arn: assume the role yourself"),
        ("proxy.domain", "a", "fs.oss.proxy.domain: NTLM proxies are not supported"),
        ("accesKeyId", "a", "is not a key that hadoop-aliyun has, did you mean fs.oss.accessKeyId"),
        ("paging.maximum", [1], "fs.oss.paging.maximum is text or a number, not list"),
    ],
)
def test_a_fault_of_a_value_names_its_key_and_its_file(
    tmp_path: Path, key: str, value: object, said: str
) -> None:
    given = {**MINIMAL, f"fs.oss.{key}": value}
    with pytest.raises(ConfigInvalid) as caught:
        build(*load(given))
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)
    if isinstance(value, str) and value:
        path = file_of(tmp_path, "core-site.xml", properties((f"fs.oss.{key}", value)))
        with pytest.raises(ConfigInvalid) as caught:
            build(*load(path))
        assert str(caught.value).startswith(f"{path}: fs.oss.")


def test_keys_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = "com.aliyun.oss.common.auth.EnvironmentVariableCredentialsProvider"
    monkeypatch.delenv("OSS_ACCESS_KEY_ID", raising=False)
    with pytest.raises(ConfigInvalid, match="OSS_ACCESS_KEY_ID is not in the environment"):
        made(credentials__provider=provider)
    for name in ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"):
        monkeypatch.setenv(name, name.lower())
    config = made(credentials__provider=provider)
    found = (config.key_id, config.secret, config.token)
    assert found == ("oss_access_key_id", "oss_access_key_secret", "oss_session_token")


def test_what_has_no_meaning_here_is_left_out_and_what_nobody_knows_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "mossbox.fs"):
        assert load({**MINIMAL, **dict.fromkeys(IGNORED, "1"), "io.file.size": [1]})[0] == MINIMAL
        assert caplog.text == ""
        assert load({**MINIMAL, "fs.oss.something.of.emr": "1"})[0] == MINIMAL
    assert "fs.oss.something.of.emr is not known and was ignored" in caplog.text


def test_every_key_has_one_fate_and_stands_on_the_page() -> None:
    groups = (set(USED), set(IGNORED), set(REFUSED))
    assert len(set.union(*groups)) == sum(map(len, groups))
    page = (ROOT / "docs" / "how-to" / "fsspec.md").read_text()
    assert [name for name in sorted(set.union(*groups)) if f"`{name}`" not in page] == []


# -- errors, ranges and parts -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", FileNotFoundError), (404, "", FileNotFoundError),
        (403, "AccessDenied", PermissionError), (409, "FileAlreadyExists", FileExistsError),
        (500, "InternalError", OSError), (409, "BucketNotEmpty", OSError),
    ],
)  # fmt: skip
def test_refusals_are_the_errors_of_pythons_files(
    status: int, code: str, kind: type[OSError]
) -> None:
    error = from_answer(status, code, "why", "b/k")
    assert type(error) is kind
    assert error.errno is not None
    assert (error.filename, code in str(error), "why" in str(error)) == ("b/k", True, True)


ENDS = st.one_of(st.none(), st.integers(-12, 12))


@few
@given(start=ENDS, end=ENDS)
def test_ranges_are_pythons_slices(start: int | None, end: int | None) -> None:
    data = b"0123456789"
    wanted = wanted_range(start, end, len(data))
    if wanted is None:
        found = b""
    else:
        first, _, last = wanted.partition("-")
        found = data[int(first or 0) : int(last) + 1 if last else None]
    assert found == data[start:end]


@pytest.mark.parametrize("size", [0, 1, (200 << 10) + 1, 1 << 30])
def test_parts_cover_an_object(size: int) -> None:
    parts = pieces(size, 100 << 10)
    assert [number for number, _, _ in parts] == list(range(1, len(parts) + 1))
    ends = [0, *(stop for _, _, stop in parts)]
    assert [start for _, start, _ in parts] == ends[:-1]
    assert ends[-1] == size


def test_parts_grow() -> None:
    assert sum(part_bytes(number, 8 << 20) for number in range(10_000)) > 7 << 40
    assert part_bytes(9_999, 1 << 30) == 5 << 30
