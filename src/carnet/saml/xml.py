"""XML that may come from anybody: read without a DTD, entities and the network, and within bounds.

https://cheatsheetseries.owasp.org/cheatsheets/XML_Security_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from lxml import etree

Element = etree._Element

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"

MOST_ATTRIBUTES = 100
"""Of one element, and how many namespaces may be declared where it stands: canonical XML sorts both."""
MOST_ELEMENTS = 50_000
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_ID_NAMES = frozenset(("ID", "Id", "id"))


class BadXml(ValueError):
    """Text that is no XML, or that nobody with good intentions writes."""


def parser() -> etree.XMLParser:
    """A new parser that reads UTF-8 whatever the document says, and nothing but the document.

    libxml2 itself bounds the depth of elements (256) and the length of names and texts (`huge_tree`).
    """
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        strip_cdata=True,
        collect_ids=False,
    )


def refuse_declarations(document: bytes) -> None:
    """Raises BadXml for a text that declares entities, or that a parser could read in another encoding than UTF-8.

    Entities make a hundred times its length of a text.
    """
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise BadXml("it is not UTF-8") from problem
    if text.startswith("\ufeff"):
        raise BadXml("it begins with a byte order mark")
    if "\0" in text:
        raise BadXml("it is not well-formed")
    if _DECLARATION.search(text) is not None:
        raise BadXml("it holds a document type declaration")


def parse_xml(document: bytes) -> Element:
    """The root of a document; raises BadXml.

    INVARIANT: a declaration is looked for before the parser sees it, in the encoding that the parser will use.
    """
    refuse_declarations(document)
    try:
        root = etree.fromstring(document, parser())
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise BadXml("it is not well-formed") from problem
    _check_bounds(root)
    return root


def _check_bounds(root: Element) -> None:
    for count, node in enumerate(root.iter()):
        if isinstance(node, etree._Comment):
            continue
        if not isinstance(node.tag, str):
            raise BadXml("it holds a processing instruction or an entity")
        if count >= MOST_ELEMENTS:
            raise BadXml("it has too many elements")
        if len(node.attrib) > MOST_ATTRIBUTES or len(node.nsmap) > MOST_ATTRIBUTES:
            raise BadXml("an element has too many attributes")


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
