"""Imports go one way: from the top floor down, and never round (docs/DESIGN.md, "Layers").

An import counts wherever it stands: at the top of a module, within a function, for types alone, in
a stub, and as the name that `once("room.module", ..)` loads.  Only the module `tsme` itself is
left out: it names what users import, and loads that when it is first used.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.interpreters import LIB, ROOT

PACKAGES = {"tsme": LIB / "tsme", "tsme_host": ROOT / "host", "tsme_sim": ROOT / "sim"}
DOOR = "tsme"  # what users import

# A line is a floor, the highest first; who stands on one imports from those below it alone, beside
# from its own room.  A room is whatever has the longest of these names before it.
FLOORS = {
    "device": """
        tsme.testing tsme.remote tsme.__main__ tsme.public
        tsme.boot
        tsme.link tsme.sim tsme.tasks
        tsme.engine
        tsme.core
        tsme.program tsme.machine tsme.relational
        tsme.program.functions tsme.draft
        tsme.kernel
        tsme.journal
        tsme.values
        tsme.errors
    """,
    "tools": """
        tsme_host.start
        tsme_host.tools.cli
        tsme_host.tools.commands.repl
        tsme_host.tools.repl
        tsme_host.tools.leaving
        tsme_host.tools.commands
        tsme_host.tools.debugger tsme_host.tools.scenario
        tsme_host.tools.aws
        tsme_host.tools.boards tsme_host.tools.remote
        tsme_host.tools.link
        tsme_host.tools.journal
        tsme_host.tools
        tsme_host.ending
    """,
    "compiler": """
        tsme_host.compiler.compile tsme_host.compiler.convert
        tsme_host.compiler.backend
        tsme_host.compiler.frontend
        tsme_host.compiler.jsonata
        tsme_host.compiler.jsonpath
        tsme_host.compiler.frontend.model
        tsme_host.compiler.frontend.plain tsme_host.compiler.jsonata.tree
    """,
    "relational": """
        tsme_host.relational.compile
        tsme_host.relational.names tsme_host.relational.contradictions
        tsme_host.relational.inheriting
        tsme_host.relational.python_source
        tsme_host.relational.reading
        tsme_host.relational.compiled tsme_host.relational.drawing tsme_host.relational.stubs
        tsme_host.relational.metrics
        tsme_host.relational.model
    """,
    "server": """
        tsme_host.server
        tsme_host.database
    """,
    "simulator": """
        tsme_sim.plugin
        tsme_sim.wokwi
        tsme_sim.cluster
        tsme_sim
        tsme_sim.world
        tsme_sim.beginning
        tsme_sim.coverage tsme_sim.swarm
        tsme_sim.subjects
        tsme_sim.simulation
        tsme_sim.relational
        tsme_sim.device
        tsme_sim.purity
        tsme_sim.core tsme_sim.replay_cache
        tsme_sim.nor
        tsme_sim.terms tsme_sim.rng tsme_sim.values
    """,
}
# Between packages: who imports from whom.  A module is of what has the longest name before it.
BELOW: dict[str, set[str]] = {
    "tsme": set(),
    "tsme_host.compiler": {"tsme"},
    "tsme_host.ending": set(),
    "tsme_host.relational": {"tsme", "tsme_host.compiler"},
    "tsme_host.tools": {"tsme", "tsme_host.compiler", "tsme_host.relational", "tsme_host.ending"},
    "tsme_host": {"tsme_host.tools", "tsme_host.ending"},
    "tsme_host.database": {"tsme", "tsme_host.tools", "tsme_host.compiler"},
    "tsme_host.server": {"tsme", "tsme_host.tools", "tsme_host.compiler", "tsme_host.database"},
    "tsme_sim": {"tsme", "tsme_host.compiler", "tsme_host.tools"},
    # Users look for these where all else is; no board has the three.
    "tsme.testing": {"tsme_sim"},
    "tsme.remote": {"tsme_host.tools"},
    "tsme.__main__": {"tsme_host"},
    "tsme_host.tools.repl": {
        "tsme",
        "tsme_host.tools",
        "tsme_host.tools.commands.journal",
        "tsme_host.compiler",
        "tsme_host.server",
    },
    "tsme_host.tools.commands.repl": {"tsme_host.tools", "tsme_host.tools.repl"},
    "tsme_host.tools.commands.sim": {"tsme", "tsme_host.tools", "tsme_sim"},
    **{
        f"tsme_host.tools.commands.{name}": {
            "tsme",
            "tsme_host.tools",
            "tsme_host.server",
            "tsme_host.database",
        }
        for name in ("serve", "store", "worker")
    },
    "tsme_host.tools.commands.journal": {
        "tsme",
        "tsme_host.tools",
        "tsme_host.tools.commands.journal_query",
    },
    "tsme_host.tools.commands.journal_query": {
        "tsme_host.tools",
        "tsme_host.tools.commands.store",
        "tsme_host.relational",
    },
    "tsme_host.tools.commands.debug": {
        "tsme",
        "tsme_host.tools",
        "tsme_host.tools.commands.store",
        "tsme_host.database",
        "tsme_sim",
    },
}

Files = dict[str, list[Path]]


def modules_of(name: str, folder: Path) -> Files:
    """The modules of a package: source and stub of each."""
    out: Files = {}
    for path in sorted(folder.rglob("*.py*")):
        if path.suffix in (".py", ".pyi"):
            parts = path.relative_to(folder).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            out.setdefault(".".join((name, *parts)), []).append(path)
    return out


def imported(module: str, path: Path, ours: Files) -> Iterator[tuple[int, str]]:
    """(line, module of ours) of each import in a file."""
    room = module if path.stem == "__init__" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, one.name) for one in node.names if one.name in ours)
        elif isinstance(node, ast.ImportFrom):
            around = room.split(".")
            start = around[: len(around) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for one in node.names:
                name = f"{base}.{one.name}"
                if name in ours or base in ours:
                    yield node.lineno, name if name in ours else base
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "once":
            for text in node.args[:1]:
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield from ((node.lineno, f"tsme.{name}") for name in text.value.split())


Arrows = dict[str, dict[str, str]]  # module -> each module that it imports -> where


def arrows_of(packages: dict[str, Path]) -> Arrows:
    ours = {m: f for name, folder in packages.items() for m, f in modules_of(name, folder).items()}
    out: Arrows = {module: {} for module in ours if module != DOOR}
    for module in out:
        for path in ours[module]:
            for line, other in imported(module, path, ours):
                if other not in (module, DOOR):
                    out[module].setdefault(other, f"{path}:{line}")
    return out


@cache
def arrows() -> Arrows:
    return arrows_of(PACKAGES)


def under(module: str, names: list[str]) -> str | None:
    """The longest of some names that a module is, or is within."""
    fitting = [name for name in names if f"{module}.".startswith(f"{name}.")]
    return max(fitting, key=len, default=None)


def upward(found: Arrows, floors: str) -> Iterator[str]:
    """The imports that go up, or across to another room of the same floor."""
    lines = [line.split() for line in floors.split("\n") if line.strip()]
    height = {room: -n for n, line in enumerate(lines) for room in line}
    for module, others in found.items():
        here = under(module, list(height))
        for other, where in others.items():
            there = under(other, list(height))
            if here and there and here != there and height[there] >= height[here]:
                yield f"{where}: {module} imports {other}, from the floor of {here} to {there}"


def reached(found: Arrows, start: str) -> set[str]:
    """What a module imports, and what that imports, and so on."""
    there: set[str] = set()
    todo = [start]
    while todo:
        for other in found.get(todo.pop(), {}):
            if other not in there:
                there.add(other)
                todo.append(other)
    return there


def round_about(found: Arrows) -> Iterator[list[str]]:
    """Groups of modules that import one another, also by way of others."""
    far = {module: reached(found, module) for module in found}
    left = [module for module in found if module in far[module]]
    while left:
        group = [other for other in left if other == left[0] or left[0] in far[other]]
        group = [other for other in group if other in far[left[0]]]
        yield sorted(group)
        left = [module for module in left if module not in group]


@pytest.mark.parametrize("house", FLOORS)
def test_imports_go_down(house: str) -> None:
    wrong = list(upward(arrows(), FLOORS[house]))
    assert not wrong, "\n".join(wrong)


def test_no_modules_import_one_another() -> None:
    wrong = list(round_about(arrows()))
    assert not wrong, "\n".join(" and ".join(group) for group in wrong)


def test_packages_import_from_those_below_alone() -> None:
    wrong = []
    for module, others in arrows().items():
        here = under(module, list(BELOW))
        assert here, module
        for other, where in others.items():
            if under(other, list(BELOW)) not in {here, *BELOW[here]}:
                wrong.append(f"{where}: {module} imports {other}")
    assert not wrong, "\n".join(wrong)


def planted(folder: Path, **files: str) -> Arrows:
    """Imports of a package `p`; `a_b` is the module a.b, `a_b_i` its stub."""
    for name, text in files.items():
        stub = name.endswith("_i")
        path = folder / (name.removesuffix("_i").replace("_", "/") + (".pyi" if stub else ".py"))
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return arrows_of({"p": folder, "tsme": folder / "none"})


IMPORTS = {
    "at the top": {"low_x": "from ..high import y\n"},
    "of the room": {"low_x": "from .. import high\n", "high": ""},
    "by its whole name": {"low_x": "import p.high.y\n"},
    "in a function": {"low_x": "def f():\n    from ..high.y import z\n"},
    "for types": {
        "low_x": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.high.y\n"
    },
    "in a stub": {"low_x": "", "low_x_i": "from ..high.y import Y\n"},
}


@pytest.mark.parametrize("name", IMPORTS)
def test_an_import_that_goes_up_is_found_wherever_it_stands(tmp_path: Path, name: str) -> None:
    found = planted(tmp_path, **{"high_y": "from ..low import x\n", **IMPORTS[name]})
    assert len(list(upward(found, "p.high\np.low"))) == 1
    assert not list(upward(found, "p"))
    if name != "of the room":
        assert list(round_about(found)) == [["p.high.y", "p.low.x"]]


def test_what_is_loaded_once_counts_too(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('once("b c", "run")\n')
    (tmp_path / "b.py").write_text("from .a import x\n")
    (tmp_path / "c.py").write_text("")
    found = arrows_of({"tsme": tmp_path})
    assert set(found["tsme.a"]) == {"tsme.b", "tsme.c"}
    assert list(round_about(found)) == [["tsme.a", "tsme.b"]]


def test_a_longer_way_round_is_found_and_what_leads_to_it_is_not(tmp_path: Path) -> None:
    found = planted(
        tmp_path,
        a="from . import b",
        b="from . import c",
        c="from . import d",
        d="from . import b",
    )
    assert list(round_about(found)) == [["p.b", "p.c", "p.d"]]
