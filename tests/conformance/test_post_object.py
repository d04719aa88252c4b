"""PostObject: forms as browsers send them, and what becomes of them."""

import oss2
import pytest

from tests.conformance import forms
from tests.conformance.forms import post
from tests.support import Server


@pytest.fixture
def name(bucket: oss2.Bucket) -> str:
    """A bucket's name."""
    return str(bucket.bucket_name)


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_a_signed_form(server: Server, name: str, version: str) -> None:
    fields = {"key": "dir/photo.png", **forms.signed(version)}
    answer = post(server, name, fields)
    assert (answer.status, answer.body) == (204, b"")
    got = server.request("GET", name, "dir/photo.png")
    assert (got.body, got.headers["content-type"]) == (b"the file", "image/png")
    assert got.headers["etag"] == answer.headers["etag"]
