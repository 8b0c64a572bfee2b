"""What there is in an archive: runs and flights."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from runtime.archive.layout import UNADDRESSED, Stream, parse_part_name
from telemetry.errors import ArchiveError
from telemetry.topics import LIVE_RUN, check_name

IMPORTED_RUN: Final = "imported"
SUGGESTIONS: Final = 10


@dataclass(frozen=True, slots=True)
class Recording:
    """One flight of one run.

    Parameters
    ----------
    run, flight, folder
        Which, and where.
    octets
        Size on disk, by stream.
    """

    run: str
    flight: str
    folder: Path
    octets: dict[Stream, int]


def list_recordings(root: Path) -> list[Recording]:
    """Return every recording, live flights first, then imported ones, then replays; by name within each."""
    found = [
        Recording(folder.parent.name, folder.name, folder, octets)
        for folder in sorted(root.glob("*/*"))
        if folder.parent.name != UNADDRESSED and not folder.name.startswith(".") and (octets := _octets(folder))
    ]
    return sorted(found, key=lambda recording: (_preference(recording.run), recording.run, recording.flight))


def find_recording(root: Path, flight: str, run: str | None = None) -> Recording:
    """Return the recording of a flight: of `run`, or else live, imported or its latest replay, what there is first.

    Raises
    ------
    ArchiveError
        If there is none; it names what there is.
    AddressError
        If a name is none.
    """
    check_name(flight, "flight")
    found = list_recordings(root)
    chosen = [r for r in found if r.flight == flight and run in {None, r.run}]
    if not chosen:
        wanted = f"{run}/{flight}" if run else flight
        names = sorted({f"{r.run}/{r.flight}" for r in found})
        # the nearest first: what was meant must not be among those left out
        near = get_close_matches(flight, {r.flight for r in found}, SUGGESTIONS)
        ranks = {name: rank for rank, name in enumerate(near)}
        names.sort(key=lambda name: (ranks.get(name.split("/")[1], len(near)), name))
        there = ", ".join(names[:SUGGESTIONS]) + (", ..." if len(names) > SUGGESTIONS else "")
        detail = f"no flight {wanted!r}; there are: {there or 'none'}. Set DOWNRANGE_ARCHIVE_DIR for another archive"
        raise ArchiveError(str(root), detail)
    best = min(_preference(r.run) for r in chosen)
    return [r for r in chosen if _preference(r.run) == best][-1]


def _preference(run: str) -> int:
    return {LIVE_RUN: 0, IMPORTED_RUN: 1}.get(run, 2)


def _octets(folder: Path) -> dict[Stream, int]:
    octets: dict[Stream, int] = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        part = parse_part_name(path.name)
        if part is not None:
            octets[part.stream] = octets.get(part.stream, 0) + path.stat().st_size
    return octets
