from __future__ import annotations

import itertools
from typing import Any

import pytest

from processors.influx.encoder import Readable, read_delivery
from processors.influx.events import EventLines
from processors.influx.points import event_line, link_line, quality_line, superseded_line
from runtime.archive.records import Archived
from telemetry.events import Event, Evidence
from telemetry.link import WILL, LinkReport
from telemetry.message import Message
from telemetry.quality import GapRecord, LedgerRow, LinkState, StageLatency
from telemetry.topics import Address, Kind
from tracking.condition import Condition
from tracking.delivery import Delivery, assemble, booked, facts_of
from tracking.example import example_manifest, example_plan
from tracking.milestones import Chronicle
from tracking.records import state_record

ABOUT: dict[str, Any] = {"run": "live", "flight": "YX1-7", "vehicle": "ship"}
TAGS = "flight=YX1-7,run=live"


def event(**changes: Any) -> Event:
    given: dict[str, Any] = {
        "type": "downrange.flight.apogee",
        "t_ns": 1_000_000_000,
        "t_sigma_s": 0,
        "detected_ns": 1_500_000_000,
        "values": {"altitude_m": 120_000, "burning": False},
        "evidence": Evidence(detector="apogee", detector_version=1, station="haiyang"),
        **ABOUT,
    }
    return Event(**(given | changes))


def test_an_event_stands_at_its_time_with_numbers_as_floats() -> None:
    one = event()
    assert event_line(one) == (
        f"events,{TAGS},type=downrange.flight.apogee,vehicle=ship "
        f'id="{one.id}",name="apogee",status="confirmed",standing=true,ordinal=0i,revision=0i,t_ns=1000000000i,'
        "t_sigma_s=0.0,"
        'detected_ns=1500000000i,latency_s=0.5,detector="apogee",'
        "value_altitude_m=120000.0,value_burning=false 1000000000\n"
    )


def fields_of(line: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in line.split(" ")[1].split(","))


def test_each_revision_is_a_point_of_its_own_and_the_one_before_is_marked() -> None:
    first, second = event(status="provisional"), event(revision=1, was_ns=1_000_000_000, t_ns=2_000_000_000)
    line = str(event_line(second))
    assert (fields_of(line)["standing"], line.rsplit(" ", maxsplit=1)[-1]) == ("true", "2000000001\n")
    mark = str(superseded_line(second))
    assert fields_of(mark) == {"standing": "false", "superseded_by": "1i"}
    # the same series and the same time: InfluxDB puts it on the point of the first
    assert (mark.split(" ", maxsplit=1)[0], mark.rsplit(" ", maxsplit=1)[-1]) == (
        str(event_line(first)).split(" ")[0],
        str(event_line(first)).split(" ")[-1],
    )
    assert superseded_line(first) is None


def test_a_revision_at_the_same_time_and_the_next_of_its_type_at_that_time_are_points_of_their_own() -> None:
    same = [event(), event(revision=1, was_ns=1_000_000_000), event(ordinal=1)]
    assert len({str(event_line(one)).split(" ")[-1] for one in same}) == 3


def test_what_is_taken_back_does_not_stand() -> None:
    taken_back = event(revision=1, status="retracted", was_ns=1_000_000_000)
    assert fields_of(str(event_line(taken_back)))["standing"] == "false"


def test_values_that_a_revision_changes_do_not_hide_the_one_before() -> None:
    shock = event(type="downrange.cargo.shock", values={"level": "watch", "side": "above"})
    worse = shock.model_copy(update={"values": {"level": "critical", "side": "above"}, "revision": 1, "was_ns": 5})
    assert str(superseded_line(worse)).split(" ")[0] == str(event_line(shock)).split(" ")[0]


