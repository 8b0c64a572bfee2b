"""Detectors of burns: what a burn is for, told from where the vehicle is when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import numpy as np

from processors.burns import BURN_CHANNELS, BurnParameters, Burns
from processors.detector import Detector, Finding, found
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


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
    """

    standing_m_s: float = 2.0
    flying_m_s: float = 10.0
    dense_air_m: float = 25_000.0
    parted_s: float = 30.0


@dataclass(slots=True)
class BurnState:
    """What it remembers: the engines, whether they were ever lit, whether it was ever joined, this burn's purpose."""

    burns: Burns = field(default_factory=Burns)
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
    """

    version: ClassVar[int] = 2
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

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Find edges of burns for the purpose."""
        attached = None if self.state.lit and self.state.joined else stretch.rows("stage_attached")
        result = self.state.burns.edges(stretch, self.parameters)
        findings: list[Finding] = []
        if result is not None:
            rows, edges = result
            for edge in edges:
                self._look_for_joint(attached, int(rows.counts[edge.row]))
                values = stretch.at(edge.t_ns, int(rows.t_ns[edge.row]))
                event = self._begin(values, edge.t_ns) if edge.kind == "start" else self._end(values)
                if event is not None:
                    findings.append(
                        found(event.value, edge.t_ns, edge.t_sigma_s, rows, edge.row, edge.count_first, values)
                    )
        self._look_for_joint(attached, None)
        self.state.lit = self.state.lit or bool(self.state.burns.burning)
        return tuple(findings)

    def _look_for_joint(self, attached: Rows | None, until_count: int | None) -> None:
        if attached is not None:
            joined = np.flatnonzero(attached.values[0])
            seen = joined if until_count is None else joined[attached.counts[joined] <= until_count]
            if seen.size:
                self.state.joined, self.state.joined_ns = True, int(attached.t_ns[seen[-1]])

    def _begin(self, values: Mapping[str, float], t_ns: int) -> FlightEvent | None:
        purpose = self._purpose_of(values, t_ns)
        self.state.purpose, self.state.lit = purpose.value, True
        return self.begins if purpose is self.purpose else None

    def _end(self, values: Mapping[str, float]) -> FlightEvent | None:
        ended, self.state.purpose, self.state.lit = self.state.purpose, Purpose.UNKNOWN.value, True
        stood = ended == Purpose.LIFT.value and values.get("speed_m_s", 0.0) < self.parameters.flying_m_s
        return self.ends if ended == self.purpose.value and not stood else None

    def _purpose_of(self, values: Mapping[str, float], t_ns: int) -> Purpose:
        if not values:
            return Purpose.UNKNOWN
        if values["speed_m_s"] < self.parameters.standing_m_s:
            return Purpose.LIFT
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
