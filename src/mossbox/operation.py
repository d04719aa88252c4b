"""The register: each operation is declared once, and everything else derives from that.

From a declaration come the route, the permission action, binder and encoder, the coverage page,
the metrics label. Duplicates and ambiguous routes are refused at import.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, get_type_hints

import msgspec

from mossbox.wire import bind, forms
from mossbox.wire.fields import Field

Scope = Literal["service", "bucket", "object", "rpc"]

Access = Literal["signed", "form", "open"]
"""How a request says who asks: by its headers or URL, by its form's fields, or it does not."""


class Need(msgspec.Struct, frozen=True, gc=False):
    """One permission that a request needs: an action on a resource.

    `level` says whose word counts where no policy speaks: the account's (service), the bucket
    owner's (bucket), or the object's ACL (object). `resource` is what policies call the thing,
    where that is none of OSS's.
    """

    action: str
    level: Scope
    bucket: str
    key: bytes
    resource: str = ""


Needs = Callable[["Operation", str, bytes, Mapping[str, str]], tuple[Need, ...]]


class Operation:
    """One operation of the API, with all that was generated for it."""

    __slots__ = (
        "accepts_headers",
        "accepts_query",
        "access",
        "action",
        "also",
        "also_on",
        "bind",
        "body",
        "encode",
        "handle",
        "index",
        "method",
        "name",
        "needs",
        "refused",
        "scope",
        "version",
        "when",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        method: str,
        scope: Scope,
        *,
        when: Iterable[str] = (),
        action: str = "",
        needs: Needs | None = None,
        also: str = "",
        also_on: Scope | None = None,
        access: Access = "signed",
    ) -> None:
        self.name = name
        self.method = method
        self.access: Access = access
        self.also = also
        self.also_on = also_on
        self.scope: Scope = scope
        self.when = tuple(when)
        self.action = action or f"oss:{name}"
        self.needs: Needs = needs or default_needs
        self.version = ""  # of the API, in the RPC dialect
        self.refused = ""  # why it is not offered, for operations that are only known
        self.index = 0
        self.body: Field | None = None
        self.bind: bind.Binder = _no_model
        self.encode: bind.Encoder
        self.handle: Callable[[Any, Any], Awaitable[Any]]
        self.accepts_query = frozenset(name.partition("=")[0] for name in self.when)
        self.accepts_headers: frozenset[str] = frozenset()


def default_needs(
    operation: Operation, bucket: str, key: bytes, query: Mapping[str, str]
) -> tuple[Need, ...]:
    """One need: the operation's action on what the address names.

    With a version id "Version" follows "Object" in the action, as in the vendor's RAM table.
    """
    action = operation.action
    if operation.scope == "object" and "versionId" in query:
        action = action.replace("Object", "ObjectVersion", 1)
    return (Need(action, operation.scope, bucket, key),)


def _no_model(_bucket: str, _key: bytes, _query: Any, _headers: Any) -> None:
    return None


REGISTER: dict[str, Operation] = {}

Handler = Callable[[Any, Any], Awaitable[Any]]


def operation(
    name: str,
    method: str,
    scope: Scope,
    *,
    when: Iterable[str] = (),
    action: str = "",
    needs: Needs | None = None,
    also: str = "",
    also_on: Scope | None = None,
    access: Access = "signed",
    root: str | None = None,
    status: int = 200,
) -> Callable[[Handler], Handler]:
    """Declare an operation.

    `when` holds query parameters or headers (``name`` or ``name=value``) that must be present;
    `also` is a second method, `also_on` a second scope; `action` is its permission if not
    ``oss:<name>``; `access` is how its requests say who asks; `root` names the XML document of
    its result.
    """

    def declare(handler: Handler) -> Handler:
        entry = Operation(
            name, method, scope, when=when, action=action, needs=needs, also=also,
            also_on=also_on, access=access,
        )  # fmt: skip
        hints = get_type_hints(handler, include_extras=True)
        request, result = hints["request"], hints["return"]
        entry.bind = bind.binder(request)
        entry.body = bind.body_field(request)
        entry.accepts_query |= bind.query_names(request)
        entry.accepts_headers = bind.header_names(request)
        entry.encode = bind.encoder(result, root, status)
        entry.handle = handler
        register(entry)
        return handler

    return declare


