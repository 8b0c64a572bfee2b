"""What goes wrong with a flight as a whole."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from simulator.faults.common import NOTHING, FaultBase, LastingFault
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent

BREAKS_UP_M_S: Final = 20.0
"""Impact on water that a vehicle does not outlive; assumed. The Space Shuttle's boosters came down at 23 m/s, but were
steel cases of 12 mm."""

BurnPurpose = Literal["lift", "insertion", "entry", "landing"]


class EngineOut(FaultBase):
    """One engine stops and stays out; the others go on.

    Parameters
    ----------
    vehicle
        Whose; the one that lifts until booster and ship part, and the ship afterwards, if it is not said.
    engine
        Its number. A burn on fewer engines than all leaves out number 1 first.
    """

    kind: Literal["engine_out"] = "engine_out"
    vehicle: str | None = None
    engine: Annotated[int, Field(ge=1)] = 1

    @property
    def expected(self) -> tuple[str, ...]:
        """The events of the flight as it then goes; before liftoff a scrub."""
        if not isinstance(self.at_s, tuple) and self.start_s < 0.0:
            return (FlightEvent.SCRUB.value,)
        return (f"{NOTHING}the other engines burn on, and the flight's own events tell what follows",)


class EarlyCutoff(FaultBase):
    """All engines that run at that time stop, and the burn is over.

    Parameters
    ----------
    vehicle
        Whose; the one that lifts until booster and ship part, and the ship afterwards, if it is not said.
    """

    kind: Literal["early_cutoff"] = "early_cutoff"
    vehicle: str | None = None

    @property
    def expected(self) -> tuple[str, ...]:
        """The end of the burn, early: of the ascent, if nothing more is known; before liftoff a scrub."""
        if not isinstance(self.at_s, tuple) and self.start_s < 0.0:
            return (FlightEvent.SCRUB.value,)
        return (FlightEvent.MECO.value,)


class NoIgnition(FaultBase):
    """The engines do not light for one of the burns.

    Parameters
    ----------
    vehicle
        Whose; the one that lifts for the lift, and the ship for all others, if it is not said.
    burn
        Which.
    """

    time: ClassVar[Literal["needed", "optional", "none"]] = "none"
    kind: Literal["no_ignition"] = "no_ignition"
    vehicle: str | None = None
    burn: BurnPurpose = "lift"

    @property
    def expected(self) -> tuple[str, ...]:
        """On the pad a scrub; later what becomes of a flight without this burn."""
        if self.burn == "lift":
            return (FlightEvent.SCRUB.value,)
        if self.burn == "landing":
            return (FlightEvent.LOSS_OF_VEHICLE.value,)
        return (f"{NOTHING}the burn's events do not come, and the flight's own tell what follows",)


class _BeforeLiftoff(LastingFault):
    for_s: Annotated[float, Field(gt=0)] | None = 60.0

    @model_validator(mode="after")
    def _before_liftoff(self) -> Self:
        latest_s = self.at_s[1] if isinstance(self.at_s, tuple) else self.at_s
        if latest_s is not None and latest_s >= 0.0:
            msg = "'at_s' must lie before liftoff, so below 0"
            raise ValueError(msg)
        return self


class PadHold(_BeforeLiftoff):
    """The countdown stands still before ignition, for `for_s`; liftoff is as much later than planned."""

    kind: Literal["pad_hold"] = "pad_hold"
    vehicle: str | None = None

    @property
    def expected(self) -> tuple[str, ...]:
        """A hold."""
        return (FlightEvent.HOLD.value,)


class Scrub(_BeforeLiftoff):
    """The countdown ends without a liftoff; telemetry goes on for `for_s`."""

    kind: Literal["scrub"] = "scrub"
    vehicle: str | None = None

    @property
    def expected(self) -> tuple[str, ...]:
        """A scrub."""
        return (FlightEvent.SCRUB.value,)


class LossOfVehicle(FaultBase):
    """The vehicle breaks up: its telemetry ends with that."""

    kind: Literal["loss_of_vehicle"] = "loss_of_vehicle"

    @property
    def expected(self) -> tuple[str, ...]:
        """A loss."""
        return (FlightEvent.LOSS_OF_VEHICLE.value,)


class HardLanding(FaultBase):
    """It comes down at `speed_m_s`: its landing burn leads to that speed, and holds it."""

    time: ClassVar[Literal["needed", "optional", "none"]] = "none"
    kind: Literal["hard_landing"] = "hard_landing"
    speed_m_s: Annotated[float, Field(gt=0)] = 12.0

    @property
    def expected(self) -> tuple[str, ...]:
        """A splashdown, and in the container bay a blow; a loss, if that is more than it outlives."""
        if self.speed_m_s > BREAKS_UP_M_S:
            return (FlightEvent.LOSS_OF_VEHICLE.value,)
        shock = (CargoEvent.SHOCK.value,) if self.concerns("ship") else ()
        return (FlightEvent.SPLASHDOWN.value, *shock)


class TipOver(FaultBase):
    """Afloat, `after_s` behind its splashdown, it falls over to `tilt_deg` from the vertical within `within_s`."""

    time: ClassVar[Literal["needed", "optional", "none"]] = "none"
    kind: Literal["tip_over"] = "tip_over"
    after_s: Annotated[float, Field(gt=0)] = 20.0
    within_s: Annotated[float, Field(gt=0)] = 6.0
    tilt_deg: Annotated[float, Field(gt=0, le=90)] = 85.0

    @property
    def expected(self) -> tuple[str, ...]:
        """A tilt in the container bay, of the vehicle that has one."""
        return (CargoEvent.TILT.value,) if self.concerns("ship") else (f"{NOTHING}it carries nothing",)


class RecoveryDelayed(FaultBase):
    """The recovery ship comes `by_s` later than planned."""

    time: ClassVar[Literal["needed", "optional", "none"]] = "none"
    kind: Literal["recovery_delayed"] = "recovery_delayed"
    by_s: Annotated[float, Field(gt=0)] = 600.0

    @property
    def expected(self) -> tuple[str, ...]:
        """The recovery at its later time, and parcels that are late."""
        return (FlightEvent.RECOVERED.value, DeliveryStatus.DELAYED.event_type)


FlightFault = (
    EngineOut | EarlyCutoff | NoIgnition | PadHold | Scrub | LossOfVehicle | HardLanding | TipOver | RecoveryDelayed
)
