"""Whether an event that nobody published could have happened: only what the clean record contradicts is false.

No reference does not mean that nothing happened. Each rule is as generous as the record allows, and says what it saw.

- any: not before the record begins or after it ends, by more than its allowed error; a liftoff up to 15 s before.
- liftoff: it stood on the pad for seconds after, or it was flying already (80 m/s fast; 20 m up if small).
- max_q: the dynamic pressure was less than 0.9 of the ascent's greatest; half of it for small rockets.
- meco: within seconds after or before the speed was greater by more than 10 m/s; a third and 10 m/s for small rockets.
- apogee: within two minutes it went higher, or had been higher, by more than the noise.
- entry: it was climbing, or not between 15 and 110 km high; landing_burn_start: it was climbing, or above 15 km.
- boostback: the speed did not fall by 30 m/s within 15 s of its start, or in the minute before its end.
- ses: the speed did not grow faster after it; seco: it still grew as before.
- stage_separation: not in the 20 s after the engines were cut off, where that time is known.
- touchdown, splashdown, recovered: more than 300 m above the pad, or still moving by more than 3 m/s two seconds after,
  or when the record ends.
- small rockets have one stage and no engine to come back on: none of the events of these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from quality.clean import Clean
from quality.flights import Log

NEAR_S: Final = 120.0
UNSEEN_LIFTOFF_S: Final = 15.0
REST_S: Final = 2.0
REST_M_S: Final = 3.0
AROUND_PAD_M: Final = 300.0
BOOSTBACK_M_S: Final = 30.0
ONE_STAGE: Final = frozenset(
    {"ses", "seco", "boostback_start", "boostback_end", "entry_start", "entry_end", "landing_burn_start"}
    | {"stage_separation"}
)


class Record:
    """The clean record of one flight as a witness.

    Parameters
    ----------
    log
        As it was recorded.
    """

    def __init__(self, log: Log) -> None:
        self.clean = Clean(log)
        self._log = log
        self._rules: dict[str, Callable[[float], str | None]] = {
            "liftoff": self._liftoff,
            "max_q": self._max_q,
            "meco": self._meco,
            "apogee": self._apogee,
            "entry_start": self._entry,
            "entry_end": self._entry,
            "landing_burn_start": self._landing,
            "boostback_start": lambda t_s: self._boostback(t_s, t_s + 15.0),
            "boostback_end": lambda t_s: self._boostback(t_s - 60.0, t_s),
            "ses": self._ses,
            "seco": self._seco,
            "stage_separation": self._separation,
            "touchdown": self._rest,
            "splashdown": self._rest,
            "recovered": self._rest,
        }

    def contradicts(self, event: str, t_s: float, allowed_s: float) -> str | None:
        """Return what speaks against an event at a time; None if nothing does."""
        first, last = self.clean.span_s
        early_s = UNSEEN_LIFTOFF_S if event == "liftoff" else allowed_s
        if not first - early_s <= t_s <= last + allowed_s:
            return f"the record is from {first:.1f} to {last:.1f} s"
        if self._log.group == "small" and event in ONE_STAGE:
            return "a rocket of one stage without a landing engine"
        rule = self._rules.get(event)
        return rule(t_s) if rule is not None else None

    def on_plateau(self, t_s: float, share: float) -> bool:
        """Whether the dynamic pressure at a time is at least a share of the ascent's greatest."""
        return self.clean.q_share(t_s, 0.05) >= share

    def _liftoff(self, t_s: float) -> str | None:
        clean = self.clean
        up = clean.height_m - clean.ground_m
        moved, least, after_s, unit = (up, 5.0, 5.0, "m up")
        if clean.group == "orbital":
            moved, least, after_s, unit = (clean.speed_m_s, 20.0, 15.0, "m/s fast")
        before, after = clean.over(moved, clean.span_s[0], t_s - 1.0), clean.over(moved, t_s, t_s + after_s)
        if before.size and before.max() > 4.0 * least:
            return f"it was {before.max():.0f} {unit} before"
        if after.size and after.max() < least:
            return f"it stood on the pad {after_s:.0f} s later"
        return None

    def _max_q(self, t_s: float) -> str | None:
        share = self.clean.q_share(t_s)
        least = 0.5 if self._log.group == "small" else 0.9
        return f"dynamic pressure was {share:.2f} of the greatest" if share < least or np.isnan(share) else None

    def _meco(self, t_s: float) -> str | None:
        clean, ahead_s = self.clean, 2.0 if self._log.group == "small" else 5.0
        near = clean.over(clean.speed_m_s, t_s - 0.3, t_s + 0.3)
        after = clean.over(clean.speed_m_s, t_s, t_s + ahead_s)
        # a claim that is late by what is allowed has the peak just before it
        before = clean.over(clean.speed_m_s, t_s - ahead_s, t_s - 0.3 * ahead_s)
        if not near.size:
            return None
        # the climb of a small rocket is known from heights alone, which kink at the speed of sound
        noise_m_s = 10.0 + (0.35 * near.max() if self._log.group == "small" else 0.0)
        for values, when in ((after, "after"), (before, "before")):
            if values.size and values.max() > near.max() + noise_m_s:
                return f"{values.max() - near.max():.0f} m/s faster within {ahead_s:.0f} s {when} it"
        return None

    def _apogee(self, t_s: float) -> str | None:
        clean = self.clean
        near = clean.over(clean.height_m, t_s - 1.0, t_s + 1.0)
        if not near.size:
            return None
        noise_m = clean.noise_m(float(near.max()))
        after = clean.over(clean.height_m, t_s, t_s + NEAR_S)
        before = clean.over(clean.height_m, t_s - NEAR_S, t_s)
        if after.size and after.max() > near.max() + noise_m:
            return f"it went {after.max() - near.max():.0f} m higher"
        if before.size and before.max() > near.max() + noise_m:
            return f"it had been {before.max() - near.max():.0f} m higher"
        return None

    def _entry(self, t_s: float) -> str | None:
        return self._falling_in(t_s, 15_000.0, 110_000.0)

    def _landing(self, t_s: float) -> str | None:
        return self._falling_in(t_s, -1_000.0, 15_000.0)

    def _falling_in(self, t_s: float, low_m: float, high_m: float) -> str | None:
        clean = self.clean
        height, climb = (clean.over(each, t_s - 1.0, t_s + 1.0) for each in (clean.height_m, clean.climb_m_s))
        if height.size and not low_m <= height.mean() <= high_m:
            return f"it was at {height.mean() / 1000.0:.0f} km"
        if climb.size and climb.mean() > 0.0:
            return f"it was climbing at {climb.mean():.0f} m/s"
        return None

    def _boostback(self, first_s: float, last_s: float) -> str | None:
        speed = self.clean.over(self.clean.speed_m_s, first_s, last_s)
        if not speed.size:
            return None
        lost_m_s = float((np.maximum.accumulate(speed) - speed).max())
        return f"it lost {lost_m_s:.0f} m/s" if lost_m_s < BOOSTBACK_M_S else None

    def _pulls(self, t_s: float) -> tuple[float, float] | None:
        before, after = (
            self.clean.over(self.clean.pull_m_s2, *each) for each in ((t_s - 6, t_s - 1), (t_s + 1, t_s + 6))
        )
        return (float(before.mean()), float(after.mean())) if before.size and after.size else None

    def _ses(self, t_s: float) -> str | None:
        pulls = self._pulls(t_s)
        if pulls is None or pulls[1] > pulls[0] + 0.5:
            return None
        return f"speed changed by {pulls[0]:.1f} m/s^2 before and {pulls[1]:.1f} m/s^2 after"

    def _seco(self, t_s: float) -> str | None:
        pulls = self._pulls(t_s)
        if pulls is None or pulls[1] < pulls[0] - 0.5:
            return None
        return f"speed changed by {pulls[0]:.1f} m/s^2 before and {pulls[1]:.1f} m/s^2 after"

    def _separation(self, t_s: float) -> str | None:
        meco_s = self._log.reference_s("meco")
        return (
            f"engines were cut off at {meco_s:.1f} s" if meco_s is not None and not -1 <= t_s - meco_s <= 20 else None
        )

    def _rest(self, t_s: float) -> str | None:
        clean = self.clean
        after_s = min(t_s + REST_S, clean.span_s[1] - 1.0)
        height = clean.over(clean.height_m, after_s, after_s + 1.0)
        if not height.size:
            return None
        if height.mean() > clean.ground_m + AROUND_PAD_M:
            return f"it was {height.mean() - clean.ground_m:.0f} m above the pad"
        moved_m_s = float(np.ptp(height))
        if clean.group == "orbital":
            moved_m_s = float(clean.over(clean.speed_m_s, after_s, after_s + 1.0).mean())
        return f"it moved at {moved_m_s:.0f} m/s afterwards" if moved_m_s > REST_M_S else None
