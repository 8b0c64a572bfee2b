"""How a process of ours holds memory: it gives back what it does not need, and loads no library that it never asks."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

# glibc's numbers of its settings, from <malloc.h>
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
M_ARENA_MAX: Final = -8
ALLOCATION: Final = {
    # a thread that compresses or writes has an arena of its own, which is never given back
    M_ARENA_MAX: 1,
    # a larger piece goes back to the system when it is freed; by itself the limit climbs to 32 MiB with what is freed
    M_MMAP_THRESHOLD: 256 * 1024,
    M_TRIM_THRESHOLD: 1024 * 1024,
}
UNUSED: Final = "pandas"


class _Absent(MetaPathFinder):
    """Finds no module of a name, whatever is installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse the one, leave all others to the finders after this one."""
        del path, target
        if fullname == UNUSED:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def keep_memory_small() -> None:
    """Settle how this process holds memory, for good: for services, before they do anything."""
    # Arrow loads pandas where it finds it, 45 MB, at the first array; no service uses it
    sys.meta_path.insert(0, _Absent())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        # not glibc
        return
    for setting, value in ALLOCATION.items():
        mallopt(setting, value)


def give_memory_back() -> None:
    """Return to the system what lies free between pieces that are in use; glibc by itself returns only the end."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
