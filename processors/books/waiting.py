"""What the books ask of whoever keeps packets back on their way to detectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from processors.books.ledger import Passage


class Waiting(Protocol):
    """A hold, as the books see it."""

    @property
    def passages(self) -> Mapping[str, Passage]:
        """What has become of the unique packets of each type."""
        ...

    def settled(self, packet: str) -> int:
        """Return the count of a type up to which nothing is waited for any more; -1 if it keeps none."""
        ...
