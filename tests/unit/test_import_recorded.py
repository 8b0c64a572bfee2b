"""Recorded flights, where they are at hand: every row of every file is read."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from ingest.importers.log import open_log
from telemetry.samples import CHANNELS


def test_recorded_flights_are_read_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    default = Path(__file__).parents[3] / "shared" / "flights"
    folder = Path(os.environ.get("DOWNRANGE_RECORDINGS") or default)
    files = sorted(folder.glob("*.csv.gz"))
    if not files:
        absent = f"no recorded flights in {folder}: set DOWNRANGE_RECORDINGS to a folder that has them"
        if os.environ.get("CI") == "true":
            pytest.fail(absent, pytrace=False)
        with capsys.disabled():
            print(absent)  # noqa: T201 -- said on the terminal, whatever pytest captures
        return
    for path in files:
        log = open_log(path)
        header, *rows = gzip.decompress(path.read_bytes()).decode().splitlines()
        names = header.split(",")
        assert (log.format, len(log.samples), log.samples.bad_rows) == ("csv", len(rows), ()), path
        assert list(log.samples.columns) == [name for name in CHANNELS if name in names]
        for place in (0, len(rows) // 2, len(rows) - 1):
            cells = dict(zip(names, rows[place].split(","), strict=True))
            assert log.samples.t_ns[place] == round(float(cells["t_s"]) * 1e9)
            for name, values in log.samples.columns.items():
                assert values[place] == float(cells[name]) if cells[name] else np.isnan(values[place])
