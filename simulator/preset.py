"""A mission and the vehicle that flies it, read from one YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from simulator.mission import BOOSTER, Mission
from simulator.physics.vehicle import Positive, Stage
from simulator.plans import (
    Ascent,
    Coordinates,
    Handling,
    HopClimb,
    Record,
    Recovery,
    Return,
    Touchdown,
)
from simulator.profiles import profiles
from telemetry.checked_yaml import mistakes_of
from telemetry.errors import DictionaryError, FlightError
from telemetry.yaml_source import YamlSource

BUILT_IN_DIR = Path(__file__).parent / "presets"


class _Afloat(Mission):
    """Comes down on the sea and is taken on deck, with a container."""

    touchdown: Touchdown
    recovery: Recovery
    handling: Handling
    end_after_unload_s: Positive


class Express(_Afloat):
    """Two stages to a far coast: the ship comes down at the target, the booster where its path leads."""

    profile: Literal["express"]
    target: Coordinates
    booster: Stage
    ascent: Ascent
    ship_return: Return
    booster_return: Return

    def stage(self, vehicle: str) -> Stage:
        """Return what a vehicle is made of."""
        return self.booster if vehicle == BOOSTER else self.ship

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
            self.wind,
        )


class Hop(_Afloat):
    """One stage straight up and down again."""

    profile: Literal["hop"]
    climb: HopClimb


def plans_of_profiles() -> dict[str, type[Mission]]:
    """Return what a preset of each profile must say."""
    plans: dict[str, type[Mission]] = {"express": Express, "hop": Hop}
    return plans | {each: found.plan for each, found in profiles().items()}


def load_preset(name: str | Path) -> Mission:
    """Read a preset by the name of a built-in one, or by its path.

    Raises
    ------
    FlightError
        If there is none, or if it is no preset; the message names every mistake with its line.
    """
    path = Path(name) if str(name).endswith((".yaml", ".yml")) else BUILT_IN_DIR / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in BUILT_IN_DIR.glob("*.yaml") if p.stem != "stations"))
        raise FlightError(f"no preset {str(name)!r}: give {known} or the path of a YAML file")
    try:
        source = YamlSource(path)
    except DictionaryError as error:
        raise FlightError(str(error)) from error
    plans = plans_of_profiles()
    profile = source.content.get("profile") if isinstance(source.content, dict) else None
    plan = plans.get(str(profile))
    if plan is None:
        raise FlightError(f"{path}: profile: none is called {profile!r}; there are {', '.join(sorted(plans))}")
    try:
        return plan.model_validate(source.content)
    except ValidationError as error:
        mistakes = "\n".join(str(each) for each in mistakes_of(source, error.errors()))
        advice = f"`downrange simulate --fields {profile}` lists what a preset of that profile says"
        raise FlightError(f"{mistakes}\n{advice}") from error
