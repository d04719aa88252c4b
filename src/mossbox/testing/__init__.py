"""A store for tests: a fixture for pytest, a mixin for unittest, and a server to start and stop.

    def test_upload(mossbox):
        mossbox.oss2_bucket().put_object("a.txt", b"Hello")

pytest loads this package in every run of the environment, so it imports nothing before it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mossbox.testing.case import MossboxMixin
    from mossbox.testing.faults import Fault
    from mossbox.testing.identity import Credentials, Role
    from mossbox.testing.server import MossboxServer

__all__ = ["Credentials", "Fault", "MossboxMixin", "MossboxServer", "Role"]

_MODULES = {
    "Credentials": "identity",
    "Fault": "faults",
    "MossboxMixin": "case",
    "MossboxServer": "server",
    "Role": "identity",
}


def __getattr__(name: str) -> Any:
    """A public name, from its module; raises AttributeError."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
