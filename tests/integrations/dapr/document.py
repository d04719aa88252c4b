"""What the page about Dapr's binding for OSS prints: its component, and its commands.

The page is one of the documents, and stays outside the repository: `MOSSBOX_DOCUMENTS` names the
folder, or it lies beside the checkout.
"""

import re
from collections.abc import Mapping
from functools import cache

from tests.conftest import document
from tests.support import KEY_ID, SECRET

NAME = "alicloudobjectstorage"


@cache
def page() -> str:
    """The whole page."""
    return document("000")


def blocks(language: str) -> list[str]:
    """The blocks of code in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page(), re.MULTILINE | re.DOTALL)


def component(endpoint: str, bucket: str, *changes: tuple[str, str]) -> str:
    """The component as printed with its four values filled in, and then changed."""
    (text,) = blocks("yaml")
    values = {"endpoint": endpoint, "key-id": KEY_ID, "access-key": SECRET, "bucket": bucket}
    for name, value in values.items():
        assert f'"[{name}]"' in text
        text = text.replace(f'"[{name}]"', f'"{value}"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def commands(port: int) -> Mapping[str, str]:
    """The commands of the page by what they are for, Linux form, for one server."""
    found = [line for block in blocks("bash") for line in block.splitlines() if line]
    linux = [line for line in found if line.startswith("curl -d '")]
    assert len(linux) == 2
    filled = [
        line.replace("<dapr-port>", str(port)).replace("<binding-name>", NAME) for line in linux
    ]
    return dict(zip(("random key", "given key"), filled, strict=True))
