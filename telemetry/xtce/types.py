"""Parameter types of a document: their encodings, also inherited ones, and their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

from telemetry.xtce.document import Node
from telemetry.xtce.spaces import Named, Spaces

ENCODINGS: Final = ("IntegerDataEncoding", "FloatDataEncoding", "StringDataEncoding", "BinaryDataEncoding")
DEFAULT_BITS: Final = {"IntegerDataEncoding": 8, "FloatDataEncoding": 32}
DEEPEST_BASE: Final = 20
MOST_ELEMENTS: Final = 4096


class UnfixedError(Exception):
    """Something whose size is not known from the document alone.

    Parameters
    ----------
    node
        What it is.
    detail
        Why.
    """

    def __init__(self, node: Node, detail: str) -> None:
        super().__init__(detail)
        self.node = node
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar inside a parameter: what is added to the parameter's name, and its type."""

    suffix: str
    type: Named


def encoding_of(kind: Named, spaces: Spaces) -> Node | None:
    """Return a type's data encoding, its own or that of the type it is based on."""
    for _ in range(DEEPEST_BASE):
        for place in (kind.node, *kind.node.all("Encoding")):
            found = next((child for child in place.children if child.tag in ENCODINGS), None)
            if found is not None:
                return found
        base = spaces.type_of(kind.node["baseType"], kind.system) if kind.node.get("baseType") else None
        if base is None:
            return None
        kind = base
    return None


def bits_of(kind: Named, spaces: Spaces) -> int:
    """Return how many bits a scalar type has.

    Raises
    ------
    UnfixedError
        If the document does not say it.
    """
    encoding = encoding_of(kind, spaces)
    if encoding is None:
        raise UnfixedError(kind.node, f"type {kind.name!r} has no data encoding")
    if encoding.tag in DEFAULT_BITS:
        return _number(encoding, encoding.get("sizeInBits", str(DEFAULT_BITS[encoding.tag])))
    fixed = (
        ("SizeInBits", "Fixed", "FixedValue") if encoding.tag == "StringDataEncoding" else ("SizeInBits", "FixedValue")
    )
    size = encoding.first(*fixed)
    if size is None:
        raise UnfixedError(encoding, f"the length of type {kind.name!r} varies")
    return _number(size, size.text)


def leaves_of(kind: Named, spaces: Spaces, suffix: str = "", depth: int = 0) -> list[Leaf]:
    """Return the scalars of a type in their order: itself, the members of an aggregate, the elements of an array.

    Raises
    ------
    UnfixedError
        If an array's length varies, or a type is missing.
    """
    if depth > DEEPEST_BASE:
        raise UnfixedError(kind.node, f"type {kind.name!r} contains itself")
    match kind.node.tag:
        case "AggregateParameterType":
            parts = [
                (member, member.get("typeRef"), member.get("name")) for member in kind.node.all("MemberList", "Member")
            ]
        case "ArrayParameterType":
            parts = [(kind.node, kind.node.get("arrayTypeRef"), index) for index in indices_of(kind.node)]
        case _:
            return [Leaf(suffix, kind)]
    found: list[Leaf] = []
    for node, reference, part in parts:
        found += leaves_of(_type(kind, node, reference, spaces), spaces, f"{suffix}_{part}", depth + 1)
        if len(found) > MOST_ELEMENTS:
            raise UnfixedError(kind.node, f"type {kind.name!r} has more than {MOST_ELEMENTS} elements")
    return found


def indices_of(node: Node) -> list[str]:
    """Return the indices of an array's elements, `0`, `1`, ... or `0_0`, `0_1`, ..."""
    spans: list[range] = []
    count = 1
    for dimension in node.all("DimensionList", "Dimension"):
        ends = [dimension.first(end, "FixedValue") for end in ("StartingIndex", "EndingIndex")]
        first, last = (_number(dimension, end.text) if end is not None else None for end in ends)
        if first is None or last is None:
            raise UnfixedError(dimension, f"the length of array {node.get('name')!r} varies")
        spans.append(range(first, last + 1))
        count *= max(len(spans[-1]), 1)
        if count > MOST_ELEMENTS:
            raise UnfixedError(dimension, f"array {node.get('name')!r} has more than {MOST_ELEMENTS} elements")
    if not spans:
        raise UnfixedError(node, f"array {node.get('name')!r} says no dimensions")
    return ["_".join(map(str, index)) for index in product(*spans)]


def _type(kind: Named, node: Node, reference: str, spaces: Spaces) -> Named:
    found = spaces.type_of(reference, kind.system)
    if found is None:
        raise UnfixedError(node, f"there is no type {reference!r}")
    return found


def _number(node: Node, text: str) -> int:
    try:
        return int(text.strip(), 0)
    except ValueError:
        raise UnfixedError(node, f"{text.strip()[:40]!r} is no whole number") from None
