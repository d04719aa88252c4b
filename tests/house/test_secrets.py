"""Secrets are kept out of whatever is printed."""

import logging

import pytest

from mossbox import errors
from mossbox.auth import Claim, Mismatch, signature_error
from mossbox.auth.credentials import Keys, root_key

SECRET = "a-secret-that-must-not-be-seen"


def test_a_key_shows_no_secret() -> None:
    key = root_key("id", SECRET, 1, "1000000000000001")
    shown = (repr(key), str(key), f"{key}", repr([key]), repr({"k": key}), repr(Keys({"id": key})))
    assert all(SECRET not in text for text in shown)
    assert "id" in repr(key)


def test_a_key_that_is_logged_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("mossbox").info("found %s %r", *[root_key("id", SECRET, 1, "1")] * 2)
    assert "secret hidden" in caplog.text
    assert SECRET not in caplog.text


def test_a_wrong_signature_is_explained_without_the_secret() -> None:
    claim = Claim("id", None, "theirs", "header", "", 0, None)
    error = signature_error(claim, Mismatch("GET\n...", "", "0002-00000040"))
    assert error.code is errors.SignatureDoesNotMatch
    assert set(error.details) == {
        "OSSAccessKeyId", "SignatureProvided", "StringToSign", "StringToSignBytes",
    }  # fmt: skip
