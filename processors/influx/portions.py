"""How many lines InfluxDB is given at once: fewer after a write that took too long, then slowly more again. Pure."""

from __future__ import annotations

from typing import Final

from processors.influx.line_protocol import Block

UNLIMITED: Final = 2**31
GROWTH: Final = 8


class Portions:
    r"""Cuts blocks to what InfluxDB has lately done in time.

    A timeout halves the number of lines, down to one; each write that is done gives an eighth more. So a server that is
    slow for long times out seldom, and one that only hung for a while soon gets whole blocks again.

    Examples
    --------
    >>> portions = Portions()
    >>> portions.timed_out(4)
    >>> portions.cut(Block(b"a\nb\nc\n", 3))
    (Block(body=b'a\nb\n', count=2), Block(body=b'c\n', count=1))
    """

    def __init__(self) -> None:
        self.most_lines = UNLIMITED

    def timed_out(self, lines: int) -> None:
        """Take note of a write of so many lines that was not done in time."""
        # writes on their way at the same time are one trouble, not two
        self.most_lines = min(self.most_lines, max(1, lines // 2))

    def done(self, lines: int) -> None:
        """Take note of a write that was done; a small one proves nothing."""
        if lines >= self.most_lines:
            self.most_lines += max(1, self.most_lines // GROWTH)

    def cut(self, block: Block) -> tuple[Block, Block | None]:
        """Return the first lines of a block, as many as may be done in time, and the rest."""
        most = self.most_lines
        if block.count <= most:
            return block, None
        lines = block.lines()
        first, rest = (b"\n".join(part) + b"\n" for part in (lines[:most], lines[most:]))
        return Block(first, most), Block(rest, block.count - most)
