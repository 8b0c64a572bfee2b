"""docker-compose.yml against what it starts: settings classes, services, and the files that it mounts."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml

from dashboards.influxql import DATASOURCE_UID
from dashboards.mission_control import PLUGIN_VERSION
from downrange.cli import app
from downrange.services import SERVICES
from runtime.health import Health, health_server
from runtime.settings import SETTINGS_CLASSES, ServiceSettings, Settings, read_settings

ROOT = Path(__file__).parents[2]
OUR_IMAGE = "downrange:0.1.0"
INTERPOLATION = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
SECRET = "a-secret-of-a-test"  # noqa: S105 -- it opens nothing


def interpolated(value: Any) -> Any:
    """Do what docker compose does with `${NAME:-default}` and `${NAME:?message}`, every secret being there."""
    if isinstance(value, dict):
        return {key: interpolated(each) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each) for each in value]
    if not isinstance(value, str):
        return value

    def meaning(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return match["rest"] if match["kind"] == "-" else SECRET

    return INTERPOLATION.sub(meaning, value)


def merged(base: Any, override: Any) -> Any:
    if isinstance(base, dict) and isinstance(override, dict):
        return {key: merged(base.get(key), override.get(key)) for key in [*base, *override]}
    if override is None or base is None:
        return base if override is None else override
    return override


def raw() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


def compose(*overrides: str) -> dict[str, Any]:
    content: Any = raw()
    for name in overrides:
        content = merged(content, yaml.safe_load((ROOT / name).read_text()))
    found: dict[str, Any] = interpolated(content)
    return found


def image_environment() -> dict[str, str]:
    """Return the ENV of our image."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    final_stage = text.rsplit("\nFROM ", 1)[1]
    return dict(
        pair.split("=", 1)
        for line in re.findall(r"^ENV (.*)$", final_stage, flags=re.MULTILINE)
        for pair in line.split()
    )


def environment(service: dict[str, Any]) -> dict[str, str]:
    own = {name: str(value) for name, value in service.get("environment", {}).items()}
    return (image_environment() if service["image"] == OUR_IMAGE else {}) | own


