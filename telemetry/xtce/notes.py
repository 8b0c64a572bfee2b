"""What an import could not carry over, or had to change: nothing is dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from telemetry.xtce.document import Node


class Loss(StrEnum):
    """How much of a thing is gone."""

    LOST = "not carried over"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One thing of the document.

    Parameters
    ----------
    line
        Where it stands in the document.
    what
        The thing, by its name in the document.
    loss
        Whether it is gone or only changed.
    detail
        What became of it, and what to do.
    """

    line: int
    what: str
    loss: Loss
    detail: str

    def __str__(self) -> str:
        return f"{self.line}: {self.what}: {self.loss.value}: {self.detail}"


@dataclass(slots=True)
class Notes:
    """Collects notes."""

    all: list[Note] = field(default_factory=list)

    def lost(self, node: Node, what: str, detail: str) -> None:
        """Note a thing that is gone."""
        self.all.append(Note(node.line, what, Loss.LOST, detail))

    def changed(self, node: Node, what: str, detail: str) -> None:
        """Note a thing that is not what it was."""
        self.all.append(Note(node.line, what, Loss.CHANGED, detail))

    def strangers(self, node: Node, what: str, known: frozenset[str]) -> None:
        """Note every child element that is not among the known ones."""
        for child in node.children:
            if child.tag not in known:
                self.lost(child, what, f"{child.tag} has no place in a dictionary")
