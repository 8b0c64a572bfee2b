"""A flight as KML 2.2 (OGC 07-147r2): the ways as lines in the air, the events as places, all with their times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import simplekml

from simulator.exports.curves import Curve

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# aabbggrr, as KML has it
COLOURS: Final = ("ff3c8cff", "ffd8a24b", "ff6fc36b", "ffb98ae0")


def kml_of(curves: tuple[Curve, ...], flight: str, t0_ns: int) -> str:
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
    document = simplekml.Kml(name=flight)
    for index, curve in enumerate(curves):
        folder = document.newfolder(name=curve.vehicle)
        truth = curve.truth
        track = folder.newgxtrack(name=f"{flight} {curve.vehicle}", altitudemode=simplekml.AltitudeMode.absolute)
        track.newwhen([iso_8601(t0_ns, t_s) for t_s in truth.t_s.tolist()])
        places = zip(truth.longitude_deg.tolist(), truth.latitude_deg.tolist(), truth.altitude_m.tolist(), strict=True)
        track.newgxcoord([(round(east, 6), round(north, 6), round(up, 1)) for east, north, up in places])
        track.style.linestyle.color = COLOURS[index % len(COLOURS)]
        track.style.linestyle.width = 3
        for mark in curve.marks:
            at = (round(mark.longitude_deg, 6), round(mark.latitude_deg, 6), round(mark.altitude_m, 1))
            point = folder.newpoint(name=mark.name, coords=[at], altitudemode=simplekml.AltitudeMode.absolute)
            point.timestamp.when = iso_8601(t0_ns, mark.happening.t_s)
            point.description = f"{curve.vehicle} at T{mark.happening.t_s:+.1f} s, {mark.altitude_m / 1000:.1f} km"
    return str(document.kml())


def iso_8601(t0_ns: int, t_s: float) -> str:
    """Return a mission time as UTC, to the millisecond.

    Examples
    --------
    >>> iso_8601(0, 1.5)
    '1970-01-01T00:00:01.500Z'
    """
    moment = EPOCH + timedelta(microseconds=t0_ns // 1000) + timedelta(milliseconds=round(t_s * 1000))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
