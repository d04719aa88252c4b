"""The messages of Dapr's service for output bindings, by their public names and numbers.

Source: Dapr documentation, Pluggable components; the gRPC service
``dapr.proto.components.v1.OutputBinding``. They are built here, in a pool of their own, so that a
program that has Dapr's own generated messages can use both.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "dapr.proto.components.v1"
SERVICE = f"{PACKAGE}.OutputBinding"
METHODS = {
    "Init": ("OutputBindingInitRequest", "OutputBindingInitResponse"),
    "Invoke": ("InvokeRequest", "InvokeResponse"),
    "ListOperations": ("ListOperationsRequest", "ListOperationsResponse"),
    "Ping": ("PingRequest", "PingResponse"),
}
"""The service's methods: the message that goes in, and the one that comes out."""

# name of a message: its fields as (name, number, type), where a type may be "map" of strings to
# strings, "repeated string" or another message
_MESSAGES: dict[str, tuple[tuple[str, int, str], ...]] = {
    "MetadataRequest": (("properties", 1, "map"),),
    "PingRequest": (),
    "PingResponse": (),
    "OutputBindingInitRequest": (("metadata", 1, "MetadataRequest"),),
    "OutputBindingInitResponse": (),
    "ListOperationsRequest": (),
    "ListOperationsResponse": (("operations", 1, "repeated string"),),
    "InvokeRequest": (("data", 1, "bytes"), ("metadata", 2, "map"), ("operation", 3, "string")),
    "InvokeResponse": (
        ("data", 1, "bytes"), ("metadata", 2, "map"), ("content_type", 3, "string"),
    ),
}  # fmt: skip

_Field = descriptor_pb2.FieldDescriptorProto


def _file() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="mossbox/dapr/output_binding.proto", package=PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields:
            _add(message, *field)
    service = file.service.add(name="OutputBinding")
    for name, (request, response) in METHODS.items():
        service.method.add(
            name=name, input_type=f".{PACKAGE}.{request}", output_type=f".{PACKAGE}.{response}"
        )
    return file


def _add(message: Any, name: str, number: int, kind: str) -> None:
    field = message.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
    if kind == "map":  # on the wire a repeated message of key and value
        entry = message.nested_type.add(name=f"{name.capitalize()}Entry")
        entry.options.map_entry = True
        _add(entry, "key", 1, "string")
        _add(entry, "value", 2, "string")
        field.label, field.type = _Field.LABEL_REPEATED, _Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{message.name}.{entry.name}"
    elif kind == "repeated string":
        field.label, field.type = _Field.LABEL_REPEATED, _Field.TYPE_STRING
    elif kind in ("string", "bytes"):
        field.type = _Field.TYPE_STRING if kind == "string" else _Field.TYPE_BYTES
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{kind}"


POOL = descriptor_pool.DescriptorPool()
POOL.Add(_file())


def message(name: str) -> Any:
    """The class of a message."""
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
