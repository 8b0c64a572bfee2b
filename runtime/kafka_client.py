"""What every Kafka client is told: addresses, TLS and SASL."""

from __future__ import annotations

import ssl
from typing import Any

from runtime.settings import KafkaSettings
from telemetry.errors import SettingsError


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every aiokafka client takes: addresses, TLS and SASL.

    Raises
    ------
    SettingsError
        If the certificate authority cannot be read.
    """
    options: dict[str, Any] = {"bootstrap_servers": settings.bootstrap}
    if settings.ca_file is not None:
        try:
            options["ssl_context"] = ssl.create_default_context(cafile=str(settings.ca_file))
        except OSError as error:  # an ssl.SSLError is one too
            msg = f"DOWNRANGE_KAFKA_CA_FILE: {settings.ca_file} is no certificate file ({error.strerror or error})"
            raise SettingsError(msg) from error
    if settings.username is not None and settings.password is not None:
        options["sasl_mechanism"] = "SCRAM-SHA-512"
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.password.get_secret_value()
    encrypted, named = settings.ca_file is not None, settings.username is not None
    options["security_protocol"] = ("SASL_" if named else "") + ("SSL" if encrypted else "PLAINTEXT")
    return options
