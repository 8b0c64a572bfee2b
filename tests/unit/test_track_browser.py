from __future__ import annotations

from pathlib import Path

import pytest
from browser import chromium


def test_a_missing_browser_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOWNRANGE_TEST_CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="apt-get install chromium"):
        chromium()
