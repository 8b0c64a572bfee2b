"""The names of events above the picture: what they say, how wide they are, who shares one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from downrange.report.look import FAINT, INK, vehicle_colour
from downrange.report.model import FlightReport, Happening
from downrange.report.words import event_name
from telemetry.vocabulary import FlightEvent

FLIGHT_EVENTS: Final = frozenset(event.value for event in FlightEvent)
SMALL: Final = 6.2
# vehicles that share an event of one time share its label
SAME_TIME_S: Final = 1.0
PT_PER_IN: Final = 72.0


@dataclass(frozen=True, slots=True)
class Label:
    """An event's name in the lanes; no colour of a vehicle when several share it."""

    t_s: float
    text: str
    colour: str
    status: str
    sigma_s: float


@lru_cache(maxsize=4096)
def text_width_in(text: str, size: float, weight: str = "normal") -> float:
    """Return how wide a text is, inches."""
    width, _, _ = TextToPath().get_text_width_height_descent(
        text, FontProperties(size=size, weight=weight), ismath=False
    )
    return float(width) / PT_PER_IN


def labels_of(report: FlightReport) -> list[Label]:
    """Return the labels of the flight's events; vehicles that share one at one time share its label."""
    index_of = {craft.name: index for index, craft in enumerate(report.crafts)}
    labels: list[Label] = []
    taken: list[tuple[Happening, int]] = []
    for each in report.happenings:
        if each.event.type not in FLIGHT_EVENTS or not report.shown.start_s <= each.t_s <= report.shown.end_s:
            continue
        name, status = event_name(each), each.event.status
        text = {"provisional": f"{name} ?", "retracted": f"({name}: retracted)"}.get(status, name)
        twin = next((place for other, place in taken if _is_twin(each, other)), None)
        if twin is not None:
            labels[twin] = replace(labels[twin], colour=INK)
            continue
        taken.append((each, len(labels)))
        colour = FAINT if status == "retracted" else vehicle_colour(index_of.get(each.event.vehicle, 0))
        colour = INK if len(report.crafts) == 1 and status != "retracted" else colour
        labels.append(Label(each.t_s, text, colour, status, each.event.t_sigma_s))
    return labels


def _is_twin(one: Happening, other: Happening) -> bool:
    a, b = one.event, other.event
    same = (a.type, a.ordinal, a.status) == (b.type, b.ordinal, b.status)
    return same and a.vehicle != b.vehicle and abs(one.t_s - other.t_s) <= SAME_TIME_S


def with_room(labels: Sequence[Label], limits: tuple[float, float], width_in: float) -> tuple[float, float]:
    """Return limits with room on the right for the labels of the last events."""
    start, end = limits
    most = end
    for each in labels:
        share = (text_width_in(each.text, SMALL) + 0.05) / width_in
        if share < 1.0:
            # the label's right end at the axis' end: t + share * (end - start) = end
            most = max(most, (each.t_s - share * start) / (1.0 - share))
    return start, most
