"""The application server of direct uploads: browsers upload by its leave, straight to OSS.

`app` and `router` take their settings from the environment when they are first asked; mount either
in a program of your own, or make one with `upload_server(settings, authorize=…)`. Nothing here
knows Mossbox: it speaks to whatever store and STS its settings name, by their public API.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mossbox.upload.limits import Limits as Limits
    from mossbox.upload.server import app as app
    from mossbox.upload.server import router as router
    from mossbox.upload.server import upload_server as upload_server
    from mossbox.upload.settings import UploadSettings as UploadSettings

_PLACES = {
    "app": "server",
    "router": "server",
    "upload_server": "server",
    "Limits": "limits",
    "UploadSettings": "settings",
}
__all__ = ["Limits", "UploadSettings", "app", "router", "upload_server"]


def __getattr__(name: str) -> Any:
    """Load at the first need: the command line asks for the settings, and for no web framework."""
    if name not in _PLACES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"mossbox.upload.{_PLACES[name]}"), name)
