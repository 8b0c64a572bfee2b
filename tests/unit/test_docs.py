"""What the documentation shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from telemetry.dictionary import Registry

PAGE = Path(__file__).parents[2] / "docs" / "dictionary.md"


def test_the_smallest_dictionary_is_one(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "my-rocket.yaml").write_text(example[1])
    dictionary = Registry((tmp_path,), "my-rocket").get(None)
    assert dictionary is not None
    assert [channel.name for _, channel in dictionary.channels()] == ["speed_m_s", "altitude_m", "vertical_speed_m_s"]
