"""The chaos suite: `make chaos ARGS="--seed 7 --flights 20 --kills 100"`; exits 1 if anything was lost or doubled."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from chaos.flown import Plan, fly
from chaos.report import drawing
from rich.console import Console

WIDE: Final = 140
UNDISTURBED_SPEED: Final = 2.0


def plan_of(arguments: list[str] | None = None) -> tuple[Plan, bool, Path | None]:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=None, help="of everything that is left to chance; drawn if not given"
    )
    parser.add_argument("--flights", type=int, default=20)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--cuts", type=int, default=None, help="network cuts; every second kill by default")
    parser.add_argument("--speed", type=float, default=0.5, help="flight seconds a second")
    parser.add_argument("--settle", type=float, default=300.0, help="seconds that the line may take to catch up")
    parser.add_argument("--folder", type=Path, default=None, help="for data and logs; a new one by default")
    parser.add_argument("--json", type=Path, default=None, help="where to write all figures")
    parser.add_argument(
        "--undisturbed",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="fly the same flights first with nobody killed, so that events are compared with those of a real line too",
    )
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    folder = given.folder or Path(tempfile.mkdtemp(prefix="downrange-chaos-"))
    cuts = given.kills // 2 if given.cuts is None else given.cuts
    plan = Plan(seed, given.flights, given.kills, cuts, given.speed, given.settle, folder)
    return plan, given.undisturbed, given.json


def main() -> int:
    """Run it, print the table and return the exit code."""
    plan, undisturbed, figures = plan_of()
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    began_s = time.monotonic()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - began_s:7.1f} s  {line}", highlight=False, markup=False)

    done = f"{plan.flights} flights, {plan.kills} kills, {plan.cuts} cuts"
    say(f"seed {plan.seed}, {done}; data and logs in {plan.folder}")
    plans = [plan]
    if undisturbed:
        plans.insert(0, replace(plan, kills=0, cuts=0, speed=UNDISTURBED_SPEED, folder=plan.folder / "undisturbed"))
    outcomes = []
    for each in plans:
        outcomes.append(asyncio.run(fly(each, say)))
        console.print(drawing(each, outcomes[-1]))
        if not outcomes[-1].is_whole:
            break
    if figures is not None:
        figures.write_text(json.dumps(outcomes[-1].as_json(), indent=1))
    return 0 if outcomes[-1].is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
