"""The stacks that a job can be asked for."""

from __future__ import annotations

from enum import StrEnum


class StackName(StrEnum):
    """Which servers a job uses.

    `none` takes those that the environment names, with the services that run there; the other two start servers and
    services of their own.
    """

    NONE = "none"
    EMBEDDED = "embedded"
    NATIVE = "native"
