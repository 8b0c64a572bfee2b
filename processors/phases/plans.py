"""Every plan there is, and which one a vehicle follows."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from processors.phases.plan import Plan
from telemetry.checked_yaml import checked
from telemetry.dictionary import Dictionary
from telemetry.vocabulary import VehicleClass

FOLDER: Final = Path(__file__).parent


def load_plan(path: Path) -> Plan:
    """Read and check a plan.

    Raises
    ------
    DictionaryError
        If the file cannot be read or is wrong; it names file and line.
    """
    return checked(Plan, path)


@functools.cache
def plans() -> Mapping[str, Plan]:
    """Return every plan by the words that a dictionary's `vehicle_class` may say for it."""
    found = [load_plan(FOLDER / f"{name}.yaml") for name in VehicleClass]
    return {word: plan for plan in found for word in (plan.name, *plan.words)}


def plan_for(word: str) -> Plan:
    """Return the plan for a word; of one that nobody knows the launcher's, in which most can happen.

    Examples
    --------
    >>> plan_for("express").name.value, plan_for("kite").name.value
    ('ship', 'launcher')
    """
    return plans().get(word) or plans()[VehicleClass.LAUNCHER]


def plan_of(dictionary: Dictionary, vehicle: str) -> Plan:
    """Return the plan of a vehicle: by its own class in the dictionary, or else by that of all its vehicles.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> [plan_of(built_in("yuanxing-1"), vehicle).name.value for vehicle in ("booster", "ship", "tug")]
    ['booster', 'ship', 'ship']
    """
    return plan_for(dictionary.vehicle_classes.get(vehicle, dictionary.vehicle_class))
