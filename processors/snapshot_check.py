"""Whether a snapshot can be taken over here."""

from __future__ import annotations

from telemetry.dictionary import Dictionary, Registry
from telemetry.errors import PacketError, Reason


def check_version(version: int, known: int, whose: str) -> None:
    """See that a snapshot is of the version that is known.

    Raises
    ------
    PacketError
        If it is of another (`unknown-version`).
    """
    if version != known:
        raise PacketError(Reason.UNKNOWN_VERSION, f"the snapshot of {whose} is of version {version}, not {known}")


def named_in_snapshot(registry: Registry, name: str, whose: str) -> Dictionary:
    """Return the dictionary that a snapshot names.

    Raises
    ------
    PacketError
        If it is not known here (`unknown-dictionary`).
    """
    dictionary = registry.get(name)
    if dictionary is None:
        detail = f"the snapshot of {whose} names dictionary {name!r}, which is not known here"
        raise PacketError(Reason.UNKNOWN_DICTIONARY, detail)
    return dictionary
