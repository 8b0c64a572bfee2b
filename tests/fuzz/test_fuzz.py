"""The fuzz targets work: they take their seeds and what chance makes of them; a failure is found, named and kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from fuzz.run import INPUTS, ROOT
from fuzz.seeds import seeds_of
from fuzz.targets import CODEC, T_NS, TARGETS, broken, payload_of

from telemetry.packets import PRIMARY_HEADER_OCTETS

CHANGED = 150
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}"}


def changed(seed: bytes, random: Random) -> bytes:
    octets = bytearray(seed)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(octets) + 1)
        match random.randrange(4):
            case 0:
                octets[at : at + 1] = random.randbytes(1)
            case 1:
                octets[at:at] = random.randbytes(random.randint(1, 8))
            case 2:
                del octets[at : at + random.randint(1, 20)]
            case 3:
                octets += octets[at : at + 40]
    return bytes(octets)


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_takes_its_seeds_and_what_chance_makes_of_them(target: str) -> None:
    random, seeds = Random(target), seeds_of(target)  # noqa: S311 -- the same changes in each run
    for seed in seeds:
        TARGETS[target](seed)
    for _ in range(CHANGED):
        TARGETS[target](changed(random.choice(seeds), random))
    TARGETS[target](b"")


def test_the_seeds_are_real_packets_and_reach_the_columns() -> None:
    for seed in seeds_of("decode")[: 2 * len(CODEC.dictionary.packets)]:
        decoded = CODEC.decode(payload_of(seed), "ship", "haiyang", T_NS)
        assert decoded.refusals == ()
        assert all(frame.columns for frame in decoded.frames)


@pytest.mark.parametrize("shift", range(4))
def test_any_bits_are_a_number_without_a_warning(shift: int) -> None:
    """Found by fuzzing: numpy warns of a signalling NaN, and of what overflows, on the way to float64."""
    signalling = bytes.fromhex("7f800001") * 100
    for seed in seeds_of("decode")[: 2 * len(CODEC.dictionary.packets)]:
        head = 1 + PRIMARY_HEADER_OCTETS + CODEC.dictionary.time.octets
        octets = seed[:head] + signalling[shift : shift + len(seed) - head]
        TARGETS["decode"](b"\x01" + octets[1:])


def test_a_change_that_is_mended_passes_the_crc() -> None:
    seed = bytearray(seeds_of("decode")[0])
    seed[30] ^= 0xFF
    for mended, refusals in ((1, 0), (0, 1)):
        seed[0] = mended
        assert len(CODEC.decode(payload_of(bytes(seed)), "ship", "haiyang", T_NS).refusals) == refusals


def test_make_fuzz_gives_more_than_a_million_inputs() -> None:
    assert set(INPUTS) == {*TARGETS, "structured"}
    assert sum(INPUTS.values()) > 1_000_000


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fuzz.run", "--folder", str(folder), *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)


def test_a_run_says_how_many_inputs_how_fast_and_how_much_memory(tmp_path: Path) -> None:
    done = run(tmp_path, "--only", "split", "structured", "--scale", "0.005")
    assert done.returncode == 0, done.stdout
    split, structured, together = (line.split() for line in done.stdout.splitlines())
    assert (split[0], split[-1], structured[0], structured[-1]) == ("split", "ok", "structured", "ok")
    assert int(split[1].replace(",", "")) >= 1500
    assert int(together[1].replace(",", "")) == int(split[1].replace(",", "")) + int(structured[1].replace(",", ""))
    assert 20 < int(together[-3]) < 1000
    assert together[-2:] == ["MiB", "ok"]


def test_a_failure_is_found_named_and_kept(tmp_path: Path) -> None:
    done = run(tmp_path, "--only", "broken", "--scale", "100")
    assert done.returncode == 1
    assert "FAILED: KeyError: 'found'" in done.stdout
    (kept,) = tmp_path.glob("broken-crash-*")
    assert str(kept) in done.stdout
    with pytest.raises(KeyError):
        broken(kept.read_bytes())
    again = run(tmp_path, "--replay", str(kept))
    assert again.returncode != 0
    assert "KeyError: 'found'" in again.stdout + again.stderr