def register(entry: Operation) -> None:
    """Add to the register; raises ValueError for a name that is there."""
    if entry.name in REGISTER:
        raise ValueError(f"{entry.name} is declared twice")
    entry.index = len(REGISTER)
    REGISTER[entry.name] = entry


CALLS: dict[tuple[str, str], Operation] = {}
"""The operations of the RPC dialect, by version of the API and name."""


def rpc_operation(
    name: str, version: str, *, action: str, resource: str = "*"
) -> Callable[[Handler], Handler]:
    """Declare an operation of the RPC dialect.

    `resource` is what its permission is about, as in ``user/{UserName}``, whose braces name a
    parameter; where it is empty the handler asks, if there is anything to ask.
    """

    def declare(handler: Handler) -> Handler:
        entry = Operation(
            name, "POST", "rpc", also="GET", action=action, when=(f"Version={version}",),
            needs=_rpc_needs(action, resource),
        )  # fmt: skip
        entry.version = version
        entry.bind = forms.binder(get_type_hints(handler)["request"])
        entry.handle = handler
        if CALLS.setdefault((version, name), entry) is not entry:
            raise ValueError(f"{name} is declared twice")
        return handler

    return declare


def _rpc_needs(action: str, resource: str) -> Needs:
    """One need, on what the parameters name; the account stays open, and is the caller's."""
    product = action.partition(":")[0]
    head, brace, rest = resource.partition("{")
    parameter, _, tail = rest.partition("}")

    def needs(
        _entry: Operation, _bucket: str, _key: bytes, parameters: Mapping[str, str]
    ) -> tuple[Need, ...]:
        if not resource:
            return ()
        named = parameters.get(parameter, "") if brace else ""
        whole = f"acs:{product}:*::{head}{named}{tail}"
        return (Need(action, "service", "", b"", whole),)

    return needs


class Empty(msgspec.Struct):
    """The request or result of an operation that has nothing to say."""


class Routes:
    """Finds the operation of a request: the one that demands most and is satisfied.

    Of two that demand the same names, the one that also demands a value comes first. Raises
    ValueError at import time for two that demand the same. A request that satisfies two different
    demands (``?acl&cors``) gets one of them, and the pipeline refuses it for the other's name.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._plain: dict[tuple[str, str], Operation] = {}
        self._demanding: dict[tuple[str, str], list[Operation]] = {}
        for entry in operations:
            self._add(entry, entry.scope, entry.method)
            if entry.also:
                self._add(entry, entry.scope, entry.also)
            if entry.also_on:
                self._add(entry, entry.also_on, entry.method)
        for entries in self._demanding.values():
            entries.sort(key=_demand, reverse=True)
        names = {n.partition("=")[0] for es in self._demanding.values() for e in es for n in e.when}
        self.selectors = frozenset(names)
        self._headers = frozenset(name for name in names if name.startswith("x-oss-"))

    def _add(self, entry: Operation, scope: Scope, method: str) -> None:
        place = (scope, method)
        if not entry.when:
            if place in self._plain:
                raise ValueError(f"{entry.name} and {self._plain[place].name} are one route")
            self._plain[place] = entry
            return
        entries = self._demanding.setdefault(place, [])
        for other in entries:
            if set(other.when) == set(entry.when):
                raise ValueError(f"{entry.name} and {other.name} are one route")
        entries.append(entry)

    def match(
        self, scope: Scope, method: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Operation | None:
        """The operation, or None where the method means nothing here."""
        place = (scope, method)
        if (query and not self.selectors.isdisjoint(query)) or not self._headers.isdisjoint(
            headers
        ):
            for entry in self._demanding.get(place, ()):
                if all(_present(name, query, headers) for name in entry.when):
                    return entry
        return self._plain.get(place)


def _demand(entry: Operation) -> tuple[int, int]:
    return len(entry.when), sum("=" in name for name in entry.when)


def _present(name: str, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    name, equals, value = name.partition("=")
    given = query.get(name)
    if given is None:
        given = headers.get(name)
    return given is not None and (not equals or given == value)
