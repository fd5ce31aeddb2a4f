from __future__ import annotations

import time

import pytest

from carnet.base.bounded_xml import MOST_ATTRIBUTES, MOST_ELEMENTS, BadXml, parse_xml

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
    assert parse_xml(hidden.encode()).text == "+ADw-script/+AD4-"


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
