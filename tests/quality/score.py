"""What a detector said of a flight, judged: each claim and each missed event becomes one case.

- **hit**: a claim within the allowed error of a reference (`quality.rules`). For max_q also one at a time when the
  dynamic pressure of the clean record was at least 0.98 of its greatest. It is *late* if it was first told more than
  the allowed latency after the reference.
- **wrong**: no claim is within the allowed error, but there is one of this type: it is taken to mean this event.
- **miss**: there is no claim of this type. For what may happen again (apogees, burns) a claim more than a minute away
  is no claim of this one.
- **false**: a further claim of a type that happens once; or one without a reference that the clean record contradicts
  (`quality.truth`); or, where all that happened is known (simulated flights), any claim without a reference.
- **unknown**: a claim without a reference that nothing contradicts. Nobody published it; it counts neither way.

- **withdrawn**: a claim that was retracted in the end. It is shown, and judged no further.

Latency is the time of the row at which the claim was first told minus the reference. If later revisions moved it by
more than the allowed error it was another claim at first (*moved*): then it is that of the first revision that stood.

A case is *blind* if its reference lies where the disturbed record says nothing: in a gap of more than a second or a
frozen stretch, more than a second before the first row or after the last one, or before such a stretch by less than the
allowed error (a second at most), for then nobody can tell it in time.
So it is where rate and noise of the rows let nobody know it (`quality.knowable`).
They are counted and shown, but a share is asked of the rest. Coverage compares the error with the stated sigma and the
reference's own, added in squares; max_q has none: its plateau is no error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from quality.claims import Claim
from quality.flights import Log, Reference
from quality.rules import ANOTHER_S, PLATEAU, RULES, Group, Rule
from quality.truth import Record

GAP_S: Final = 1.0
NAN: Final = float("nan")
OTHER: Final = Rule(2.0, 5.0, again=True)
Kind = Literal["hit", "wrong", "miss", "false", "withdrawn", "unknown"]


@dataclass(frozen=True, slots=True)
class Case:
    """One event that happened or was claimed; NaN is what there is not."""

    flight: str
    group: Group
    perturbation: str
    seed: int
    event: str
    kind: Kind
    t_reference_s: float = NAN
    t_event_s: float = NAN
    t_detected_s: float = NAN
    sigma_s: float = NAN
    reference_sigma_s: float = 0.0
    late: bool = False
    moved: bool = False
    blind: bool = False
    why: str = ""

    @property
    def error_s(self) -> float:
        """Reported minus true."""
        return self.t_event_s - self.t_reference_s

    @property
    def latency_s(self) -> float:
        """From when it happened to when it was told."""
        return self.t_detected_s - self.t_reference_s

    @property
    def sigmas(self) -> float:
        """Error over what sigma says that it is."""
        stated_s = float(np.hypot(self.sigma_s, self.reference_sigma_s))
        return abs(self.error_s) / stated_s if stated_s > 0.0 else float("inf")


class Judge:
    """Judges what was said of one log.

    Parameters
    ----------
    log
        As the detector saw it; its references are the truth.
    record
        The clean record; None if the references are all that happened.
    perturbation, seed
        What was done to the log.
    """

    def __init__(self, log: Log, record: Record | None, perturbation: str = "clean", seed: int = 0) -> None:
        self._log = log
        self._record = record
        self._origin = (log.name, log.group, perturbation, seed)
        self._blind = [*_gaps(log), *log.blind_s]

    def cases(self, claims: Iterable[Claim]) -> list[Case]:
        """Return every case, in the order of the events' times."""
        claims = list(claims)
        standing = [claim for claim in claims if claim.status != "retracted"]
        withdrawn = [claim for claim in claims if claim.status == "retracted"]
        kinds = dict.fromkeys([*(one.event for one in self._log.references), *(claim.type for claim in standing)])
        found: list[Case] = []
        for event in kinds:
            references = [one for one in self._log.references if one.event == event]
            found += self._of(event, references, [claim for claim in standing if claim.type == event])
        rules = RULES[self._log.group]
        return found + [self._case(one.type, "withdrawn", None, one, rules.get(one.type, OTHER)) for one in withdrawn]

    def _of(self, event: str, references: list[Reference], claims: list[Claim]) -> list[Case]:
        rule = RULES[self._log.group].get(event, OTHER)
        pairs = sorted(
            ((one, claim) for one in references for claim in claims),
            key=lambda pair: (not self._meets(rule, *pair), abs(pair[1].t_event_s - pair[0].t_s)),
        )
        left, open_, found = list(claims), list(references), list[Case]()
        for one, claim in pairs:
            near = not rule.again or abs(claim.t_event_s - one.t_s) <= ANOTHER_S
            if near and any(one is each for each in open_) and any(claim is each for each in left):
                open_ = [each for each in open_ if each is not one]
                left = [each for each in left if each is not claim]
                found.append(self._claimed(rule, one, claim))
        found += [self._case(event, "miss", one, blind=self._is_blind(rule, one.t_s)) for one in open_]
        return found + [self._unasked(rule, claim, once=bool(references) and not rule.again) for claim in left]

    def _claimed(self, rule: Rule, one: Reference, claim: Claim) -> Case:
        kind: Kind = "hit" if self._meets(rule, one, claim) else "wrong"
        return self._case(one.event, kind, one, claim, rule, blind=self._is_blind(rule, one.t_s))

    def _unasked(self, rule: Rule, claim: Claim, *, once: bool) -> Case:
        if once:
            why: str | None = "a second one"
        elif self._record is None:
            why = "did not happen"
        else:
            why = self._record.contradicts(claim.type, claim.t_event_s, rule.error_s)
        return self._case(claim.type, "unknown" if why is None else "false", None, claim, rule, why=why or "")

    def _meets(self, rule: Rule, one: Reference, claim: Claim) -> bool:
        if rule.accepts(claim.t_event_s - one.t_s, one.sigma_s):
            return True
        plateau = one.event == "max_q" and self._record is not None
        return plateau and self._record is not None and self._record.on_plateau(claim.t_event_s, PLATEAU)

    def _is_blind(self, rule: Rule, t_s: float) -> bool:
        margin_s = min(1.0, rule.error_s)
        return any(first - margin_s <= t_s <= last for first, last in self._blind)

    def _case(
        self,
        event: str,
        kind: Kind,
        one: Reference | None,
        claim: Claim | None = None,
        rule: Rule = OTHER,
        *,
        blind: bool = False,
        why: str = "",
    ) -> Case:
        true = (NAN, 0.0) if one is None else (one.t_s, one.sigma_s)
        if claim is None:
            return Case(*self._origin, event, kind, true[0], reference_sigma_s=true[1], blind=blind, why=why)
        settled_s = claim.settled_s(rule.error_s)
        late = kind == "hit" and settled_s - true[0] > rule.latency_s
        moved = abs(claim.first_event_s - claim.t_event_s) > rule.error_s
        said = (claim.t_event_s, settled_s, claim.sigma_s)
        return Case(*self._origin, event, kind, true[0], *said, true[1], late, moved, blind, why)


def _gaps(log: Log) -> Sequence[tuple[float, float]]:
    t_s = np.sort(log.t_s)
    at = np.flatnonzero(np.diff(t_s) > GAP_S)
    # a record may well begin with an event: it is as good as seen from its first row on, as after a gap
    outside = [(-np.inf, float(t_s[0]) - GAP_S), (float(t_s[-1]), np.inf)]
    return [*((float(t_s[i]), float(t_s[i + 1])) for i in at), *outside]
