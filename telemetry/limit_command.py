"""Records of `downrange.commands`: what somebody wants done about a limit."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from telemetry.channels import Level
from telemetry.limit_state import Side
from telemetry.topics import check_name, flight_key

Action = Literal["acknowledge", "shelve", "unshelve"]
Said = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
LONGEST_SHELF_S = 24 * 3600.0


class LimitCommand(BaseModel):
    """Acknowledge, shelve or unshelve limits of one channel.

    Parameters
    ----------
    id
        By which its answer is found.
    run, flight, vehicle, channel
        Which channel.
    level, side
        Which of its limits; all that it can apply to when left out.
    action
        What to do.
    by, why
        Who wants it, and the reason.
    until_ns, for_s
        How long to shelve: until a time of the flight's own clock, or for some time from now on that clock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
    run: str
    flight: str
    vehicle: str
    channel: Annotated[str, Field(max_length=200)]
    level: Level | None = None
    side: Side | None = None
    action: Action
    by: Said
    why: Said
    until_ns: Annotated[int, Field(gt=0, lt=2**63)] | None = None
    for_s: Annotated[float, Field(gt=0, le=LONGEST_SHELF_S)] | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for what in ("run", "flight", "vehicle"):
            check_name(getattr(self, what), what)
        times = (self.until_ns is not None) + (self.for_s is not None)
        if times != (self.action == "shelve"):
            msg = "shelving takes a time, either until_ns or for_s, and nothing else does"
            raise ValueError(msg)
        return self

    @property
    def key(self) -> str:
        """The Kafka key: its flight's."""
        return flight_key(self.run, self.flight)
