"""Every setting there is, read once from `DOWNRANGE_*` in the entry point, frozen from then on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from telemetry.errors import SettingsError

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]
KAFKA_CLIENT_LIMIT = 1_000_000
ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@,]+):[1-9][0-9]{0,4}")


def _check_url(value: str, schemes: tuple[str, str], variable: str) -> str:
    """Return an address that can be connected to; a password in it would stand in every log line that names it."""
    try:
        parts = urlsplit(value)
        complete = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        complete = False
    if not complete:
        msg = f"give {schemes[0]}://HOST:PORT, or {schemes[1]}://HOST:PORT for TLS"
        raise ValueError(msg)
    if parts.username is not None or parts.password is not None:
        msg = f"give the address alone, and the secret in {variable}"
        raise ValueError(msg)
    return value


class ServiceSettings(BaseSettings):
    """`DOWNRANGE_*`: what every service has."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_", frozen=True, env_ignore_empty=True)

    health_host: str = "127.0.0.1"
    health_port: Port = 0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    connect_timeout_s: Seconds = 60.0
    shutdown_deadline_s: Seconds = 20.0
    dictionary: str = "yuanxing-1"
    dictionary_dir: Path | None = None


class MqttSettings(BaseSettings):
    """`DOWNRANGE_MQTT_*`: the MQTT 5 broker."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_MQTT_", frozen=True, env_ignore_empty=True)

    url: str = "mqtt://127.0.0.1:1883"
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    keep_alive_s: Annotated[int, Field(ge=2, le=65535)] = 30
    session_expiry_s: Annotated[int, Field(ge=60)] = 7 * 24 * 3600
    receive_maximum: Annotated[int, Field(ge=1, le=100)] = 100

    @field_validator("url")
    @classmethod
    def _mqtt_url(cls, value: str) -> str:
        return _check_url(value, ("mqtt", "mqtts"), "DOWNRANGE_MQTT_USERNAME and DOWNRANGE_MQTT_PASSWORD")

    @property
    def host(self) -> str:
        """Host of the broker."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Port of the broker: 1883, or 8883 with TLS, when the URL names none."""
        parts = urlsplit(self.url)
        return parts.port or (8883 if parts.scheme == "mqtts" else 1883)

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.url).scheme == "mqtts"


class KafkaSettings(BaseSettings):
    """`DOWNRANGE_KAFKA_*`: the Kafka cluster."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_KAFKA_", frozen=True, env_ignore_empty=True)

    bootstrap: str = "127.0.0.1:9092"
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    partitions: Annotated[int, Field(ge=1, le=1024)] = 12
    replication: Annotated[int, Field(ge=1)] = 1
    compression: Literal["none", "zstd", "lz4", "gzip"] = "zstd"
    idempotent: bool = True
    session_s: Annotated[float, Field(ge=1, le=300)] = 6.0
    max_request_bytes: Annotated[int, Field(ge=100_000, le=KAFKA_CLIENT_LIMIT)] = KAFKA_CLIENT_LIMIT

    @field_validator("bootstrap")
    @classmethod
    def _addresses(cls, value: str) -> str:
        if not all(ADDRESS.fullmatch(address.strip()) for address in value.split(",")):
            msg = "give HOST:PORT, or several with commas between"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.username is None) != (self.password is None):
            msg = "DOWNRANGE_KAFKA_USERNAME and DOWNRANGE_KAFKA_PASSWORD belong together: set both or none"
            raise ValueError(msg)
        return self


class IngestSettings(BaseSettings):
    """`DOWNRANGE_INGEST_*`: the bridge from MQTT to Kafka."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_INGEST_", frozen=True, env_ignore_empty=True)

    client_id: str = "downrange-ingest"
    shared: bool = False


