"""How many packets of a flight InfluxDB holds, asked so that each point counts once. Pure.

Source of the answer's form: InfluxDB v2 documentation, "InfluxQL, /query endpoint".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from telemetry.dictionary import Packet
from telemetry.errors import TransientError

SEQUENCE_COUNT: Final = "sequence_count"


@dataclass(frozen=True, slots=True)
class Asked:
    """Points of one packet type of one vehicle.

    Parameters
    ----------
    vehicle, packet
        Which.
    field
        From `counted_field`.
    """

    vehicle: str
    packet: str
    field: str


def counted_field(packet: Packet) -> str:
    """Return the field by which a packet's points are counted.

    A whole number, a label, a bool or a text is in every point; a float is not, since InfluxDB stores no NaN. Where
    a packet has nothing but floats it is its first one, and a point without that one has `SEQUENCE_COUNT` instead.
    So `count` of the two together is the number of points, and no point of the others costs a field more.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> counted_field(built_in("yuanxing-1").packets["nav"]), counted_field(built_in("webcast").packets["kinematics"])
    ('gnss_satellites_count', 'speed_m_s')
    """
    always = (channel.name for channel in packet.channels if channel.kind != "float")
    return next(always, None) or next((channel.name for channel in packet.channels), SEQUENCE_COUNT)


def count_query(run: str, flight: str, asked: Iterable[Asked], first_ns: int, last_ns: int) -> str:
    """Return one InfluxQL statement a packet type and field, between two generation times, both included."""
    where = f"\"run\" = '{run}' AND \"flight\" = '{flight}' AND time >= {first_ns} AND time <= {last_ns}"
    return ";".join(
        f'SELECT count("{field}"), count("{SEQUENCE_COUNT}") FROM "{packet}" WHERE {where} GROUP BY "vehicle"'  # noqa: S608 -- names follow NAME_RULE, which has no quotes
        for packet, field in sorted({(each.packet, each.field) for each in asked})
    )


def read_counts(answer: Mapping[str, Any], asked: Iterable[Asked]) -> Counter[tuple[str, str]]:
    """Return how many points there are of each vehicle and packet type; 0 of what is not in the answer.

    Raises
    ------
    TransientError
        If InfluxDB says that it could not answer.
    """
    wanted = list(asked)
    statements = sorted({(each.packet, each.field) for each in wanted})
    found: dict[tuple[str, str, str], int] = {}
    for result in answer.get("results", ()):
        if "error" in result:
            raise TransientError(f"InfluxDB could not count: {result['error']}")
        packet, field = statements[result["statement_id"]]
        for series in result.get("series", ()):
            _, *counts = series["values"][0]
            found[series["tags"]["vehicle"], packet, field] = sum(count or 0 for count in counts)
    return Counter(
        {(each.vehicle, each.packet): found.get((each.vehicle, each.packet, each.field), 0) for each in wanted}
    )
