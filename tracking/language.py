"""The page's languages: which one a visitor reads, its words, and how it writes figures, durations and times; pure."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, cast

from tracking.plan import LocalName

Language = Literal["en", "zh"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
NAMES: Final[dict[Language, str]] = {"en": "English", "zh": "中文"}
HTML_CODES: Final[dict[Language, str]] = {"en": "en", "zh": "zh-Hans"}
_FOLDER: Final = Path(__file__).parent / "words"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_S_PER_MIN: Final = 60
_S_PER_H: Final = 3600
_S_PER_DAY: Final = 86_400


def choose_language(wanted: str | None, accepted: str | None) -> Language:
    """Return the language of a visitor: the one asked for, else the best of an `Accept-Language` header, else English.

    Examples
    --------
    >>> choose_language(None, "fr;q=1, zh-CN;q=0.9, en;q=0.8"), choose_language("en", "zh"), choose_language("xx", None)
    ('zh', 'en', 'en')
    """
    if wanted in LANGUAGES:
        return wanted
    ranked: list[tuple[float, Language]] = []
    for part in (accepted or "").split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        primary = tag.split("-")[0].lower()
        if primary in LANGUAGES:
            ranked.append((_quality(parameter), primary))
    best = max(ranked, key=lambda choice: choice[0], default=(0.0, LANGUAGES[0]))
    return best[1] if best[0] > 0 else LANGUAGES[0]


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


@functools.cache
def words_of(language: Language) -> Words:
    """Return the words of a language."""
    content = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return Words(language, cast("dict[str, str]", content))


class Words:
    """The words of one language.

    Parameters
    ----------
    language
        Which.
    entries
        Text by key; placeholders in braces.
    """

    def __init__(self, language: Language, entries: Mapping[str, str]) -> None:
        self.language: Language = language
        self.entries = entries

    def __call__(self, key: str, **values: str) -> str:
        """Return a text with its placeholders filled; KeyError if the language lacks it."""
        return self.entries[key].format(**values)

    def name(self, name: LocalName) -> str:
        """Return a place's name."""
        return name.zh if self.language == "zh" else name.en

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a figure with thousands separated; a rounded zero has no sign."""
        return f"{round(value, decimals) + 0.0:,.{decimals}f}"

    def with_unit(self, unit: str, value: float, decimals: int = 0) -> str:
        """Return a figure with its unit, one of the keys `unit.*`."""
        return self(f"unit.{unit}", value=self.number(value, decimals))

    def length(self, value_m: float) -> str:
        """Return a length in metres below a kilometre, else in kilometres, with as many digits as help."""
        if abs(value_m) < 1000:  # noqa: PLR2004 -- a kilometre
            return self.with_unit("m", value_m)
        return self.with_unit("km", value_m / 1000, 1 if abs(value_m) < 100_000 else 0)  # noqa: PLR2004 -- 100 km

    def about(self, duration_s: float) -> str:
        """Return a duration in its largest fitting unit.

        Examples
        --------
        >>> [words_of("en").about(s) for s in (4.2, 200, 5400, 200_000)]
        ['4 s', '3 min', '1.5 h', '2.3 days']
        """
        if duration_s < 1.5 * _S_PER_MIN:
            return self.with_unit("s", duration_s)
        if duration_s < 1.5 * _S_PER_H:
            return self.with_unit("min", duration_s / _S_PER_MIN)
        if duration_s < 1.5 * _S_PER_DAY:
            return self.with_unit("h", duration_s / _S_PER_H, 1)
        return self.with_unit("day", duration_s / _S_PER_DAY, 1)

    def when(self, time: datetime) -> str:
        """Return a time in UTC; the page's script turns it into the visitor's own."""
        if self.language == "zh":
            return f"{time.month}月{time.day}日 {time:%H:%M} UTC"
        return f"{time.day} {_MONTHS[time.month - 1]}, {time:%H:%M} UTC"


def clock_text(duration_s: float) -> str:
    """Return hours, minutes and seconds, in whatever language.

    Examples
    --------
    >>> clock_text(4983.2), clock_text(-5), clock_text(200_000)
    ('1:23:03', '0:00:00', '55:33:20')
    """
    whole = max(int(duration_s), 0)
    return f"{whole // _S_PER_H}:{whole // _S_PER_MIN % 60:02d}:{whole % 60:02d}"
