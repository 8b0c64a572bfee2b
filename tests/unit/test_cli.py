"""The command line: everything is listed, help is fast, and errors say what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from downrange.services import SERVICES

PROGRAM = Path(sys.executable).with_name("downrange")
JOBS = ("demo", "simulate", "replay", "import", "events", "ledger", "dictionary")
HEAVY = ("numpy", "scipy", "pyarrow", "aiokafka", "fastapi")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"PATH": "/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "120", **environment}
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False, env=settings, timeout=60)


def test_help_lists_every_job_with_a_line_of_its_own() -> None:
    text = run("--help").stdout
    for job in JOBS:
        assert any(line.strip("│ ").startswith(f"{job} ") for line in text.splitlines()), job


def test_help_of_run_lists_every_service_with_its_purpose() -> None:
    text = run("run", "--help").stdout
    for service in SERVICES.values():
        assert any(line.strip("│ ").startswith(f"{service.name} ") for line in text.splitlines())
        assert service.purpose in text


DICTIONARY = [f"dictionary {name}" for name in ("check", "show", "export", "import", "docs")]


@pytest.mark.parametrize("command", [*JOBS, *DICTIONARY, *(f"run {name}" for name in SERVICES)])
def test_every_command_explains_itself(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.returncode == 0
    assert "Usage: downrange" in result.stdout


def test_help_does_not_wait_for_what_only_the_work_needs() -> None:
    code = f"import sys, downrange.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_flight_that_is_not_there_is_named_with_what_there_is(tmp_path: Path) -> None:
    result = run("events", "NO-SUCH", DOWNRANGE_ARCHIVE_DIR=str(tmp_path))
    assert result.returncode == 2
    assert "NO-SUCH" in result.stderr
    assert "DOWNRANGE_ARCHIVE_DIR" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_setting_that_cannot_work_is_named_by_its_variable() -> None:
    result = run("run", "ingest", DOWNRANGE_MQTT_URL="http://broker")
    assert result.returncode == 2
    assert "DOWNRANGE_MQTT_URL" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "words", [("replay", "F", "--speed", "fast"), ("simulate", "express"), ("simulate", "--t0", "x", "--out", "o")]
)
def test_a_wrong_option_is_named(words: tuple[str, ...], tmp_path: Path) -> None:
    result = run(*words, DOWNRANGE_ARCHIVE_DIR=str(tmp_path))
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_version() -> None:
    assert run("--version").stdout.startswith("0.")
