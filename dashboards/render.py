"""Write the dashboard where Grafana's provisioning finds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from dashboards.mission_control import build

PROVISIONED: Final = Path(__file__).parent.parent / "deploy" / "grafana" / "dashboards" / "mission-control.json"


def text() -> str:
    """Return the dashboard's file: JSON, indented, so that a change is read as a change."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


def render(path: Path = PROVISIONED) -> Path:
    """Write the file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(), encoding="utf-8")
    return path
