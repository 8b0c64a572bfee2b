"""The error tree: what went wrong, and whether to reject the input, try again, or end the process.

DownrangeError
├── InputError          permanent: keep the input with its reason, go on
│   ├── PacketError     reason: bad-length, bad-crc, unknown-apid, bad-time, ...
│   ├── AddressError    reason: bad-topic
│   ├── ManifestError   reason: overfull, bad-manifest
│   └── InternalError   reason: internal-error: the input is good, what takes it is not
├── TransientError      back off with jitter and try again; commit nothing
│   └── TimedOutError   no answer in time: a smaller piece may be answered
└── FatalError          end the process non-zero
    ├── SettingsError   a setting names something impossible
    ├── FlightError     a simulated vehicle cannot fly its mission
    ├── ArchiveError    a recording that is missing, damaged or in the way: the path inside
    └── DictionaryError a dictionary file is wrong: file and line inside
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath


class Reason(StrEnum):
    """Why octets were rejected; the value of the header ``reason`` on ``downrange.rejected``."""

    BAD_LENGTH = "bad-length"
    BAD_CRC = "bad-crc"
    BAD_HEADER = "bad-header"
    BAD_TIME = "bad-time"
    BAD_JSON = "bad-json"
    BAD_TOPIC = "bad-topic"
    BAD_PROPERTY = "bad-property"
    UNKNOWN_APID = "unknown-apid"
    UNKNOWN_DICTIONARY = "unknown-dictionary"
    UNKNOWN_CONTENT_TYPE = "unknown-content-type"
    UNKNOWN_VERSION = "unknown-version"
    TOO_LARGE = "too-large"
    FIELD_CONFLICT = "field-conflict"
    OVERFULL = "overfull"
    BAD_MANIFEST = "bad-manifest"
    BAD_ROW = "bad-row"
    REFUSED_COMMAND = "refused-command"
    INTERNAL_ERROR = "internal-error"
    TOO_MANY = "too-many"


class DownrangeError(Exception):
    """Base of every error that Downrange raises on purpose."""


class InputError(DownrangeError):
    """Input that can never be accepted as it is.

    Parameters
    ----------
    reason
        The machine-readable reason.
    detail
        What exactly was wrong, and how to put it right.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class PacketError(InputError):
    """A packet or payload that does not follow the dictionary."""


class AddressError(InputError):
    """A topic or name outside the naming rule."""


class ManifestError(InputError):
    """A manifest that cannot be flown."""


class InternalError(InputError):
    """Input that broke the code that takes it; to be tried again when that is mended.

    Parameters
    ----------
    error
        What was raised.
    """

    def __init__(self, error: Exception) -> None:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "" if trace is None else f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        super().__init__(Reason.INTERNAL_ERROR, f"{type(error).__name__}{place}: {error}")


class TransientError(DownrangeError):
    """Something that may succeed when tried again; nothing was acknowledged.

    Parameters
    ----------
    detail
        What went wrong, and where.
    after_s
        How long the other side asks to be left alone, if it says.
    """

    def __init__(self, detail: str, after_s: float | None = None) -> None:
        super().__init__(detail)
        self.after_s = after_s


class TimedOutError(TransientError):
    """No answer in time; whether it was done is not known, and a smaller piece may be answered."""


class FatalError(DownrangeError):
    """Something that an operator must mend before the process can run."""


class SettingsError(FatalError):
    """A setting that cannot work; the message names it and its environment variable."""


class FlightError(FatalError):
    """A preset whose vehicle cannot fly the mission; the message names the leg or the figure that fails."""


class ArchiveError(FatalError):
    """A recording that cannot be used as it is.

    Parameters
    ----------
    path
        The file or folder.
    detail
        What is wrong with it and what to do.
    """

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail = detail


class DictionaryError(FatalError):
    """A dictionary file that is wrong.

    Parameters
    ----------
    path
        The file.
    line
        Line in the file, counted from 1; 0 when the whole file is meant.
    detail
        What is wrong and how to mend it.
    """

    def __init__(self, path: str, line: int, detail: str) -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: {detail}")
        self.path = path
        self.line = line
        self.detail = detail


def leaves_of(error: BaseException) -> list[BaseException]:
    """Return the single errors of a nested exception group, or the error itself."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves_of(inner)]
    return [error]
