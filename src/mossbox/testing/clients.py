"""Ready-made clients of the official libraries, where these are installed."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mossbox.testing.server import MossboxServer

Key = Sequence[str]
"""Access key id and secret, with a temporary key's security token as the third."""


def _library(name: str, package: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0] and not name.startswith(f"{error.name}."):
            raise RuntimeError(f"{name} needs {error.name}: pip install {error.name}") from None
        raise RuntimeError(f"{name} is not installed: pip install {package}") from None


def oss2_bucket(server: "MossboxServer", bucket: str, key: Key) -> Any:
    """An ``oss2.Bucket``, signing with V4."""
    oss2 = _library("oss2", "oss2")
    credentials = _library("oss2.credentials", "oss2")
    provider = credentials.StaticCredentialsProvider(*key[:3])
    auth = oss2.ProviderAuthV4(provider)
    return oss2.Bucket(auth, server.endpoint, bucket, region=server.region)


def client(server: "MossboxServer", key: Key) -> Any:
    """An ``alibabacloud_oss_v2.Client``."""
    library = _library("alibabacloud_oss_v2", "alibabacloud-oss-v2")
    return library.Client(_configuration(library, server, key))


def async_client(server: "MossboxServer", key: Key) -> Any:
    """An ``alibabacloud_oss_v2.aio.AsyncClient``, to be closed, or used by ``async with``."""
    library = _library("alibabacloud_oss_v2", "alibabacloud-oss-v2")
    asynchronous = _library("alibabacloud_oss_v2.aio", "alibabacloud-oss-v2 aiohttp")
    return asynchronous.AsyncClient(_configuration(library, server, key))


def _configuration(library: Any, server: "MossboxServer", key: Key) -> Any:
    configuration = library.config.load_default()
    configuration.region = server.region
    configuration.endpoint = server.endpoint
    configuration.credentials_provider = library.credentials.StaticCredentialsProvider(*key[:3])
    return configuration
