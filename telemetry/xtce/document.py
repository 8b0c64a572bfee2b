"""An XML document as a tree that remembers its lines; entities, DTDs and external references are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl, InputSource, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from telemetry.errors import DictionaryError

DEEPEST: Final = 200


@dataclass(slots=True)
class Node:
    """An element.

    Parameters
    ----------
    tag
        Its name without namespace.
    namespace
        Of the name.
    attributes
        By name, without those of other namespaces.
    line
        Where it begins, from 1.
    """

    tag: str
    namespace: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    def get(self, attribute: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(attribute, default)

    def flag(self, attribute: str) -> bool:
        """Whether an attribute says true."""
        return self.get(attribute).strip().lower() in {"true", "1"}

    def all(self, *path: str) -> Iterator[Node]:
        """Yield the elements at the end of a path of tags."""
        nodes = [self]
        for tag in path:
            nodes = [child for node in nodes for child in node.children if child.tag == tag]
        yield from nodes

    def first(self, *path: str) -> Node | None:
        """Return the first element at the end of a path of tags."""
        return next(self.all(*path), None)

    @property
    def described(self) -> str:
        """The short description, or the long one."""
        long = self.first("LongDescription")
        return self.get("shortDescription") or (long.text.strip() if long is not None else "")


class _Builder(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.root: Node | None = None
        self._open: list[Node] = []
        self._where: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 -- SAX's name
        self._where = locator

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl) -> None:  # noqa: ARG002, N802 -- SAX's
        namespace, tag = name
        own = {local: str(attrs.getValue((uri, local))) for uri, local in attrs.getNames() if uri is None}
        line = (self._where.getLineNumber() or 0) if self._where is not None else 0
        node = Node(tag, namespace or "", own, line)
        if len(self._open) >= DEEPEST:
            raise DictionaryError("", line, f"elements lie more than {DEEPEST} deep; no XTCE document does")
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: ARG002, N802 -- SAX's
        self._open.pop()

    def characters(self, content: str) -> None:
        if self._open:
            self._open[-1].text += content


def parse_document(octets: bytes, path: str) -> Node:
    """Read an XML document.

    Parameters
    ----------
    octets
        The document.
    path
        Its name, for errors.

    Raises
    ------
    DictionaryError
        If it is not well-formed, or has a DTD or entities, which no XTCE document needs.
    """
    builder = _Builder()
    parser = make_parser()
    parser.setContentHandler(builder)
    parser.setFeature(feature_namespaces, True)  # noqa: FBT003 -- SAX's signature
    parser.forbid_dtd = True
    source = InputSource()
    source.setByteStream(BytesIO(octets))
    try:
        parser.parse(source)
    except SAXParseException as error:
        raise DictionaryError(path, error.getLineNumber() or 0, f"is not XML: {error.getMessage()}") from error
    except DefusedXmlException as error:
        msg = "has a document type declaration or entities, which could be an attack; remove them"
        raise DictionaryError(path, 0, msg) from error
    except DictionaryError as error:
        raise DictionaryError(path, error.line, error.detail) from error
    except (ValueError, LookupError) as error:
        raise DictionaryError(path, 0, f"is not XML: {error}") from error
    if builder.root is None:
        raise DictionaryError(path, 0, "is not XML: it is empty")
    return builder.root
