"""TLS towards a server, with an operator's own certificate authority."""

from __future__ import annotations

import ssl
from pathlib import Path

from telemetry.errors import SettingsError


def tls_context(ca_file: Path | None, variable: str) -> ssl.SSLContext:
    """Return a context that trusts `ca_file`, or the system's authorities without one.

    Raises
    ------
    SettingsError
        If the file cannot be read as certificates; it names `variable`.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # an ssl.SSLError is one too
        msg = f"{variable}: {ca_file} holds no certificate that can be read ({error.strerror or error})"
        raise SettingsError(msg) from error
