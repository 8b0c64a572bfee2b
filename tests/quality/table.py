"""The table: counts of each event, group and perturbation, and which requirements do not hold."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from quality.rules import EVENTS, RULES, Group, Rule
from quality.score import OTHER, Case

UNDISTURBED: Final = frozenset({"clean", "sim none", "web clean", "hop clean"})
HEAD: Final = (
    f"{'event':<18} {'group':<8} {'perturbation':<12} {'of':>5} {'hits':>5} {'late':>4} {'moved':>5} {'wrong':>5} "
    f"{'miss':>4} {'false':>5} {'taken':>5} {'other':>5} {'blind':>5}  {'error, s':>13}  {'latency, s':>13} "
    f"{'1 sig':>5} {'2 sig':>5}  needed"
)


@dataclass(frozen=True, slots=True)
class Row:
    """Counts of one event in one group under one perturbation.

    Parameters
    ----------
    happened
        How many references there are; so many are hits, wrong times or misses.
    hits, late, moved, wrong, misses, false, withdrawn, unknown
        As `quality.score` says; late and moved ones are hits too.
    blind, blind_good
        How many of the references nobody could tell in time, and how many of these were all the same.
    error_s, latency_s
        Median and 95th percentile, of hits and wrong times.
    covered
        How many errors lie within one and two of the stated sigmas.
    """

    event: str
    group: Group
    perturbation: str
    happened: int
    hits: int
    late: int
    moved: int
    wrong: int
    misses: int
    false: int
    withdrawn: int
    unknown: int
    blind: int
    blind_good: int
    error_s: tuple[float, float]
    latency_s: tuple[float, float]
    covered: tuple[int, int]

    @property
    def rule(self) -> Rule:
        """What is asked of it."""
        return RULES[self.group].get(self.event, OTHER)

    @property
    def needed(self) -> int:
        """How many of those that can be told in time must be."""
        share = self.rule.share
        if share is None:
            return 0
        seen = self.happened - self.blind
        return seen if self.perturbation in UNDISTURBED else math.ceil(share * seen - 1e-9)

    @property
    def good(self) -> int:
        """How many of those that can be told in time were."""
        return self.hits - self.late - self.blind_good

    @property
    def failures(self) -> list[str]:
        """What does not hold, one line each."""
        name = f"{self.event}, {self.group}, {self.perturbation}"
        said: list[str] = []
        if self.good < self.needed:
            seen = self.happened - self.blind
            hidden = f" ({self.blind} more lie where nothing is seen)" if self.blind else ""
            said.append(f"{name}: {self.good} of {seen} right and in time, {self.needed} are needed{hidden}")
        if self.false:
            said.append(f"{name}: {self.false} that did not happen")
        return said

    def __str__(self) -> str:
        counts = f"{self.happened:>5} {self.hits:>5} {self.late:>4} {self.moved:>5} {self.wrong:>5} {self.misses:>4}"
        aside = f"{self.false:>5} {self.withdrawn:>5} {self.unknown:>5} {self.blind:>5}"
        rest = f"{aside}  {_pair(self.error_s)}  {_pair(self.latency_s)}"
        claimed = self.hits + self.wrong
        covered = f"{self.covered[0]:>5} {self.covered[1]:>5}" if claimed and self.event != "max_q" else " " * 11
        asked = f"{self.good} of {self.needed}" if self.needed else ""
        mark = "  FAILS" if self.failures else ""
        return f"{self.event:<18} {self.group:<8} {self.perturbation:<12} {counts} {rest} {covered}  {asked}{mark}"

    def as_json(self) -> dict[str, Any]:
        """Return it with plain values; None where there is no number."""
        record = asdict(self) | {"good": self.good, "needed": self.needed, "failures": self.failures}
        for name in ("error_s", "latency_s"):
            record[name] = [None if math.isnan(value) else round(value, 4) for value in record[name]]
        return record


def rows_of(cases: Iterable[Case], perturbations: Sequence[str]) -> list[Row]:
    """Return the rows in the order of events, groups and perturbations; other events come last, by name."""
    kept: dict[tuple[str, Group, str], list[Case]] = {}
    for case in cases:
        kept.setdefault((case.event, case.group, case.perturbation), []).append(case)

    def place(key: tuple[str, Group, str]) -> tuple[int, str, str, int]:
        event, group, perturbation = key
        return (
            EVENTS.index(event) if event in EVENTS else len(EVENTS),
            event,
            group,
            perturbations.index(perturbation),
        )

    return [_row(*key, kept[key]) for key in sorted(kept, key=place)]


def lines_of(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the table's lines, a blank one between events."""
    before: tuple[str, str] | None = None
    for row in rows:
        if before is None:
            yield HEAD
        elif before != (row.event, row.group):
            yield ""
        before = (row.event, row.group)
        yield str(row)


def worst_of(cases: Iterable[Case], count: int) -> list[str]:
    """Return the worst cases: false ones first, then misses, then by how far beyond what is allowed they are."""

    def badness(case: Case) -> float:
        if case.kind == "false":
            return 1e9
        if case.kind == "miss":
            return 1e6 if not case.blind else 1.0
        rule = RULES[case.group].get(case.event, OTHER)
        return max(abs(case.error_s) / rule.error_s, case.latency_s / rule.latency_s) / (10.0 if case.blind else 1.0)

    ranked = sorted((case for case in cases if case.kind not in {"unknown", "withdrawn"}), key=badness, reverse=True)
    return [_told(case) for case in ranked[:count]]


def _row(event: str, group: Group, perturbation: str, cases: list[Case]) -> Row:
    kinds = Counter(case.kind for case in cases)
    claimed = [case for case in cases if case.kind in {"hit", "wrong"}]
    blind = [case for case in cases if case.blind]
    return Row(
        event,
        group,
        perturbation,
        kinds["hit"] + kinds["wrong"] + kinds["miss"],
        kinds["hit"],
        sum(case.late for case in cases),
        sum(case.kind == "hit" and case.moved for case in cases),
        kinds["wrong"],
        kinds["miss"],
        kinds["false"],
        kinds["withdrawn"],
        kinds["unknown"],
        len(blind),
        sum(case.kind == "hit" and not case.late for case in blind),
        _spread([abs(case.error_s) for case in claimed]),
        _spread([case.latency_s for case in claimed]),
        (sum(case.sigmas <= 1.0 for case in claimed), sum(case.sigmas <= 2.0 for case in claimed)),
    )


def _spread(values: list[float]) -> tuple[float, float]:
    if not values:
        return (float("nan"), float("nan"))
    middle, high = np.percentile(values, [50.0, 95.0])
    return float(middle), float(high)


def _pair(values: tuple[float, float]) -> str:
    return " " * 13 if math.isnan(values[0]) else f"{values[0]:6.2f} {values[1]:6.2f}"


def _told(case: Case) -> str:
    where = f"{case.flight:<18} {case.perturbation:<9} seed {case.seed}  {case.event:<18} {case.kind:<5}"
    parts: list[str] = []
    if not math.isnan(case.t_reference_s):
        parts.append(f"true {case.t_reference_s:.2f}")
    if not math.isnan(case.t_event_s):
        parts.append(f"told {case.t_event_s:.2f} +- {case.sigma_s:.2f} at {case.t_detected_s:.2f}")
    if case.kind in {"hit", "wrong"}:
        parts.append(f"error {case.error_s:+.2f} latency {case.latency_s:.2f}{' late' if case.late else ''}")
    parts += ["blind"] * case.blind + [case.why] * bool(case.why)
    return f"{where} {', '.join(parts)}"
