"""Dapr's component files, as far as the binding for OSS needs them.

A folder of YAML files in Dapr's own format: ``kind: Component`` with a type, metadata and perhaps
references to a secret store of the same folder. What cannot be used is refused in one sentence
that names the file and the field; what belongs to other parts of Dapr is passed over and named.
Source: Dapr documentation, Component spec; Referencing secrets in components.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mossbox.dapr.binding import CREATE_ONLY, OPERATIONS, FieldError, Target, unknown_fields
from mossbox.dapr.secretstores import STORES, SecretStore, environment_value

log = logging.getLogger("mossbox.dapr")

BINDINGS = {"bindings.alicloud.oss": CREATE_ONLY, "bindings.mossbox-oss": OPERATIONS}
"""The types of bindings that are offered, and the operations of each."""

_API_VERSION = "dapr.io/v1alpha1"
_ELSEWHERE = ("state.", "pubsub.", "middleware.", "configuration.", "crypto.", "lock.", "workflow.")
_OTHER_KINDS = ("Configuration", "Subscription", "Resiliency", "HTTPEndpoint")
_SECRETS = ("accesskey", "securitytoken")


class ComponentError(ValueError):
    """A component that cannot be used, in one sentence that names file and field."""


@dataclass(frozen=True)
class Component:
    """One document of a component file, its names checked and its values not yet looked up."""

    file: Path
    name: str
    type: str
    items: tuple[Mapping[str, Any], ...]
    secret_store: str = ""
    scopes: tuple[str, ...] = ()
    ignore_errors: bool = False

    def error(self, why: str) -> ComponentError:
        """A refusal of this component."""
        return ComponentError(f"{self.file}: component {self.name}: {why}")


@dataclass(frozen=True)
class Binding:
    """An output binding ready for use."""

    name: str
    target: Target
    operations: tuple[str, ...]


def load(folder: Path, environment: Mapping[str, str], app_id: str = "") -> dict[str, Binding]:
    """The bindings of a folder by their names. Raises `ComponentError`."""
    components = [one for file in _files(folder) for one in _read(file)]
    _check_names(components)
    mine = [one for one in components if _in_scope(one, app_id)]
    stores: dict[str, SecretStore] = {}
    for one in mine:
        if one.type in STORES:
            with _errors_ignored(one):
                stores[one.name] = _store(one)
    others = [one for one in mine if one.type not in STORES]
    return _bindings(folder, others, stores, environment)


def _bindings(
    folder: Path,
    components: list[Component],
    stores: Mapping[str, SecretStore],
    environment: Mapping[str, str],
) -> dict[str, Binding]:
    found: dict[str, Binding] = {}
    for one in components:
        with _errors_ignored(one):
            if _offered(one):
                found[one.name] = _binding(one, stores, environment)
    if not found:
        raise ComponentError(f"{folder}: there is no binding of type {' or '.join(BINDINGS)} here")
    return found


@contextmanager
def _errors_ignored(component: Component) -> Iterator[None]:
    """A warning instead of the end where the component asks for it."""
    try:
        yield
    except ComponentError as error:
        if not component.ignore_errors:
            raise
        log.warning("%s (left out, as its spec.ignoreErrors says)", error)


# -- reading ------------------------------------------------------------------------------------


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ComponentError(f"{folder}: there is no such folder")
    found = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    if not found:
        raise ComponentError(f"{folder}: there is no .yaml file in it")
    return found


def _read(file: Path) -> list[Component]:
    """The components of a file. All scalars are text: a key id such as 1e5 must not change."""
    try:
        documents = list(yaml.load_all(file.read_bytes(), yaml.BaseLoader))
    except OSError as error:
        raise ComponentError(f"{file}: {error.strerror}") from None
    except RecursionError:
        raise ComponentError(f"{file}: this is not YAML of a component: too deep") from None
    except yaml.YAMLError as error:
        raise _no_yaml(file, error) from None
    found = (_component(file, one) for one in documents if one)
    return [one for one in found if one is not None]


def _no_yaml(file: Path, error: yaml.YAMLError) -> ComponentError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = f":{mark.line + 1}" if mark else ""
    why = getattr(error, "problem", None) or str(error).splitlines()[0]
    return ComponentError(f"{file}{line}: this is not YAML: {why}")


def _component(file: Path, document: object) -> Component | None:
    fields = _mapping(file, "the document", document)
    kind = _text(file, "kind", fields.get("kind"))
    if kind in _OTHER_KINDS:
        log.warning("%s: kind %s is Dapr's own and is passed over", file, kind)
        return None
    if kind != "Component":
        raise ComponentError(f"{file}: kind: {kind!r} is not Component")
    version = _text(file, "apiVersion", fields.get("apiVersion"))
    if version != _API_VERSION:
        raise ComponentError(f"{file}: apiVersion: {version!r} is not {_API_VERSION}")
    head = _mapping(file, "metadata", fields.get("metadata"))
    spec = _mapping(file, "spec", fields.get("spec"))
    auth = _mapping(file, "auth", fields.get("auth") or {})
    _check_choice(file, "spec.version", spec.get("version") or "v1", ("v1",))
    return Component(
        file,
        _text(file, "metadata.name", head.get("name")),
        _text(file, "spec.type", spec.get("type")),
        _items(file, spec.get("metadata") or []),
        _text(file, "auth.secretStore", auth["secretStore"]) if "secretStore" in auth else "",
        _scopes(file, fields.get("scopes") or []),
        _check_choice(file, "spec.ignoreErrors", spec.get("ignoreErrors"), ("true", "false", None))
        == "true",
    )


def _check_choice(file: Path, name: str, given: object, known: tuple[str | None, ...]) -> object:
    if given not in known:
        choices = " or ".join(choice for choice in known if choice)
        raise ComponentError(f"{file}: {name}: {given!r} is not {choices}")
    return given


def _scopes(file: Path, given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ComponentError(f"{file}: scopes is no list of names of apps")
    return tuple(given)


def _items(file: Path, given: object) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list):
        raise ComponentError(f"{file}: spec.metadata is no list of names and values")
    found = []
    for index, one in enumerate(given):
        item = _mapping(file, f"spec.metadata[{index}]", one)
        name = _text(file, f"spec.metadata[{index}].name", item.get("name"))
        if not isinstance(item.get("value", ""), str):
            raise ComponentError(f"{file}: spec.metadata {name}: its value is not plain text")
        found.append(item)
    return tuple(found)


def _mapping(file: Path, name: str, given: object) -> dict[str, Any]:
    if given is None:
        raise ComponentError(f"{file}: {name} is missing")
    if not isinstance(given, dict):
        raise ComponentError(f"{file}: {name} holds no names with values")
    return given


def _text(file: Path, name: str, given: object) -> str:
    if not given:
        raise ComponentError(f"{file}: {name} is missing")
    if not isinstance(given, str):
        raise ComponentError(f"{file}: {name} is not plain text")
    return given


# -- choosing -----------------------------------------------------------------------------------


def _check_names(components: list[Component]) -> None:
    seen: dict[str, Component] = {}
    for one in components:
        first = seen.setdefault(one.name, one)
        if first is not one:
            raise one.error(f"metadata.name: {first.file} has a component of this name already")


def _in_scope(component: Component, app_id: str) -> bool:
    if not component.scopes or app_id in component.scopes:
        return True
    log.warning(
        "%s: component %s: its scopes are %s, so it is left out for %s",
        component.file, component.name, ", ".join(component.scopes),
        f"the app {app_id}" if app_id else "a server without --app-id",
    )  # fmt: skip
    return False


def _offered(component: Component) -> bool:
    """Whether it is a binding of ours; one of Dapr's other parts is passed over."""
    if component.type in BINDINGS:
        return True
    what = f"spec.type: {component.type!r} is not offered"
    if component.type.startswith(_ELSEWHERE):
        log.warning("%s; component %s is passed over", f"{component.file}: {what}", component.name)
        return False
    known = STORES if component.type.startswith("secretstores.") else BINDINGS
    raise component.error(f"{what}, only {' and '.join(known)} are")


