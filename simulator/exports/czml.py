"""A flight as CZML, for a globe in a browser (CesiumJS): ways flown on the flight's own clock, and events."""

from __future__ import annotations

from typing import Final

from czml3 import CZML_VERSION, Document, Packet
from czml3.properties import Clock, Color, Label, Path, Point, PolylineMaterial, Position, SolidColorMaterial
from czml3.types import TimeInterval

from simulator.exports.curves import Curve
from simulator.exports.kml import iso_8601

COLOURS: Final = ((255, 140, 60, 255), (75, 162, 216, 255), (107, 195, 111, 255), (224, 138, 185, 255))
SPEED: Final = 30
EVENT_SHOWN_S: Final = 60.0


def czml_of(curves: tuple[Curve, ...], flight: str, t0_ns: int) -> str:
    """Return the document.

    Parameters
    ----------
    curves
        The flight, sampled.
    flight
        Its name.
    t0_ns
        Unix time of mission time 0.
    """
    begin = min(float(curve.truth.t_s[0]) for curve in curves)
    end = max(float(curve.truth.t_s[-1]) for curve in curves)
    clock = Clock(interval=_interval(t0_ns, begin, end), currentTime=iso_8601(t0_ns, begin), multiplier=SPEED)
    packets = [Packet(id="document", name=flight, version=CZML_VERSION, clock=clock)]
    for index, curve in enumerate(curves):
        colour = COLOURS[index % len(COLOURS)]
        packets.append(_way(curve, flight, t0_ns, colour))
        packets += [
            Packet(
                id=f"{flight}/{curve.vehicle}/{number}",
                name=f"{curve.vehicle}: {mark.name}",
                availability=_interval(t0_ns, mark.happening.t_s, min(mark.happening.t_s + EVENT_SHOWN_S, end)),
                position=Position(cartographicDegrees=[mark.longitude_deg, mark.latitude_deg, mark.altitude_m]),
                point=Point(pixelSize=8, color=Color(rgba=list(colour))),
                label=Label(text=mark.name, font="13px sans-serif", show=True),
            )
            for number, mark in enumerate(curve.marks)
            if mark.happening.t_s < end
        ]
    return Document(packets=packets).dumps()


def _way(curve: Curve, flight: str, t0_ns: int, colour: tuple[int, int, int, int]) -> Packet:
    truth = curve.truth
    samples: list[float] = []
    rows = zip(
        truth.t_s.tolist(),
        truth.longitude_deg.tolist(),
        truth.latitude_deg.tolist(),
        truth.altitude_m.tolist(),
        strict=True,
    )
    start_s = float(truth.t_s[0])
    for t_s, east, north, up in rows:
        samples += [round(t_s - start_s, 3), round(east, 6), round(north, 6), round(up, 1)]
    return Packet(
        id=f"{flight}/{curve.vehicle}",
        name=curve.vehicle,
        availability=_interval(t0_ns, start_s, float(truth.t_s[-1])),
        # checked from a mapping: the class takes these keys, but does not tell type checkers so
        position=Position.model_validate(
            {
                "epoch": iso_8601(t0_ns, start_s),
                "cartographicDegrees": samples,
                "interpolationAlgorithm": "LAGRANGE",
                "interpolationDegree": 1,
            }
        ),
        path=Path(
            width=3,
            resolution=1,
            material=PolylineMaterial(solidColor=SolidColorMaterial(color=Color(rgba=list(colour)))),
        ),
        point=Point(pixelSize=10, color=Color(rgba=list(colour))),
        label=Label(text=curve.vehicle, font="14px sans-serif", show=True),
    )


def _interval(t0_ns: int, begin_s: float, end_s: float) -> TimeInterval:
    return TimeInterval(start=iso_8601(t0_ns, begin_s), end=iso_8601(t0_ns, end_s))
