"""What people may do about limits, and what state follows: ISA-18.2 in small."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from downrange.cli import app
from processors.airframe import Airframe
from processors.detect.shard import Shard
from processors.detector import Finding
from processors.limits.alarms import SHELF, Alarms, Author
from processors.teller import Teller
from telemetry.dictionary import built_in
from telemetry.errors import InputError, Reason
from telemetry.events import Event
from telemetry.limit_command import LimitCommand
from telemetry.limit_state import AlarmState, LimitState
from telemetry.topics import flight_key
from telemetry.vocabulary import ChannelEvent, LimitEvent

NS = 10**9
NOW_NS = 1_000 * NS
VOLTS = "bus_voltage_v"
ABOUT = {"channel": VOLTS, "level": "warning", "side": "below"}
SHIPS = {"ship": [Airframe("ship", built_in("yuanxing-1"))]}


class Flight:
    """Alarms with what makes their events."""

    def __init__(self) -> None:
        self.alarms = Alarms("live", "F")
        self.teller = Teller("live", "F")

    def happens(self, kind: str, t_ns: int = NOW_NS, **values: Any) -> LimitState:
        return self.take(Author("limits"), Finding(kind, t_ns, 0.1, ABOUT | values))

    def take(self, author: Author, finding: Finding) -> LimitState:
        event = self.teller.event("ship", author, finding, NOW_NS, {})
        assert event is not None
        state = self.alarms.take(event)
        assert state is not None
        return state

    def asks(self, action: str, **more: Any) -> list[LimitState]:
        findings = self.alarms.decide(command(action, **more), SHIPS, NOW_NS)
        return [self.take(Author("operator"), finding) for finding in findings]


def command(action: str, **more: Any) -> LimitCommand:
    if action == "shelve" and "until_ns" not in more:
        more |= {"for_s": 600}
    given = {"run": "live", "flight": "F", "vehicle": "ship", "channel": VOLTS, "by": "lin", "why": "seen"}
    return LimitCommand.model_validate({"id": "0123456789abcdef", "action": action} | given | more)


RAISED, CLEARED = LimitEvent.RAISED.value, LimitEvent.CLEARED.value


def test_seen_while_raised_it_goes_back_to_normal_by_itself() -> None:
    flight = Flight()
    assert flight.happens(RAISED, value=24.0, limit=25.0).state is AlarmState.UNACKNOWLEDGED
    (seen,) = flight.asks("acknowledge")
    assert (seen.state, seen.value, seen.threshold) == (AlarmState.ACKNOWLEDGED, 24.0, 25.0)
    assert seen.acknowledged is not None
    assert (seen.acknowledged.by, seen.acknowledged.why, seen.acknowledged.t_ns) == ("lin", "seen", NOW_NS)
    assert flight.happens(CLEARED, reason="values").state is AlarmState.NORMAL
    again = flight.happens(RAISED, value=23.0, limit=25.0)
    assert (again.state, again.times_raised) == (AlarmState.UNACKNOWLEDGED, 2)


def test_what_clears_unseen_waits_for_somebody_to_see_it() -> None:
    flight = Flight()
    flight.happens(RAISED)
    assert flight.happens(CLEARED, reason="phase").state is AlarmState.RETURNED
    assert [state.state for state in flight.asks("acknowledge")] == [AlarmState.NORMAL]


def test_the_shelf_hides_it_until_its_time_is_up_and_then_it_wants_to_be_seen_anew() -> None:
    flight = Flight()
    flight.happens(RAISED)
    flight.asks("acknowledge")
    until_ns = NOW_NS + 60 * NS
    (shelved,) = flight.asks("shelve", until_ns=until_ns, level="warning", side="below")
    assert shelved.state is AlarmState.SHELVED
    assert flight.alarms.on_clock(until_ns - 1) == []
    ((vehicle, finding),) = flight.alarms.on_clock(until_ns + 5 * NS)
    assert (vehicle, finding.t_ns) == ("ship", until_ns)
    back = flight.take(SHELF, finding)
    assert back.state is AlarmState.UNACKNOWLEDGED
    assert back.unshelved is not None
    assert back.unshelved.by == "downrange"
    assert flight.alarms.on_clock(until_ns + 9 * NS) == []


def test_shelving_a_channel_shelves_all_its_limits_and_its_staleness() -> None:
    flight = Flight()
    shelved = flight.asks("shelve")
    assert {(state.condition.level.value, state.condition.side) for state in shelved} == {
        ("warning", "below"),
        ("critical", "below"),
        ("warning", "above"),
        ("warning", "stale"),
    }
    assert len({state.key for state in shelved}) == 4
    assert all(state.key.startswith("live/F/ship/bus_voltage_v/") for state in shelved)
    assert {state.state for state in flight.asks("unshelve", side="stale")} == {AlarmState.NORMAL}


def test_staleness_is_acknowledged_like_a_limit() -> None:
    flight = Flight()
    stale = flight.happens(ChannelEvent.STALE.value, side="stale", limit=5.0, reason="silence")
    assert (stale.state, stale.condition.side, stale.threshold) == (AlarmState.UNACKNOWLEDGED, "stale", 5.0)
    assert flight.happens(ChannelEvent.FRESH.value, side="stale", silent_s=8.0).state is AlarmState.RETURNED


@pytest.mark.parametrize(
    ("action", "more", "said"),
    [
        ("acknowledge", {}, "nothing to acknowledge: ship bus_voltage_v: warning below is normal"),
        ("unshelve", {}, "nothing to unshelve"),
        ("acknowledge", {"vehicle": "shop"}, "no vehicle 'shop', but of: ship"),
        ("acknowledge", {"channel": "bus_voltage"}, "no limit on 'bus_voltage'; there are limits on: .*bus_voltage_v"),
        ("acknowledge", {"level": "watch"}, "no such limit; it has: warning below, critical below"),
        ("shelve", {"until_ns": NOW_NS}, "0 s before the flight's own clock"),
        ("shelve", {"until_ns": NOW_NS + 90_000 * NS}, "90,000 s after"),
    ],
)
def test_a_command_that_can_do_nothing_says_why_and_what_there_is(action: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        Flight().asks(action, **more)
    assert refused.value.reason is Reason.REFUSED_COMMAND


def test_a_snapshot_keeps_who_and_why() -> None:
    flight, other = Flight(), Alarms("live", "F")
    flight.happens(RAISED, value=24.0)
    flight.asks("shelve")
    other.restore(flight.alarms.snapshot())
    assert other.snapshot() == flight.alarms.snapshot()
    assert len(other.on_clock(NOW_NS + 700 * NS)) == 4


def test_after_a_crash_only_commands_that_were_told_whole_are_done_again() -> None:
    shard, teller = Shard(), Teller("live", "F")
    findings = Alarms("live", "F").decide(command("shelve"), SHIPS, NOW_NS)

    def told(offset: int) -> list[Event]:
        offsets = {"downrange.commands-3": offset, "downrange.telemetry-3": 70}
        events = [teller.event("ship", Author("operator"), each, NOW_NS, offsets) for each in findings]
        return [event for event in events if event is not None]

    key = flight_key("live", "F")
    whole = told(5)
    for event in whole:
        shard.keep_act(event)
    assert shard.take_acts(key, 5) == whole
    for event in told(6)[:-1]:
        shard.keep_act(event)
    assert shard.take_acts(key, 0) == []
    for event in told(7):
        shard.keep_act(event)
    assert shard.take_acts(key, 8) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--for", "10"], "write 90s, 10min or 2h"),
        (["--until", "soon"], "no ISO 8601 time"),
        (["--until", "2026-01-01T00:00:00"], "has no offset"),
        (["--for", "10min", "--level", "red"], "--level"),
        ([], "say for how long"),
    ],
)
def test_the_command_line_says_what_is_wrong_before_it_asks_anybody(options: list[str], said: str) -> None:
    words = ["limits", "shelve", "F", "ship", VOLTS, "--by", "lin", "--why", "slow fan", *options]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())