def _store(component: Component) -> SecretStore:
    values = {item["name"].lower(): item.get("value", "") for item in component.items}
    try:
        return STORES[component.type](values)
    except ValueError as error:
        raise component.error(str(error)) from None


def _binding(
    component: Component, stores: Mapping[str, SecretStore], environment: Mapping[str, str]
) -> Binding:
    metadata = {
        item["name"]: _value(component, item, stores, environment) for item in component.items
    }
    try:
        target = Target.of(metadata, f"{component.file}: component {component.name}")
    except FieldError as error:
        raise component.error(f"spec.metadata {error}") from None
    if metadata.get("direction", "output") == "input":
        raise component.error("spec.metadata direction: there is an output binding only")
    for name in unknown_fields(metadata):
        log.warning("%s", component.error(f"spec.metadata {name} is not known and is not used"))
    _warn_of_plain_keys(component)
    return Binding(component.name, target, BINDINGS[component.type])


def _value(
    component: Component,
    item: Mapping[str, Any],
    stores: Mapping[str, SecretStore],
    environment: Mapping[str, str],
) -> str:
    """What a field is given: as it stands, from the environment, or by a secret store."""
    field = f"spec.metadata {item['name']}"
    if item.get("secretKeyRef") is not None:
        return _referred(component, field, item["secretKeyRef"], stores, environment)
    if "envRef" not in item or item.get("value"):
        return str(item.get("value", ""))
    try:
        return environment_value(environment, str(item["envRef"]))
    except ValueError as error:
        raise component.error(f"{field}: envRef: {error}") from None


def _referred(
    component: Component,
    field: str,
    reference: object,
    stores: Mapping[str, SecretStore],
    environment: Mapping[str, str],
) -> str:
    """What a secret store of the folder holds for a field."""
    if not isinstance(reference, dict) or not isinstance(reference.get("name"), str):
        raise component.error(f"{field}: secretKeyRef.name is missing")
    if not component.secret_store:
        raise component.error(f"{field}: secretKeyRef needs auth.secretStore to name a store")
    store = stores.get(component.secret_store)
    if store is None:
        raise component.error(
            f"auth.secretStore: {component.secret_store!r} is no secret store of this folder"
            f" ({' and '.join(STORES)} are offered)"
        )
    name = reference["name"]
    try:
        return store(name, str(reference.get("key") or name), environment)
    except ValueError as error:
        raise component.error(f"{field}: secret store {component.secret_store}: {error}") from None


def _warn_of_plain_keys(component: Component) -> None:
    """One warning a component, as Dapr's page of the binding advises."""
    plain = [
        item["name"]
        for item in component.items
        if item["name"].lower() in _SECRETS and item.get("value")
    ]
    if plain:
        log.warning(
            "%s: component %s: %s stands here as plain text; a secret store would be safer",
            component.file, component.name, " and ".join(plain),
        )  # fmt: skip
