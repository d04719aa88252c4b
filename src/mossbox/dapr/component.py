"""The binding as a pluggable component: a gRPC server on a Unix socket that a real Dapr calls.

Dapr finds the socket by its folder, takes the component's type from the socket's name
(``mossbox-oss.sock`` is ``bindings.mossbox-oss``) and asks by reflection what is offered. One
process serves all components of that type; Dapr says with each call which one it means.
Source: Dapr documentation, Pluggable components.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection

from mossbox.dapr.binding import OPERATIONS, BindingError, FieldError, OssBinding, Target
from mossbox.dapr.messages import METHODS, POOL, SERVICE, message

log = logging.getLogger("mossbox.dapr")

_INSTANCE = "x-component-instance"
_MESSAGE_MAX = 64 << 20  # Dapr's own limit on a request is what counts


class OutputBindings:
    """The answers of the service, for every component that Dapr has made of it."""

    def __init__(self) -> None:
        self._bindings: dict[str, OssBinding] = {}

    async def init(self, request: Any, context: Any) -> Any:
        """A component with its metadata; a second time replaces the first."""
        try:
            target = Target.of(dict(request.metadata.properties))
        except FieldError as error:
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, f"spec.metadata {error} (type {SERVICE})"
            )
        instance = _instance(context)
        if before := self._bindings.pop(instance, None):
            await before.close()
        self._bindings[instance] = OssBinding(target)
        log.info("a component for the bucket %s at %s", target.bucket, target.endpoint)
        return message("OutputBindingInitResponse")()

    async def invoke(self, request: Any, context: Any) -> Any:
        """One operation."""
        binding = self._bindings.get(_instance(context))
        try:
            if binding is None:
                raise BindingError("this component was not set up: Init comes before Invoke")
            reply = await binding.invoke(request.operation, request.data, dict(request.metadata))
        except BindingError as error:
            await context.abort(grpc.StatusCode.INTERNAL, str(error))
        return message("InvokeResponse")(
            data=reply.data, metadata=dict(reply.metadata), content_type=reply.content_type
        )

    async def list_operations(self, request: Any, context: Any) -> Any:
        """What there is."""
        return message("ListOperationsResponse")(operations=OPERATIONS)

    async def ping(self, request: Any, context: Any) -> Any:
        """Still here."""
        return message("PingResponse")()

    async def close(self) -> None:
        """Close all connections."""
        for binding in self._bindings.values():
            await binding.close()


def _instance(context: Any) -> str:
    pairs = dict(context.invocation_metadata() or ())
    return str(pairs.get(_INSTANCE, ""))


async def start(socket: Path) -> tuple[Any, OutputBindings]:
    """A running server on a socket, and its bindings. Raises `OSError` where none can be made."""
    answers = OutputBindings()
    handlers: dict[str, Callable[[Any, Any], Awaitable[Any]]] = {
        "Init": answers.init, "Invoke": answers.invoke,
        "ListOperations": answers.list_operations, "Ping": answers.ping,
    }  # fmt: skip
    limits = [("grpc.max_receive_message_length", _MESSAGE_MAX), ("grpc.so_reuseport", 0)]
    server = grpc.aio.server(options=limits)
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                SERVICE,
                {
                    name: grpc.unary_unary_rpc_method_handler(
                        handlers[name],
                        request_deserializer=message(request).FromString,
                        response_serializer=message(response).SerializeToString,
                    )
                    for name, (request, response) in METHODS.items()
                },
            ),
        )
    )
    reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server, pool=POOL)
    _make_room(socket)
    mask = os.umask(0o177)  # whoever may connect may use the keys of every component
    try:
        server.add_insecure_port(f"unix:{socket}")
    except RuntimeError:
        raise OSError(f"{socket}: no socket can be made here") from None
    finally:
        os.umask(mask)
    await server.start()
    return server, answers


def _make_room(socket: Path) -> None:
    """The folder is there, and nothing but perhaps an old socket is in the way."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    if socket.is_socket():
        socket.unlink()
    elif socket.exists():
        raise OSError(f"{socket}: this is no socket")
