"""All benches, one after the other: `make bench`, or some of them: `make bench ARGS="--only a,c"`.

Each figure is measured in this run. Progress goes to standard error, tables (or JSON) to standard output.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from bench.kit import machine, say

HERE: Final = Path(__file__).parent
# what prints tables of its own kind and knows neither --json nor --quick
PLAIN: Final = {
    "bench_codec.py",
    "bench_xtce.py",
    "bench_simulator.py",
    "bench_fleet.py",
    "bench_importers.py",
    "bench_late.py",
}
PARTS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "a": ("MQTT to Kafka, beside Telegraf", ("bench_ingest.py",)),
    "b": ("the whole line, beside InfluxDB alone", ("bench_line.py",)),
    "c": ("the processor alone, beside Quix Streams", ("bench_engine.py",)),
    "d": ("line protocol, beside influxdb-client's Point", ("bench_store.py",)),
    "e": ("latency at 20, 100 and 200 flights", ("bench_latency.py",)),
    "f": ("decoding, and other decoders", ("bench_codec.py", "bench_xtce.py")),
    "g": ("the simulator", ("bench_simulator.py", "bench_fleet.py")),
    "h": ("detect on a real Kafka, one flight much faster than the others", ("bench_detect.py",)),
    "i": ("the auditor", ("bench_audit.py",)),
    "j": ("detection on files, all detectors; 100 vehicles at once", ("bench_detect_file.py",)),
    "k": ("importers", ("bench_importers.py",)),
    "l": ("events of every preset with every fault: half an hour", ("bench_events.py",)),
    "m": ("late data of every preset, beside the same data in time: an hour", ("bench_late.py",)),
}
# each as long as all others together
LONG: Final = ("l", "m")


def main() -> None:
    """Run what is wanted; exit code 1 if one of them failed."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {letter}  {about}" for letter, (about, _) in PARTS.items()),
    )
    usual = ",".join(letter for letter in PARTS if letter not in LONG)
    parser.add_argument(
        "--only", default=usual, help=f"letters, for example a,c; all but {' and '.join(LONG)} by default"
    )
    parser.add_argument("--quick", action="store_true", help="less of everything: for a look, not for the record")
    parser.add_argument("--json", action="store_true", help="one JSON document of all tables")
    chosen = parser.parse_args()
    letters = chosen.only.replace(",", " ").split()
    unknown = [letter for letter in letters if letter not in PARTS]
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if not chosen.json:
        print(f"{machine()}\n", flush=True)
    failed, found, began_s = [], [], time.monotonic()
    for number, letter in enumerate(letters, start=1):
        about, scripts = PARTS[letter]
        for script in scripts:
            say(f"{number} of {len(letters)}: ({letter}) {about}, {script}")
            plain = script in PLAIN
            command = [sys.executable, str(HERE / script), *(["--quick"] if chosen.quick and not plain else [])]
            if chosen.json and not plain:
                command.append("--json")
            done = subprocess.run(command, check=False, stdout=subprocess.PIPE if chosen.json else None, text=True)
            if done.returncode:
                failed.append(script)
            elif chosen.json:
                found.append({"bench": script, "tables": done.stdout if plain else json.loads(done.stdout)})
    if chosen.json:
        print(json.dumps({"machine": machine(), "benches": found}, indent=1))
    say(
        f"done in {(time.monotonic() - began_s) / 60:.1f} minutes"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
