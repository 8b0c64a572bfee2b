"""Logs of one made-up flight, written as each instrument's software would write it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FOOT_M: Final = 0.3048
G_M_S2: Final = 9.80665
# calibration words of no sensor in particular
WORDS: Final = {"sens": 45000, "off": 40000, "tcs": 27000, "tco": 25000, "tref": 32000, "tempsens": 27500}
TEMPERATURE_COUNTS: Final = (32000 << 8) + 400_000


@dataclass(frozen=True)
class Made:
    """A rocket on its pad, up and down: times from liftoff, height above the pad, and what its sensors would say."""

    t_s: Floats
    altitude_m: Floats
    speed_m_s: Floats
    acceleration_m_s2: Floats
    pressure_pa: Floats


def made(rate_hz: float = 20.0, end_s: float = 40.0) -> Made:
    t_s = np.round(np.arange(-2.0, end_s, 1.0 / rate_hz), 3)
    acceleration = np.where(t_s < 0.0, 0.0, np.where(t_s < 3.0, 80.0, -G_M_S2))
    speed = np.cumsum(acceleration) / rate_hz
    altitude = np.maximum(np.cumsum(speed) / rate_hz, 0.0)
    speed = np.where((altitude == 0.0) & (t_s > 3.0), 0.0, speed)
    return Made(t_s, altitude, speed, acceleration, 101_325.0 * np.exp(-altitude / 8_434.0))


def webcast_columns(flight: Made) -> str:
    return json.dumps(
        {
            "time": flight.t_s.tolist(),
            "velocity": np.abs(flight.speed_m_s).tolist(),
            "altitude": (flight.altitude_m / 1000.0).tolist(),
        }
    )


def webcast_lines(flight: Made) -> str:
    return "".join(
        json.dumps({"time": t, "velocity": abs(v), "altitude": h / 1000.0}) + "\n"
        for t, v, h in zip(*map(np.ndarray.tolist, (flight.t_s, flight.speed_m_s, flight.altitude_m)), strict=True)
    )


def webcast_csv(flight: Made) -> str:
    rows = zip(flight.t_s, np.abs(flight.speed_m_s), flight.altitude_m / 1000.0, strict=True)
    return "time,velocity,altitude\n" + "".join(f"{t},{v},{h}\n" for t, v, h in rows)


def altos_csv(flight: Made, version: int = 6) -> str:
    """Write AltosUI's CSV; version 5 has more cells in its rows than its header names, version 6 two altitudes."""
    if version == 5:
        header = (
            "version,serial,flight,call,time,clock,rssi,lqi,state,state_name,acceleration,pressure,altitude,height,"
            "accel_speed,baro_speed,temperature,battery_voltage,drogue_voltage,main_voltage,accel_x,accel_y,accel_z"
        )
    else:
        header = (
            "version,serial,flight,call,time,state,state_name,acceleration,pressure,altitude,height,speed,temperature,"
            "connected,locked,nsat,latitude,longitude,altitude"
        )
    text = f"# made up for a test\n#{header}\n"
    for t, a, p, h, v in zip(
        flight.t_s, flight.acceleration_m_s2, flight.pressure_pa, flight.altitude_m, flight.speed_m_s, strict=True
    ):
        measured = f"{a:8.2f},{p:10.2f},{h + 120.0:8.2f},{h:8.2f},{v:8.2f}"
        if version == 5:
            text += f"5, 1, 2, N0CALL, {t:8.2f}, {t + 90:8.2f},   0,   0,3,   boost,{measured},{v:8.2f}, 20.0, 3.9, 3.8"
            text += ", 3.8,     0,     0,     0,     0,     0,     0,     0,     0,     0\n"
        else:
            text += f"6, 1, 2,N0CALL, {t:8.2f}, 3,   boost,{measured}, 20.0, 1, 1,  9,  39.1,  -8.1,  9999.0\n"
    return text


def pressure_counts(pressure_pa: Floats) -> NDArray[np.int64]:
    """Return the raw counts of an MS5607 that measures these pressures, at a temperature above 20 C."""
    d_t = TEMPERATURE_COUNTS - WORDS["tref"] * 2**8
    off = WORDS["off"] * 2**17 + WORDS["tco"] * d_t / 2**6
    sens = WORDS["sens"] * 2**16 + WORDS["tcs"] * d_t / 2**7
    return np.rint((pressure_pa * 2**15 + off) * 2**21 / sens).astype(np.int64)


def _record(letter: str, tick: int, size: int, *fields: tuple[int, int, int]) -> bytes:
    """Return a record: fields are place, octets, value; little-endian, with a checksum that comes out right."""
    octets = bytearray(size)
    octets[0] = ord(letter)
    octets[2:4] = (tick % 65536).to_bytes(2, "little")
    for at, count, value in fields:
        octets[at : at + count] = (value % (1 << (8 * count))).to_bytes(count, "little")
    octets[1] = -(0x5A + sum(octets)) % 256
    return bytes(octets)


