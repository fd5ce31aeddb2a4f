"""A real browser runs no script of a page that is stored behind the gateway: it would be a page of the console's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, a_store

_PAGE = b"<!doctype html><title>quiet</title><body><script>document.title = location.pathname</script>"
_SECONDS = 120


def shown(url: str, directory: Path) -> str:
    """The page as it is once its scripts ran. Skips where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed (Debian: apt install chromium)")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
    command = [chromium, *flags, f"--user-data-dir={directory}", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS).stdout


def test_a_stored_page_runs_no_script(tmp_path: Path) -> None:
    with a_store(tmp_path / "data") as store:
        store.s3.answers[f"GET /{BUCKET}/page.html"] = Told(body=_PAGE, headers={"content-type": "text/html"})
        target = store.presigned("GET", f"/{BUCKET}/page.html", seconds=600)
        page = shown(f"http://{store.host}{target}", tmp_path / "browser")
        assert "<title>quiet</title>" in page
        # The same page, of a server that sends no such header: the browser does run scripts.
        page = shown(f"{store.s3.url}/{BUCKET}/page.html", tmp_path / "browser")
        assert f"<title>/{BUCKET}/page.html</title>" in page
