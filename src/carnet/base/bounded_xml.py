"""XML that others have written: read without a DTD, entities and the network, and within bounds.

https://cheatsheetseries.owasp.org/cheatsheets/XML_Security_Cheat_Sheet.html
"""

from __future__ import annotations

import re

from lxml import etree

Element = etree._Element

MOST_ATTRIBUTES = 100
"""Of one element, and how many namespaces may be declared where it stands: canonical XML sorts both."""
MOST_ELEMENTS = 50_000
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.ASCII)


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
