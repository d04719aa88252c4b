"""The keys that the page about Flink's OSS prints, filled in as a core-site.xml and a flink-conf.

The page is one of the documents, and stays outside the repository: `MOSSBOX_DOCUMENTS` names the
folder, or it lies beside the checkout.
"""

import re
from pathlib import Path

from tests.conftest import document
from tests.support import KEY_ID, SECRET


def printed_keys() -> list[str]:
    """Names of the keys, in the page's order."""
    return re.findall(r"^(fs\.oss\.\w+): ", document("002"), re.MULTILINE)


def filled(endpoint: str) -> dict[str, str]:
    """The page's keys and nothing else, with values."""
    names = printed_keys()
    assert len(names) == 3
    return dict(zip(names, (endpoint, KEY_ID, SECRET), strict=True))


def core_site(folder: Path, values: dict[str, str]) -> Path:
    """A core-site.xml of these keys."""
    properties = "".join(
        f"  <property>\n    <name>{name}</name>\n    <value>{value}</value>\n  </property>\n"
        for name, value in values.items()
    )
    path = folder / "core-site.xml"
    path.write_text(
        '<?xml version="1.0"?>\n<?xml-stylesheet type="text/xsl" href="configuration.xsl"?>\n'
        f"<!-- as Hadoop has it -->\n<configuration>\n{properties}</configuration>\n"
    )
    return path


def flink_conf(folder: Path, values: dict[str, str]) -> Path:
    """A flink-conf.yaml of these keys, beside some of Flink's own."""
    lines = [
        "# Flink's",
        "jobmanager.rpc.address: localhost",
        "taskmanager.memory.process.size: 1g",
    ]
    path = folder / "flink-conf.yaml"
    path.write_text("\n".join([*lines, *(f"{name}: {text}" for name, text in values.items())]))
    return path
