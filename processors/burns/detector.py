"""Detectors of burns: what a burn is for, told from where the vehicle is when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar, Final

import numpy as np

from processors.airframe import Airframe
from processors.burns.burning import BURN_CHANNELS, COMMANDED, ENGINES, BurnEdge, BurnParameters, Burns
from processors.burns.ramps import Ramp
from processors.detector import Detector, Finding, found
from processors.evidence.signals import UNSET, in_step_s
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

SPEEDS: Final = ("speed_m_s", "vertical_speed_m_s")
BEFORE_NS: Final = 400_000_000
# what happened in a hole longer than a few seconds may still be told better by what comes late
SURE_S: Final = 1.0


class Purpose(StrEnum):
    """What a burn is for."""

    LIFT = "lift"
    INSERTION = "insertion"
    BOOSTBACK = "boostback"
    ENTRY = "entry"
    LANDING = "landing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PurposeParameters(BurnParameters):
    """Thresholds, after those of a burn.

    Parameters
    ----------
    standing_m_s
        A vehicle slower than this stands on its pad: navigation errs by centimetres a second, and what flies is slower
        for moments only.
    flying_m_s
        A vehicle faster than this flies: engines that stop below it never lifted it.
    dense_air_m
        Below this a braking burn is for landing, above it for the entry. At 25 km the air has a thirtieth of its
        density at sea level: no entry burn is of use below, and no landing burn reaches so high.
    parted_s
        A stage that has been carried lights within this of the separation to go on, also if the ascent fell short and
        it sinks by then: stages light within ten seconds, and braking burns follow minutes later.
    steady_s
        Engines are at their power so long after they have passed half of it: turbopumps take a second to come up.
    """

    standing_m_s: float = 2.0
    flying_m_s: float = 10.0
    dense_air_m: float = 25_000.0
    parted_s: float = 30.0
    steady_s: float = 1.5


@dataclass(slots=True)
class BurnState:
    """What it remembers.

    The engines and their power, whether they were ever lit, whether it was ever joined, this burn's purpose, and the
    start that is to be confirmed: between which rows it was, the first count, and how many were told before.
    """

    burns: Burns = field(default_factory=Burns)
    ramp: Ramp = field(default_factory=Ramp)
    begun_ns: int = UNSET
    begun_before_ns: int = UNSET
    begun_count: int = UNSET
    starts: int = 0
    lit: bool = False
    joined: bool = False
    joined_ns: int = -1
    purpose: str = Purpose.UNKNOWN.value


class BurnDetector(Detector):
    """Finds the beginning or the end of the burns for one purpose.

    - `lift`: begins at rest.
    - `insertion`: begins in ascent or just after the separation, the first burn of a stage that was carried so far.
    - `boostback`: begins in ascent, on a stage that has lifted another one.
    - `entry`, `landing`: begins in descent, above and below the dense air.

    A burn that was under way when telemetry began, or that began while the vehicle's place was not known, has no
    known purpose.

    A start is provisional, half way between the rows around it, until the engines are at their power, or have stopped:
    then it is known when they passed half of it. What happened in a hole of seconds stays provisional.
    """

    version: ClassVar[int] = 6
    requires: ClassVar[frozenset[str]] = BURN_CHANNELS | {
        "stage_attached",
        "altitude_m",
        "speed_m_s",
        "vertical_speed_m_s",
    }
    parameters_type: ClassVar[type] = PurposeParameters
    state_type: ClassVar[type] = BurnState
    purpose: ClassVar[Purpose]
    begins: ClassVar[FlightEvent | None] = None
    ends: ClassVar[FlightEvent | None] = None

    def __init__(self, airframe: Airframe, parameters: PurposeParameters | None = None) -> None:
        super().__init__(airframe, parameters)
        beside = airframe.packet_of.get(COMMANDED) == airframe.packet_of[ENGINES[0]]
        self._channels = (*ENGINES, COMMANDED) if beside else ENGINES

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Find edges of burns for the purpose."""
        state = self.state
        attached = None if state.lit and state.joined else stretch.rows("stage_attached")
        result = state.burns.edges(stretch, self.parameters)
        power = stretch.rows(*self._channels)
        findings: list[Finding] = []
        done = 0
        if result is not None and power is not None:
            rows, edges = result
            for edge in edges:
                upto = int(np.searchsorted(power.counts, rows.counts[edge.row], side="right"))
                findings += self._confirm(stretch, power, done, upto)
                done = max(done, upto)
                self._look_for_joint(attached, int(rows.counts[edge.row]))
                findings += self._edge(stretch, rows, edge)
        if power is not None:
            findings += self._confirm(stretch, power, done, len(power.counts))
        self._look_for_joint(attached, None)
        state.lit = state.lit or bool(state.burns.burning)
        return tuple(findings)

    def _edge(self, stretch: Stretch, rows: Rows, edge: BurnEdge) -> tuple[Finding, ...]:
        """Return what a burn that begins or ends says."""
        state, known_ns = self.state, int(rows.t_ns[edge.row])
        rate_hz = self.airframe.rates_hz[rows.packet]
        t_ns, sigma_s = edge.t_ns, in_step_s(edge.t_sigma_s, rate_hz)
        if edge.kind == "end":
            t_ns, sigma_s = state.ramp.half_power(edge.before_ns, edge.first_ns, rising=False) or (t_ns, sigma_s)
        values = stretch.at(t_ns, known_ns)
        # what was measured a moment later is drawn into the moment itself, and a small rocket flies by then
        before = stretch.at(t_ns - BEFORE_NS, known_ns)
        event = self._begin(values, before, t_ns) if edge.kind == "start" else self._end(values)
        findings = self._begun(stretch, rows, edge.row) if edge.kind == "end" else ()
        if event is None:
            return findings
        finding = found(event.value, t_ns, sigma_s, rows, edge.row, edge.count_first, values)
        if edge.kind == "end":
            finding = replace(finding, status="confirmed" if sigma_s <= SURE_S else "provisional")
        else:
            state.begun_ns, state.begun_before_ns, state.begun_count = edge.first_ns, edge.before_ns, edge.count_first
            finding = replace(finding, status="provisional", occurrence=state.starts)
        return (*findings, finding)

    def _confirm(self, stretch: Stretch, power: Rows, first: int, stop: int) -> tuple[Finding, ...]:
        """Take rows of the engines; return the start that they confirm."""
        waits, due_ns, due = self.state.begun_ns != UNSET, 0, stop
        if waits:
            due_ns = self.state.begun_ns + round(self.parameters.steady_s * NS_PER_S)
            due = min(stop, max(first, int(np.searchsorted(power.t_ns, due_ns))) + 1)
        self._follow(power, first, due)
        findings = self._begun(stretch, power, due - 1) if waits and int(power.t_ns[due - 1]) >= due_ns else ()
        self._follow(power, due, stop)
        return findings

    def _follow(self, power: Rows, first: int, stop: int) -> None:
        if first < stop:
            commanded = power.values[2][first:stop] if len(power.values) > len(ENGINES) else None
            self.state.ramp.add(power.t_ns[first:stop], power.values[1][first:stop], commanded)

    def _begun(self, stretch: Stretch, rows: Rows, last: int) -> tuple[Finding, ...]:
        """Return the start that is to be confirmed, by what is known with a row."""
        state, event = self.state, self.begins
        if state.begun_ns == UNSET or event is None:
            return ()
        before_ns, width_ns = state.begun_before_ns, state.begun_ns - state.begun_before_ns
        spread_s = in_step_s(width_ns / NS_PER_S / 12**0.5, self.airframe.rates_hz[rows.packet])
        halfway = (before_ns + width_ns // 2, spread_s)
        t_ns, sigma_s = state.ramp.half_power(before_ns, state.begun_ns, rising=True) or halfway
        values = stretch.at(t_ns, int(rows.t_ns[last]))
        finding = found(event.value, t_ns, sigma_s, rows, last, state.begun_count, values)
        state.begun_ns, state.starts = UNSET, state.starts + 1
        status: Status = "confirmed" if sigma_s <= SURE_S else "provisional"
        return (replace(finding, status=status, occurrence=state.starts - 1),)

    def _look_for_joint(self, attached: Rows | None, until_count: int | None) -> None:
        if attached is not None:
            joined = np.flatnonzero(attached.values[0])
            seen = joined if until_count is None else joined[attached.counts[joined] <= until_count]
            if seen.size:
                self.state.joined, self.state.joined_ns = True, int(attached.t_ns[seen[-1]])

    def _begin(self, values: Mapping[str, float], before: Mapping[str, float], t_ns: int) -> FlightEvent | None:
        stands = any(any(name in each for name in SPEEDS) and self._stands(each) for each in (values, before))
        purpose = Purpose.LIFT if stands else self._purpose_of(values, t_ns)
        self.state.purpose, self.state.lit = purpose.value, True
        return self.begins if purpose is self.purpose else None

    def _end(self, values: Mapping[str, float]) -> FlightEvent | None:
        ended, self.state.purpose, self.state.lit = self.state.purpose, Purpose.UNKNOWN.value, True
        flying_m_s = self.parameters.flying_m_s
        slow = all(abs(values.get(name, 0.0)) < flying_m_s for name in SPEEDS)
        stood = ended == Purpose.LIFT.value and slow
        return self.ends if ended == self.purpose.value and not stood else None

    def _stands(self, values: Mapping[str, float]) -> bool:
        """Return whether it stands; of two speeds that differ, which one errs is told by whether it has ever burnt."""
        still = [abs(values[name]) < self.parameters.standing_m_s for name in SPEEDS if name in values]
        alone = not self.state.joined and not self.state.lit
        return any(still) if alone else len(still) == len(SPEEDS) and all(still)

    def _purpose_of(self, values: Mapping[str, float], t_ns: int) -> Purpose:
        if not {"vertical_speed_m_s", "altitude_m"} <= values.keys():
            return Purpose.UNKNOWN
        if values["vertical_speed_m_s"] > 0.0:
            if not self.state.joined:
                return Purpose.UNKNOWN
            return Purpose.BOOSTBACK if self.state.lit else Purpose.INSERTION
        if (
            self.state.joined
            and not self.state.lit
            and t_ns - self.state.joined_ns < self.parameters.parted_s * NS_PER_S
        ):
            return Purpose.INSERTION
        return Purpose.ENTRY if values["altitude_m"] > self.parameters.dense_air_m else Purpose.LANDING
