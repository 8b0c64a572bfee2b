"""What a small rocket's sensors make of its motion: a barometer in a bay with vents, and an accelerometer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from quality.synthetic_small_motion import GRAVITY_M_S2, SCALE_HEIGHT_M, SOUND_M_S, Floats, Truth

Chance = np.random.Generator
SEA_LEVEL_PA: Final = 101_325.0


@dataclass(frozen=True, slots=True)
class Sensors:
    """How good they are.

    Parameters
    ----------
    noise_m, gusts_m
        White noise of a height, and what wind does to the bay, hanging together for a second; more at speed.
    step_m
        Of the altimeter; of a barometer what it comes to.
    mach_m
        By how much a height is too low at the speed of sound; below zero if the vents lie where it is too high.
    charge_m
        By how much it is too low when a charge fires, and `charge_s` how long that takes to vent.
    lag_s
        Of the bay behind the air outside.
    bias_m_s2, noise_m_s2, range_m_s2
        Of the accelerometer.
    rests_at_m_s2
        What it shows at rest: 1 g, or nothing where the computer takes gravity off.
    asl_m
        Height of the pad.
    """

    noise_m: float
    gusts_m: float
    step_m: float
    mach_m: float
    charge_m: float
    charge_s: float
    lag_s: float
    bias_m_s2: float
    noise_m_s2: float
    range_m_s2: float
    rests_at_m_s2: float
    asl_m: float


def heights(truth: Truth, sensors: Sensors, t_s: Floats, chance: Chance) -> Floats:
    """Return heights as a barometer tells them, shape of `t_s`."""
    height = np.interp(t_s - sensors.lag_s, truth.t_s, truth.height_m)
    speed = np.abs(np.interp(t_s - sensors.lag_s, truth.t_s, truth.climb_m_s))
    mach = speed / SOUND_M_S
    shock = np.exp(-(((mach - 1.0) / 0.07) ** 2))
    # a part of the dynamic pressure always gets in at the vents
    ram = 0.01 * 0.5 * speed**2 / GRAVITY_M_S2
    error = -sensors.mach_m * shock - np.sign(sensors.mach_m) * ram
    for charge in truth.charges_s:
        since = t_s - charge
        pulse = np.where(since > 0.0, np.exp(-np.maximum(since, 0.0) / sensors.charge_s), 0.0)
        error = error - sensors.charge_m * pulse
    gusts = _hanging_together(t_s, 1.0, chance) * sensors.gusts_m * (1.0 + speed / 100.0)
    found = height + error + gusts + chance.normal(0.0, sensors.noise_m, t_s.size)
    return np.asarray(np.round(found / sensors.step_m) * sensors.step_m)


def satellite_heights(truth: Truth, noise_m: float, t_s: Floats, chance: Chance) -> Floats:
    """Return heights as a satellite receiver tells them, in whole metres; its errors hang together for ten seconds."""
    height = np.interp(t_s - 0.1, truth.t_s, truth.height_m)
    slow = _hanging_together(t_s, 10.0, chance) * noise_m
    return np.asarray(np.round(height + slow + chance.normal(0.0, 0.3 * noise_m, t_s.size)))


def pressures(heights_m: Floats, asl_m: float, step_pa: float) -> Floats:
    """Return the standard atmosphere's pressure at heights over a pad."""
    found = SEA_LEVEL_PA * (1.0 - 2.25577e-5 * np.clip(heights_m + asl_m, -1_000.0, 40_000.0)) ** 5.25588
    return np.asarray(np.round(found / step_pa) * step_pa)


def accelerations(truth: Truth, sensors: Sensors, t_s: Floats, chance: Chance) -> Floats:
    """Return what the axis feels: after the charge it points anywhere, and swings under its parachute."""
    felt = np.interp(t_s, truth.t_s, truth.force_m_s2)
    swings = t_s > min(truth.charges_s, default=np.inf)
    turning = np.cos(np.cumsum(chance.normal(0.0, 1.0, t_s.size) * np.sqrt(np.gradient(t_s).clip(1e-4))))
    # it lies as it fell
    lies = t_s > truth.events_s["touchdown"]
    turning = np.where(lies, turning[min(int(np.argmax(lies)), t_s.size - 1)], turning)
    swings = swings & ~lies
    felt = np.where(lies, felt * turning, felt)
    felt = np.where(swings, felt * turning + 6.0 * _hanging_together(t_s, 0.1, chance), felt)
    tugs = sum((60.0 * np.exp(-(((t_s - charge - 0.6) / 0.1) ** 2)) for charge in truth.charges_s), np.zeros(t_s.size))
    noise = sensors.noise_m_s2 * np.where(felt > 2.0 * GRAVITY_M_S2, 4.0, 1.0)
    found = felt + tugs + sensors.bias_m_s2 + chance.normal(0.0, 1.0, t_s.size) * noise
    found = np.clip(found, -sensors.range_m_s2, sensors.range_m_s2)
    return np.asarray(np.round(found - GRAVITY_M_S2 + sensors.rests_at_m_s2, 2))


def density_share(height_m: Floats) -> Floats:
    """Return the density over that at the pad."""
    return np.asarray(np.exp(-height_m / SCALE_HEIGHT_M))


def _hanging_together(t_s: Floats, for_s: float, chance: Chance) -> Floats:
    """Return noise of spread 1 that hangs together for a time: white noise at knots, and straight lines between."""
    knots = np.arange(t_s[0] - for_s, t_s[-1] + 2.0 * for_s, for_s)
    return np.asarray(np.interp(t_s, knots, chance.normal(0.0, 1.2, knots.size)))
