"""The fuzz targets work: they take their seeds and what chance makes of them; a failure is found, named and kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from fuzz.memory import MOST_LEFT
from fuzz.run import INPUTS, ROOT, main
from fuzz.seeds import seeds_of
from fuzz.targets import CODEC, T_NS, TARGETS, payload_of

from telemetry.packets import PRIMARY_HEADER_OCTETS

CHANGED = 150


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


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes that it starts find what `make fuzz` lets them find."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'tests'}{os.pathsep}{ROOT}")


@pytest.mark.usefixtures("path")
def test_a_run_says_how_many_inputs_how_fast_and_how_much_memory(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    failed = main(["--folder", str(tmp_path), "--only", "split", "structured", "--scale", "0.005"])
    said = capfd.readouterr().out
    assert not failed, said
    split, structured, together = (line.split() for line in said.splitlines())
    assert (split[0], split[-1], structured[0], structured[-1]) == ("split", "ok", "structured", "ok")
    assert int(split[1].replace(",", "")) >= 1500
    assert int(together[1].replace(",", "")) == int(split[1].replace(",", "")) + int(structured[1].replace(",", ""))
    assert 20 < int(together[-5]) < 1000
    assert together[-4::2] == ["MiB", "KiB"]
    assert abs(int(together[-3])) < MOST_LEFT // 1024


@pytest.mark.usefixtures("path")
def test_a_failure_is_found_named_and_kept(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--folder", str(tmp_path), "--only", "broken", "--scale", "100"]) == 1
    said = capfd.readouterr().out
    assert "FAILED: KeyError: 'found'" in said
    (kept,) = tmp_path.glob("broken-crash-*")
    assert str(kept) in said
    assert main(["--replay", str(kept)]) != 0
    assert "KeyError: 'found'" in "".join(capfd.readouterr())


LEAKING = """
from fuzz.memory import MOST_LEFT, left_behind
from fuzz.targets import TARGETS
kept = []
print(left_behind(lambda octets: kept.append(octets * 1000), [b"ab", b"cd"], 5000) > MOST_LEFT)
print(left_behind(TARGETS["expression"], [b"ab", b"cd"], 5000) < MOST_LEFT)
"""


def test_what_is_left_behind_is_seen() -> None:
    # in a process of its own: this one has memory to spare from earlier tests, in which a leak would not show
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    told = subprocess.run(
        [sys.executable, "-c", LEAKING],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["True", "True"]
