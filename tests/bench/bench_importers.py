"""How long it takes to read a log of 25,000 rows, by format: recognising, parsing, converting to SI; file in memory.

python tests/bench/bench_importers.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from log_files import EVERY, made

from ingest.importers.log import open_log

ROWS: Final = 25_000
RATE_HZ: Final = 250.0
TIMES: Final = 5


def main() -> None:
    """Print the processor time of the best of some runs for each format."""
    flight = made(RATE_HZ, ROWS / RATE_HZ - 2.0)
    with tempfile.TemporaryDirectory() as folder:
        for name, write in EVERY.items():
            path = Path(folder) / "log"
            path.write_text(write(flight))
            best_s = min(_timed(path) for _ in range(TIMES))
            print(f"{name:20} {ROWS:,} rows, {path.stat().st_size / 1e6:5.1f} MB: {best_s * 1000:6.1f} ms of one core")


def _timed(path: Path) -> float:
    begin = time.process_time()
    open_log(path)
    return time.process_time() - begin


if __name__ == "__main__":
    main()
