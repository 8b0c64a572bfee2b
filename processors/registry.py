"""Finds every detector, and chooses those that fit a vehicle's instruments."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from types import ModuleType

from processors import cargo, detectors
from processors.airframe import Airframe
from processors.detector import Detector
from processors.limits.detector import LimitDetector
from processors.motion_detector import MotionDetector


@functools.cache
def detector_classes() -> tuple[type[Detector], ...]:
    """Return every detector there is: the concrete classes of both packages, by module name."""
    return tuple(found for package in (detectors, cargo) for found in _classes_of(package))


def detectors_for(airframe: Airframe) -> tuple[Detector, ...]:
    """Return a fresh detector of every kind whose channels a vehicle sends.

    Where several find the same event, the one that uses the most channels is chosen: the better the instruments,
    the better the rule. Those that read motion need no instrument of their own, so they are for vehicles whose other
    channels tell none of their events; they share out the classes of vehicles among themselves.
    """
    fitting = [one for one in detector_classes() if one.fits(airframe)]
    best: dict[str, type[Detector]] = {}
    for one in fitting:
        if not issubclass(one, MotionDetector):
            for event in one.emits:
                if event not in best or len(one.requires) > len(best[event].requires):
                    best[event] = one
    return tuple(
        one(airframe)
        for one in fitting
        if (best.keys().isdisjoint(one.emits) if issubclass(one, MotionDetector) else one in best.values())
    )


def cargo_channels() -> frozenset[str]:
    """Return the channels of which a cargo event tells too that a limit is passed."""
    return frozenset(one.channel for one in detector_classes() if issubclass(one, LimitDetector))


def _classes_of(package: ModuleType) -> list[type[Detector]]:
    found: list[type[Detector]] = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        found += [
            member
            for _, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, Detector) and not inspect.isabstract(member) and member.__module__ == module.__name__
        ]
    return found
