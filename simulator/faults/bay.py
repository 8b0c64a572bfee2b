"""What the container bay's sensors say when something goes wrong with the container."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simulator.earth import FloatArray
from simulator.faults.cargo import Depressurisation, Overheat, SealBroken
from simulator.faults.kinds import AnyFault

Columns = dict[str, NDArray[np.generic]]


def with_cargo_faults(columns: Columns, t_s: FloatArray, faults: Iterable[AnyFault]) -> Columns:
    """Return the channels of the `cargo` packet, shape (n,), with drawn faults; blows are jolts."""
    for fault in faults:
        match fault:
            case Overheat():
                warm = np.asarray(columns["bay_temperature_k"], np.float64) + fault.rise_k * _share(fault, t_s)
                columns["bay_temperature_k"] = warm
            case Depressurisation():
                before = np.asarray(columns["bay_pressure_pa"], np.float64)
                columns["bay_pressure_pa"] = before + (np.minimum(fault.to_pa, before) - before) * _share(fault, t_s)
            case SealBroken():
                columns["seal_intact"] = np.asarray(columns["seal_intact"], np.bool_) & (t_s < fault.start_s)
            case _:
                pass
    return columns


def _share(fault: Overheat | Depressurisation, t_s: FloatArray) -> FloatArray:
    """How far it has come, 0 to 1: up within `within_s`, and down again as fast behind its end."""
    up = np.clip((t_s - fault.start_s) / fault.within_s, 0.0, 1.0)
    down = np.clip((t_s - fault.end_s) / fault.within_s, 0.0, 1.0)
    return np.asarray(np.minimum(up, 1.0 - down))
