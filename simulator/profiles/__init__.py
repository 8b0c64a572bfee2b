"""Ways of flying a mission, one module each: what its preset says, and how that is flown.

A new one is found by its file: it is a module here with a `PROFILE`, and presets name it by the module's name.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from simulator.profile import Profile


@functools.cache
def profiles() -> Mapping[str, Profile]:
    """Return every profile of this package by its name."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").PROFILE for name in names}
