"""OSS by go-storage's model: a Servicer for buckets, a Storager for what lies in one.

Both are asynchronous; `mossbox.storage.sync` has the same for programs without an event loop, and
`mossbox.storage.memory` a twin without any OSS. Needs ``pip install 'mossbox[storage]'``.
"""

from mossbox.storage.config import Config
from mossbox.storage.errors import (
    CapabilityInsufficient,
    ConfigInvalid,
    EndpointUnreachable,
    ListModeInvalid,
    ObjectModeInvalid,
    ObjectNotExist,
    PairRequired,
    PairUnsupported,
    PermissionDenied,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)
from mossbox.storage.model import ListMode, Object, ObjectMode, Part, StorageMeta
from mossbox.storage.servicer import Servicer
from mossbox.storage.storager import Storager

__all__ = [
    "CapabilityInsufficient",
    "Config",
    "ConfigInvalid",
    "EndpointUnreachable",
    "ListMode",
    "ListModeInvalid",
    "Object",
    "ObjectMode",
    "ObjectModeInvalid",
    "ObjectNotExist",
    "PairRequired",
    "PairUnsupported",
    "Part",
    "PermissionDenied",
    "RequestThrottled",
    "RestrictionDissatisfied",
    "ServiceInternal",
    "Servicer",
    "StorageError",
    "StorageMeta",
    "Storager",
    "Unexpected",
]
