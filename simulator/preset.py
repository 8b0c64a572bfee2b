"""A mission and the vehicle that flies it, read from one YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

from simulator.faults.kinds import Fault
from simulator.plans import (
    Ascent,
    Coordinates,
    Countdown,
    Handling,
    HopClimb,
    Record,
    Recovery,
    Return,
    Touchdown,
)
from simulator.radio.recorder import Recorder
from simulator.vehicle import Positive, Stage
from telemetry.errors import FlightError

BUILT_IN_DIR = Path(__file__).parent / "presets"


class _Mission(Record):
    name: str
    description: str
    dictionary: str
    pad: Coordinates
    pad_altitude_m: Positive
    countdown: Countdown
    ship: Stage
    touchdown: Touchdown
    recovery: Recovery
    handling: Handling
    end_after_unload_s: Positive
    stations: Annotated[tuple[str, ...], Field(min_length=1)]
    recorder: Recorder = Recorder()
    faults: tuple[Fault, ...] = ()


class Express(_Mission):
    """Two stages to a far coast: the ship comes down at the target, the booster where its path leads."""

    profile: Literal["express"]
    target: Coordinates
    booster: Stage
    ascent: Ascent
    ship_return: Return
    booster_return: Return

    @property
    def flying(self) -> tuple[Record | BaseModel, ...]:
        """All that the physics of its flight depends on but the places and the load."""
        return (
            self.countdown,
            self.ship,
            self.booster,
            self.ascent,
            self.ship_return,
            self.booster_return,
            self.touchdown,
        )


class Hop(_Mission):
    """One stage straight up and down again."""

    profile: Literal["hop"]
    climb: HopClimb


Preset = Annotated[Express | Hop, Field(discriminator="profile")]


class _File(Record):
    preset: Preset


def load_preset(name: str | Path) -> Express | Hop:
    """Read a preset by the name of a built-in one, or by its path.

    Raises
    ------
    FlightError
        If there is none, or if it is no preset; the message names the field.
    """
    path = Path(name) if str(name).endswith((".yaml", ".yml")) else BUILT_IN_DIR / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in BUILT_IN_DIR.glob("*.yaml") if p.stem != "stations"))
        raise FlightError(f"no preset {str(name)!r}: give {known} or the path of a YAML file")
    try:
        return _File.model_validate({"preset": yaml.safe_load(path.read_text(encoding="utf-8"))}).preset
    except yaml.YAMLError as error:
        raise FlightError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"][1:]) or "the file"
        raise FlightError(f"{path}: {where}: {first['msg']}") from error
