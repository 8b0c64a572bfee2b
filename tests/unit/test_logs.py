"""Log lines: one event a line on standard error, JSON for machines, and never a local variable."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import logging, sys
from runtime.logs import configure_logs, logger
from runtime.settings import ServiceSettings

configure_logs(ServiceSettings(log_level=sys.argv[1], log_format=sys.argv[2]))
log = logger("probe")
log.debug("fine")
log.info("starting", port=1)
logging.getLogger("aiokafka").error("again")
logging.getLogger("library").error("broke %s", "it")

def connect(password):
    raise ExceptionGroup("both", [ValueError("left"), KeyError("right")])

try:
    connect("hunter2")
except ExceptionGroup as error:
    log.exception("failed", exc_info=error)
"""


def said(level: str, form: str) -> str:
    done = subprocess.run([sys.executable, "-c", PROGRAM, level, form], check=True, capture_output=True, text=True)
    assert done.stdout == ""
    return done.stderr


def lines(level: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(level, "json").splitlines()]


def test_every_line_is_an_object_with_level_and_time() -> None:
    starting, library, failed = lines("info")
    assert (starting["event"], starting["service"], starting["port"]) == ("starting", "probe", 1)
    assert (library["event"], library["logger"]) == ("broke it", "library")
    assert failed["exception"][0]["exc_type"] == "ExceptionGroup"
    assert {line["level"] for line in (starting, library, failed)} == {"info", "error"}
    assert all(line["timestamp"].endswith("Z") for line in (starting, library, failed))


def test_the_level_is_the_least_that_is_said() -> None:
    assert [line["event"] for line in lines("debug")][:2] == ["fine", "starting"]
    assert [line["event"] for line in lines("error")] == ["broke it", "failed"]


def test_text_is_for_people_also_when_no_terminal_is_there() -> None:
    text = said("info", "console")
    assert "starting" in text
    assert "ValueError: left" in text
    assert "\x1b[" not in text


def test_without_a_terminal_the_form_is_json() -> None:
    assert json.loads(said("info", "auto").splitlines()[0])["event"] == "starting"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_local_variables(form: str) -> None:
    assert "hunter2" not in said("info", form).replace('connect("hunter2")', "")
