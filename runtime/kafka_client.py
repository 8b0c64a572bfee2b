"""What every Kafka client is told: addresses, TLS and SASL."""

from __future__ import annotations

from typing import Any

from runtime.settings import KafkaSettings
from runtime.tls import tls_context


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every aiokafka client takes: addresses, TLS and SASL.

    Raises
    ------
    SettingsError
        If the certificate authority cannot be read.
    """
    options: dict[str, Any] = {"bootstrap_servers": settings.bootstrap}
    if settings.ca_file is not None:
        options["ssl_context"] = tls_context(settings.ca_file, "DOWNRANGE_KAFKA_CA_FILE")
    if settings.username is not None and settings.password is not None:
        options["sasl_mechanism"] = "SCRAM-SHA-512"
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.password.get_secret_value()
    encrypted, named = settings.ca_file is not None, settings.username is not None
    options["security_protocol"] = ("SASL_" if named else "") + ("SSL" if encrypted else "PLAINTEXT")
    return options
