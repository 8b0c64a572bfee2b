"""The dictionaries that a program's settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.dictionary import Registry

if TYPE_CHECKING:
    from runtime.settings import ServiceSettings


def registry_of(settings: ServiceSettings) -> Registry:
    """Return the built-in dictionaries and those of `DOWNRANGE_DICTIONARY_DIR`.

    Raises
    ------
    DictionaryError
        If one of them is wrong, or the default is none of them; the message names file and line.
    """
    folder = settings.dictionary_dir
    return Registry((folder,) if folder else (), settings.dictionary)
