"""The dialects in which the one register is spoken. `Front` is all that a dialect has to be."""

from typing import Protocol

import msgspec

from mossbox.auth import Caller
from mossbox.errors import ServiceError
from mossbox.http.message import Request, Response
from mossbox.operation import Operation, Scope


class Place(msgspec.Struct, frozen=True):
    """What an address names. `bare` marks a path-style bucket without its trailing slash."""

    scope: Scope
    bucket: str
    key: bytes
    query: dict[str, str]
    region: str
    bare: bool


class Front(Protocol):
    """A dialect."""

    def place(self, request: Request) -> Place:
        """The address of a request; raises for one that can't be anybody's."""

    def authenticate(self, request: Request, place: Place) -> Caller:
        """Who asks; raises for credentials that are malformed, unknown or wrong."""

    def distrusts(self, origin: str) -> bool:
        """Whether a page of this origin is heard only where a bucket's CORS rules let it."""

    def encode(self, operation: Operation, result: object, request: Request) -> Response:
        """The answer."""

    def error(self, error: ServiceError, request: Request, request_id: str) -> Response:
        """The refusal."""
