"""The API reference, in build/docs, by pdoc: every warning is an error.

    docs.py [FOLDER]

`device`: the package `tsme`.  It carries no docstrings, which would take a board's memory, so its
stubs are what is documented, as modules of their own; where a stub says nothing, the comment at
that place of the device's source does.  `host`: what runs on laptops alone.
"""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import warnings
from pathlib import Path
from typing import get_type_hints

ROOT = Path(__file__).resolve().parent.parent
LIB = ROOT / "firmware" / "lib"
HOST = ("tsme_host", "tsme_sim", "tsme.remote", "tsme.testing")
INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TSME: API reference</title></head>
<body><h1>TSME: API reference</h1><ul>
<li><a href="device/tsme.html">tsme</a>: on boards and laptops</li>
<li><a href="host/tsme/remote.html">tsme.remote</a>: relational machines elsewhere</li>
<li><a href="host/tsme/testing.html">tsme.testing</a>: simulations</li>
<li><a href="host/tsme_host.html">tsme_host</a>: compiler and command line</li>
<li><a href="host/tsme_sim.html">tsme_sim</a>: the simulator</li>
</ul></body></html>
"""
_BARE = """def __getattr__(name):
    if name in {names!r}:
        return None
    raise AttributeError(name)
"""
_Def = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def comment(lines: list[str], at: int, step: int) -> str:
    """The comment from line `at` on, counted from 0, down (`step` 1) or up (-1)."""
    found: list[str] = []
    while 0 <= at < len(lines) and lines[at].lstrip().startswith("#"):
        text = lines[at].strip().removeprefix("#").removeprefix(" ")
        if not text.startswith("---"):
            found.append(text)
        at += step
    return "\n".join(found[::step]).strip()


def comments(path: Path) -> dict[str, str]:
    """What a device's module says of itself ("") and of each name in it, in comments."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    out = {"": comment(lines, 0, 1)}

    def look(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, _Def):
                first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
                said = comment(lines, node.body[0].lineno - 2, -1)
                out[prefix + node.name] = comment(lines, first - 2, -1) or said
                if isinstance(node, ast.ClassDef):
                    look(node.body, f"{prefix}{node.name}.")

    look(ast.parse(text).body, "")
    return out


class _Builtins(ast.NodeTransformer):
    """Writes builtins.list where a class has a method of that name, which pdoc would take."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        return ast.Attribute(ast.Name("builtins", ast.Load()), node.id, ast.Load())


def documented(stub: Path) -> str:
    """A stub as a module that can be imported, with docstrings wherever there are words."""
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    said = comments(stub.with_suffix(".py"))

    def fill(node: ast.Module | _Def, name: str) -> None:
        if not ast.get_docstring(node) and said.get(name):
            node.body.insert(0, ast.Expr(ast.Constant(said[name])))
        for inner in node.body:
            if isinstance(inner, _Def) and not isinstance(node, ast.FunctionDef):
                fill(inner, f"{name}.{inner.name}" if name else inner.name)

    fill(tree, "")
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):  # what is there for type checkers alone
            node.names = [a for a in node.names if a.name != "type_check_only"]
        if isinstance(node, ast.ClassDef):
            node.decorator_list = [
                d for d in node.decorator_list if ast.unparse(d) != "type_check_only"
            ]
            _Builtins({part.name for part in node.body if isinstance(part, _Def)}).visit(node)
    future = ast.ImportFrom("__future__", [ast.alias("annotations")], 0)
    at = 1 if ast.get_docstring(tree) else 0
    tree.body[at:at] = [future, ast.Import([ast.alias("builtins")])]
    typed = [n for n in tree.body if isinstance(n, ast.AnnAssign) and not n.value]
    bare = [n.target.id for n in typed if isinstance(n.target, ast.Name)]
    if bare:  # other stubs import what has a type here and no value
        tree.body.append(ast.parse(_BARE.format(names=bare)).body[0])
    if stub.parent == LIB / "tsme" and stub.stem == "__init__":
        aliases = [a for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names]
        names = sorted(a.asname for a in aliases if a.asname)
        tree.body.append(ast.parse(f"__all__ = {names!r}").body[0])
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def lay_out(folder: Path) -> list[str]:
    """The modules of all stubs, in a folder; the package and its rooms, by their names."""
    for stub in sorted((LIB / "tsme").rglob("*.pyi")):
        target = folder / stub.relative_to(LIB).with_suffix(".py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(documented(stub), encoding="utf-8")
    rooms = sorted({path.parent for path in (folder / "tsme").rglob("*.py")})
    for room in rooms:
        said = comments(LIB / room.relative_to(folder) / "__init__.py")[""]
        if not (room / "__init__.py").exists():
            (room / "__init__.py").write_text(f"{said!r}\n", encoding="utf-8")
    return ["tsme", *(f"tsme.{room.name}" for room in rooms if room.parent == folder / "tsme")]


def declare() -> None:
    """Gives the modules of the package what only their stubs have, such as protocols."""
    for stub in sorted((LIB / "tsme").rglob("*.pyi")):
        parts = stub.relative_to(LIB).with_suffix("").parts
        module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
        for node in ast.parse(stub.read_text(encoding="utf-8")).body:
            name = getattr(node, "name", None) or getattr(getattr(node, "target", None), "id", "")
            if name and name not in vars(module):
                setattr(module, name, type(name, (), {"__module__": module.__name__}))


def render(modules: list[str], folder: Path) -> None:
    """In a process of its own: the reference of some packages."""
    import pdoc  # noqa: PLC0415

    warnings.simplefilter("error")
    inherited = r" for (textual|tsme_host\.tools\.debugger)\."  # by screens, of Textual
    for what in ("Failed to run TYPE_CHECKING", "Error parsing type annotation"):
        warnings.filterwarnings("ignore", rf"{what}.*{inherited}")
    if "tsme_host" in modules:
        declare()
    for name in pdoc.extract.walk_specs(modules):
        module = importlib.import_module(name)
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
                # pdoc looks for the types of a NamedTuple where they are not
                kind.__new__.__annotations__.update(get_type_hints(kind))
    pdoc.render.configure(docformat="markdown", footer_text="TSME", search=True)
    pdoc.pdoc(*modules, output_directory=folder)


def main(args: list[str]) -> int:
    if args[:1] == ["--render"]:
        sys.path.insert(0, args[1])
        render(args[3:], Path(args[2]))
        return 0
    folder = Path(args[0]) if args else ROOT / "build" / "docs"
    device = lay_out(folder / "stubs")
    (folder / "index.html").write_text(INDEX, encoding="utf-8")
    host = str(ROOT / "build" / "py")
    for path, kind, modules in (
        (str(folder / "stubs"), "device", device),
        (host, "host", list(HOST)),
    ):
        command = [sys.executable, "-W", "error", __file__, "--render", path, str(folder / kind)]
        if subprocess.run([*command, *modules], check=False, cwd=ROOT).returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
