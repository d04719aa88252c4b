"""The code that the vendor's documents print, taken out of them at test time.

The documents are no part of the project: $MOSSBOX_DOCUMENTS says where they lie, beside it by
default. A sample is changed only as a reader is told to change it, and where a test says so; every
change is shown as a difference.
"""

import difflib
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tests.conftest import document

LANGUAGES = ("Java", "Node.js", "Python", "Go", "PHP", "Ruby", "C#")
BUCKET, REGION = "examplebucket", "cn-hangzhou"
UID, ROLE, SESSION = "1379186349531844", "admin-oss", "my-website-server"
ROLE_ARN = f"acs:ram::{UID}:role/{ROLE}"
ENDPOINT = f"oss-{REGION}.aliyuncs.com"
HOST = f"{BUCKET}.{ENDPOINT}"
PLACEHOLDERS = {
    "<YOUR_ROLE_ARN>": ROLE_ARN,
    "<YOUR_ROLE_SESSION_NAME>": SESSION,
    "<YOUR_REGION_ID>": REGION,
    "<YOUR_REGION>": REGION,
    "<YOURREGION>": f"oss-{REGION}",
    "<your-object>": "exampleobject.txt",
    **dict.fromkeys(
        ("<YOUR_BUCKET>", "<YOUR-BUCKET>", "<your-bucket>", "${your-bucket}", "<bucketname>"),
        BUCKET,
    ),
    **dict.fromkeys(
        ("<YOUR_ENDPOINT>", "<YOUR-ENDPOINT>", "${your-endpoint}", "<endpoint>"), ENDPOINT
    ),
}
_COMMENT = re.compile(r"\s*(//|#|\*|/\*)")
# What a program of each language begins with, after its label and what is to be installed.
_BEGINS = re.compile(r"(import |package |const |from |<\?php|require |using )")
_METHODS = {"from STS": "sts", "signature and": "post", "signed URL": "url"}


@dataclass(frozen=True)
class Sample:
    """A printed program: what stands in the document, and what a reader makes of it."""

    name: str
    printed: str
    text: str

    def filled(self, **others: str) -> "Sample":
        """With its placeholders replaced; comments, which name them too, stay as they are."""
        given = {**PLACEHOLDERS, **others}
        lines = [
            line if _COMMENT.match(line) else _replaced(line, given)
            for line in self.text.splitlines()
        ]
        return replace(self, text="\n".join(lines) + "\n")

    def repaired(self, *changes: tuple[str, str]) -> "Sample":
        """With pieces of it changed, each of which is there once."""
        text = self.text
        for old, new in changes:
            assert text.count(old) == 1, f"{self.name}: {old!r} is there {text.count(old)} times"
            text = text.replace(old, new)
        return replace(self, text=text)

    def indented(self) -> "Sample":
        """A Python program that has lost its indentation, with it again: see `indented`."""
        return replace(self, text=indented(self.text))

    def cut(self, lines: int) -> "Sample":
        """Its first lines alone."""
        return replace(self, text="\n".join(self.text.splitlines()[:lines]) + "\n")

    @property
    def difference(self) -> str:
        """What was changed, as a unified difference without context; empty when nothing was."""
        before, after = (text.splitlines(keepends=True) for text in (self.printed, self.text))
        found = difflib.unified_diff(before, after, f"{self.name} as printed", "as run", n=0)
        return "".join(found)

    def tell(self) -> str:
        """The text, after telling what was changed in it."""
        print(self.difference or f"{self.name}: run as printed")
        return self.text

    def write(self, path: Path) -> Path:
        """Put it into a file, and tell what was changed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.tell())
        return path


def _replaced(line: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        line = line.replace(name, value)
    return line


def sample(name: str) -> Sample:
    """A sample by its name, such as ``001 sts Node.js`` or ``003 page``."""
    printed = samples()[name]
    return Sample(name, printed, printed)


@cache
def samples() -> dict[str, str]:
    """Every sample of both documents."""
    methods, forms = document("001").splitlines(), document("003").splitlines()
    return dict([*_of_methods(methods), *_of_forms(forms)])


def _of_methods(lines: list[str]) -> Iterator[tuple[str, str]]:
    """The samples of 001: three methods, each with servers and a page's script."""
    starts = [n for n, line in enumerate(lines) if line.startswith("Obtain ") and "from" in line]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        method = next(kind for part, kind in _METHODS.items() if part in lines[start])
        section = lines[start:end]
        page = section.index("Client-side sample code")
        for language, text in _labelled(section[:page]):
            yield f"001 {method} {language}", text
        yield f"001 {method} page", "\n".join(section[page + 2 :]) + "\n"


def _of_forms(lines: list[str]) -> Iterator[tuple[str, str]]:
    """The samples of 003: one method, a page, and the policy of the role."""
    chapter = lines.index("Implement signature generation on the application server")
    end = lines.index("Step 3: Configure the web client")
    for language, text in _labelled(lines[chapter:end]):
        yield f"003 {language}", text
    first = lines.index("<!DOCTYPE html>")
    yield "003 page", "\n".join(lines[first : lines.index("</html>") + 1]) + "\n"
    braces = re.compile(r"^( +)\{\n +\"Version\".*?^\1\}$", re.DOTALL | re.MULTILINE)
    found = braces.search("\n".join(lines))
    assert found
    yield "003 policy", f"{found[0]}\n"


def _labelled(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Programs below the bare names of their languages."""
    labels = [n for n, line in enumerate(lines) if line in LANGUAGES]
    for start, end in zip(labels, [*labels[1:], len(lines)], strict=True):
        body = lines[start + 1 : end]
        first = next(n for n, line in enumerate(body) if _BEGINS.match(line))
        yield lines[start], "\n".join(body[first:]).strip("\n") + "\n"


def indented(text: str) -> str:
    """Python whose lines have lost their indentation, by what these programs have in common.

    A function ends with its return, and whatever else ends with a colon holds one statement.
    """
    lines = text.splitlines()
    depth = 0
    once = False
    for start, end, words in _statements(text):
        for number in range(start, end + 1):
            lines[number] = f"{'    ' * (depth + once)}{lines[number]}"
        once = False
        if words[-1] == ":" and words[0] == "def":
            depth = 1
        elif words[-1] == ":":
            once = True
        elif words[0] == "return":
            depth = 0
    return "\n".join(lines) + "\n"


def _statements(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """First and last line of each logical line, counted from 0, and its tokens."""
    words: list[str] = []
    first = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not words:
            yield token.start[0] - 1, token.end[0] - 1, ["#"]
        elif token.type == tokenize.NEWLINE:
            yield first, token.end[0] - 1, words
            words = []
        elif token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER):
            first = first if words else token.start[0] - 1
            words.append(token.string)
