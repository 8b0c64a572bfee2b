"""Delays between tries grow, are bounded, and differ from one client to the next."""

from __future__ import annotations

from itertools import islice

from runtime.backoff import backoff_delays_s


def test_each_delay_lies_between_half_and_all_of_a_bound_that_doubles() -> None:
    delays = list(islice(backoff_delays_s(0.25, 4.0), 8))
    bounds = [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]
    assert all(bound / 2 <= delay <= bound for delay, bound in zip(delays, bounds, strict=True))


def test_two_clients_do_not_come_back_together() -> None:
    assert list(islice(backoff_delays_s(), 8)) != list(islice(backoff_delays_s(), 8))
