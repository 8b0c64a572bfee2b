"""The SpaceSystems of a document, and what their names refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from telemetry.xtce.document import Node

TYPE_SETS: Final = ("TelemetryMetaData", "CommandMetaData")


@dataclass(frozen=True, slots=True)
class Named:
    """An element with its place: `/system/subsystem` and the element."""

    system: str
    node: Node

    @property
    def name(self) -> str:
        """Its own name."""
        return self.node.get("name")

    @property
    def path(self) -> str:
        """The full name."""
        return f"{self.system}/{self.name}"


@dataclass(slots=True)
class Spaces:
    """Everything in a document that can be referred to, by its full name.

    Parameters
    ----------
    root
        The outermost SpaceSystem.
    """

    root: Node
    types: dict[str, Named] = field(default_factory=dict)
    parameters: dict[str, Named] = field(default_factory=dict)
    containers: dict[str, Named] = field(default_factory=dict)
    systems: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path, system in _systems(self.root, f"/{self.root.get('name')}"):
            self.systems[path] = system
            for part in TYPE_SETS:
                self._collect(path, system, part, "ParameterTypeSet", self.types)
                self._collect(path, system, part, "ParameterSet", self.parameters)
            self._collect(path, system, "TelemetryMetaData", "ContainerSet", self.containers)

    def _collect(self, path: str, system: Node, part: str, what: str, into: dict[str, Named]) -> None:
        for found in system.all(part, what):
            for node in found.children:
                if node.get("name"):
                    named = Named(path, node)
                    into.setdefault(named.path, named)

    def type_of(self, reference: str, system: str) -> Named | None:
        """Return the parameter type that a reference in a system means."""
        return self._resolve(self.types, reference, system)

    def parameter(self, reference: str, system: str) -> Named | None:
        """Return the parameter that a reference in a system means."""
        return self._resolve(self.parameters, reference, system)

    def container(self, reference: str, system: str) -> Named | None:
        """Return the container that a reference in a system means."""
        return self._resolve(self.containers, reference, system)

    def _resolve(self, among: dict[str, Named], reference: str, system: str) -> Named | None:
        """Look a name up: absolute as it stands, any other in the system and then in each around it."""
        if reference.startswith("/"):
            return among.get(reference)
        at = system
        while True:
            found = among.get(_joined(at, reference))
            if found is not None or not at:
                return found
            at = at.rpartition("/")[0]


def _systems(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for inner in node.all("SpaceSystem"):
        yield from _systems(inner, f"{path}/{inner.get('name')}")


def _joined(system: str, reference: str) -> str:
    steps = system.split("/")
    for step in reference.split("/"):
        if step == "..":
            steps.pop()
        elif step != ".":
            steps.append(step)
        if not steps:
            return ""
    return "/".join(steps)
