"""The `mossbox` command. `serve` gets its flags from the settings, so the two can't drift apart.

It is plain argparse because starting the server must not wait for a command line library
(docs/decisions/0006).
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import fields

from mossbox import __version__
from mossbox.apps import access, buckets, cors, dapr, keys, policy, setup, upload_server
from mossbox.apps import run as private_run
from mossbox.settings import Settings, SettingsError, environment_name, flag_name, load

_MASTER_KEY = (
    "Make a new master key and wrap every key of the ring under it. The store must be stopped;"
    " objects are not touched."
)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="mossbox", description="An object store on your own machine that speaks OSS."
    )
    top.add_argument("--version", action="version", version=f"mossbox {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the store", description="Run the store.")
    for item in fields(Settings):
        if not item.metadata["flag"]:
            continue
        text = f"{item.metadata['help']} [{environment_name(item.name)}]"
        if isinstance(item.default, bool):
            serve.add_argument(flag_name(item.name), action="store_true", default=None, help=text)
        elif item.metadata["many"]:
            serve.add_argument(flag_name(item.name), action="append", default=None, help=text)
        else:
            serve.add_argument(flag_name(item.name), default=None, help=text)
    key = commands.add_parser(
        "key", help="the keys of SSE-KMS", description="The key ring of a running store."
    )
    keys.arguments(key)
    for noun, text in access.TEXTS.items():
        whole = f"The {text}, in a running store."
        access.arguments(commands.add_parser(noun, help=text, description=whole), noun)
    bucket = commands.add_parser(
        "bucket", help="buckets", description="The buckets of a running store."
    )
    buckets.arguments(bucket)
    for name, text in dapr.TEXTS.items():
        whole = f"{text[0].upper()}{text[1:]}, until it is stopped."
        dapr.arguments(commands.add_parser(name, help=text, description=whole), name)
    pages = commands.add_parser(
        "cors", help="which pages may use a bucket",
        description="Which pages of other origins may use a bucket of a running store.",
    )  # fmt: skip
    cors.arguments(pages)
    ready = commands.add_parser(
        "setup", help="make all that a use needs", description="Make all that a use needs."
    )
    setup.arguments(ready)
    policies = commands.add_parser(
        "policy", help="who may do what", description="The policies of a running store."
    )
    policy.arguments(policies)
    private = commands.add_parser(
        "run", help="run a program to which OSS's own host names lead to a store",
        description="Run a program to which the host names of OSS, STS and RAM lead to a store, and"
        " which reaches nothing else. Linux only.",
    )  # fmt: skip
    private_run.arguments(private)
    uploads = commands.add_parser(
        "upload-server", help="let browsers upload straight to the store",
        description="Serve a page for uploads, and the permits that it or a page of yours needs.",
    )  # fmt: skip
    upload_server.arguments(uploads)
    master = commands.add_parser(
        "master-key", help="replace the key that opens all others", description=_MASTER_KEY
    )
    actions = master.add_subparsers(dest="action", required=True, metavar="ACTION")
    rotate = actions.add_parser("rotate", help="replace it", description=_MASTER_KEY)
    rotate.add_argument("--data", default=None, help="the store's directory [MOSSBOX_DATA]")
    rotate.add_argument("--master-key-file", default=None, help="file of the present master key")
    rotate.add_argument(
        "--new-key-file", default="", help="file of the new one, made if it is not there"
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit status."""
    options = vars(parser().parse_args(arguments))
    command = options.pop("command")
    if command == "key":
        return keys.run(options)
    if command in access.TEXTS:
        return access.run(command, options)
    if command in dapr.TEXTS:
        return dapr.run(command, options)
    running = {"policy": policy.run, "bucket": buckets.run, "cors": cors.run, "setup": setup.run}
    running["upload-server"] = upload_server.run
    if command in running:
        return running[command](options)
    if command == "run":
        from mossbox.apps.run.command import run

        return run(options)
    if command == "master-key":
        from mossbox.apps import masterkey

        options.pop("action")
        return masterkey.rotate(options)
    return serve(options)


def serve(flags: dict[str, object]) -> int:
    """Run the store until SIGTERM."""
    from mossbox.engine.sqlite import StoreError
    from mossbox.supervisor import Busy, Supervisor

    logging.basicConfig(level=logging.WARNING, format="mossbox: %(levelname)s: %(message)s")
    try:
        settings = load(flags, os.environ)
        supervisor = Supervisor(settings)
        return supervisor.run(welcome(settings, supervisor.port))
    except (SettingsError, StoreError, Busy) as error:
        print(f"mossbox: {error}", file=sys.stderr)
    except OSError as error:
        if error.filename is None:
            raise  # a fault of ours, not a path that somebody gave
        print(f"mossbox: {error.filename}: {error.strerror}", file=sys.stderr)
    return 2


def welcome(settings: Settings, port: int) -> str:
    """What a newcomer needs: where it listens, with which keys, and a first command to try."""
    host = settings.listen.rpartition(":")[0]
    endpoint = f"http://{host}:{port}"
    key_id, secret = settings.root_key
    shown = secret if settings.development else "(the one you gave)"
    kept = "memory only" if settings.memory else os.path.abspath(settings.data)
    lines = [
        "Mossbox is ready.",
        f"  endpoint   {endpoint}",
        f"  region     {settings.region}",
        f"  key id     {key_id}",
        f"  secret     {shown}",
        f"  data       {kept}",
    ]
    if settings.tls_listen:
        lines.insert(2, f"  with TLS   https://{settings.tls_listen}")
    lines += [
        "Try:",
        f"  python -c \"import oss2; b = oss2.Bucket(oss2.Auth('{key_id}', '{shown}'),"
        f" '{endpoint}', 'hello'); b.create_bucket();"
        " b.put_object('a.txt', b'Hello'); print(b.get_object('a.txt').read())\"",
        f"  curl {endpoint}/-/health",
    ]
    return "\n".join(lines)
