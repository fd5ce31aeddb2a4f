from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from carnet.saml.xml import MOST_ATTRIBUTES, MOST_ELEMENTS, BadXml, moment, parse_xml, text_of

LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'  # and so on
    "<lolz>&b;</lolz>"
)


def with_attributes(name: str, count: int) -> bytes:
    attributes = "".join(f' {name}{number}="u"' for number in range(count))
    return f"<a{attributes}/>".encode()


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "not well-formed"),
        (b"<a>", "not well-formed"),
        (b"<a/><b/>", "not well-formed"),
        (b"<a>\x00</a>", "not well-formed"),
        (b"\xff\xfe<\x00a\x00/\x00>\x00", "not UTF-8"),
        (b"\xef\xbb\xbf<a/>", "byte order mark"),
        (LAUGHS.encode(), "document type"),
        (b'<!DOCTYPE a SYSTEM "http://192.0.2.1/x.dtd"><a/>', "document type"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "document type"),
        (b'<!DOCTYPE a [<!ATTLIST a ID CDATA "forged">]><a/>', "document type"),
        (b"<a>&unknown;</a>", "not well-formed"),
        (b"<a><?target data?></a>", "processing instruction"),
        (b"<a>" * 257 + b"</a>" * 257, "not well-formed"),
    ],
)
def test_what_nobody_with_good_intentions_writes_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(BadXml, match=why):
        parse_xml(document)


def test_the_declared_encoding_does_not_count() -> None:
    hidden = '<?xml version="1.0" encoding="UTF-7"?><a>+ADw-script/+AD4-</a>'
    assert text_of(parse_xml(hidden.encode())) == "+ADw-script/+AD4-"


def test_a_document_within_the_bounds_is_read() -> None:
    assert len(parse_xml(with_attributes("a", MOST_ATTRIBUTES)).attrib) == MOST_ATTRIBUTES
    assert len(parse_xml(b"<a>" + b"<b/>" * (MOST_ELEMENTS - 1) + b"</a>")) == MOST_ELEMENTS - 1


@pytest.mark.parametrize(
    "document",
    [
        with_attributes("a", MOST_ATTRIBUTES + 1),
        with_attributes("xmlns:a", MOST_ATTRIBUTES + 1),
        with_attributes("a", 100_000),
        b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>",
    ],
    ids=["attributes", "namespaces", "100,000 attributes", "elements"],
)
def test_one_beyond_the_bounds_is_refused_soon(document: bytes) -> None:
    begin = time.process_time()
    with pytest.raises(BadXml, match="too many"):
        parse_xml(document)
    assert time.process_time() - begin < 2


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
