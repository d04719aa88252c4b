"""`mossbox run`: where names lead, what can't be reached, and what is gone afterwards."""

import os
import re
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conformance.raw import ask
from tests.conftest import ROOT, require
from tests.integrations.world import MOSSBOX, World, namespaces, until
from tests.support import Server, free_port

HOSTS = [
    "sts.aliyuncs.com", "sts.cn-hangzhou.aliyuncs.com", "sts-vpc.cn-hangzhou.aliyuncs.com",
    "ram.aliyuncs.com", "ims.aliyuncs.com", "oss-cn-hangzhou.aliyuncs.com",
    "oss-ap-southeast-1-internal.aliyuncs.com", "cn-hangzhou.aliyuncs.com", "localhost",
]  # fmt: skip


def mossbox_run(
    store: Server, *words: str, status: int = 0, **more: str
) -> subprocess.CompletedProcess[str]:
    namespaces()
    done = subprocess.run(
        [*MOSSBOX, "run", "--endpoint", store.endpoint, *words],
        capture_output=True, text=True, timeout=60, env={**os.environ, **more},
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done


def curl(world: World, *words: str, status: int = 0) -> str:
    require("curl", shutil.which("curl") is not None, "apt install curl")
    return world.run("curl", "--silent", "--show-error", *words, status=status)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_vendors_hosts_lead_to_the_store(world: World, scheme: str) -> None:
    assert curl(world, *(f"{scheme}://{host}/-/health" for host in HOSTS)) == "ok\n" * len(HOSTS)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_bucket_s_host_in_any_region(world: World, store: Server, scheme: str) -> None:
    url = f"{scheme}://open.oss-cn-beijing.aliyuncs.com/{scheme}"
    curl(world, "--fail", "--upload-file", __file__, url)
    assert store.request("GET", "open", scheme).body == Path(__file__).read_bytes()
    assert curl(world, url) == Path(__file__).read_text()


def test_the_address_itself(world: World) -> None:
    assert curl(world, "https://127.0.0.1/-/health", "https://localhost/-/health") == "ok\nok\n"


def test_connections_that_the_end_cuts_off_are_no_errors(store: Server) -> None:
    open_one = "exec 3<>/dev/tcp/oss-cn-hangzhou.aliyuncs.com/80; sleep 60 >/dev/null 2>&1 &"
    told = mossbox_run(store, "--", "bash", "-c", open_one).stderr
    assert "Traceback" not in told


def test_the_authority_is_good_for_its_names_alone(world: World) -> None:
    """Even where somebody forges an address for another's host."""
    forged = ("--resolve", "www.example.com:443:127.0.0.1", "https://www.example.com/-/health")
    assert curl(world, *forged, status=60) == ""


def test_where_services_lie_is_a_clear_refusal(world: World) -> None:
    told = curl(world, "--write-out", "%{http_code}", "https://location-readonly.aliyuncs.com/")
    assert told.endswith("404")
    assert "InvalidAction.NotFound" in told


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_key_of_callbacks_where_receivers_look_for_it(
    world: World, store: Server, scheme: str
) -> None:
    url = f"{scheme}://gosspublic.alicdn.com/callback_pub_key_v1.pem"
    told = curl(world, "--fail", url)
    assert told.startswith("-----BEGIN PUBLIC KEY-----")
    assert told == ask(store, "GET", "/-/callback-key.pem").body.decode()


@pytest.mark.parametrize(
    "url",
    ["https://example.com/", "http://www.aliyuncs.com/", "http://a.b.oss-cn-hangzhou.aliyuncs.com"],
)
def test_other_hosts_have_no_address(world: World, url: str) -> None:
    assert curl(world, url, status=6) == ""  # could not resolve host


def test_there_is_no_way_out(world: World) -> None:
    """Neither another interface nor a route: even an address that needs no name fails."""
    devices = re.findall(r"^ *(\S+):", world.run("cat", "/proc/net/dev"), re.MULTILINE)
    assert devices == ["lo"]
    assert len(world.run("cat", "/proc/net/route").splitlines()) <= 1
    assert curl(world, "http://192.0.2.1/", status=7) == ""  # could not connect


def test_a_program_that_knows_no_proxies(world: World) -> None:
    """Node.js asks the resolver itself and brings its own certificates."""
    require("node", shutil.which("node") is not None, "apt install nodejs")
    script = (
        "const told = (url) => fetch(url).then((r) => r.text(), (e) => e.cause.code);"
        "told('https://open.oss-cn-hangzhou.aliyuncs.com/?acl').then(console.log);"
        "told('https://example.com/').then(console.log);"
    )
    told = world.run("node", "-e", script)
    assert "AccessDenied" in told
    assert "ENOTFOUND" in told


def test_proxies_of_the_machine_are_left_outside(store: Server) -> None:
    done = mossbox_run(
        store, "--", "sh", "-c", 'echo "${https_proxy-none} ${HTTP_PROXY-none}"',
        https_proxy="http://192.0.2.1:3128", HTTP_PROXY="http://192.0.2.1:3128",
    )  # fmt: skip
    assert done.stdout == "none none\n"


def test_keys_are_for_one_run_and_one_person(store: Server) -> None:
    look = 'stat -c "%a %n" $MOSSBOX_RUN $MOSSBOX_RUN/*.pem; cat $MOSSBOX_RUN/*.pem'
    first, second = (mossbox_run(store, "--", "sh", "-c", look).stdout for _ in range(2))
    found = {name: mode for mode, name in re.findall(r"^(\d{3}) (/\S+)$", first, re.MULTILINE)}
    folder = min(found, key=len)
    assert found.pop(folder) == "700"
    assert found == {f"{folder}/ca.pem": "644", f"{folder}/tls-key.pem": "600"}
    assert first.count("PRIVATE KEY") == 2  # begin and end of the one that servers show
    assert not Path(folder).exists()
    assert first.splitlines()[-5:] != second.splitlines()[-5:]


def test_nothing_on_the_machine_is_changed(world: World) -> None:
    for name in ("/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts"):
        inside = world.run("cat", name)
        assert inside != (Path(name).read_text() if Path(name).exists() else "")


def test_the_program_is_who_started_it(world: World) -> None:
    assert world.run("id", "-u") == f"{os.getuid()}\n"


def test_its_exit_status_is_ours(store: Server) -> None:
    mossbox_run(store, "--", "sh", "-c", "exit 7", status=7)
    mossbox_run(store, "--", "sh", "-c", "kill -TERM $$", status=128 + signal.SIGTERM)
    told = mossbox_run(store, "--", "no-such-program", status=127).stderr
    assert "mossbox: no-such-program: No such file or directory" in told


def test_a_program_whose_run_is_killed_dies_too(store: Server) -> None:
    namespaces()
    run = subprocess.Popen(
        [*MOSSBOX, "run", "--endpoint", store.endpoint, "--", "sh", "-c", "echo $$; exec cat"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdin is not None
    program = int(run.stdout.readline())
    variables = Path(f"/proc/{program}/environ").read_bytes().split(b"\0")
    run.kill()
    run.wait()
    until(lambda: run.stdout.read() == b"")  # its end is open until the program is gone
    run.stdin.close()
    run.stdout.close()
    folder = next(one for one in variables if one.startswith(b"MOSSBOX_RUN=")).partition(b"=")[2]
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    shutil.rmtree(folder)


def test_a_terminated_run_ends_its_program_and_cleans_up(store: Server) -> None:
    namespaces()
    run = subprocess.Popen(
        [*MOSSBOX, "run", "--endpoint", store.endpoint, "--", "sh", "-c",
         "echo $MOSSBOX_RUN; exec cat"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert run.stdout is not None
    folder = Path(run.stdout.readline().decode().strip())
    assert folder.exists()
    run.terminate()
    assert run.wait(20) == 128 + signal.SIGTERM
    assert not folder.exists()
    run.communicate()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "name a program"),
        (["--endpoint", "http://127.0.0.1:1", "--", "true"], "no store answers at"),
        (["--join", "1", "--", "true"], "no run of yours as process 1"),
        (["--join", "4194305", "--", "true"], "no run of yours as process 4194305"),
    ],
)
def test_what_cannot_be_is_told_in_words(words: list[str], why: str) -> None:
    done = subprocess.run([*MOSSBOX, "run", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("mossbox: ")
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_where_there_can_be_no_world_it_is_told_why(store: Server) -> None:
    namespaces()
    none = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", none,
         *MOSSBOX, "run", "--endpoint", store.endpoint, "--", "echo", "ran"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("mossbox: unshare: ")
    assert "user.max_user_namespaces" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_store_that_went_away_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    with Server(tmp_path) as store, World(store, tmp_path / "world") as world:
        store.stop()
        assert "can't be reached" in curl(world, "https://oss-cn-hangzhou.aliyuncs.com/-/health")


def test_by_https_all_the_way(tmp_path: Path) -> None:
    """To a store that has a certificate of its own, which `mossbox run` is told to trust."""
    port = free_port()
    tls = ("--tls-listen", f"localhost:{port}", "--tls-self-signed")
    with Server(tmp_path, *tls, "--bucket", "safe:public-read-write") as store:
        namespaces()
        url = "http://safe.oss-cn-hangzhou.aliyuncs.com/a"
        done = subprocess.run(
            [*MOSSBOX, "run", "--endpoint", f"https://localhost:{port}", "--",
             "curl", "--silent", "--show-error", "--fail", "--upload-file", __file__, url],
            capture_output=True, text=True, timeout=60,
            env={**os.environ, "SSL_CERT_FILE": str(store.data / "tls-cert.pem")},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert store.request("GET", "safe", "a").body == Path(__file__).read_bytes()


def test_the_commands_of_its_page(store: Server) -> None:
    """Those that need no program of the reader's."""
    page = (ROOT / "docs" / "how-to" / "run-programs.md").read_text()
    found = re.findall(r"^\$ mossbox run -- (curl .*)\n(.*)$", page, re.MULTILINE)
    assert len(found) == 1
    for command, told in found:
        assert mossbox_run(store, "--", *command.split()).stdout.strip() == told


def test_a_browser_with_a_profile_that_ends_with_the_run(store: Server) -> None:
    require("chromium", shutil.which("chromium") is not None, "apt install chromium")
    url = "https://open.oss-cn-hangzhou.aliyuncs.com/-/health"
    words = "chromium --headless --no-sandbox --disable-gpu --dump-dom URL && ls -d $MOSSBOX_RUN/*"
    told = mossbox_run(store, "--", "sh", "-c", words.replace("URL", url)).stdout
    assert "NoSuchKey" in told
    (profile,) = re.findall(r"^/.*/profile$", told, re.MULTILINE)
    assert not Path(profile).exists()
