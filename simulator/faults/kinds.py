"""All kinds of faults: the union that a preset is read by, and the list of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, get_args

from pydantic import Field

from simulator.faults.cargo import CargoFault
from simulator.faults.clock import ClockFault
from simulator.faults.common import FaultBase
from simulator.faults.flight import FlightFault
from simulator.faults.link import LinkFault
from simulator.faults.sensor import SensorFault

AnyFault = FlightFault | CargoFault | SensorFault | ClockFault | LinkFault
Fault = Annotated[AnyFault, Field(discriminator="kind")]

KINDS: Final[Mapping[str, type[AnyFault]]] = {model.model_fields["kind"].default: model for model in get_args(AnyFault)}
UNSAID: Final = frozenset({"kind", "number"})


def keys_of(model: type[FaultBase]) -> dict[str, str]:
    """Return what a kind takes, the time first, each as it is written with its default.

    Examples
    --------
    >>> ", ".join(keys_of(KINDS["sensor_stuck"]).values())
    'at_s (needed), vehicle=ship, probability=1.0, for_s, channel (needed)'
    """
    keys: dict[str, str] = {}
    for name, field in model.model_fields.items():
        if name in UNSAID or (name == "at_s" and model.time == "none"):
            continue
        if field.is_required() or (name == "at_s" and model.time == "needed"):
            keys[name] = f"{name} (needed)"
        else:
            keys[name] = name if field.default is None else f"{name}={field.default}"
    return dict(sorted(keys.items(), key=lambda pair: pair[0] != "at_s"))


def descriptions() -> Iterator[tuple[str, str, str]]:
    """Yield of each kind its name, what it takes, and what it is, in one line each."""
    for kind, model in KINDS.items():
        yield kind, ", ".join(keys_of(model).values()), (model.__doc__ or "").split("\n", maxsplit=1)[0]
