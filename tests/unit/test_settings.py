"""Settings: read once from the environment, frozen, silent about secrets, and a wrong one names itself."""

from __future__ import annotations

import dataclasses
import os
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from runtime.kafka_client import client_options
from runtime.settings import SETTINGS_CLASSES, KafkaSettings, MqttSettings, Settings, environment_of, read_settings
from telemetry.errors import SettingsError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DOWNRANGE_")]:
        monkeypatch.delenv(name)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"DOWNRANGE_{name}", value)
    return read_settings()


def test_without_variables_everything_has_a_default() -> None:
    settings = read_settings()
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.tls) == ("127.0.0.1", 1883, False)
    assert settings.kafka.bootstrap == "127.0.0.1:9092"
    assert {type(getattr(settings, field.name)) for field in dataclasses.fields(settings)} == set(SETTINGS_CLASSES)


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, MQTT_URL="mqtts://broker", KAFKA_PARTITIONS="3", LOG_LEVEL="debug", HEALTH_PORT="")
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.tls) == ("broker", 8883, True)
    assert (settings.kafka.partitions, settings.service.log_level, settings.service.health_port) == (3, "debug", 0)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MQTT_URL", "http://broker:1883", "mqtt://HOST:PORT"),
        ("MQTT_URL", "mqtt://", "mqtt://HOST:PORT"),
        ("MQTT_URL", "mqtt://broker:99999", "mqtt://HOST:PORT"),
        ("MQTT_URL", "mqtt://broker:port", "mqtt://HOST:PORT"),
        ("MQTT_URL", "mqtt://bob:hunter2@broker", "DOWNRANGE_MQTT_PASSWORD"),
        ("MQTT_KEEP_ALIVE_S", "1", "greater than or equal to 2"),
        ("KAFKA_BOOTSTRAP", "kafka://broker:9092", "HOST:PORT"),
        ("KAFKA_BOOTSTRAP", "broker", "HOST:PORT"),
        ("KAFKA_BOOTSTRAP", "a:1,,b:2", "HOST:PORT"),
        ("KAFKA_PARTITIONS", "0", "greater than or equal to 1"),
        ("KAFKA_COMPRESSION", "snappy", "'zstd'"),
        ("INFLUX_URL", "influx:8086", "http://HOST:PORT"),
        ("INFLUX_BATCH_LINES", "many", "integer"),
        ("ARCHIVE_PART_BYTES", "1", "1024"),
        ("TRACK_PORT", "70000", "65535"),
        ("GRAFANA_URL", "grafana", "http://HOST:PORT"),
        ("HEALTH_PORT", "-1", "greater than or equal to 0"),
        ("LOG_LEVEL", "loud", "'debug', 'info'"),
        ("CONNECT_TIMEOUT_S", "0", "greater than 0"),
        ("SHUTDOWN_DEADLINE_S", "nan", "greater than 0"),
        ("DETECT_HOLD_S", "-2", "greater than 0"),
    ],
)
def test_a_wrong_variable_names_itself(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, **{variable: value})
    assert str(caught.value).startswith(f"DOWNRANGE_{variable}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "variables",
    [
        {"KAFKA_USERNAME": "bob"},
        {"KAFKA_PASSWORD": "hunter2"},
        {"GRAFANA_TOKEN": "hunter2"},
    ],
)
def test_what_belongs_together_is_named_together(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    (given,) = variables
    with pytest.raises(SettingsError, match=f"DOWNRANGE_{given}.*set both or none"):
        read(monkeypatch, **variables)


SECRETS = {
    "MQTT_PASSWORD": "hunter2",
    "KAFKA_PASSWORD": "hunter2",
    "KAFKA_USERNAME": "bob",
    "INFLUX_TOKEN": "hunter2",
    "TRACK_OPERATOR_TOKEN": "hunter2",
    "GRAFANA_TOKEN": "hunter2",
    "GRAFANA_URL": "http://grafana:3000",
}


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, **SECRETS)
    assert settings.kafka.password is not None
    assert settings.kafka.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings) + str(settings)


def test_an_error_does_not_show_what_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = SECRETS | {"INFLUX_URL": "http://token:hunter2@influx:8086"}
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, **variables)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_settings_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.mqtt = MqttSettings()  # type: ignore[misc]  # the point of the test
    for field in dataclasses.fields(settings):
        group = getattr(settings, field.name)
        with pytest.raises(ValidationError, match="frozen"):
            setattr(group, next(iter(type(group).model_fields)), None)


def test_another_process_reads_the_same_from_the_environment_that_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, **SECRETS, MQTT_URL="mqtts://broker:1", KAFKA_IDEMPOTENT="false", DICTIONARY_DIR="/d")
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    assert read_settings() == settings


def test_a_certificate_file_that_is_none_names_its_variable(tmp_path: Path) -> None:
    for ca_file in (tmp_path / "absent.pem", tmp_path):
        with pytest.raises(SettingsError, match="DOWNRANGE_KAFKA_CA_FILE"):
            client_options(KafkaSettings(ca_file=ca_file))
    (tmp_path / "empty.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match="DOWNRANGE_KAFKA_CA_FILE"):
        client_options(KafkaSettings(ca_file=tmp_path / "empty.pem"))


@pytest.mark.parametrize(
    ("named", "protocol"),
    [({}, "PLAINTEXT"), ({"username": "bob", "password": "hunter2"}, "SASL_PLAINTEXT")],
)
def test_kafka_clients_get_their_security_from_the_settings(named: dict[str, str], protocol: str) -> None:
    options = client_options(KafkaSettings.model_validate(named))
    assert options["security_protocol"] == protocol
    assert options.get("sasl_plain_password") == named.get("password")