class DetectSettings(BaseSettings):
    """`DOWNRANGE_DETECT_*`: the event processor."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_DETECT_", frozen=True, env_ignore_empty=True)

    hold_s: Seconds = 2.0
    save_s: Seconds = 3.0
    settle_s: Seconds = 5.0


class InfluxSettings(BaseSettings):
    """`DOWNRANGE_INFLUX_*`: the InfluxDB 2.x server and how it is written to."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_INFLUX_", frozen=True, env_ignore_empty=True)

    url: str = "http://127.0.0.1:8086"
    token: SecretStr | None = None
    org: str = "downrange"
    bucket: str = "telemetry"
    batch_lines: Annotated[int, Field(ge=1, le=50_000)] = 5_000
    gzip: bool = True
    timeout_s: Seconds = 30.0

    @field_validator("url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        return _check_url(value, ("http", "https"), "DOWNRANGE_INFLUX_TOKEN")


class ArchiveSettings(BaseSettings):
    """`DOWNRANGE_ARCHIVE_*`: where flights are kept."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_ARCHIVE_", frozen=True, env_ignore_empty=True)

    dir: Path = Path("var/archive")
    part_bytes: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    part_age_s: Seconds = 20.0


class AuditSettings(BaseSettings):
    """`DOWNRANGE_AUDIT_*`: the auditor of the books."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_AUDIT_", frozen=True, env_ignore_empty=True)

    quiet_s: Seconds = 10.0
    every_s: Seconds = 60.0
    patience_s: Seconds = 3600.0


class TrackSettings(BaseSettings):
    """`DOWNRANGE_TRACK_*`: the customers' page and API."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_TRACK_", frozen=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str | None = None
    operator_token: SecretStr | None = None


class GrafanaSettings(BaseSettings):
    """`DOWNRANGE_GRAFANA_*`: mission control's Grafana."""

    model_config = SettingsConfigDict(env_prefix="DOWNRANGE_GRAFANA_", frozen=True, env_ignore_empty=True)

    url: str | None = None
    token: SecretStr | None = None

    @field_validator("url")
    @classmethod
    def _http_url(cls, value: str | None) -> str | None:
        return value if value is None else _check_url(value, ("http", "https"), "DOWNRANGE_GRAFANA_TOKEN")

    @model_validator(mode="after")
    def _token_needs_url(self) -> Self:
        if self.token is not None and self.url is None:
            msg = "DOWNRANGE_GRAFANA_TOKEN is set without DOWNRANGE_GRAFANA_URL: set both or none"
            raise ValueError(msg)
        return self


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings together."""

    service: ServiceSettings = field(default_factory=ServiceSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    ingest: IngestSettings = field(default_factory=IngestSettings)
    detect: DetectSettings = field(default_factory=DetectSettings)
    influx: InfluxSettings = field(default_factory=InfluxSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    grafana: GrafanaSettings = field(default_factory=GrafanaSettings)


def read_settings() -> Settings:
    """Read the environment.

    Raises
    ------
    SettingsError
        If a variable cannot work; it names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        settings = next((cls for cls in SETTINGS_CLASSES if cls.__name__ == error.title), ServiceSettings)
        prefix = str(settings.model_config.get("env_prefix", "DOWNRANGE_"))
        name = prefix + "_".join(str(step) for step in first["loc"]).upper()
        said = first["msg"].removeprefix("Value error, ")
        # what is wrong with several together names them itself
        msg = f"{name}: {said}" if first["loc"] else said
        # not chained: the original quotes what was given, which may be a secret
        raise SettingsError(msg) from None


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables that make another process read these settings; it holds secrets, so never log it."""
    variables: dict[str, str] = {}
    for group in fields(settings):
        values = getattr(settings, group.name)
        prefix = str(values.model_config.get("env_prefix"))
        for name in type(values).model_fields:
            value = getattr(values, name)
            if value is not None:
                text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
                variables[f"{prefix}{name}".upper()] = text
    return variables


SETTINGS_CLASSES: tuple[type[BaseSettings], ...] = (
    ServiceSettings,
    MqttSettings,
    KafkaSettings,
    IngestSettings,
    DetectSettings,
    InfluxSettings,
    ArchiveSettings,
    AuditSettings,
    TrackSettings,
    GrafanaSettings,
)
