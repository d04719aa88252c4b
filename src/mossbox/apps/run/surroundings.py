"""What a program finds in a private world: files in the place of the machine's, and variables."""

import os
import shlex
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from mossbox.apps.run.authority import STORE_PASSWORD, Authority
from mossbox.apps.run.names import ADDRESS

FOLDER_VARIABLE = "MOSSBOX_RUN"
_PROXIES = frozenset(("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy"))
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
)  # fmt: skip
_NAME_CACHES = ("/run/nscd", "/var/run/nscd")  # they would be asked before our own name server
_BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge",
    "brave-browser",
)  # fmt: skip
_HOSTS = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


def furnish(folder: Path, authority: Authority) -> None:
    """Write the files of a world into its folder."""
    (folder / "resolv.conf").write_text(f"nameserver {ADDRESS}\n")
    # Java programs ask for the address of their machine's own name.
    (folder / "hosts").write_text(f"{_HOSTS}127.0.0.1 {socket.gethostname()}\n")
    (folder / "nsswitch.conf").write_text(_switch("/etc/nsswitch.conf"))
    (folder / "nothing").mkdir()
    (folder / "bin").mkdir()
    for name in _BROWSERS:
        if found := shutil.which(name):
            _write_browser(folder, name, found, authority.fingerprint)


def _switch(path: str) -> str:
    """The machine's name service switch, asking for hosts nobody but the name server."""
    try:
        lines = Path(path).read_text().splitlines()
    except FileNotFoundError:
        lines = []
    others = [line for line in lines if not line.lstrip().startswith("hosts:")]
    return "\n".join([*others, "hosts: files dns", ""])


def _write_browser(folder: Path, name: str, program: str, fingerprint: str) -> None:
    """A browser that trusts the run's authority, with a profile that ends with the run."""
    words = (
        program, f"--user-data-dir={folder / 'profile'}", "--no-first-run",
        f"--ignore-certificate-errors-spki-list={fingerprint}",
    )  # fmt: skip
    script = folder / "bin" / name
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    script.chmod(0o755)


def covers(folder: Path) -> dict[str, Path]:
    """Which files of the machine are covered, and by what."""
    found = {
        "/etc/resolv.conf": folder / "resolv.conf",
        "/etc/hosts": folder / "hosts",
        "/etc/nsswitch.conf": folder / "nsswitch.conf",
    }
    # One file can have several of these names.
    bundles = {os.path.realpath(bundle): folder / "ca.pem" for bundle in _BUNDLES}
    caches = {os.path.realpath(cache): folder / "nothing" for cache in _NAME_CACHES}
    return found | bundles | caches


def environment(folder: Path, outside: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program in the world of this folder."""
    found = {name: value for name, value in outside.items() if name.lower() not in _PROXIES}
    bundle = str(folder / "ca.pem")
    java = (
        f"-Djavax.net.ssl.trustStore={folder / 'ca.p12'}"
        f" -Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}"
        " -Djavax.net.ssl.trustStoreType=PKCS12"
    )
    return {
        **found,
        FOLDER_VARIABLE: str(folder),
        "PATH": f"{folder / 'bin'}:{found.get('PATH', os.defpath)}",
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "ALIBABA_CLOUD_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "NODE_EXTRA_CA_CERTS": bundle,
        "JAVA_TOOL_OPTIONS": f"{found.get('JAVA_TOOL_OPTIONS', '')} {java}".strip(),
    }
