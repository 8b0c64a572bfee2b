"""Makes `land-110m.json` from Natural Earth's 1:110m land polygons (public domain).

The polygons come as TopoJSON in the npm package world-atlas 2.0.2 (`npm pack world-atlas@2.0.2`; `land-110m.json`),
where the cuts along the antimeridian are already sewn up. Run:
`python tracking/land/convert.py package/land-110m.json tracking/land/land-110m.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SOURCE = "Natural Earth 1:110m land (naturalearthdata.com, public domain), from the npm package world-atlas 2.0.2"
UNITS_PER_DEG = 100

Ring = list[list[int]]


def convert(topology: dict[str, Any]) -> dict[str, Any]:
    """Return polygons as rings of [longitude, latitude] in hundredths of a degree, interiors on the left."""
    arcs = _arcs(topology)
    geometries = topology["objects"]["land"]["geometries"]
    polygons = [polygon for geometry in geometries for polygon in geometry["arcs"]]
    return {
        "source": SOURCE,
        "units_per_deg": UNITS_PER_DEG,
        "polygons": [[_ring(ring, arcs) for ring in polygon] for polygon in polygons],
    }


def _arcs(topology: dict[str, Any]) -> list[Ring]:
    """Undo the quantisation and delta coding of TopoJSON."""
    (scale_lon, scale_lat), (shift_lon, shift_lat) = topology["transform"]["scale"], topology["transform"]["translate"]
    decoded = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            lon_deg, lat_deg = x * scale_lon + shift_lon, y * scale_lat + shift_lat
            points.append([round(lon_deg * UNITS_PER_DEG), round(lat_deg * UNITS_PER_DEG)])
        decoded.append(points)
    return decoded


def _ring(indices: list[int], arcs: list[Ring]) -> Ring:
    """Join arcs (a negative index is the complement, backwards), and turn the ring, whose interior is on the right."""
    ring: Ring = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(arc[1:] if ring else arc)
    kept = [point for i, point in enumerate(ring) if i == 0 or point != ring[i - 1]]
    return kept[::-1]


def main() -> None:
    """Convert the file named first into the file named second."""
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    text = json.dumps(convert(topology), separators=(",", ":"))
    Path(sys.argv[2]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
