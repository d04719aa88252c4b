"""`mossbox dapr-http` and `mossbox dapr-component`: Dapr's output binding, without and for Dapr."""

import asyncio
import logging
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mossbox.dapr.components import Binding

TEXTS = {
    "dapr-http": "answer Dapr's HTTP address for bindings without Dapr",
    "dapr-component": "give a running Dapr a binding for OSS with more operations",
}
SOCKET = "/tmp/dapr-components-sockets/mossbox-oss.sock"  # noqa: S108  (Dapr's own default)
_PROBE_S = 3.0


def arguments(parser: ArgumentParser, command: str) -> None:
    """What the two commands take."""
    if command == "dapr-component":
        folder = os.environ.get("DAPR_COMPONENTS_SOCKETS_FOLDER")
        default = f"{folder}/mossbox-oss.sock" if folder else SOCKET
        text = "the socket; its name is the component's type: NAME.sock is bindings.NAME"
        parser.add_argument("--socket", default=default, help=f"{text} (default {SOCKET})")
        return
    parser.add_argument("--components", required=True, help="folder of Dapr's component files")
    parser.add_argument("--listen", default="127.0.0.1:3500", help="address and port")
    parser.add_argument("--app-id", default="", help="the app that scopes of components may name")
    parser.add_argument(
        "--raw-strings",
        action="store_true",
        help="keep a JSON string without its quotes, which Dapr keeps with them",
    )


def run(command: str, options: Mapping[str, Any]) -> int:
    """Serve until SIGTERM or Ctrl-C; gives the exit status."""
    logging.basicConfig(level=logging.WARNING, format="mossbox: %(levelname)s: %(message)s")
    try:
        import mossbox.dapr.binding
        import mossbox.dapr.components
    except ImportError as error:
        return _told(f"{command} needs {error.name}: pip install 'mossbox[dapr]'")
    try:
        if command == "dapr-component":
            return asyncio.run(_component(Path(options["socket"])))
        return _http(options)
    except mossbox.dapr.components.ComponentError as error:
        return _told(str(error))
    except OSError as error:
        return _told(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _told(why: str) -> int:
    print(f"mossbox: {why}", file=sys.stderr)
    return 2


# -- dapr-component -----------------------------------------------------------------------------


async def _component(path: Path) -> int:
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it would tell of a bad socket in its own way
    from mossbox.dapr import component

    server, bindings = await component.start(path)
    print(f"Dapr's component of type bindings.{path.stem} is ready on {path}", flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await server.stop(grace=5)
    await bindings.close()
    path.unlink(missing_ok=True)
    return 0


# -- dapr-http ----------------------------------------------------------------------------------


def _http(options: Mapping[str, Any]) -> int:
    import uvicorn

    from mossbox.dapr import components, http

    found = components.load(Path(options["components"]), os.environ, options["app_id"])
    token = os.environ.get("DAPR_API_TOKEN", "")
    host, port = _listen(options["listen"])
    if not token and not _on_loopback(host):
        why = "anybody who reaches it could write with the components' keys: set DAPR_API_TOKEN"
        return _told(f"--listen {options['listen']}: {why}")
    listening = _bound(options["listen"], host, port)
    port = listening.getsockname()[1]
    asyncio.run(_probe(found))
    app = http.application(
        found, _origins(host, port), raw_strings=options["raw_strings"], token=token
    )
    print(_welcome(found, host, port), flush=True)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, ws="none"
    )
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again at its end
        signal.signal(number, lambda *_: sys.exit(0))
    uvicorn.Server(config).run(sockets=[listening])
    return 0


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise OSError(f"--listen: {text!r} is no address and port such as 127.0.0.1:3500")
    return host.strip("[]"), int(port)


def _on_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _bound(text: str, host: str, port: int) -> socket.socket:
    from mossbox.dapr.binding import reason

    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise OSError(f"--listen: {text}: {reason(error)}") from None


def _origins(host: str, port: int) -> frozenset[str]:
    """What a browser calls the pages of this server itself."""
    names = {"localhost", "127.0.0.1", "[::1]", f"[{host}]" if ":" in host else host}
    return frozenset(f"http://{name}:{port}" for name in names)


async def _probe(bindings: "Mapping[str, Binding]") -> None:
    """Warn of endpoints that don't answer: they may come later, or be written wrongly."""
    from urllib.parse import urlsplit

    from mossbox.dapr.binding import reason

    for binding in bindings.values():
        text = binding.target.endpoint
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(parts.hostname, port), _PROBE_S
            )
            writer.close()
        except (OSError, TimeoutError) as error:
            logging.getLogger("mossbox.dapr").warning("%s", binding.target.failure(reason(error)))


def _welcome(bindings: "Mapping[str, Binding]", host: str, port: int) -> str:
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/v1.0/bindings"
    lines = ["Bindings are ready:"]
    for name, binding in bindings.items():
        target = binding.target
        lines.append(f"  {address}/{name}   bucket {target.bucket} at {target.endpoint}")
    example = '{ "operation": "create", "data": "Hello World" }'
    return "\n".join([*lines, "Try:", f"  curl -d '{example}' {address}/{next(iter(bindings))}"])
