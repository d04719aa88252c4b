"""The command line: its help, its refusals and what it says at start."""

import sys
from dataclasses import fields
from pathlib import Path

import pytest

from mossbox import __version__
from mossbox.apps.cli import main, parser, welcome
from mossbox.settings import Settings, environment_name, flag_name


def test_help_lists_every_flag_with_its_twin(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for item in fields(Settings):
        if item.metadata["flag"]:
            assert f"{flag_name(item.name)} " in text
            assert f"[{environment_name(item.name)}]" in text
        else:
            assert f"{flag_name(item.name)} " not in text


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"mossbox {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["fly"], ["serve", "--wings"], ["serve", "--listen"]])
def test_a_command_that_is_none(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: mossbox" in capsys.readouterr().err


def test_flags_mean_what_the_settings_say() -> None:
    given = vars(
        parser().parse_args(
            ["serve", "--bucket", "a", "--bucket", "b:private", "--memory", "--workers", "2"]
        )
    )
    assert given["bucket"] == ["a", "b:private"]
    assert given["memory"] is True
    assert given["workers"] == "2"
    assert given["data"] is None  # so that the environment has its say


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--listen", "9000"], "'9000' is not an address: write HOST:PORT, such as 127.0.0.1:9000"),
        (["--listen", "0.0.0.0:0"], "the development key pair is public, so it is refused off"),
        (["--workers", "many"], "--workers: 'many' is not a whole number"),
        (["--tls-listen", "127.0.0.1:0"], "--tls-listen needs --tls-cert and --tls-key"),
        (
            ["--tls-listen", "127.0.0.1:0", "--tls-cert", "none.pem", "--tls-key", "none.pem"],
            "the TLS certificate or key can't be used",
        ),
        (["--cname", "nonsense", "--workers", "1"], "--cname 'nonsense': write HOST=BUCKET"),
        (["--bucket", "A", "--workers", "1"], "--bucket 'A' is not a bucket's name"),
        (["--bucket", "abc:open", "--workers", "1"], "--bucket 'abc:open': the ACL is one of"),
        (["--access-log", "/nowhere/a.log", "--workers", "1"], "--access-log /nowhere/a.log: No"),
        (["--data", "/proc/none"], "/proc/none: No such file or directory"),
        (["--listen", "198.51.100.1:0"], "the development key pair"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    common = [] if "--listen" in arguments else ["--listen", "127.0.0.1:0"]
    log = [] if "--access-log" in arguments else ["--access-log", "off"]
    assert main(["serve", "--data", "data", *common, *log, *arguments]) == 2
    written = capfd.readouterr()
    assert written.err.startswith(f"mossbox: {sentence}")
    assert written.err.count("\n") == 1
    assert "ready" not in written.out


def test_a_newcomer_is_told_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    text = welcome(Settings(), 9000)
    for part in (
        "http://127.0.0.1:9000", "cn-hangzhou", "mossbox-secret", "mossbox-data", "oss2",
        "curl http://127.0.0.1:9000/-/health",
    ):  # fmt: skip
        assert part in text
    print(text, file=sys.stdout)
    assert "with TLS" not in text
    assert "https://127.0.0.1:9443" in welcome(Settings(tls_listen="127.0.0.1:9443"), 9000)
    assert "memory only" in welcome(Settings(memory=True), 9000)


def test_a_secret_of_ones_own_is_not_printed() -> None:
    text = welcome(Settings(access_key_id="mine", access_key_secret="a-secret-of-my-own"), 9000)
    assert "mine" in text
    assert "a-secret-of-my-own" not in text
