"""What memory a process has."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20
PAGE_OCTETS: Final = resource.getpagesize()


def memory_octets(column: int) -> int:
    """Return what the process has: column 0 of the kernel's statistics is address space, column 1 what is resident."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[column]) * PAGE_OCTETS


def peak_octets() -> int:
    """Return the most that the process has held; `ru_maxrss` begins at what its parent held when it forked."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024
