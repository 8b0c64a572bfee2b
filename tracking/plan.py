"""The plan of a flight: places, planned times, and how sure they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from telemetry.topics import LIVE_RUN

EARLIEST_YEAR: Final = 1990
LATEST_YEAR: Final = 2200

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[Text, Field(min_length=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class LocalName(BaseModel):
    """A name in the languages of the tracking page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: Name
    zh: Name


class Place(BaseModel):
    """A place on Earth, geodetic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: LocalName
    latitude_deg: Annotated[Finite, Field(ge=-90, le=90)]
    longitude_deg: Annotated[Finite, Field(ge=-180, le=180)]


class FlightPlan(BaseModel):
    """What is intended for a flight; all times are on the flight's own clock.

    Parameters
    ----------
    run, flight, vehicle
        Which flight, and which of its vehicles carries the container.
    origin, landing, destination
        The pad, where the vehicle comes down (the destination when not given), and where parcels are handed over.
    liftoff_ns
        Planned liftoff, Unix ns; a manifest may say `liftoff` as an ISO 8601 time with its offset instead.
    to_splashdown_s, to_recovered_s, to_pickup_s
        Planned durations since liftoff.
    liftoff_sigma_s, splashdown_sigma_s, recovered_sigma_s, pickup_sigma_s
        Standard uncertainty that each step adds to those before; without a figure, a share of the step's duration.
    handover
        Whether parcels are delivered to their recipients or wait for them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = LIVE_RUN
    flight: str
    vehicle: str = "ship"
    origin: Place
    landing: Place | None = None
    destination: Place
    liftoff_ns: Annotated[int, Field(ge=0)]
    to_splashdown_s: Positive
    to_recovered_s: Positive
    to_pickup_s: Positive
    liftoff_sigma_s: Positive = 300.0
    splashdown_sigma_s: Positive | None = None
    recovered_sigma_s: Positive | None = None
    pickup_sigma_s: Positive | None = None
    handover: Literal["delivery", "pickup"] = "delivery"

    @model_validator(mode="before")
    @classmethod
    def _read_iso_liftoff(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "liftoff" not in data:
            return data
        if "liftoff_ns" in data:
            msg = "give 'liftoff' or 'liftoff_ns', not both"
            raise ValueError(msg)
        rest = {name: value for name, value in data.items() if name != "liftoff"}
        return {**rest, "liftoff_ns": _iso_to_ns(data["liftoff"])}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.to_splashdown_s < self.to_recovered_s < self.to_pickup_s:
            msg = "planned durations must follow each other: to_splashdown_s < to_recovered_s < to_pickup_s"
            raise ValueError(msg)
        year = datetime.fromtimestamp(min(self.liftoff_ns // 10**9, 10**11), UTC).year
        if not EARLIEST_YEAR <= year <= LATEST_YEAR:
            msg = f"liftoff lies in the year {year}: liftoff_ns counts nanoseconds since 1970"
            raise ValueError(msg)
        return self

    @property
    def landing_place(self) -> Place:
        """Where the vehicle comes down."""
        return self.landing or self.destination


def _iso_to_ns(text: Any) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        msg = f"liftoff is {text!r:.60}: give an ISO 8601 time such as 2026-11-23T04:00:00Z"
        raise ValueError(msg) from error
    if moment.tzinfo is None:
        msg = f"liftoff {text!r:.60} has no offset from UTC: add Z or +08:00"
        raise ValueError(msg)
    since = moment - datetime.fromtimestamp(0, UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
