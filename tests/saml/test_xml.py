from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from carnet.base.bounded_xml import BadXml, parse_xml
from carnet.saml.xml import moment, text_of


@pytest.mark.parametrize(
    ("document", "text"),
    [(b"<a> alice\n</a>", "alice"), (b"<a/>", ""), (b"<a><![CDATA[alice]]></a>", "alice"), (b"<a>&lt;</a>", "<")],
)
def test_the_text_of_an_element(document: bytes, text: str) -> None:
    assert text_of(parse_xml(document)) == text


@pytest.mark.parametrize("document", [b"<a>admin<!-- -->.evil.com</a>", b"<a>admin<b/></a>"])
def test_a_parted_text_is_no_text(document: bytes) -> None:
    with pytest.raises(BadXml, match="more than text"):
        text_of(parse_xml(document))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123Z", datetime(2026, 1, 2, 3, 4, 5, 123_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.1234567Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2026-01-02T05:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_times_as_providers_write_them(text: str, read: datetime) -> None:
    assert moment(text) == read


def test_a_time_without_a_zone_is_utc_wherever_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment("2026-01-02T03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-02",
        "2026-13-02T03:04:05Z",
        "2026-01-02T03:04:60Z",
        "٢٠٢٦-01-02T03:04:05Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(BadXml, match="is no time"):
        moment(text)
