"""The two secret stores that need nothing but this machine: a JSON file, and the environment.

Source: Dapr documentation, Local file secret store; Local environment variables secret store.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SecretStore = Callable[[str, str, Mapping[str, str]], str]
"""Gives the value of a secret's key, or raises `ValueError` that names what is missing."""


def environment_value(environment: Mapping[str, str], name: str) -> str:
    """The value of a variable; Dapr's own are kept to itself, as Dapr does. Raises `ValueError`."""
    upper = name.upper()
    if upper == "APP_API_TOKEN" or upper.startswith("DAPR_"):
        raise ValueError(f"the variable {name} is Dapr's own and may not be referred to")
    if not environment.get(name):
        raise ValueError(f"the environment has no variable {name}")
    return environment[name]


def local_env(metadata: Mapping[str, str]) -> SecretStore:
    """``secretstores.local.env``: a secret is a variable, its key the same name."""
    prefix = metadata.get("prefix", "")

    def get(name: str, key: str, environment: Mapping[str, str]) -> str:
        if key != name:
            raise ValueError(f"secretKeyRef.key: {key!r} must be {name!r}, the variable's name")
        return environment_value(environment, prefix + name)

    return get


def local_file(metadata: Mapping[str, str]) -> SecretStore:
    """``secretstores.local.file``: a JSON file, relative to the working directory."""
    file = metadata.get("secretsfile", "")
    if not file:
        raise ValueError("spec.metadata secretsFile is missing")
    separator = metadata.get("nestedseparator") or ":"
    multi_valued = metadata.get("multivalued", "").lower() in ("true", "1", "yes", "y", "on")
    secrets = _read(Path(file))

    def get(name: str, key: str, environment: Mapping[str, str]) -> str:
        if multi_valued:
            secret = secrets.get(name)
            held = _flat(secret, separator) if isinstance(secret, dict) else {name: secret}
        else:
            held = {name: _flat(secrets, separator).get(name)}
        if held.get(key) is None:
            raise ValueError(
                f"{file} has no secret {name}" + (f" with {key}" if key != name else "")
            )
        return str(held[key])

    return get


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise ValueError(f"spec.metadata secretsFile: {file}: {error.strerror}") from None
    except ValueError as error:
        # Its words tell line and column, never what stands there.
        raise ValueError(f"spec.metadata secretsFile: {file} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"spec.metadata secretsFile: {file} holds no JSON object")
    return found


def _flat(given: Mapping[str, Any], separator: str) -> dict[str, str]:
    """Nested names joined: ``{"oss": {"key": 1}}`` is ``{"oss:key": "1"}``."""
    found: dict[str, str] = {}
    for name, value in given.items():
        if isinstance(value, dict):
            inner = _flat(value, separator)
            found |= {f"{name}{separator}{rest}": text for rest, text in inner.items()}
        else:
            found[name] = value if isinstance(value, str) else json.dumps(value)
    return found


STORES: dict[str, Callable[[Mapping[str, str]], SecretStore]] = {
    "secretstores.local.file": local_file,
    "secretstores.local.env": local_env,
}
"""The secret stores that are offered, by their types."""
