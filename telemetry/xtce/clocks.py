"""The time code that a document's packets carry behind the primary header."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import ValidationError

from telemetry.errors import DictionaryError
from telemetry.time_code import TimeCode
from telemetry.xtce.document import Node
from telemetry.xtce.kept import kept_in
from telemetry.xtce.layout import Layout, Slot
from telemetry.xtce.mapping import ImportMap
from telemetry.xtce.notes import Notes
from telemetry.xtce.spaces import Spaces
from telemetry.xtce.types import encoding_of

OCTET: Final = 8
PRIMARY_HEADER_BITS: Final = 48
EPOCHS: Final = {"TAI": "tai", "GPS": "gps", "UNIX": "1970-01-01T00:00:00Z", "J2000": "2000-01-01T11:58:55.816Z"}
WITH_ZONE: Final = re.compile(r"(Z|[+-]\d\d:\d\d)$")
ADVICE: Final = (
    "say it in a map, for example `time: {code: cuc, epoch: 2020-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 2}` "
    "(docs/xtce.md)"
)


def time_of(spaces: Spaces, layouts: list[Layout], wanted: ImportMap, notes: Notes) -> TimeCode:
    """Return the time code: the map's, the one that our own document keeps, or what an absolute time's type says.

    Raises
    ------
    DictionaryError
        If none of them says it, or packets differ; the error names the line of the first field and the remedy.
    """
    if wanted.time is not None:
        return wanted.time
    kept = kept_in(spaces.root).get("time")
    if kept is not None:
        return _checked(kept, spaces.root)
    codes: dict[TimeCode, Slot] = {}
    for layout in layouts:
        first = next(
            (slot for slot in sorted(layout.slots, key=lambda slot: slot.at) if slot.at >= PRIMARY_HEADER_BITS), None
        )
        if first is None:
            raise DictionaryError(
                "", layout.container.node.line, f"container {layout.container.name!r} has no time; {ADVICE}"
            )
        code = _code(spaces, first, notes)
        if code is None:
            msg = f"{first.name!r} after the primary header is no time that is understood; {ADVICE}"
            raise DictionaryError("", first.parameter.node.line, msg)
        codes.setdefault(_checked(code, first.type.node), first)
    if len(codes) != 1:
        line = list(codes.values())[-1].type.node.line
        raise DictionaryError("", line, f"packets carry different time codes; leave some out with `skip` and {ADVICE}")
    return next(iter(codes))


def _checked(content: Any, node: Node) -> TimeCode:
    try:
        return TimeCode.model_validate(content)
    except ValidationError as error:
        msg = f"its time code is none that is understood: {error.errors()[0]['msg']}; {ADVICE}"
        raise DictionaryError("", node.line, msg) from error


def _code(spaces: Spaces, slot: Slot, notes: Notes) -> dict[str, Any] | None:
    """Return the CUC that an absolute time of binary fractions of a second is."""
    kind = slot.type.node
    outer, encoding, epoch = (
        kind.first("Encoding"),
        encoding_of(slot.type, spaces),
        kind.first("ReferenceTime", "Epoch"),
    )
    if (
        kind.tag != "AbsoluteTimeParameterType"
        or outer is None
        or encoding is None
        or epoch is None
        or slot.bits % OCTET
    ):
        return None
    fine = _fine_octets(outer.get("scale", "1"))
    if encoding.tag != "IntegerDataEncoding" or outer.get("units", "seconds") != "seconds" or fine is None:
        return None
    return {
        "code": "cuc",
        "epoch": _epoch(epoch, slot, notes),
        "coarse_octets": slot.bits // OCTET - fine,
        "fine_octets": fine,
    }


def _epoch(node: Node, slot: Slot, notes: Notes) -> str:
    text = node.text.strip()
    if text == "J2000":
        notes.changed(node, slot.name, "epoch J2000 became its instant of UTC, rounded to the millisecond")
    if text in EPOCHS:
        return EPOCHS[text]
    moment = text if "T" in text else f"{text}T00:00:00"
    return moment if WITH_ZONE.search(moment) else f"{moment}Z"


def _fine_octets(scale: str) -> int | None:
    try:
        number = float(scale)
    except ValueError:
        return None
    return next((octets for octets in range(11) if number == 2.0 ** (-OCTET * octets)), None)
