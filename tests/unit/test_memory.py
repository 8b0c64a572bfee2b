"""How a service holds memory, in a process of its own: what is settled there stays for good."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROBE = """
import sys
from runtime.memory import keep_memory_small
keep_memory_small()
import pyarrow as pa
values = pa.array([1, 2]).to_pylist()
print(values, "pandas" in sys.modules)
try:
    import pandas
except ImportError as error:
    print(error.name)
"""


def test_arrow_works_and_does_not_load_pandas(tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text("__version__ = '2.0.0'")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{PROBE}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["[1, 2] False", "pandas"], done.stderr


GIVES_BACK = """
import threading, psutil
from runtime.memory import keep_memory_small
keep_memory_small()

def work():
    for _ in range(3):
        pieces = [bytes(1_000_000) for _ in range(60)]
        del pieces

def rss_mb():
    return psutil.Process().memory_info().rss / 1e6

before = rss_mb()
for _ in range(4):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(rss_mb() - before)
"""


def test_what_threads_freed_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", GIVES_BACK], capture_output=True, text=True, check=True, timeout=60)
    assert float(done.stdout) < 20
