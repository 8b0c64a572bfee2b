"""Service `detect` as another release, whose snapshots this one cannot read. Run as a program.

`OLDER` in the environment says in which way: of another version; or in a shape that was changed without a new version,
and without the header that says where a flight begins.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path

from processors import engine
from processors.books.flight import FlightBooks
from processors.detect import saver
from processors.detect.service import run
from runtime.service import main
from runtime.settings import read_settings

PROGRAM = Path(__file__)
VARIABLE = "OLDER"


class Older(StrEnum):
    """In which way."""

    VERSION = "version"
    SHAPE = "shape"


if __name__ == "__main__":
    if os.environ[VARIABLE] == Older.VERSION:
        vars(engine)["SNAPSHOT_VERSION"] = 1
    else:
        # which that release itself can read
        snapshot, restore = FlightBooks.snapshot, FlightBooks.restore
        type.__setattr__(FlightBooks, "snapshot", lambda books: {"in another shape": snapshot(books)})
        type.__setattr__(FlightBooks, "restore", lambda books, state: restore(books, state["in another shape"]))
        vars(saver)["BEGINS"] = "nothing-that-is-known"
    sys.exit(main("detect", run, read_settings()))
