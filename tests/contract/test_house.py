"""The rules of the house that no type checker knows: who may import whom, what is pure, and how long a file may be."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PYPROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())
RULES: Final[dict[str, Any]] = PYPROJECT["tool"]["importlinter"]
LAYERS, PURITY = RULES["contracts"]
PACKAGES: Final[list[str]] = RULES["root_packages"]
# always shells: the toolbox of the shells, and the package that starts them
OUTER: Final = {"runtime", "downrange"}
SHELLS: Final = {rule.removesuffix(" -> *") for rule in PURITY["ignore_imports"]}
# "about" 200 and 300 lines
LONGEST_PURE: Final = 250
LONGEST_SHELL: Final = 330
LINT_IMPORTS: Final = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT_IMPORTS, "--no-cache"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


def test_the_house_stands() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


def test_a_wrong_import_breaks_its_contract(tmp_path: Path) -> None:
    wrong = {
        ("telemetry", "runtime"),
        ("runtime", "simulator"),
        ("tracking", "processors"),
        ("processors", "downrange"),
    }
    impure = {(package, name) for package in PURITY["source_modules"] for name in PURITY["forbidden_modules"]}
    for package in PACKAGES:
        (tmp_path / package / "deep").mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "deep" / "__init__.py").touch()
    for package, imported in wrong | impure:
        (tmp_path / package / "deep" / f"uses_{imported}.py").write_text(f"import {imported}\n")
    text = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(re.sub(r"ignore_imports = \[.*?\n\]", "", text, flags=re.DOTALL))
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Contracts: 0 kept, 2 broken." in done.stdout
    said = " ".join(done.stdout.split())
    missed = [pair for pair in wrong | impure if f"{pair[0]}.deep.uses_{pair[1]} -> {pair[1]}" not in said]
    assert not missed


def test_every_package_but_the_outer_two_is_pure_unless_a_module_is_named_a_shell() -> None:
    assert {*PURITY["source_modules"], *OUTER} == set(PACKAGES)
    assert not SHELLS - {name for name, _ in modules()}
    assert not [shell for shell in SHELLS if shell.startswith("telemetry")]


def test_what_a_shell_is_for_is_said_by_few() -> None:
    pure = [name for name, _ in modules() if name.split(".")[0] not in OUTER and name not in SHELLS]
    assert len(pure) > 3 * len(SHELLS)


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in modules()}
    shells = SHELLS | {
        name for name, path in modules() if name.split(".")[0] in OUTER or "from runtime" in path.read_text()
    }
    most = {name: LONGEST_SHELL if name in shells else LONGEST_PURE for name in lengths}
    too_long = [
        f"{name}: {length} lines, at most {most[name]}" for name, length in lengths.items() if length > most[name]
    ]
    assert not too_long, "\n".join(too_long)


def test_every_exception_from_the_rules_says_why() -> None:
    # spelled apart, so that the linters do not take these lines for exceptions
    marks = re.compile("# " + "noqa.*|# " + "type: ignore.*")
    reasoned = re.compile("# " + r"noqa: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)* -- \S+|# " + r"type: ignore\[[a-z, -]+\]  # \S+")
    without = [
        f"{path.relative_to(ROOT)}:{number}: {mark.group()}"
        for path in [*(path for _, path in modules()), *sorted((ROOT / "tests").rglob("*.py"))]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (mark := marks.search(line)) and not reasoned.match(mark.group())
    ]
    assert not without, "\n".join(without)
