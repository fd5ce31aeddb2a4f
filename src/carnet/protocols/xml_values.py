"""XML to values, as the rest-xml protocol takes it. Each shape is compiled once into a closure that reads an element.

https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html

Strict: no document type, no comment, no element and no attribute that the shape does not have, and none twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.model import ListShape, Shape, StructureShape
from lxml import etree

from carnet.base.bounded_xml import BadXml, Element, parse_xml
from carnet.protocols import text_scalars
from carnet.protocols.timestamps import ISO8601
from carnet.protocols.unreadable import Unreadable

_SPACE = " \t\r\n"
_ATTRIBUTE_NAMESPACES = {"xsi": "http://www.w3.org/2001/XMLSchema-instance"}

_Read = Callable[[Element], Any]


@cache
def xml_document(shape: StructureShape, root: str, namespace: str) -> Callable[[bytes], dict[str, Any]]:
    """The reader of a document whose root has that name; it raises Unreadable. The namespace may be left out."""
    read = _Compiler(namespace).structure(shape)

    def read_document(body: bytes) -> dict[str, Any]:
        try:
            element = parse_xml(body)
        except BadXml as problem:
            raise Unreadable(f"The body is not the XML that is expected: {problem}") from None
        if _local_name(element, namespace) != root:
            raise Unreadable(f"The body is not a {root}")
        found: dict[str, Any] = read(element)
        return found

    return read_document


class _Compiler:
    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._structures: dict[str, _Read] = {}

    def structure(self, shape: StructureShape) -> _Read:
        elements: dict[str, tuple[str, _Read, bool]] = {}
        attributes: dict[str, tuple[str, _Read]] = {}

        def read(element: Element) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for tag, text in element.attrib.items():
                if (attribute := attributes.get(str(tag))) is None:
                    raise Unreadable(f"{shape.name} has an attribute that it may not have")
                found[attribute[0]] = str(text)
            for child in self._children(element):
                name = _local_name(child, self._namespace)
                if (known := elements.get(name)) is None:
                    raise Unreadable(f"{shape.name} has no {name[:64]}")
                member, read_child, is_flattened = known
                if is_flattened:
                    found.setdefault(member, []).append(read_child(child))
                elif member in found:
                    raise Unreadable(f"{name} is given more than once")
                else:
                    found[member] = read_child(child)
            return found

        # INVARIANT: known before its members are compiled, so that a shape which holds itself comes to an end.
        self._structures[shape.name] = read
        for member, described in shape.members.items():
            name = str(described.serialization.get("name", member))
            if described.serialization.get("xmlAttribute"):
                prefix, _, local = name.partition(":")
                attributes[f"{{{_ATTRIBUTE_NAMESPACES[prefix]}}}{local}"] = (member, self._reader(described))
            elif isinstance(described, ListShape) and described.serialization.get("flattened"):
                elements[name] = (member, self._reader(described.member), True)
            else:
                elements[name] = (member, self._reader(described), False)
        return read

    def _reader(self, shape: Shape) -> _Read:
        if isinstance(shape, StructureShape):
            name = shape.name
            return (
                (lambda element: self._structures[name](element)) if name in self._structures else self.structure(shape)
            )
        if isinstance(shape, ListShape):
            return self._list(shape)
        read = text_scalars.reader(shape, ISO8601)
        return lambda element: read(_text(element))

    def _list(self, shape: ListShape) -> _Read:
        item = self._reader(shape.member)
        name = str(shape.member.serialization.get("name", "member"))

        def read(element: Element) -> list[Any]:
            if element.attrib:
                raise Unreadable("A list has an attribute that it may not have")
            found = []
            for child in self._children(element):
                if _local_name(child, self._namespace) != name:
                    raise Unreadable(f"A list holds something else than {name}")
                found.append(item(child))
            return found

        return read

    def _children(self, element: Element) -> list[Element]:
        """The elements inside, between which there is nothing but white space."""
        texts = [element.text, *(child.tail for child in element)]
        if any(text is not None and text.strip(_SPACE) for text in texts):
            raise Unreadable("The body holds text where elements are expected")
        return list(element)


def _text(element: Element) -> str:
    """INVARIANT: a comment never parts a text, so that nobody decides on the half of a name."""
    if len(element) or element.attrib:
        raise Unreadable("The body holds more than text where text is expected")
    return element.text or ""


def _local_name(element: Element, namespace: str) -> str:
    if not isinstance(element.tag, str):
        raise Unreadable("The body holds a comment or a processing instruction")
    name = etree.QName(element)
    if name.namespace not in (None, namespace):
        raise Unreadable("The body is in another namespace")
    return name.localname
