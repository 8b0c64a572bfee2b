"""Fuzz every target and say how it went: `PYTHONPATH=tests:. python -m fuzz.run [--scale 1.0] [--only TARGET ...]`.

Exits 1 if any target failed. What it failed on lies in the folder that is named, and fails again with `--replay FILE`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzz.seeds import write_seeds

ROOT: Final = Path(__file__).parents[2]
SELF: Final = "PYTHONPATH=tests:. python -m fuzz.run"
# a warning of numpy is a value that nobody thought of
# libFuzzer's peak begins at what its parent held when it forked: so that is a shell, which holds nothing
FORK: Final = ("sh", "-c", '"$@"; exit $?', "sh")
PYTHON: Final = [sys.executable, "-W", "error::RuntimeWarning", "-m"]

# by what an input costs: more than a million together, in about as many seconds a target
INPUTS: Final = {
    "split": 300_000,
    "json": 250_000,
    "examiner": 200_000,
    "time": 150_000,
    "decode": 70_000,
    "survey": 70_000,
    "message": 50_000,
    "dictionary": 8_000,
    "expression": 60_000,
    "xtce": 8_000,
    "structured": 4_000,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one target went."""

    target: str
    inputs: int
    seconds: float
    peak_mib: int
    left_kib: int
    fault: str

    def __str__(self) -> str:
        """Return a line of the table."""
        rate = self.inputs / max(self.seconds, 1e-9)
        return (
            f"{self.target:<12}{self.inputs:>10,}{self.seconds:>8.1f} s{rate:>10,.0f}/s{self.peak_mib:>6} MiB"
            f"{self.left_kib:>+7} KiB  {self.fault or 'ok'}"
        )


def fuzz(target: str, inputs: int, folder: Path) -> Outcome:
    """Fuzz one target in a process of its own; its log and what it failed on are kept in the folder."""
    log = folder / f"{target}.log"
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="downrange-corpus-") as corpus, log.open("w", encoding="utf-8") as out:
        if target == "structured":
            command = [*PYTHON, "fuzz.structured", str(inputs)]
        else:
            write_seeds(target, Path(corpus))
            command = [*PYTHON, "fuzz.one", target, corpus, str(inputs), f"-artifact_prefix={folder}/{target}-"]
        failed = subprocess.run([*FORK, *command], cwd=ROOT, stdout=out, stderr=out, check=False).returncode
        if not failed and target != "structured":
            again = [*PYTHON, "fuzz.memory", target, corpus, str(inputs // 10)]
            failed = subprocess.run(again, cwd=ROOT, stdout=out, stderr=out, check=False).returncode
    said = log.read_text(encoding="utf-8", errors="replace")
    return Outcome(
        target,
        _figure(said, "number_of_executed_units"),
        time.monotonic() - began,
        _figure(said, "peak_rss_mb"),
        _figure(said, "left_behind_kib"),
        _fault(said, log) if failed else "",
    )


def _figure(said: str, name: str) -> int:
    found = re.search(rf"stat::{name}:\s+(\d+)", said)
    return int(found[1]) if found else 0


def _fault(said: str, log: Path) -> str:
    raised = re.search(r"=== Uncaught Python exception: ===\n(.*)", said)
    kept = re.search(r"Test unit written to (\S+)", said)
    what = raised[1] if raised else "it ended early"
    return f"FAILED: {what} (log {log}" + (f"; replay: {SELF} --replay {kept[1]})" if kept else ")")


def replay(path: Path) -> int:
    """Give a kept input to its target once more."""
    command = [*PYTHON, "fuzz.one", path.name.partition("-")[0], str(path), "1"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="times the usual number of inputs")
    parser.add_argument("--only", nargs="+", help="these targets only", metavar="TARGET")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "fuzz", help="where failures and logs are kept")
    parser.add_argument("--replay", type=Path, help="a kept input: run it once", metavar="FILE")
    given = parser.parse_args(arguments)
    if given.replay:
        return replay(given.replay)
    given.folder.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    for target in given.only or INPUTS:
        outcomes.append(fuzz(target, max(1, int(INPUTS.get(target, 1000) * given.scale)), given.folder.resolve()))
        sys.stdout.write(f"{outcomes[-1]}\n")
        sys.stdout.flush()
    failed = [outcome.target for outcome in outcomes if outcome.fault]
    total = Outcome(
        "together",
        sum(outcome.inputs for outcome in outcomes),
        sum(outcome.seconds for outcome in outcomes),
        max(outcome.peak_mib for outcome in outcomes),
        max(outcome.left_kib for outcome in outcomes),
        f"FAILED: {', '.join(failed)}" if failed else "",
    )
    sys.stdout.write(f"{total}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
