"""``oss://`` for fsspec, and so for pandas, pyarrow, Dask, DuckDB and whatever else asks it.

One line sets it up: ``mossbox.fs.register("core-site.xml")``. Importing this changes nothing: a
program that uses another ``oss://``, such as ossfs, keeps it until it registers this one. Needs
``pip install 'mossbox[fs]'``, and works with any OSS.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mossbox.fs.errors import ConfigInvalid

try:
    import aiohttp  # noqa: F401
    import alibabacloud_oss_v2  # noqa: F401
    from fsspec.config import conf
    from fsspec.registry import register_implementation, registry
except ImportError as error:
    raise ConfigInvalid(f"mossbox.fs needs {error.name}: pip install 'mossbox[fs]'") from None

from mossbox.fs.config import build, load
from mossbox.fs.filesystem import OSSFileSystem

__all__ = ["ConfigInvalid", "OSSFileSystem", "register"]


def register(
    config: Mapping[str, Any] | str | Path | None = None, *, replace: bool = False
) -> None:
    """Make `OSSFileSystem` what fsspec opens ``oss://`` with, in this process.

    `config` holds ``fs.oss.*`` keys, as OSSFileSystem's own: a mapping, or a core-site.xml,
    flink-conf.yaml, config.yaml, or a folder with one. It is read and checked now, and what a file
    system is told as it is made comes before it. Raises ConfigInvalid, and ValueError where the
    process has already used another file system under the name, unless `replace`.
    """
    other = registry.get("oss", OSSFileSystem)
    if other is not OSSFileSystem and not replace:
        raise ValueError(
            f"oss:// is {other.__module__}.{other.__qualname__} in this process:"
            " register(..., replace=True) puts mossbox.fs in its place"
        )
    if config is None:
        conf.pop("oss", None)
    else:
        values, file = load(config)
        build(values, file)
        conf["oss"] = {"config": values}
    register_implementation("oss", OSSFileSystem, clobber=True)
