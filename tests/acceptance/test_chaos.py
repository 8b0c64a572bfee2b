"""A cut of `make chaos`: every part of the line killed and cut at random, and nothing lost or doubled."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLIGHTS, KILLS, CUTS = 6, 25, 13
SPEED = 3.0
TIMEOUT_S = 580


@pytest.mark.timeout(TIMEOUT_S + 20)
async def test_nothing_is_lost_or_doubled_while_every_part_of_the_line_is_killed(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    asked = {"--flights": FLIGHTS, "--kills": KILLS, "--cuts": CUTS, "--speed": SPEED, "--json": figures}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "chaos.run", "--no-undisturbed", "--folder", str(tmp_path / "line")),
        *(str(word) for pair in asked.items() for word in pair),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT)])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()
    found = json.loads(figures.read_text())
    assert sum(found["kills"].values()) == KILLS
    assert sum(found["cuts"].values()) == CUTS
    assert {"mosquitto", "kafka", "ingest", "detect", "store", "record", "track", "audit"} <= found["kills"].keys()
    assert len(found["flights"]) == FLIGHTS
    assert all(flight["unique"] > 20_000 and flight["events"] > 8 for flight in found["flights"])
    assert not any(flight["lost"] or flight["doubled"] for flight in found["flights"])
