"""Laws of phases: the order of telling makes no difference, and what was taken back was never said."""

from __future__ import annotations

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from processors.phases.machine import Phases
from processors.phases.plan import EVENTS
from processors.phases.plans import plan_for, plans

WORDS = st.sampled_from(sorted(plans()))
EVENT = st.sampled_from(sorted(EVENTS)).map("downrange.flight.{}".format)
# times that meet often
TOLD = st.lists(st.tuples(EVENT, st.integers(0, 12)), max_size=12)


def follow(word: str, told: list[tuple[str, int]]) -> Phases:
    machine = Phases(plan_for(word))
    for number, (event, t_ns) in enumerate(told):
        machine.take(event, t_ns, "confirmed", number)
    return machine


@given(word=WORDS, told=TOLD, data=st.data())
def test_the_order_of_telling_makes_no_difference(word: str, told: list[tuple[str, int]], data: st.DataObject) -> None:
    machine, other = follow(word, told), follow(word, data.draw(st.permutations(told)))
    assert machine.state == other.state
    assert machine.changes() == other.changes()
    for event, t_ns in told:
        assert machine.allows(event, t_ns) == other.allows(event, t_ns)


@given(word=WORDS, told=TOLD, data=st.data())
def test_the_last_word_on_an_event_is_all_that_counts(
    word: str, told: list[tuple[str, int]], data: st.DataObject
) -> None:
    machine = Phases(plan_for(word))
    kept = []
    for number, (event, t_ns) in enumerate(told):
        machine.take(event, data.draw(st.integers(0, 12)), "provisional", number)
        if data.draw(st.booleans()):
            machine.take(event, t_ns, "retracted", number)
        else:
            machine.take(event, t_ns, "confirmed", number)
            kept.append((event, t_ns))
    assert machine.changes() == follow(word, kept).changes()


@given(word=WORDS, told=TOLD)
def test_each_change_ends_the_phase_that_the_one_before_began(word: str, told: list[tuple[str, int]]) -> None:
    plan, machine = plan_for(word), Phases(plan_for(word))
    state = plan.start
    for event, t_ns in told:
        machine.take(event, t_ns)
    for change in machine.changes():
        assert change.before == state
        assert change.after in plan.states
        state = change.after
    assert machine.state == state


@given(word=WORDS, told=TOLD, more=TOLD)
def test_a_machine_goes_on_from_a_snapshot(word: str, told: list[tuple[str, int]], more: list[tuple[str, int]]) -> None:
    machine, other = follow(word, told), Phases(plan_for(word))
    other.restore(msgpack.unpackb(msgpack.packb(machine.snapshot())))
    for event, t_ns in more:
        assert machine.take(event, t_ns) == other.take(event, t_ns)
    assert machine.snapshot() == other.snapshot()


@given(word=WORDS, event=EVENT, t_ns=st.integers(0, 12), told=TOLD)
def test_what_is_not_allowed_moves_nothing_if_it_is_told_all_the_same(
    word: str, event: str, t_ns: int, told: list[tuple[str, int]]
) -> None:
    machine = follow(word, told)
    before = machine.state
    if not machine.allows(event, 99):
        assert machine.take(event, 99 + t_ns) is None
        assert machine.state == before
