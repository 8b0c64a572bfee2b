"""Which of its sources a server of the tests is taken from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from servers.source import Server, Source, Terminal, find_source

from downrange.stack.native import SCRIPTS_DIR
from telemetry.errors import FatalError

# what the installer's shell uses before it knows what is missing, and a Java: all but Maven
TOOLS = ["bash", "cat", "dirname", "flock", "head", "id", "java", "mkdir", "sed", "sort", "tail", "tr"]
AddProgram = Callable[[str, str], None]


@pytest.fixture
def add_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AddProgram]:
    """Make a machine with an empty cache and few programs, to which others can be added."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        path = shutil.which(tool)
        assert path is not None, tool
        (programs / tool).symlink_to(path)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("DOWNRANGE_CACHE_DIR", str(tmp_path / "cache"))

    def add(name: str, script: str) -> None:
        (programs / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (programs / name).chmod(0o755)

    find_source.cache_clear()
    yield add
    find_source.cache_clear()


def test_a_docker_engine_that_answers_is_preferred_to_an_installation(add_program: AddProgram) -> None:
    add_program("docker", "[[ $1 == info ]]")
    assert find_source(Server.KAFKA) is Source.DOCKER


def test_what_is_missing_is_named_with_the_line_that_installs_it(
    add_program: AddProgram, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_program("docker", "exit 1")
    monkeypatch.setattr(Terminal, "shown", nullcontext)
    with pytest.raises(FatalError, match=r"no kafka for the tests: .*DOWNRANGE_TEST_KAFKA_URL=HOST:PORT"):
        find_source(Server.KAFKA)
    assert "sudo apt-get install maven" in capfd.readouterr().err


def test_a_cached_installation_is_preferred_to_docker(add_program: AddProgram, tmp_path: Path) -> None:
    add_program("docker", "exit 0")
    versions = (SCRIPTS_DIR / "versions.sh").read_text().splitlines()
    version = dict(line.split("=", 1) for line in versions if "=" in line)["INFLUXDB_VERSION"]
    influxd = tmp_path / "cache" / "influxd" / version / "influxd"
    influxd.parent.mkdir(parents=True)
    influxd.write_text("")
    influxd.chmod(0o755)
    assert find_source(Server.INFLUXDB) is Source.NATIVE
