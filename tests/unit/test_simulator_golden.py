"""Same seed, same bytes, on every machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
from golden import digests

TESTS: Final = Path(__file__).parents[1]
GOLDEN: Final = json.loads((TESTS / "data" / "golden.json").read_text())
# glibc's own choice of functions with fused multiplication, and OpenBLAS' of its kernels
OLD_MACHINE: Final = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-FMA,-FMA4,-AVX512F",
    "OPENBLAS_CORETYPE": "Prescott",
}


def vector_units() -> list[str]:
    """Return what numpy uses of this processor beyond what every processor has."""
    umath = np._core._multiarray_umath  # type: ignore[attr-defined]  # numpy shows its dispatch nowhere else
    return [unit for unit in umath.__cpu_dispatch__ if umath.__cpu_features__[unit]]


def test_a_flight_is_the_golden_one() -> None:
    assert digests() == GOLDEN, "changed on purpose? see tests/golden.py"


def test_a_flight_is_the_same_without_vector_units() -> None:
    units = vector_units()
    environment = {**os.environ, **OLD_MACHINE, "NPY_DISABLE_CPU_FEATURES": " ".join(units)}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(TESTS / "golden.py")],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == GOLDEN, f"without {' '.join(units)}"
