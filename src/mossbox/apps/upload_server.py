"""`mossbox upload-server`: the application server of direct uploads, run by uvicorn."""

import logging
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mossbox.settings import SettingsError, flag_name, is_loopback, split_address
from mossbox.upload.settings import UploadSettings, load_upload, twins

_KEYS = (
    "The access key is taken from OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or from"
    " ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET."
)
_LOOPBACK = frozenset(("localhost", "::1"))


def arguments(parser: ArgumentParser) -> None:
    """What `mossbox upload-server` takes."""
    parser.epilog = _KEYS
    for item in fields(UploadSettings):
        text = f"{item.metadata['help']} [{', '.join(twins(item.name))}]".replace("%", "%%")
        more: dict[str, Any] = {}
        if isinstance(item.default, bool):
            more["action"] = "store_true"
        elif item.metadata["many"]:
            more["action"] = "append"
        parser.add_argument(flag_name(item.name), default=None, help=text, **more)


def run(options: Mapping[str, Any]) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit status."""
    logging.basicConfig(level=logging.WARNING, format="mossbox: %(levelname)s: %(message)s")
    try:
        settings = load_upload(options, os.environ)
        _serve(settings)
    except SettingsError as error:
        print(f"mossbox: {error}", file=sys.stderr)
        return 2
    return 0


def _serve(settings: UploadSettings) -> None:
    """Raises SettingsError where it can't begin."""
    from mossbox.upload import keys

    access_key = keys.find(os.environ)
    import uvicorn

    from mossbox.upload.server import load_hook, upload_server

    hook = None
    if settings.authorize:
        sys.path.append(os.getcwd())  # where a person's own hook lies
        hook = load_hook(settings.authorize)
    listening = _listen(settings)
    host, port = listening.getsockname()[:2]
    application = upload_server(settings, hook, access_key=access_key, hosts=_hosts(settings, host))
    server = uvicorn.Server(
        uvicorn.Config(
            application, log_level="warning", access_log=False, server_header=False, lifespan="off",
        )
    )  # fmt: skip
    shown = f"[{host}]" if ":" in host else host

    def end(*_: object) -> None:
        # One may come before uvicorn listens to them. It raises them once more when it is done,
        # and being asked to end is no failure.
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    print(_welcome(settings, f"http://{shown}:{port}/"), flush=True)
    server.run(sockets=[listening])


def _hosts(settings: UploadSettings, host: str) -> frozenset[str] | None:
    """The names that requests may be addressed to; off loopback all, unless some are given."""
    if settings.host or is_loopback(host):
        return frozenset((*settings.host, *_LOOPBACK, host))
    return None


def _listen(settings: UploadSettings) -> socket.socket:
    host, port = split_address(settings.listen)
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"--listen {settings.listen}: {reason}") from None


def _welcome(settings: UploadSettings, address: str) -> str:
    whose = settings.role_arn or "the access key itself"
    return "\n".join(
        (
            "The upload server is ready.",
            f"  address    {address}",
            f"  uploads to {settings.bucket_url}/{settings.dir}",
            f"  signs by   {whose}",
            f"  offers     {', '.join(settings.offer)}",
        )
    )
