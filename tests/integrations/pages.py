"""What the how-to pages tell people to type in, for tests that type it in."""

import re

from tests.conftest import ROOT


def blocks(page: str, language: str) -> list[str]:
    """The texts of a page that are marked as of this language."""
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
