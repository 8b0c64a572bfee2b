"""A fault in one line, as `--fault` takes it: `engine_out@60,engine=3`, `packets_lost@[100,200],share=0.01`."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from simulator.faults.kinds import KINDS, AnyFault, Fault, keys_of
from telemetry.errors import FlightError

ADAPTER: Final[TypeAdapter[AnyFault]] = TypeAdapter(Fault)
# commas that are not inside brackets
COMMA: Final = re.compile(r",(?![^\[]*\])")
FORM: Final = "kind@time,key=value, for example engine_out@60,engine=3 or packets_lost@[100,200],share=0.01"


def parse_fault(text: str) -> AnyFault:
    """Read a fault.

    Raises
    ------
    FlightError
        If it is none; the message names the kinds, or the keys of its kind.

    Examples
    --------
    >>> parse_fault("engine_out@60,engine=3").start_s
    60.0
    >>> parse_fault("packets_lost@[100,200],probability=0.5").at_s
    (100.0, 200.0)
    """
    head, *pairs = COMMA.split(text)
    kind, at, when = head.strip().partition("@")
    model = KINDS.get(kind)
    if model is None:
        raise FlightError(f"--fault {text!r}: there is no kind {kind!r}; there are {', '.join(KINDS)}")
    said: dict[str, Any] = {"kind": kind}
    if at:
        said["at_s"] = _value(when)
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise FlightError(f"--fault {text!r}: {pair!r} is no key=value; write {FORM}")
        said[key.strip()] = _value(value)
    try:
        return ADAPTER.validate_python(said)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"{step}: " for step in first["loc"] if step in model.model_fields or first["loc"][-1] == step)
        problem = first["msg"].removeprefix("Value error, ")
        takes = ", ".join(keys_of(model).values())
        raise FlightError(
            f"--fault {text!r}: {where if len(first['loc']) > 1 else ''}{problem}; {kind} takes {takes}"
        ) from error


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()
