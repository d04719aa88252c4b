"""The page as it leaves the server: one document that needs nothing else."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest

from mossbox.upload.page import page
from tests.unit.upload.conftest import SETTINGS

HOST = "http://photos.oss-cn-hangzhou.aliyuncs.com"


def test_the_policy_lets_this_script_and_this_style_through_and_no_other() -> None:
    text, headers = page(SETTINGS)
    policy = headers["Content-Security-Policy"]
    for tag in ("script", "style"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert f"connect-src 'self' {HOST};" in policy
    assert policy.endswith("base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
    assert "unsafe" not in policy


def test_it_asks_nobody_else_for_anything() -> None:
    text, _ = page(SETTINGS)
    assert set(re.findall(r"https?://[^\"'\s`)]+", text)) == {HOST, "http://www.w3.org/2000/svg"}
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*\b(?:src|href)=[\"'](?!data:)", text) == []
    assert not re.search(r"style=|\son\w+=", text)


def test_its_questions_are_relative_so_that_it_can_lie_anywhere() -> None:
    text, _ = page(SETTINGS)
    assert len(re.findall(r"[\"'`]get_\w+_for_oss_upload", text)) == 2
    assert "/get_" not in text


def test_what_is_filled_in_is_no_markup() -> None:
    strange = replace(SETTINGS, dir='"><script>alert(1)</script>/* script */')
    text, _ = page(strange)
    assert "<script>alert" not in text
    assert text.count("<script>") == 1


@pytest.mark.parametrize(
    ("endpoint", "source"),
    [("http://127.0.0.1:9000", "http://127.0.0.1:9000"), ("http://[::1]:9000", "http:")],
)
def test_where_it_may_connect_to(endpoint: str, source: str) -> None:
    _, headers = page(replace(SETTINGS, endpoint=endpoint))
    assert f"connect-src 'self' {source};" in headers["Content-Security-Policy"]


def test_it_says_what_it_is_for() -> None:
    text, _ = page(SETTINGS)
    assert text.startswith("<!DOCTYPE html>")
    assert '<html lang="en"' in text
    assert "<title>Upload to photos</title>" in text
    assert 'name="viewport"' in text
    assert "{{" not in text.replace("`${", "")
