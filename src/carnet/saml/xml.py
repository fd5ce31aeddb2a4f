"""Elements of SAML documents: their namespaces, texts, ids and times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from lxml import etree

from carnet.base.bounded_xml import BadXml, Element

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_ID_NAMES = frozenset(("ID", "Id", "id"))


def children(element: Element, namespace: str, name: str) -> list[Element]:
    """The elements of that name directly inside."""
    return element.findall(f"{{{namespace}}}{name}")


def only_child(element: Element, namespace: str, name: str) -> Element | None:
    """The one element of that name directly inside, None if there is none; raises BadXml for several."""
    found = children(element, namespace, name)
    if len(found) > 1:
        raise BadXml(f"there are {len(found)} elements {name} where one may be")
    return found[0] if found else None


def anywhere(root: Element, namespace: str, name: str) -> list[Element]:
    """Every element of that name in the document."""
    return list(root.iter(f"{{{namespace}}}{name}"))


def text_of(element: Element) -> str:
    """The text of an element, without white space at its ends; raises BadXml for one that holds more than text.

    INVARIANT: a comment never parts a text, so nobody reads the half of a name that was signed whole.
    """
    if len(element):
        raise BadXml(f"the element {etree.QName(element).localname} holds more than text")
    return (element.text or "").strip()


def ids_in(root: Element) -> Iterator[str]:
    """The value of every attribute that a signature may take for an id."""
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            if etree.QName(name).localname in _ID_NAMES:
                yield str(value)


def moment(text: str) -> datetime:
    """An xs:dateTime; without a zone it is UTC, as SAML has it. Raises BadXml."""
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise BadXml(f"{text[:64]!r} is no time") from problem


def optional_moment(element: Element, attribute: str) -> datetime | None:
    """The time in an attribute, None if it is not there; raises BadXml."""
    text = element.get(attribute)
    return None if text is None else moment(text)
