"""go-storage's Servicer in Python."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mossbox.storage.backend import Service
from mossbox.storage.config import (
    SERVICER_FIELDS,
    Config,
    read_config,
    read_file,
    read_string,
    read_work_dir,
)
from mossbox.storage.errors import RestrictionDissatisfied
from mossbox.storage.storager import Storager
from mossbox.storage.within import within


class Servicer:
    """All buckets of an account; its storagers share its connections."""

    def __init__(self, service: Service, config: Config | None = None) -> None:
        self._service = service
        self.config = config

    @classmethod
    def open(cls, config: Config) -> Self:
        """A servicer of OSS; raises ConfigInvalid where the client's library is missing."""
        from mossbox.storage.oss import OssService

        return cls(OssService(config), config)

    @classmethod
    def from_config(cls, fields: Mapping[str, Any]) -> Self:
        """From ``credential``, ``endpoint`` and ``location``; raises ConfigInvalid."""
        return cls.open(read_config(fields, SERVICER_FIELDS))

    @classmethod
    def from_file(cls, file: str | Path) -> Self:
        """The same fields from a YAML file; raises ConfigInvalid."""
        return cls.open(read_config(read_file(file), SERVICER_FIELDS, str(file)))

    @classmethod
    def from_string(cls, text: str) -> Self:
        """From ``oss://?credential=…&endpoint=…``; raises ConfigInvalid."""
        return cls.open(read_config(read_string(text), SERVICER_FIELDS))

    @within("create")
    async def create(self, name: str, *, location: str = "") -> Storager:
        """Make a bucket; a `location` must be that of the endpoint."""
        mine = self.config.region if self.config is not None else ""
        if location and mine and location.removeprefix("oss-") != mine:
            raise RestrictionDissatisfied(
                f"location {location} is not the endpoint's, oss-{mine}: OSS makes buckets there"
            )
        await self._service.create(name)
        return self.get(name)

    @within("delete")
    async def delete(self, name: str) -> None:
        """Delete an empty bucket."""
        await self._service.delete(name)

    def get(self, name: str, *, work_dir: str = "/") -> Storager:
        """The storager of a bucket; nothing is asked."""
        location = self.config.region if self.config is not None else ""
        return Storager(
            self._service, self._service.bucket(name), name, read_work_dir(work_dir), location
        )

    @within("list")
    async def list(self, *, location: str = "") -> AsyncIterator[Storager]:
        """The storagers of all buckets, or of those in one location."""
        after: Any = None
        while True:
            found, after = await self._service.page(after)
            for name, where in found:
                if not location or where.removeprefix("oss-") == location.removeprefix("oss-"):
                    storager = self.get(name)
                    storager.location = where.removeprefix("oss-")
                    yield storager
            if after is None:
                return

    async def close(self) -> None:
        """Let go of connections."""
        await self._service.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
