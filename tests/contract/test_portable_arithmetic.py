"""What decides the bytes of a flight is reckoned in operations that every machine rounds alike."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from simulator.physics.vehicle import Aero

ROOT: Final = Path(__file__).parents[2]

# Which modules may use which of what is forbidden, each with its reason; * is anything.
EXCEPTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "simulator.exports": ("*", "pictures and files for people, drawn from a flight that has been flown"),
    "simulator.physics.elementary_tables": ("**", "powers of ten in decimals, and of two"),
    "simulator.noise": ("scipy.special", "its one table is rounded far above the last bits"),
    "simulator.physics.tableau": (
        "scipy.integrate **",
        "the numbers of a method, which are data; squares of arrays, exact",
    ),
    "simulator.physics.vehicle": (
        "scipy.interpolate",
        "cubics by + - * / of arrays alone, which a test below does again",
    ),
}
# The C library's, or numpy's own by the processor's vector units.
ELEMENTARY: Final = """
exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh arcsin arccos arctan arctan2 arcsinh arccosh
arctanh asin acos atan atan2 asinh acosh atanh hypot power float_power pow cbrt sinc erf erfc gamma lgamma
dist fma sumprod
"""
# BLAS chooses its order of summation by the processor; compilers may fuse interp's multiplication with its addition.
LINEAR: Final = """
linalg dot vdot inner outer matmul einsum tensordot convolve correlate polyfit interp
"""
# Draws that end in exp or log of the C library: draw integers, and shape them with `simulator.physics.elementary`.
DRAWS: Final = """
standard_normal exponential standard_exponential lognormal poisson
"""
FORBIDDEN: Final = frozenset((ELEMENTARY + LINEAR).split())
DRAWN: Final = frozenset(DRAWS.split()) | {"dot"}
LIBRARIES: Final = frozenset({"scipy", "cmath", "statistics"})


def offences(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of what is not portable."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.expr | ast.stmt):
            yield from ((node.lineno, name) for name in _names(node))


def _names(node: ast.expr | ast.stmt) -> list[str]:
    found: list[str] = []
    match node:
        case ast.Attribute(value=ast.Name(id="np" | "numpy" | "math" as of), attr=name):
            found += [f"{of}.{name}"] if name in FORBIDDEN else []
        case ast.Attribute(attr=name):
            found += [f".{name}"] if name in DRAWN else []
        case ast.BinOp(op=ast.MatMult()) | ast.AugAssign(op=ast.MatMult()):
            found += ["@"]
        case ast.BinOp(op=ast.Pow(), left=left, right=right) | ast.AugAssign(op=ast.Pow(), target=left, value=right):
            found += [] if _is_whole(left) and _is_whole(right) else ["**"]
        case ast.Import(names=imported):
            found += [each.name for each in imported if each.name.split(".")[0] in LIBRARIES]
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] in LIBRARIES:
            found += [module]
        case ast.ImportFrom(module="math" | "numpy" as module, names=imported):
            found += [f"{module}.{each.name}" for each in imported if each.name in FORBIDDEN]
    return found


def _is_whole(node: ast.expr) -> bool:
    node = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(node, ast.Constant) and (isinstance(node.value, int) or node.value == 2.0)


def allowed(module: str) -> frozenset[str]:
    """Return what a module may use."""
    return frozenset(
        name
        for whose, (names, _) in EXCEPTIONS.items()
        if module == whose or module.startswith(f"{whose}.")
        for name in names.split()
    )


def test_a_flight_is_reckoned_alike_on_every_machine() -> None:
    found = []
    for path in sorted((ROOT / "simulator").rglob("*.py")):
        may = allowed(".".join(path.relative_to(ROOT).with_suffix("").parts))
        found += [
            f"{path.relative_to(ROOT)}:{line}: {name}"
            for line, name in offences(path.read_text())
            if name not in may and "*" not in may
        ]
    assert not found, "not the same bits everywhere; see simulator/physics/elementary.py\n" + "\n".join(found)


def test_the_cubics_of_drag_are_those_of_plain_operations() -> None:
    """Fritsch and Butland's slopes, in the floats of the language, one operation after the other: to the last bit."""
    mach, drag = [-1.0, 0.0, 0.6, 0.9, 1.1, 1.3, 2.0, 3.0, 5.0, 10.0, 11.0], [0.35, 0.35, 0.35, 0.45, 0.6, 0.55, 0.4]
    drag += [0.3, 0.25, 0.22, 0.22]
    wide = [b - a for a, b in itertools.pairwise(mach)]
    rise = [(b - a) / h for (a, b), h in zip(itertools.pairwise(drag), wide, strict=True)]
    slope = [0.0]
    for (h, k), (m, n) in zip(itertools.pairwise(wide), itertools.pairwise(rise), strict=True):
        v, w = 2.0 * k + h, k + 2.0 * h
        slope.append(1.0 / ((v / m + w / n) / (v + w)) if m * n > 0.0 else 0.0)
    slope.append(0.0)
    bend = [(a + b - 2.0 * m) / h for (a, b), m, h in zip(itertools.pairwise(slope), rise, wide, strict=True)]
    square = [(m - a) / h - t for a, m, h, t in zip(slope, rise, wide, bend, strict=False)]
    cubics = [[t / h for t, h in zip(bend, wide, strict=True)], square, slope[:-1], drag[:-1]]
    aero = Aero(area_m2=1.0, mach=tuple(mach[1:-1]), drag=tuple(drag[1:-1]))
    assert cubics == aero._cubics[1].tolist()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("np.exp(x)", "np.exp"),
        ("math.sin(x)", "math.sin"),
        ("from math import cos", "math.cos"),
        ("a @ b", "@"),
        ("a.dot(b)", ".dot"),
        ("np.linalg.norm(a)", "np.linalg"),
        ("x ** 0.5", "**"),
        ("x **= 3", "**"),
        ("x ** 2", "**"),
        ("import scipy.optimize", "scipy.optimize"),
        ("from scipy import linalg", "scipy"),
        ("rng.standard_normal(3)", ".standard_normal"),
    ],
)
def test_what_is_not_portable_is_found(source: str, name: str) -> None:
    assert [found for _, found in offences(source)] == [name]


@pytest.mark.parametrize("source", ["np.sqrt(x * x)", "math.sqrt(x)", "10**9", "2.0**-7", "e.exp(x)", "rng.random(3)"])
def test_what_is_portable_is_let_by(source: str) -> None:
    assert not list(offences(source))
