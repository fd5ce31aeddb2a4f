"""Where clients reach the installation."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from carnet.assembly.public_url import change_of_public_url, check_public_url, public_url
from carnet.assembly.settings import Settings


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(), "http://127.0.0.1:4747"),
        (Settings(host="0.0.0.0", port=80), "http://127.0.0.1:80"),
        (Settings(host="::"), "http://[::1]:4747"),
        (Settings(host="::1"), "http://[::1]:4747"),
        (Settings(host="iam.test"), "http://iam.test:4747"),
        (Settings(tls_cert=Path("cert"), host="192.0.2.1"), "https://192.0.2.1:4747"),
        (Settings(tls="self-signed"), "https://127.0.0.1:4747"),
        (Settings(public_url="https://iam.example.com", host="0.0.0.0"), "https://iam.example.com"),
    ],
)
def test_the_url_is_one_that_can_be_used(settings: Settings, url: str) -> None:
    assert public_url(settings) == url


def test_the_port_is_the_one_that_is_listened_on() -> None:
    assert public_url(Settings(port=0), port=4321) == "http://127.0.0.1:4321"


@pytest.mark.parametrize("url", ["https://iam.example.com", "http://127.0.0.1:4747", "https://[::1]:4747"])
def test_a_public_url_is_scheme_host_and_port(url: str) -> None:
    assert check_public_url(url) == check_public_url(f"{url}/") == url


@pytest.mark.parametrize(
    "text",
    [
        "iam.example.com",
        "ftp://a.b",
        "https://a.b/path",
        "https://a.b?x",
        "https://u@a.b",
        "https://a b",
        "https://a\n",
    ],
)
def test_what_is_more_or_less_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no public URL"):
        check_public_url(text)


def test_a_change_is_told_once(tmp_path: Path) -> None:
    def change(url: str) -> str | None:
        return change_of_public_url(Settings(data_dir=tmp_path, public_url=url))

    assert [change(""), change("https://a.b"), change("https://a.b")] == [None, None, None]
    assert [change("https://c.d"), change("https://c.d")] == ["https://a.b", None]
    assert [change(""), change(""), change("https://a.b")] == ["https://c.d", None, None]
    assert [stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()] == [0o600]