def point_of(events: list[Event], batches: list[int], *, backwards: bool) -> dict[tuple[str, str], dict[str, str]]:
    """Return the points that InfluxDB holds after batches that end at these events, in one order or the other."""
    points: dict[tuple[str, str], dict[str, str]] = {}
    for first, last in itertools.pairwise(batches):
        batch = EventLines()
        for one in events[first:last]:
            batch.add(one)
        for line in sorted(batch.lines(), reverse=backwards):
            series, _, t_ns = line.split(" ")
            points.setdefault((series, t_ns), {}).update(fields_of(line))
    return points


@pytest.mark.parametrize("backwards", [False, True])
def test_however_it_is_cut_and_killed_the_last_word_stands_alone(*, backwards: bool) -> None:
    times_ns = (10, 20, 10, 30)
    revisions = [
        event(revision=number, t_ns=t_ns, was_ns=times_ns[number - 1] if number else None)
        for number, t_ns in enumerate(times_ns)
    ]
    wanted = point_of(revisions, [0, 4], backwards=False)
    assert [point["standing"] for _, point in sorted(wanted.items(), key=lambda at: at[1]["revision"])] == [
        *("false", "false", "false", "true")
    ]
    for cut in range(1, 4):
        for again in range(cut + 1):
            # killed behind `cut`, and begun again at `again`: the slice is one batch more
            killed = [*revisions[:cut], *revisions[again:]]
            batches = [0, cut, cut + (cut - again), len(killed)]
            assert point_of(killed, batches, backwards=backwards) == wanted


def test_two_events_of_one_instant_are_two_points() -> None:
    series = {
        str(event_line(event(type=name))).split(" ")[0] for name in ("downrange.flight.meco", "downrange.flight.seco")
    }
    assert len(series) == 2


def test_link_events_of_two_stations_in_one_instant_are_two_points() -> None:
    lines = [
        event_line(event(type="downrange.link.aos", evidence=Evidence(detector="link", detector_version=1, station=s)))
        for s in ("haiyang", "sydney")
    ]
    assert len({str(line).split(" ")[0] for line in lines}) == 2


def test_two_limits_passed_by_one_sample_are_two_points() -> None:
    about = {"channel": "bus_voltage_v", "side": "below", "value": 21.0}
    lines = [
        str(event_line(event(type="downrange.limit.raised", values=about | {"level": level})))
        for level in ("warning", "critical")
    ]
    assert len({line.split(" ")[0] for line in lines}) == 2
    assert lines[0].startswith(f"events,channel=bus_voltage_v,{TAGS.split(',', maxsplit=1)[0]},level=warning,")


def test_quality_records_stand_in_their_measurements() -> None:
    counts = {"sent": 10, "received": 12, "unique": 9, "duplicate": 2, "late": 1, "rejected": 1, "missing": 1}
    ledger = LedgerRow(packet="nav", as_of_ns=5, **counts, **ABOUT)
    assert quality_line(ledger) == (
        "quality,flight=YX1-7,packet=nav,run=live,type=ledger,vehicle=ship sent=10i,received=12i,unique=9i,"
        "duplicate=2i,late=1i,rejected=1i,missing=1i,ranges_left_out=0i,resets=0i,balanced=true 5\n"
    )
    told = ledger.model_copy(update={"resent": 2, "overlapping": 0, "rejected_by": {"bad-crc": 1}, "stored": 9})
    assert "resent=2i,overlapping=0i" in str(quality_line(told))
    assert "stored=9i,balanced=true,rejected_bad-crc=1i 5" in str(quality_line(told))
    for after_ns, t_ns in ((4, 4), (None, 8)):
        about = {"first": 3, "last": 7, "state": "suspected", "after_ns": after_ns, "before_ns": 8}
        assert quality_line(GapRecord(packet="nav", as_of_ns=9, **about, **ABOUT)) == (
            "quality,flight=YX1-7,packet=nav,run=live,type=gap,vehicle=ship "
            f'first=3i,last=7i,state="suspected",before_ns=8i {t_ns}\n'
        )
    latency = StageLatency(
        **ABOUT,
        service="store",
        stage="store",
        as_of_ns=6,
        since_ns=5,
        messages=9,
        p50_s=0,
        p95_s=0.2,
        p99_s=0.5,
        max_s=1,
    )
    assert quality_line(latency) == (
        f"quality,{TAGS},service=store,stage=store,type=latency,vehicle=ship "
        "messages=9i,since_ns=5i,p50_s=0.0,p95_s=0.2,p99_s=0.5,max_s=1.0 6\n"
    )
    link = LinkState(station="haiyang", state="los", reason="mask", as_of_ns=7, since_ns=3, **ABOUT)
    came = {"frames": 9, "frame_rate_hz": 2.5, "first": 6, "share": 0.75, "only": 1, "best": True, "why_best": "first"}
    assert quality_line(link.model_copy(update=came)) == (
        f'links,{TAGS},station=haiyang,vehicle=ship state="los",reason="mask",since_ns=3i,'
        'frames=9i,frame_rate_hz=2.5,first=6i,share=0.75,only=1i,best=true,why_best="first" 7\n'
    )


