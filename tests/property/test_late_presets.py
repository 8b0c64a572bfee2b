"""Every preset with every fault of reception: in the end it is known what the same packets tell that come in time."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest
from late import differences, known_at_last, known_in_time, received

from processors.late.way_back import WayBack
from simulator.faults.link import LinkFault
from simulator.faults.notation import parse_fault

HARM = (
    "packets_lost,share=0.05,burst=20 packets_duplicated,share=0.05 packets_reordered,share=0.02,burst=3,by_s=6 "
    "packets_corrupted,share=0.02 packets_cut,share=0.02,burst=3 backhaul_down@40,for_s=15 "
)
# nobody hears the engines stop, stages part and light, or the fire on the stand
DOWN = {
    "static_fire": ("station_down@-5,for_s=10", 60.0),
    "sounding": ("station_down@20,for_s=15", 160.0),
    "hop": ("station_down@58,for_s=15", 140.0),
    "falcon_like": ("station_down@140,for_s=15", 215.0),
    "falcon_like_gto": ("station_down@155,for_s=20", 200.0),
    "express": ("station_down@155,for_s=15", 195.0),
}


@pytest.mark.parametrize("preset", DOWN)
def test_how_packets_come_makes_no_difference_in_the_end(preset: str) -> None:
    down, until_s = DOWN[preset]
    messages = received(preset, HARM + down, until_s)
    known, flown = known_at_last(messages)
    assert known
    assert not differences(known, known_in_time(messages))
    ledger = flown.engine.ledger()
    assert all(row.balanced for row in ledger)
    assert any(row.rerun for row in ledger)


@pytest.mark.parametrize("set_back_s", [2.5, 6.0])
def test_nor_does_it_when_the_clock_on_board_is_set_back_meanwhile(set_back_s: float) -> None:
    messages = received("hop", f"{HARM}{DOWN['hop'][0]} clock_jump@65,by_s=-{set_back_s}", 140.0)
    known, flown = known_at_last(messages)
    assert not differences(known, known_in_time(messages, set_back_s))
    assert any(row.rerun for row in flown.engine.ledger())


def test_every_fault_of_reception_is_among_them() -> None:
    there_are = {model.model_fields["kind"].default for model in get_args(LinkFault)}
    assert {parse_fault(line).kind for line in f"{HARM} {DOWN['hop'][0]}".split()} == there_are


def test_without_a_re_run_it_would_make_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = received("hop", DOWN["hop"][0], 140.0)
    whole = known_in_time(messages)
    assert not differences(known_at_last(messages)[0], whole)
    monkeypatch.setattr(WayBack, "offer", lambda *_: Counter())
    assert differences(known_at_last(messages)[0], whole)
