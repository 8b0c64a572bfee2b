"""Whether a rocket's motor burns, from the acceleration along its axis."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nan
from typing import Final

from processors.motion.cell import Cell
from processors.small.proof import Proof, Verdict
from telemetry.cuc import NS_PER_S

# a rocket set upright on its rail shows 1 g more than one lying down, and no push; one that is safe to launch has
# a thrust of three times its weight and more, which is 2 g of push
PUSH_M_S2: Final = 14.0
# coasting, a rocket feels drag or nothing: with gravity's share off that is -1 g or less
COAST_M_S2: Final = -5.0
# an upright axis that points down shows thrust as this; nothing falls that fast
INVERTED_M_S2: Final = -20.0
SOON_NS: Final = NS_PER_S
# thrust is there after a tenth of a second, which is in two cells at most
BUILDS_UP_NS: Final = NS_PER_S // 4
# a fall from a man's hand ends at 5 m/s, in a hundredth of a second: a cell or two, if its rows are few; and nothing
# that is swung by hand gains more. Half of it does where the last height says so, too.
SURELY_M_S: Final = 6.0
# a push that lifted nothing shows what else is done to it: the next one must gain twice as much, to what takes a motor
MOTOR_M_S: Final = 25.0
PUSHES: Final = 2
COASTS: Final = 2
LONGEST_S: Final = 0.3
# nothing on a pad moves so fast, nor is carried so far within the twelve seconds in which the pad's level is learnt:
# what is pulled then swings under a parachute, or begins to burn again
MOVES_M_S: Final = 10.0
AWAY_M: Final = 20.0
AWAY_SIGMAS: Final = 8.0
SURE_SIGMAS: Final = 3.0
# what has moved more slowly than any parachute for so long lies or stands on something, wherever that is
STILL_M_S: Final = 2.5
STILL: Final = 100
# over the noise of a height
RISEN_M: Final = 0.5
RISEN_SIGMAS: Final = 3.0
# so many cells tell how noisy heights are
LEARNT: Final = 15


@dataclass(slots=True)
class Burn:
    """What the acceleration has shown so far.

    Parameters
    ----------
    quiet_ns, quiet_m_s2
        The last cell at rest, or below the push.
    flies, still
        Whether the vehicle was in the air by then, and for how many cells it had not moved.
    push_ns, push_m_s2
        The first cell of the push in hand.
    pushes, gained_m_s, rows
        Cells of the push in succession, the speed that they gave, and how many rows they rest on; or of one downwards.
    thrust_ns, thrust_m_s2
        The last cell that pushed up at all, while burning.
    coast_ns, coast_m_s2
        The first that did not.
    coasts
        Cells without push in succession.
    burning, over
        Whether the push was a motor's, and whether it has ended.
    sign
        -1 if the axis turned out to point down.
    proof, verdict
        What heights say of the push: `proven`, or `refuted`, if nothing rose; then this burn was none.
    least_m_s
        What a push must gain to be a motor's.
    """

    quiet_ns: int = 0
    quiet_m_s2: float = nan
    flies: bool = False
    still: int = 0
    push_ns: int = 0
    push_m_s2: float = nan
    pushes: int = 0
    gained_m_s: float = 0.0
    rows: int = 0
    thrust_ns: int = 0
    thrust_m_s2: float = nan
    coast_ns: int = 0
    coast_m_s2: float = nan
    coasts: int = 0
    burning: bool = False
    over: bool = False
    sign: float = 1.0
    inverted: int = 0
    proof: Proof = field(default_factory=Proof)
    verdict: Verdict = ""
    least_m_s: float = SURELY_M_S

    def take(self, cell: Cell) -> None:
        """Take a cell; one without acceleration, or with a frozen one, says nothing of the push."""
        if self.burning and not self.verdict:
            self.verdict = self.proof.verdict(cell, self.push_ns)
        pull = cell.pull_m_s2
        if self.over or not abs(pull) < inf or cell.stale_s:
            return
        pull *= self.sign
        if self.burning:
            self._follow(cell.t_ns, pull)
        else:
            self._wait(cell, pull)

    def _wait(self, cell: Cell, pull: float) -> None:
        """Look for a push."""
        # what slows down in its own drag is not at rest; nor is it known what was in a hole, or what was frozen
        rested = self.quiet_m_s2 > COAST_M_S2 and cell.t_ns - self.quiet_ns < SOON_NS
        rested = rested and (self.inverted > 0 or not self.proof.lifted(cell.height_m, cell.noise_m))
        down, up = pull < INVERTED_M_S2 and rested, pull >= PUSH_M_S2
        if not (down if self.inverted else up):
            self.pushes, self.gained_m_s, self.rows = 0, 0.0, 0
        self.inverted = self.inverted + 1 if down else 0
        if not down and not up:
            self._rest(cell, pull, rested)
            return
        if not self.flies:
            self._push(cell, abs(pull))
        if down and self.inverted <= PUSHES:
            return
        if down:
            self.sign, self.inverted = -self.sign, 0
        # two rows may both be wild; three are not
        if self.pushes >= PUSHES and self.rows > PUSHES:
            self.burning = self._lifts(cell)

    def _rest(self, cell: Cell, pull: float, rested: bool) -> None:
        """Take a cell without push; if the axis points down, the one in which thrust builds up looks like drag."""
        if rested and pull < COAST_M_S2 and cell.t_ns - self.quiet_ns < BUILDS_UP_NS:
            return
        self.quiet_ns, self.quiet_m_s2, self.flies = cell.t_ns, pull, self._flies(cell)
        self.proof.rests(cell)

    def _push(self, cell: Cell, pull: float) -> None:
        """Add a cell to the push in hand."""
        if not self.pushes:
            self.push_ns, self.push_m_s2 = cell.t_ns, pull
            since_s = LONGEST_S
        else:
            since_s = (cell.t_ns - self.thrust_ns) / NS_PER_S
        self.pushes += 1
        self.rows += cell.rows
        self.gained_m_s += pull * min(since_s, LONGEST_S / 3.0)
        self.thrust_ns, self.thrust_m_s2 = cell.t_ns, pull

    def _lifts(self, cell: Cell) -> bool:
        """Return whether the push in hand is a motor's."""
        if self.proof.sinks(cell.noise_m):
            # a body that swings under its parachute is pulled as hard, but never lifted
            return self.proof.lifted(cell.height_m, cell.noise_m)
        risen = cell.height_m - self.proof.level_m > RISEN_M + RISEN_SIGMAS * cell.noise_m
        return self.gained_m_s > (0.5 * self.least_m_s if risen else self.least_m_s)

    def after(self, cell: Cell) -> Burn:
        """Take a cell and return this one, or the one that waits for the next push if heights have refuted it."""
        self.take(cell)
        return self.again() if self.verdict == "refuted" else self

    def again(self) -> Burn:
        """Return the one that waits for the next push, after heights have refuted this one."""
        return Burn(least_m_s=min(2.0 * self.least_m_s, MOTOR_M_S))

    def _follow(self, t_ns: int, pull: float) -> None:
        """Look for the end of the push."""
        if pull >= 0.0:
            self.thrust_ns, self.thrust_m_s2 = t_ns, pull
            self.coasts = 0
            return
        if self.coast_ns <= self.thrust_ns:
            self.coast_ns, self.coast_m_s2 = t_ns, pull
        self.coasts = self.coasts + 1 if pull < COAST_M_S2 else 0
        self.over = self.coasts >= COASTS

    def _flies(self, cell: Cell) -> bool:
        """Return whether heights say that it is in the air; false if there are none, or too few."""
        if cell.index < LEARNT:
            return False
        sure_m_s = SURE_SIGMAS * cell.v_sigma_m_s
        self.still = self.still + 1 if abs(cell.v_m_s) + sure_m_s < STILL_M_S else 0
        moves = abs(cell.v_m_s) - sure_m_s > MOVES_M_S
        away = abs(cell.h_m) > AWAY_M + AWAY_SIGMAS * cell.noise_m
        return moves or (away and self.still < STILL)
