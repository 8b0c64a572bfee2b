"""Text and tables on a matplotlib page, a line under the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from downrange.report.labels import text_width_in
from downrange.report.look import FAINT, INK, RULE

SIZE: Final = 5.8
TITLE: Final = 7.4
LINE_IN: Final = 0.104
BEFORE_TITLE_IN: Final = 0.085
RULE_IN: Final = 0.065


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: heading, width (inches; none is the rest), and whether numbers stand in it."""

    heading: str
    width_in: float | None
    is_number: bool = False


class Sheet:
    """Writes from the top of a box to its bottom.

    Parameters
    ----------
    figure
        The page.
    left_in, top_in, width_in
        The box, inches from the page's lower left corner.
    """

    def __init__(self, figure: Figure, left_in: float, top_in: float, width_in: float) -> None:
        self.at_in = top_in
        self._figure = figure
        self.left_in = left_in
        self.width_in = width_in
        self._page_in: tuple[float, float] = tuple(figure.get_size_inches())

    def title(self, text: str) -> None:
        """Write a heading with a rule under it."""
        self.at_in -= BEFORE_TITLE_IN + LINE_IN
        self._write(self.left_in, text, TITLE, INK, weight="bold")
        self.at_in -= RULE_IN / 2.0
        wide, high = self._page_in
        ends = [self.left_in / wide, (self.left_in + self.width_in) / wide]
        self._figure.add_artist(Line2D(ends, [self.at_in / high] * 2, color=RULE, lw=0.7))
        self.at_in -= RULE_IN / 2.0

    def line(self, text: str, colour: str = INK, *, most: int = 3) -> None:
        """Write a sentence, in several lines where it is long; beyond `most` it ends in dots."""
        lines = wrapped(text, self.width_in, SIZE)
        if len(lines) > most:
            lines = [*lines[: most - 1], fitted(f"{lines[most - 1]} {lines[most]}", self.width_in, SIZE)]
        for each in lines:
            self.at_in -= LINE_IN
            self._write(self.left_in, each, SIZE, colour)

    def table(self, columns: Sequence[Column], rows: Sequence[tuple[Sequence[str], str]]) -> None:
        """Write rows, each with its colour, under their headings; cells too long end in dots."""
        given = sum(column.width_in or 0.0 for column in columns)
        widths = [column.width_in or self.width_in - given for column in columns]
        self._row(columns, widths, [column.heading for column in columns], FAINT)
        for cells, colour in rows:
            self._row(columns, widths, cells, colour)

    def _row(self, columns: Sequence[Column], widths: Sequence[float], cells: Sequence[str], colour: str) -> None:
        self.at_in -= LINE_IN
        left_in = self.left_in
        for column, width_in, cell in zip(columns, widths, cells, strict=True):
            text = fitted(cell, width_in - 0.05, SIZE)
            if column.is_number:
                self._write(left_in + width_in - 0.07, text, SIZE, colour, ha="right")
            else:
                self._write(left_in, text, SIZE, colour)
            left_in += width_in

    def _write(self, left_in: float, text: str, size: float, colour: str, **how: Any) -> None:
        wide, high = self._page_in
        # a dollar sign would begin a formula
        self._figure.text(
            left_in / wide, self.at_in / high, text, fontsize=size, color=colour, va="bottom", parse_math=False, **how
        )


def fitted(text: str, width_in: float, size: float) -> str:
    """Return a text, or as much of it as there is room for and dots."""
    if text_width_in(text, size) <= width_in:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width_in(f"{text[:middle].rstrip()}...", size) <= width_in:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low].rstrip()}..."


def wrapped(text: str, width_in: float, size: float) -> list[str]:
    """Return a text as lines that have room."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        longer = f"{current} {word}".strip()
        if current and text_width_in(longer, size) > width_in:
            lines.append(current)
            current = word
        else:
            current = longer
    return [*lines, current] if current else lines