@pytest.mark.parametrize(("signal_dbm", "field"), [(None, ""), (-90, ",signal_dbm=-90.0")])
def test_a_heartbeat_stands_at_the_time_of_its_station(signal_dbm: float | None, field: str) -> None:
    message = Message(Address("live", "YX1-7", "ship", "haiyang"), Kind.LINK, b"", 0)
    report = LinkReport(state="aos", reason="heartbeat", ert_ns=7, signal_dbm=signal_dbm)
    expected = f'links,{TAGS},station=haiyang,vehicle=ship state="aos",reason="heartbeat"{field} 7\n'
    assert link_line(message, report) == expected


def test_a_will_has_no_time_and_no_point() -> None:
    message = Message(Address("live", "YX1-7", "ship", "haiyang"), Kind.LINK, b"", 0)
    assert link_line(message, WILL) is None


def deliveries() -> list[Delivery]:
    plan = example_plan("express", "YX1-7", 1_800_000_000 * 10**9, 2000.0, 2400.0, 2700.0)
    facts = facts_of(plan, Chronicle(), None, Condition())
    parcels = example_manifest(plan).parcels
    return [assemble(facts, p, "CODE", Chronicle([booked(plan, p.parcel, 10**18)])) for p in parcels]


def read(record_of: Delivery) -> str:
    record, readable = state_record(record_of), Readable([], [])
    read_delivery(Archived(0, 0, 0, record.key.encode(), tuple(record.headers), record.value), readable)
    (line,) = readable.points
    return line


def test_a_delivery_of_tracking_becomes_a_point_with_the_parcel_as_a_field() -> None:
    one = deliveries()[0]
    line = read(one)
    assert line.startswith(f'deliveries,flight=YX1-7,run=live,status=booked parcel="{one.parcel.parcel}",')
    assert 0 <= int(line.rsplit(" ", 1)[1]) - one.since_ns < 10**8
    assert "CODE" not in line
    assert one.parcel.recipient not in line


def test_all_parcels_of_a_flight_that_reach_a_status_in_one_instant_are_points_of_their_own() -> None:
    many = deliveries()
    assert len({one.since_ns for one in many}) == 1
    assert len({read(one).rsplit(" ", 1)[1] for one in many}) == len(many) > 30


def test_what_else_stands_among_the_deliveries_is_left_alone() -> None:
    readable = Readable([], [])
    for kind in (b"manifest", b"now", b""):
        read_delivery(Archived(0, 0, 0, b"k", (("type", kind),), b"{}"), readable)
    read_delivery(Archived(0, 0, 0, b"k", (("type", b"delivery"),), None), readable)
    assert readable.points == []


def test_a_delivery_event_is_about_a_parcel_and_no_point_of_a_vehicle() -> None:
    assert event_line(event(type="downrange.delivery.booked", vehicle="parcel-1")) is None
