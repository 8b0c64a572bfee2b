"""An XTCE document as a dictionary's content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from telemetry.errors import DictionaryError
from telemetry.xtce.clocks import time_of
from telemetry.xtce.criteria import Told, tell
from telemetry.xtce.document import Node, parse_document
from telemetry.xtce.fields import FieldReader
from telemetry.xtce.kept import kept_in
from telemetry.xtce.layout import Layout, chain_of, lay_out
from telemetry.xtce.mapping import ImportMap
from telemetry.xtce.naming import Naming, snake
from telemetry.xtce.notes import Note, Notes
from telemetry.xtce.packets import PacketReader
from telemetry.xtce.spaces import Named, Spaces
from telemetry.xtce.standard import XtceVersion
from telemetry.xtce.types import UnfixedError

NAMESPACE: Final = "http://www.omg.org/spec/XTCE/"
# the parts of a SpaceSystem that describe no packet's layout
BESIDE: Final = {
    "CommandMetaData": "commands: Downrange receives only",
    "ServiceSet": "services",
    "XIInclude": "inclusions",
}
BESIDE_TELEMETRY: Final = {
    "AlgorithmSet": "algorithms: write them as derived channels, if there is a function for them",
    "StreamSet": "streams and frames: packets come whole",
    "MessageSet": "messages: packets are told by their APID",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """What was read.

    Parameters
    ----------
    content
        A dictionary's content, as its YAML file would have it; it is not checked yet.
    notes
        What is not in it as it was in the document, by line.
    """

    content: dict[str, Any]
    notes: tuple[Note, ...]


def read_xtce(octets: bytes, path: str, wanted: ImportMap | None = None) -> Imported:
    """Read an XTCE document of version 1.2 or 1.3.

    Parameters
    ----------
    octets
        The document.
    path
        Its name, for errors.
    wanted
        What the user says about it.

    Raises
    ------
    DictionaryError
        If it is no such document, if nobody says what time code its packets carry, or if no packet is left.
    """
    root = parse_document(octets, path)
    notes, wanted = Notes(), wanted or ImportMap()
    _check_root(root, path, notes)
    spaces = Spaces(root)
    for name, system in spaces.systems.items():
        _note_beside(system, name, notes)
    found = _packets(spaces, wanted, notes)
    if not found:
        raise _empty(path, root, notes)
    try:
        time = time_of(spaces, [layout for layout, _ in found], wanted, notes)
    except DictionaryError as error:
        raise DictionaryError(path, error.line, error.detail) from error
    naming = Naming(wanted, notes)
    reader = PacketReader(time, FieldReader(spaces, naming, notes), notes)
    packets: dict[str, Any] = {}
    carried: set[str] = set()
    for layout, told in found:
        container = layout.container
        name = naming.packet(container.name, container.path, set(packets))
        try:
            packets[name] = reader.packet(name, layout, told)
        except UnfixedError as error:
            notes.lost(error.node, container.name, error.detail)
        else:
            carried |= {slot.parameter.path for slot in layout.slots}
    if not packets:
        raise _empty(path, root, notes)
    _note_unused(spaces, carried, notes)
    head = _head(root, wanted)
    time_content = time.model_dump(mode="json", exclude_defaults=True)
    content = naming.references({**head, "time": time_content, "packets": packets})
    return Imported(content, tuple(sorted(set(notes.all))))


def _empty(path: str, root: Node, notes: Notes) -> DictionaryError:
    lines = "".join(f"\n  {note}" for note in sorted(set(notes.all)))
    return DictionaryError(path, root.line, f"no container is a packet with an APID of its own{lines}")


def _packets(spaces: Spaces, wanted: ImportMap, notes: Notes) -> list[tuple[Layout, Told]]:
    """Return the containers that are packets of their own; two with one APID cannot be told apart and both go."""
    found: list[tuple[Layout, Told]] = []
    for container in _leaves(spaces, notes):
        if container.name in wanted.skip or container.path in wanted.skip:
            continue
        try:
            layout = lay_out(spaces, container)
            told = tell(layout, spaces)
        except UnfixedError as error:
            notes.lost(error.node, container.name, error.detail)
            continue
        if told.apid is None:
            notes.lost(
                container.node, container.name, "no restriction to one APID: it cannot be told from other packets"
            )
        else:
            found.append((layout, told))
    by_apid: dict[int, list[str]] = {}
    for layout, told in found:
        by_apid.setdefault(told.apid or 0, []).append(layout.container.name)
    for layout, told in found:
        others = [name for name in by_apid[told.apid or 0] if name != layout.container.name]
        if others:
            named = ", ".join(others)
            detail = f"APID {told.apid} is that of {named} too, and packets are told by it; put all but one into `skip`"
            notes.lost(layout.container.node, layout.container.name, detail)
    return [(layout, told) for layout, told in found if len(by_apid[told.apid or 0]) == 1]


def _leaves(spaces: Spaces, notes: Notes) -> list[Named]:
    """Return the containers that no other is made from."""
    bases: dict[str, list[str]] = {}
    for container in spaces.containers.values():
        try:
            inherited = chain_of(spaces, container)[:-1]
        except UnfixedError:
            continue  # told when the container itself is laid out
        for base in inherited:
            bases.setdefault(base.path, []).append(container.name)
        for entry in container.node.all("EntryList", "ContainerRefEntry"):
            included = spaces.container(entry.get("containerRef"), container.system)
            if included is not None:
                bases.setdefault(included.path, []).append(container.name)
    leaves = []
    for path, container in spaces.containers.items():
        if path not in bases:
            leaves.append(container)
        elif (
            not container.node.flag("abstract")
            and container.node.first("BaseContainer", "RestrictionCriteria") is not None
        ):
            detail = (
                f"only {', '.join(bases[path])}, made from it, are carried over, not packets that are none of these"
            )
            notes.lost(container.node, container.name, detail)
    return [leaf for leaf in leaves if not leaf.node.flag("abstract")]


def _check_root(root: Node, path: str, notes: Notes) -> None:
    if root.tag != "SpaceSystem":
        raise DictionaryError(path, root.line, f"is no XTCE document: it begins with {root.tag}, not with SpaceSystem")
    if root.namespace not in {version.namespace for version in XtceVersion}:
        if not root.namespace.startswith(NAMESPACE) and "xtce" not in root.namespace.lower():
            known = " or ".join(version.namespace for version in XtceVersion)
            raise DictionaryError(path, root.line, f"has the namespace {root.namespace!r}, not {known}")
        notes.changed(root, "SpaceSystem", f"namespace {root.namespace} is not that of 1.2 or 1.3: read as if it were")


def _note_beside(system: Node, name: str, notes: Notes) -> None:
    for child in system.children:
        if child.tag in BESIDE:
            notes.lost(child, name, BESIDE[child.tag])
    for telemetry in system.all("TelemetryMetaData"):
        for child in telemetry.children:
            if child.tag in BESIDE_TELEMETRY:
                notes.lost(child, name, BESIDE_TELEMETRY[child.tag])


def _note_unused(spaces: Spaces, carried: set[str], notes: Notes) -> None:
    for path, parameter in spaces.parameters.items():
        if path not in carried:
            notes.lost(parameter.node, parameter.name, "it is in no packet that was carried over")


def _head(root: Node, wanted: ImportMap) -> dict[str, Any]:
    header = root.first("Header")
    version = header.get("version") if header is not None else ""
    head = {
        "name": wanted.name or snake(root.get("name")).replace("_", "-"),
        "version": wanted.version or (int(version) if version.isdecimal() and int(version) else 1),
        "vehicle_class": wanted.vehicle_class or "unknown",
        "description": root.described or f"Imported from the XTCE of {root.get('name')}",
    }
    kept = {key: value for key, value in kept_in(root).items() if key != "time"}
    return {**head, **kept, **wanted.model_dump(include={"name", "version", "vehicle_class"}, exclude_none=True)}
