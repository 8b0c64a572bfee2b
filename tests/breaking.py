"""Service `detect` with a fault in its engine: it breaks half way through some messages of flights named `broken-…`.

Run as a program. Which messages: those whose receive time ends in `MARK`, ns.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from processors.detect import taking
from processors.detect.service import run
from processors.engine import Engine
from processors.output import Output
from runtime.service import main
from runtime.settings import read_settings
from telemetry.dictionary import Dictionary
from telemetry.frames import Frame
from telemetry.message import Message

PROGRAM = Path(__file__)
BROKEN = "broken-"
MARK = 777


class FragileEngine(Engine):
    """It has taken the message in when it breaks."""

    def take_frames(
        self,
        message: Message,
        frames: Sequence[Frame],
        dictionary: Dictionary,
        offsets: dict[str, int],
        *,
        look: bool = True,
    ) -> Output:
        output = super().take_frames(message, frames, dictionary, offsets, look=look)
        if self.flight.startswith(BROKEN) and message.ert_ns % 1000 == MARK:
            detail = "made up"
            raise ArithmeticError(detail)
        return output


if __name__ == "__main__":
    vars(taking)["Engine"] = FragileEngine
    sys.exit(main("detect", run, read_settings()))
