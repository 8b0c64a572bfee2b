"""`downrange demo` flies one delivery through the whole line, on both stacks, and tells the truth about it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from telemetry.vocabulary import FlightEvent

TIMEOUT_S = 280
TOLERANCE_S = {
    FlightEvent.LIFTOFF.value: 0.5,
    FlightEvent.MECO.value: 0.5,
    FlightEvent.APOGEE.value: 2.0,
    FlightEvent.SPLASHDOWN.value: 2.0,
}


async def fly(cwd: Path, *options: str) -> tuple[str, dict[str, Any]]:
    summary = cwd / "summary.json"
    program = Path(sys.executable).with_name("downrange")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOWNRANGE_")}
    process = await asyncio.create_subprocess_exec(
        program,
        "demo",
        "--exit",
        "--summary",
        str(summary),
        *options,
        cwd=cwd,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()
    text = output.decode()
    assert process.returncode == 0, text
    return text, json.loads(summary.read_text())


def check(summary: dict[str, Any]) -> None:
    events = summary["events"]
    found = {(row["type"], row["vehicle"]): row for row in events if row["truth_s"] is not None}
    missed = [row for row in events if row["t_event_s"] is None]
    false = [row for row in events if row["truth_s"] is None and ".link." not in row["type"]]
    assert not missed
    assert not false
    for kind, tolerance_s in TOLERANCE_S.items():
        errors_s = [row["error_s"] for (found_kind, _), row in found.items() if found_kind == kind]
        assert errors_s
        assert all(abs(error_s) <= tolerance_s for error_s in errors_s), (kind, errors_s)
    assert summary["ledger"]["balanced"]
    assert all(row["balanced"] for row in summary["ledger"]["rows"])
    assert any(row["duplicate"] for row in summary["ledger"]["rows"])
    assert list(Path(summary["archive"]).glob("telemetry-*.parquet"))
    assert summary["flight"] in summary["replay"]


@pytest.mark.timeout(TIMEOUT_S + 20)
async def test_an_express_delivery_on_embedded_brokers(tmp_path: Path) -> None:
    output, summary = await fly(tmp_path, "--speed", "60")
    check(summary)
    assert summary["delivery"]["status"] == "out_for_delivery"
    assert summary["delivery"]["eta"]
    assert "splashdown" in output
    assert "/t/" in output


@pytest.mark.timeout(TIMEOUT_S + 20)
async def test_the_hop_on_real_servers(tmp_path: Path) -> None:
    _, summary = await fly(tmp_path, "--preset", "hop", "--stack", "native", "--speed", "10")
    check(summary)
