"""Stretches of time: in view, in the plasma, out of order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FOREVER: Final = np.inf
LOOKS_A_SECOND: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start_s` up to, but not with, `end_s`."""

    start_s: float
    end_s: float


Spans = tuple[Span, ...]
ALWAYS: Final[Spans] = (Span(-FOREVER, FOREVER),)


def union(spans: Iterable[Span]) -> Spans:
    """Return the time in any of the spans, in order and apart.

    Examples
    --------
    >>> union([Span(4.0, 6.0), Span(0.0, 2.0), Span(2.0, 3.0)])
    (Span(start_s=0.0, end_s=3.0), Span(start_s=4.0, end_s=6.0))
    """
    joined: list[Span] = []
    for span in sorted(span for span in spans if span.start_s < span.end_s):
        if joined and span.start_s <= joined[-1].end_s:
            joined[-1] = Span(joined[-1].start_s, max(joined[-1].end_s, span.end_s))
        else:
            joined.append(span)
    return tuple(joined)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> Spans:
    """Return the time in `spans` that is not in `taken`.

    Examples
    --------
    >>> without([Span(0.0, 9.0)], [Span(2.0, 3.0)])
    (Span(start_s=0.0, end_s=2.0), Span(start_s=3.0, end_s=9.0))
    """
    left = list(union(spans))
    for gone in union(taken):
        before = [Span(one.start_s, min(one.end_s, gone.start_s)) for one in left]
        behind = [Span(max(one.start_s, gone.end_s), one.end_s) for one in left]
        left = [piece for piece in (*before, *behind) if piece.start_s < piece.end_s]
    return union(left)


def inside(spans: Spans, t_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether times of any shape are in one of the spans."""
    found = np.zeros(t_s.shape, dtype=np.bool_)
    for span in spans:
        found |= (t_s >= span.start_s) & (t_s < span.end_s)
    return found


def looks_s(start_s: float, end_s: float, a_second: int = LOOKS_A_SECOND) -> NDArray[np.float64]:
    """Return times so many times a second, from the start up to the end."""
    return start_s + np.arange(int((end_s - start_s) * a_second) + 1) / a_second


def spans_of(t_s: NDArray[np.float64], is_so: NDArray[np.bool_]) -> Spans:
    """Return when something is so, seen at rising times of shape (n,): a look speaks for the time up to the next.

    What is so at the first look has always been so; what is so at the last stays so.
    """
    turns = np.flatnonzero(np.diff(is_so.astype(np.int8))) + 1
    edges = [-FOREVER, *t_s[turns].tolist(), FOREVER]
    first = 0 if is_so[0] else 1
    return tuple(Span(start, end) for start, end in zip(edges[first::2], edges[first + 1 :: 2], strict=False))
