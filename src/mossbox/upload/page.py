"""The page for people: HTML, style and script in one document that asks nobody else for anything.

The script may talk to this server and to the bucket; the policy in the headers holds it to that.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

from mossbox.upload.permits import origin_of
from mossbox.upload.settings import UploadSettings

_FOLDER = Path(__file__).parent / "page"
_SCRIPTS = ("words.js", "transfer.js", "resume.js", "page.js")


def page(settings: UploadSettings) -> tuple[str, dict[str, str]]:
    """The document and its headers."""
    text, style, script = _parts()
    limits = settings.limits
    filled = {
        "bucket": settings.bucket,
        "dir": limits.dir,
        "host": settings.bucket_url,
        "types": ",".join(limits.types),
        "max-size": str(limits.max_size_bytes),
        **{offer: "yes" if offer in settings.offer else "no" for offer in ("post", "multipart")},
    }
    for name, value in filled.items():
        text = text.replace(f"{{{{{name}}}}}", escape(value))
    # What is put in last could not be mistaken for a place to fill.
    text = text.replace("/* style */", style).replace("/* script */", script)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)};"
        f" connect-src 'self' {_source(settings.bucket_url)}; img-src blob: data:;"
        " media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return text, {"Content-Security-Policy": policy}


@cache
def _parts() -> tuple[str, str, str]:
    """Document, style and script as they lie in the package."""
    script = '"use strict";\n' + "\n".join((_FOLDER / name).read_text() for name in _SCRIPTS)
    return (_FOLDER / "page.html").read_text(), (_FOLDER / "page.css").read_text(), script


def _source(url: str) -> str:
    """The bucket's origin; such policies have no words for addresses of IPv6."""
    origin = origin_of(url)
    return f"{origin.partition('//')[0]}" if "[" in origin else origin


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
