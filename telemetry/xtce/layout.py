"""Where the parameters of a container lie: inheritance, inclusion and gaps resolved to bits from the packet's first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from telemetry.xtce.document import Node
from telemetry.xtce.spaces import Named, Spaces
from telemetry.xtce.types import UnfixedError, bits_of, leaves_of

DEEPEST: Final = 50
# a space packet has 65,542 octets
MOST_BITS: Final = 8 * 65_542
MOST_ENTRIES: Final = MOST_BITS


@dataclass(frozen=True, slots=True)
class Slot:
    """A scalar in a packet.

    Parameters
    ----------
    name
        The parameter's, with member or index.
    parameter, type
        Its declaration, and the type of this scalar.
    entry
        The entry that puts it there.
    at, bits
        First bit, from the packet's first, and length.
    """

    name: str
    parameter: Named
    type: Named
    entry: Node
    at: int
    bits: int

    @property
    def end(self) -> int:
        """The bit behind it."""
        return self.at + self.bits


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition under which a container is meant."""

    parameter: str
    operator: str
    value: str
    node: Node
    system: str

    def __str__(self) -> str:
        return f"{self.parameter} {self.operator} {self.value}"


@dataclass(slots=True)
class Layout:
    """A container with all that it inherits."""

    container: Named
    slots: list[Slot] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    _at: int = 0
    _entries: int = 0

    def place(self, spaces: Spaces, container: Named, start: int, depth: int) -> None:
        """Append the entries of a container."""
        if depth > DEEPEST:
            raise UnfixedError(container.node, f"container {container.name!r} contains itself")
        for entry in container.node.all("EntryList"):
            for each in entry.children:
                self._entries += 1
                if self._entries > MOST_ENTRIES or self._at > MOST_BITS:
                    raise UnfixedError(container.node, f"container {container.name!r} is longer than a space packet")
                self._place(spaces, container, each, start, depth)

    def _place(self, spaces: Spaces, container: Named, entry: Node, start: int, depth: int) -> None:
        for varying in ("RepeatEntry", "IncludeCondition"):
            if entry.first(varying) is not None:
                raise UnfixedError(entry, f"{varying} makes the packet's layout vary")
        self._move(entry, start)
        match entry.tag:
            case "ParameterRefEntry" | "ArrayParameterRefEntry":
                self._parameter(spaces, container, entry)
            case "ContainerRefEntry":
                inner = spaces.container(entry.get("containerRef"), container.system)
                if inner is None:
                    raise UnfixedError(entry, f"there is no container {entry.get('containerRef')!r}")
                for link in chain_of(spaces, inner):
                    self.place(spaces, link, self._at, depth + 1)
            case _:
                raise UnfixedError(entry, f"{entry.tag} makes the packet's layout vary")

    def _move(self, entry: Node, start: int) -> None:
        where = entry.first("LocationInContainerInBits")
        if where is None:
            return
        value, reference = where.first("FixedValue"), where.get("referenceLocation", "previousEntry")
        if value is None or reference not in {"previousEntry", "containerStart"}:
            raise UnfixedError(where, "a location that is not fixed from the start or the entry before")
        try:
            offset = int(value.text)
        except ValueError:
            raise UnfixedError(value, f"{value.text[:40]!r} is no whole number") from None
        self._at = offset + (start if reference == "containerStart" else self._at)

    def _parameter(self, spaces: Spaces, container: Named, entry: Node) -> None:
        parameter = spaces.parameter(entry.get("parameterRef"), container.system)
        if parameter is None:
            raise UnfixedError(entry, f"there is no parameter {entry.get('parameterRef')!r}")
        kind = spaces.type_of(parameter.node.get("parameterTypeRef"), parameter.system)
        if kind is None:
            raise UnfixedError(parameter.node, f"there is no type {parameter.node.get('parameterTypeRef')!r}")
        for leaf in leaves_of(kind, spaces):
            bits = bits_of(leaf.type, spaces)
            name = f"{parameter.name}{leaf.suffix}"
            self.slots.append(Slot(name, parameter, leaf.type, entry, self._at, bits))
            self._at += bits


def chain_of(spaces: Spaces, container: Named) -> list[Named]:
    """Return a container and those that it inherits from, the outermost first."""
    chain = [container]
    while (base := chain[0].node.first("BaseContainer")) is not None:
        parent = spaces.container(base.get("containerRef"), chain[0].system)
        if parent is None:
            raise UnfixedError(base, f"there is no container {base.get('containerRef')!r}")
        if parent in chain:
            raise UnfixedError(base, f"container {parent.name!r} inherits from itself")
        chain.insert(0, parent)
    return chain


def lay_out(spaces: Spaces, container: Named) -> Layout:
    """Return where everything in a container lies, and when it is meant.

    Raises
    ------
    UnfixedError
        If that is not the same in every packet.
    """
    layout = Layout(container)
    for link in chain_of(spaces, container):
        layout.place(spaces, link, 0, 0)
        for criteria in link.node.all("BaseContainer", "RestrictionCriteria"):
            layout.comparisons += _comparisons(criteria, link.system)
    return layout


def _comparisons(criteria: Node, system: str) -> Iterator[Comparison]:
    for node in criteria.children:
        match node.tag:
            case "Comparison":
                yield Comparison(
                    node.get("parameterRef"), node.get("comparisonOperator", "=="), node.get("value"), node, system
                )
            case "ComparisonList" | "BooleanExpression" | "ANDedConditions":
                yield from _comparisons(node, system)
            case "Condition":
                reference, operator, value = (
                    node.first(tag) for tag in ("ParameterInstanceRef", "ComparisonOperator", "Value")
                )
                if reference is None or operator is None or value is None:
                    raise UnfixedError(node, "a condition that compares two parameters")
                yield Comparison(reference.get("parameterRef"), operator.text.strip(), value.text.strip(), node, system)
            case _:
                raise UnfixedError(node, f"{node.tag} is no condition that an APID could follow from")
