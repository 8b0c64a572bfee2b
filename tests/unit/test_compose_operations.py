"""docs/operations.md tells of every setting and every metric that there is, and of none that there is not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from runtime.settings import SETTINGS_CLASSES

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def test_every_setting_with_its_default() -> None:
    expected = {
        f"{cls.model_config.get('env_prefix', '')}{name.upper()}": "" if field.default is None else f"`{field.default}`"
        for cls in SETTINGS_CLASSES
        for name, field in cls.model_fields.items()
    }
    told = dict(re.findall(r"^\| `(DOWNRANGE_\w+)` \| (\S*) \| \S.*\|$", OPERATIONS, flags=re.MULTILINE))
    assert told == expected
    named = {name for name in re.findall(r"DOWNRANGE_[A-Z0-9_]+", OPERATIONS) if not name.endswith("_")}
    assert named <= set(expected)


def test_every_metric() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    code = "".join(path.read_text(encoding="utf-8") for name in packages for path in (ROOT / name).rglob("*.py"))
    made = set(re.findall(r"\b(?:Counter|Gauge|Histogram|Summary)(?:MetricFamily)?\(\s*\"(downrange_\w+)\"", code))
    told = set(re.findall(r"^\| `(downrange_\w+)", OPERATIONS, flags=re.MULTILINE))
    assert made == told, "docs/operations.md, table of metrics"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = {re.split(r"[\[<>=!~]", each, maxsplit=1)[0] for each in project["project"]["dependencies"]}
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    runs = text.split("## What runs", 1)[1].split("\n## ", 1)[0]
    cells = re.findall(r"^\| (`.*?) \|", runs, flags=re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert told == names, "docs/dependencies.md, table of what runs"


def test_files_and_links_exist() -> None:
    for page in ("docs/operations.md", "docs/dependencies.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for goal in re.findall(r"\]\(([^)#]+)\)", text):
            assert goal.startswith("http") or ((ROOT / page).parent / goal).exists(), (page, goal)
        for path in re.findall(r"`(deploy/[\w./-]+\.(?:sh|yml|json|conf))`", text):
            assert (ROOT / path).exists(), (page, path)
