"""A store with faults on demand, and file systems on it."""

from collections.abc import Iterator

import pytest
from fsspec.config import conf
from fsspec.registry import _registry

from mossbox.fs import OSSFileSystem
from mossbox.testing import MossboxServer


@pytest.fixture(scope="package")
def running() -> Iterator[MossboxServer]:
    with MossboxServer() as server:
        yield server


@pytest.fixture
def store(running: MossboxServer) -> MossboxServer:
    """Empty but for its bucket."""
    running.reset()
    return running


def make(store: MossboxServer, *, asynchronous: bool = False, **keys: object) -> OSSFileSystem:
    """A file system of the test's own, with these of ``fs.oss.*`` changed."""
    config = {
        "fs.oss.endpoint": store.endpoint,
        "fs.oss.accessKeyId": store.access_key_id,
        "fs.oss.accessKeySecret": store.access_key_secret,
        "fs.oss.attempts.maximum": 3,
        "fs.oss.multipart.upload.size": "100K",
        "fs.oss.multipart.upload.threshold": "200K",
        **{f"fs.oss.{name.replace('__', '-').replace('_', '.')}": keys[name] for name in keys},
    }
    return OSSFileSystem(config=config, asynchronous=asynchronous, skip_instance_cache=True)


@pytest.fixture
def fs(store: MossboxServer) -> OSSFileSystem:
    return make(store)


@pytest.fixture
def unregistered() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    before = dict(_registry), dict(conf)
    _registry.pop("oss", None)
    yield
    _registry.clear()
    _registry.update(before[0])
    conf.clear()
    conf.update(before[1])
    OSSFileSystem.clear_instance_cache()