def settings_of(service: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in [name for name in os.environ if name.startswith("DOWNRANGE_")]:
        monkeypatch.delenv(name)
    for name, value in environment(service).items():
        if name.startswith("DOWNRANGE_"):
            monkeypatch.setenv(name, value)
    return read_settings()


def known_variables() -> set[str]:
    return {
        f"{cls.model_config.get('env_prefix', '')}{name.upper()}"
        for cls in SETTINGS_CLASSES
        for name in cls.model_fields
    }


SHAPES = [(), ("deploy/tls.override.yml",)]
JOBS = ("job", "simulate")
OURS = [*SERVICES, *JOBS]


@pytest.mark.parametrize("overrides", SHAPES)
def test_one_container_for_each_service_of_the_command_line(overrides: tuple[str, ...]) -> None:
    services = compose(*overrides)["services"]
    assert {name for name, service in services.items() if service["image"] == OUR_IMAGE} == set(OURS)
    for name in SERVICES:
        assert services[name]["command"] == ["run", name]
    assert all(services[name]["profiles"] == ["job"] for name in JOBS), "up must not start them"
    assert 'ENTRYPOINT ["downrange"]' in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("overrides", SHAPES)
@pytest.mark.parametrize("name", OURS)
def test_every_variable_exists_and_its_value_is_valid(
    name: str, overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = compose(*overrides)["services"][name]
    unknown = {each for each in environment(service) if each.startswith("DOWNRANGE_")} - known_variables()
    assert not unknown
    settings = settings_of(service, monkeypatch)
    assert settings.service.health_port != 0, "the health check must know the port"
    assert settings.service.health_host == "0.0.0.0"  # noqa: S104 -- inside a container, for /metrics
    assert settings.service.log_format == "json"


@pytest.mark.parametrize("overrides", SHAPES)
@pytest.mark.parametrize("name", OURS)
def test_addresses_lead_to_servers_on_a_shared_network(
    name: str, overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = compose(*overrides)["services"]
    service = services[name]
    settings = settings_of(service, monkeypatch)
    host, port = settings.kafka.bootstrap.split(":")
    goals = []
    if name != "simulate":
        goals.append((host, port, services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].rsplit(":", 1)[1]))
    assert services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{settings.kafka.bootstrap}"
    if "DOWNRANGE_MQTT_URL" in service["environment"]:
        (shape,) = services["mosquitto"]["command"]
        listener = (ROOT / f"deploy/mosquitto/listener-{shape}.conf").read_text()
        (open_port,) = re.findall(r"^listener (\d+)", listener, flags=re.MULTILINE)
        goals.append((settings.mqtt.host, str(settings.mqtt.port), open_port))
        assert settings.mqtt.tls == (shape == "tls")
    if "DOWNRANGE_INFLUX_URL" in service["environment"]:
        where = urlsplit(settings.influx.url)
        goals.append((where.hostname or "", str(where.port), "8086"))
    for goal, asked, opened in goals:
        assert asked == opened, (name, goal)
        assert set(service["networks"]) & set(services[goal]["networks"]), (name, goal)
        if name not in JOBS:
            assert service["depends_on"][goal] == {"condition": "service_healthy"}


def test_the_store_writes_where_influxdb_was_set_up_and_grafana_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    services = compose()["services"]
    settings = settings_of(services["store"], monkeypatch).influx
    server = services["influxdb"]["environment"]
    assert (settings.org, settings.bucket) == (
        server["DOCKER_INFLUXDB_INIT_ORG"],
        server["DOCKER_INFLUXDB_INIT_BUCKET"],
    )
    assert raw()["services"]["store"]["environment"]["DOWNRANGE_INFLUX_TOKEN"].startswith("${INFLUXDB_ADMIN_TOKEN:?")
    for reader in ("audit", "job"):
        token = raw()["services"][reader]["environment"]["DOWNRANGE_INFLUX_TOKEN"]
        assert token.startswith("audit:${INFLUXDB_AUDIT_PASSWORD:?"), "whoever only counts may not write"
    account = (ROOT / "deploy/influxdb/20-audit-reader.sh").read_text()
    assert re.findall(r"--(\w+)-bucket", account) == ["read"]
    assert '--username audit --password "$INFLUXDB_AUDIT_PASSWORD"' in account
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/influxdb.yaml").read_text())
    (influx,) = source["datasources"]
    assert influx["uid"] == DATASOURCE_UID
    assert influx["jsonData"]["dbName"] == settings.bucket
    assert influx["jsonData"]["version"] == "InfluxQL"
    assert influx["url"] == settings.url
    reader = (ROOT / "deploy/influxdb/10-grafana-reader.sh").read_text()
    assert f"--username {influx['user']} " in reader
    variable = influx["secureJsonData"]["password"].removeprefix("$")
    assert f'"${variable}"' in reader
    assert raw()["services"]["grafana"]["environment"][variable] == server_password(variable)
    assert set(services["grafana"]["networks"]) & set(services["influxdb"]["networks"])


def server_password(variable: str) -> str:
    found: str = raw()["services"]["influxdb"]["environment"][variable]
    return found


def test_grafana_finds_the_provisioned_dashboard() -> None:
    grafana = compose()["services"]["grafana"]
    mounts = {target: ROOT / source for source, target, *_ in (volume.split(":") for volume in grafana["volumes"])}
    provider = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/downrange.yaml").read_text())
    folder = provider["providers"][0]["options"]["path"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(f"{folder}/")
    board = json.loads((mounts[folder] / Path(home).name).read_text())
    used = {target["datasource"]["uid"] for panel in board["panels"] for target in panel.get("targets", [])}
    assert used == {DATASOURCE_UID}
    assert (mounts["/etc/grafana/provisioning"] / "datasources").is_dir()


@pytest.mark.parametrize("overrides", SHAPES)
def test_what_is_mounted_exists_and_what_is_declared_is_used(overrides: tuple[str, ...]) -> None:
    content = compose(*overrides)
    named: set[str] = set()
    for name, service in content["services"].items():
        for source, target, *mode in (volume.split(":") for volume in service.get("volumes", [])):
            if source.startswith("./"):
                assert (ROOT / source).is_dir(), (name, source)
                assert mode == ["ro"], (name, target)
            else:
                named.add(source)
        assert set(service["networks"]) <= set(content["networks"])
        assert set(service.get("secrets", [])) <= set(content["secrets"])
    assert named == set(content["volumes"])
    used = {network for service in content["services"].values() for network in service["networks"]}
    assert used == set(content["networks"])
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/.env", "/deploy/secrets/"} <= set(ignored)
    assert all(secret["file"].startswith("./deploy/secrets/") for secret in content["secrets"].values())
    for script in [*(ROOT / "deploy").glob("*.sh"), *(ROOT / "deploy/influxdb").glob("*.sh")]:
        assert os.access(script, os.X_OK), script


def test_nothing_leaves_the_machine_that_is_not_meant_to() -> None:
    content = compose()
    for name, service in content["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", service["image"]), "images are pinned"
        for variable, value in raw()["services"][name].get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|CLUSTER_ID", variable):
                assert re.fullmatch(r"(\w+:)?\$\{\w+:\?run deploy/make-secrets.sh first\}", str(value)), (
                    name,
                    variable,
                )
    assert content["networks"]["line"]["internal"] is True
    assert "stations" not in content["services"]["kafka"]["networks"]
    overridden = compose("deploy/tls.override.yml")["services"]["mosquitto"]
    assert overridden["ports"] == ["0.0.0.0:8883:8883"], "only TLS is open to the stations"


def test_every_required_variable_is_made_by_the_script() -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "deploy/tls.override.yml").read_text()
    required = {match["name"] for match in INTERPOLATION.finditer(text) if match["kind"] == "?"}
    script = (ROOT / "deploy/make-secrets.sh").read_text().replace("\\\n", " ")
    loop = re.search(r"^for name in (.*); do$", script, flags=re.MULTILINE)
    assert loop is not None
    assert required == {*loop[1].split(), "KAFKA_CLUSTER_ID"}
    assert "keep_or_make KAFKA_CLUSTER_ID" in script
    (image,) = re.findall(r"^image=(\S+)$", script, flags=re.MULTILINE)
    assert image == compose()["services"]["mosquitto"]["image"], "the hashes are made by the broker's own version"


@pytest.mark.parametrize("overrides", SHAPES)
def test_health_restart_and_rights(overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    services = compose(*overrides)["services"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", dockerfile, flags=re.MULTILINE)
    for name, service in services.items():
        ours = service["image"] == OUR_IMAGE
        assert ours or service["healthcheck"]["test"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        if name not in JOBS:
            assert service["restart"] == "unless-stopped", name
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services
            assert how == {"condition": "service_healthy"}, (name, needed)
        if ours or name == "mosquitto":
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
        if ours:
            deadline_s = settings_of(service, monkeypatch).service.shutdown_deadline_s
            assert float(service["stop_grace_period"].removesuffix("s")) > deadline_s, name
    assert "HEALTHCHECK" in dockerfile


def test_recordings_and_topics_are_on_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    services = compose()["services"]
    archive = str(settings_of(services["record"], monkeypatch).archive.dir)
    assert services["record"]["volumes"] == services["job"]["volumes"] == [f"archive:{archive}"]
    assert f" {archive}\n" in (ROOT / "Dockerfile").read_text(), "its owner in the image becomes the volume's"
    kafka = services["kafka"]
    assert kafka["volumes"] == [f"kafka:{kafka['environment']['KAFKA_LOG_DIRS']}"]
    assert "mosquitto:/mosquitto/data" in services["mosquitto"]["volumes"]


def test_kafka_settings_fit_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    services = compose()["services"]
    kafka = services["kafka"]["environment"]
    settings = settings_of(services["detect"], monkeypatch).kafka
    assert kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert kafka["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"
    assert kafka["KAFKA_MIN_INSYNC_REPLICAS"] <= settings.replication == kafka["KAFKA_DEFAULT_REPLICATION_FACTOR"]
    listeners = dict(each.split("://") for each in kafka["KAFKA_LISTENERS"].split(","))
    assert listeners["CONTROLLER"].removeprefix(":") == kafka["KAFKA_CONTROLLER_QUORUM_VOTERS"].rsplit(":", 1)[1]
    for name in OURS:
        assert settings_of(services[name], monkeypatch).kafka == settings, "every service agrees on the partitions"


def directives(text: str) -> dict[str, str]:
    lines = (line.strip() for line in text.splitlines())
    return dict(line.partition(" ")[::2] for line in lines if line and not line.startswith("#"))


def test_mosquitto_drops_nothing_and_lets_nobody_in_unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    config = directives((ROOT / "deploy/mosquitto/mosquitto.conf").read_text())
    assert config["allow_anonymous"] == "false"
    assert config["max_queued_messages"] == config["max_inflight_messages"] == config["max_queued_bytes"] == "0"
    assert config["persistence"] == config["set_tcp_nodelay"] == "true"
    services = compose()["services"]
    assert f"mosquitto:{config['persistence_location'].rstrip('/')}" in services["mosquitto"]["volumes"]
    most = settings_of(services["ingest"], monkeypatch).kafka.max_request_bytes
    assert int(config["max_packet_size"]) > most, "what is too large for Kafka is for ingest to refuse, with its reason"


def test_accounts_of_the_access_list_are_made_and_used() -> None:
    acl = (ROOT / "deploy/mosquitto/acl").read_text()
    named = set(re.findall(r"^user (\S+)$", acl, flags=re.MULTILINE))
    made = set(re.findall(r"^add_account (\w+) ", (ROOT / "deploy/make-secrets.sh").read_text(), flags=re.MULTILINE))
    services = compose()["services"]
    used = {name for service in services.values() if (name := environment(service).get("DOWNRANGE_MQTT_USERNAME"))}
    (health,) = re.findall(r"-u (\S+)", services["mosquitto"]["healthcheck"]["test"])
    assert named == made == used | {health}


def test_the_image_is_made_of_the_wheel_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    ignore = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert ignore[0] == "*"
    let_in = {line.removeprefix("!").rstrip("/") for line in ignore if line.startswith("!")}
    assert let_in == {*packages, "pyproject.toml", "requirements.lock", "README.md", "LICENSE"}
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes" in dockerfile
    versions = re.findall(r"^FROM python:(\d+\.\d+)\.\d+-", dockerfile, flags=re.MULTILINE)
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(project["project"]["classifiers"]))
    assert set(versions) <= set(supported)
    assert f"downrange:{project['project']['version']}" == OUR_IMAGE


def test_the_command_line_takes_every_containers_command() -> None:
    commands: Any = typer.main.get_command(app)
    for name in OURS:
        words = [str(word) for word in compose()["services"][name]["command"]]
        command = commands
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        options = {option: each for each in command.params for option in each.opts} | {"--help": None}
        assert {word for word in words if word.startswith("--")} <= set(options), name
        assert command is not commands or words == ["--help"], name


def test_tests_and_production_run_the_same_servers() -> None:
    versions = directives((ROOT / "deploy/native/versions.sh").read_text().replace("=", " "))
    services = compose()["services"]
    assert services["kafka"]["image"] == f"apache/kafka:{versions['KAFKA_VERSION']}"
    assert services["influxdb"]["image"] == f"influxdb:{versions['INFLUXDB_VERSION']}"
    assert services["mosquitto"]["image"].startswith(f"eclipse-mosquitto:{versions['MOSQUITTO_AT_LEAST']}.")
    assert services["grafana"]["image"] == f"grafana/grafana:{PLUGIN_VERSION}"


@pytest.mark.parametrize(("state", "expected"), [("well", 0), ("the broker is away", 1)])
async def test_the_images_health_check_tells_well_from_ill(state: str, expected: int) -> None:
    (check,) = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    program, *arguments = json.loads(check)
    assert program == "python"
    async with health_server(ServiceSettings(), Health("test", {"part": state})) as port:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={**os.environ, "DOWNRANGE_HEALTH_PORT": str(port)},
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert await asyncio.wait_for(process.wait(), 30) == expected
