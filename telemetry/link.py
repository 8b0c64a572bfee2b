"""What a station says of its link to a vehicle: heartbeats, mask crossings and the last will."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class LinkReport(BaseModel):
    """One report on `.../{station}/link`.

    Parameters
    ----------
    state
        `aos` while the station hears the vehicle, else `los`.
    reason
        `heartbeat` once a second, `mask` when the vehicle rises or sets, `will` when the broker lost the station.
    ert_ns
        The station's time, Unix ns; none in a will, which is written before its time comes.
    signal_dbm
        Received signal strength; none without lock.
    full_s
        How long since its last report the station could take nothing in, because what it keeps until the line confirms
        it had filled its store; none if that was not so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Literal["aos", "los"]
    reason: Literal["heartbeat", "mask", "will"]
    ert_ns: Annotated[int, Field(ge=0)] | None = None
    signal_dbm: float | None = None
    full_s: Annotated[float, Field(ge=0)] | None = None


WILL = LinkReport(state="los", reason="will")