def altos_eeprom(flight: Made, log_format: int = 19, first_tick: int = 65_400) -> str:
    """Write a `.eeprom`; the ticks wrap in it."""
    mega, mini = log_format in {5, 10, 15, 16, 19, 21}, log_format in {6, 8, 12, 14}
    size, width = 32 if mega else 16, 3 if mini else 4
    plus, minus, ground = -20, 18, -21
    header: dict[str, Any] = {
        "accel_cal_plus": 0x7FFFFFFF if mini else plus,
        "accel_cal_minus": 0x7FFFFFFF if mini else minus,
        "flights": [{"end": 1, "flight": 1, "start": 0}],
        "log_format": log_format,
        "ms5607": {**WORDS, "crc": 1, "ms5611": False, "reserved": 0},
        "product": "made up",
    }
    ticks = first_tick + np.rint((flight.t_s - flight.t_s[0]) * 100).astype(int)
    zero = first_tick + round(-flight.t_s[0] * 100)
    records = [_record("F", zero, size, (4, 2, 7), (6, 2, ground))]
    per_g = (minus - plus) / 2.0
    for i, (tick, counts, a) in enumerate(
        zip(ticks.tolist(), pressure_counts(flight.pressure_pa).tolist(), flight.acceleration_m_s2, strict=True)
    ):
        fields = [(4, width, counts), (4 + width, width, TEMPERATURE_COUNTS)]
        if not mini:
            fields.append((30 if mega else 12, 2, ground - round(a / G_M_S2 * per_g)))
        records.append(_record("A", tick, size, *fields))
        if i % 50 == 0:
            records.append(_record("T", tick, size, (4, 2, 3000)))
    records.append(b"\xff" * size)
    body = b"".join(records)
    lines = [body[i : i + 32].hex(" ") for i in range(0, len(body), 32)]
    return json.dumps(header, indent="\t") + "\n" + "\n".join(lines) + "\n"


def perfectflite(flight: Made) -> str:
    rows = "".join(
        f"{t + 2.0:.2f}, {h / FOOT_M:.0f}, {v / FOOT_M:.0f}" + (", 70.00, 4.20\n" if i % 2 else "\n")
        for i, (t, h, v) in enumerate(zip(flight.t_s, flight.altitude_m, flight.speed_m_s, strict=True))
    )
    return (
        f"PerfectFlite SL100\nFirmware: 1.0\nSerial Number: 0\nApogee: 1000' AGL\nNumSamps: {flight.t_s.size}\n"
        f"Comments: made up\n\nData: (Time, Altitude, Velocity, Temperature (F), Voltage)\n{rows}"
    )


def cats_set(flight: Made, *, raw: bool = True) -> dict[str, str]:
    """Write the files of a CATS board by name: two barometers, 40 Pa apart, and the estimate 3 ms later."""
    zero_ms, word = 3_155_000, "raw" if raw else "processed"

    def stamp(t: float, later_ms: int) -> str:
        return str(zero_ms + round(t * 1000) + later_ms) if raw else repr(round(t + later_ms / 1000, 3))

    baro = ",ts,id,T,P\n" + "".join(
        f"{2 * i + n},{stamp(t, 0)},BARO{n},{2000 if raw else 20.0},{p + 40 * n:.0f}\n"
        for i, (t, p) in enumerate(zip(flight.t_s.tolist(), flight.pressure_pa, strict=True))
        for n in (0, 1)
    )
    info = ",ts,height,velocity,acceleration\n" + "".join(
        f"{i},{stamp(t, 3)},{h + 50},{v},{a}\n"
        for i, (t, h, v, a) in enumerate(
            zip(flight.t_s.tolist(), flight.altitude_m, flight.speed_m_s, flight.acceleration_m_s2, strict=True)
        )
    )
    return {f"flight - baro_{word}.csv": baro, f"flight - flight_info_{word}.csv": info}


def eggtimer(flight: Made) -> str:
    rows = "".join(
        f"{(t + 2.0) * 1000:.0f},{h / FOOT_M:.0f},{v / FOOT_M:.2f},0.00,0.00,0,0,0,0,0,0\n"
        for t, h, v in zip(flight.t_s, flight.altitude_m, flight.speed_m_s, strict=True)
    )
    return f"T,Alt,Veloc,Filt_Alt,FVeloc,LDA,LowV,Apogee,N-O,Drogue,Main\n{rows}"


def rrc3(flight: Made) -> str:
    """Write it as a spreadsheet of a country with decimal commas would."""
    rows = "".join(
        f"{t + 2.0:.2f};{h:.4f};{p / 100:.1f};0;36,1;-;8,9;\n".replace(".", ",")
        for t, h, p in zip(flight.t_s, flight.altitude_m, flight.pressure_pa, strict=True)
    )
    return f"Time;Altitude;Pressure;Velocity;Temperature;Events;Voltages;\n{rows}"


def csv_units(flight: Made) -> str:
    rows = "".join(
        f"{t * 1000:.0f},{p / 100:.2f},{h / FOOT_M:.2f},{h / FOOT_M + 400:.2f},25.1C\n"
        for t, h, p in zip(flight.t_s, flight.altitude_m, flight.pressure_pa, strict=True)
    )
    return f"# made up\nFlight_Time_(ms),Baro_Press_(mbar),Altitude AGL (ft),Altitude ASL (ft),Temp\n{rows}"


EVERY: Final[dict[str, Callable[[Made], str]]] = {
    "webcast-json": webcast_columns,
    "webcast-json lines": webcast_lines,
    "webcast-csv": webcast_csv,
    "altos-csv": altos_csv,
    "altos-eeprom": altos_eeprom,
    "perfectflite": perfectflite,
    "cats-csv": lambda flight: next(iter(cats_set(flight).values())),
    "eggtimer": eggtimer,
    "rrc3": rrc3,
    "csv-units": csv_units,
    "csv": lambda flight: (
        "t_s,altitude_m\n" + "".join(f"{t},{h}\n" for t, h in zip(flight.t_s, flight.altitude_m, strict=True))
    ),
}
