"""Finds recursion in what runs on a device, where the stack is small and nobody can look.

    recursion.py [FOLDER...]   says which cycles of calls have no declared bound
    recursion.py --list        the declared bounds

Every cycle of the call graph must go through a function that says how deep it can get:

    def own(v):
        # recursion: at most 32, the depth of a value

The graph is a guess on the safe side.  A method is taken for every method of that name, unless it
is known whose it is: on `self`, super(), a module, on what a class puts into an attribute of its
own, and on the names of THINGS.  Methods that list, dict, str and the like have too are taken for
theirs.  A call of a variable may be one of any function that the package hands around, unless the
line says in which modules, classes or folders it is: `# calls: arrays texts`, `# calls:
program_functions`.  `once(names, function)` and
tables of functions are followed.  What it cannot see is what Python calls by itself (`==`,
`repr`), and what users keep in attributes (`self.watch(..)`), which is not of the package.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "firmware" / "lib" / "tsme", ROOT / "firmware" / "boards")
BOUND = re.compile(r"# recursion: at most (\d+), (\S.*)")
CALLS = re.compile(r"# calls: (\w[\w ]*)")
# What a variable or attribute of this name is, wherever it stands.
THINGS = {
    "board": ("Board",),
    "client": ("Interpreter", "Machine", "Relational", "Client"),
    "core": (),
    "cursor": ("Cursor",),
    "d": ("StepBuilder",),
    "event": (),
    "executor": ("Executor",),
    "engine": ("Engine",),
    "f": ("Frame",),
    "j": ("Journal",),
    "journal": ("Journal",),
    "kernel": ("Kernel", "CoreKernel"),
    "m": ("Evaluation", "Moment"),
    "posted": (),
    "programs": ("ProgramFiles", "ProgramRegion"),
    "reader": (),
    "regions": ("Regions",),
    "session": ("Session",),
    "slot": ("Slot", "Engine", "Executor"),
    "spi": (),
    "tasks": ("Tasks",),
    "vm": ("Interpreter",),
    "wire": ("Wire",),
    "writer": (),
}
_BUILTIN = {n for t in (list, dict, str, bytearray, set, int, tuple) for n in dir(t)}
DEEPEST = 40  # no bound of the package may be larger: 32 levels of a value, and a few around it
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Function:
    """A function or method.  `owner` is its class, `calls` what its code may call."""

    module: str
    name: str
    owner: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    path: Path
    inner: dict[str, Function] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    marks: dict[int, list[str]] = field(default_factory=dict)  # line -> modules that it calls
    outer: Function | None = None
    bound: tuple[int, str] | None = None
    calls: set[int] = field(default_factory=set)

    @property
    def folder(self) -> str:
        return "_".join(self.path.parent.parts[-2:])

    @property
    def shown(self) -> str:
        return ".".join(part for part in (self.module, self.owner, self.name) if part)


@dataclass
class Module:
    """What the names of a module stand for."""

    name: str
    tree: ast.Module
    package: str = ""  # the folder it is in
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> module, name
    tables: dict[str, set[str]] = field(default_factory=dict)  # name -> names in it
    outside: set[str] = field(default_factory=set)  # modules that are not of the package


class Graph:
    """The calls within some folders of Python."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.all: list[Function] = []
        self.modules: dict[str, Module] = {}
        self.methods: dict[str, list[Function]] = {}
        self.values: set[int] = set()  # functions that somebody hands around
        self.unknown: list[
            tuple[Function, int]
        ] = []  # who calls a variable, with how many arguments
        for path in files:
            self.read(path)
        for module in self.modules.values():
            self.hand(module)
        for function in self.all:
            self.follow(function)
        for function, count in self.unknown:
            function.calls |= {n for n in self.values if _takes(self.all[n], count)}

    # --- what there is ---

    def read(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        name = path.parent.name if path.stem == "__init__" else path.stem
        module = Module(name, ast.parse(text, str(path)))
        if name in self.modules and not module.tree.body:
            return  # a room of that name which holds nothing itself
        self.modules[module.name] = module
        lines = text.splitlines()
        module.package = path.parent.name
        module.imported = _imports(_own(module.tree), module.package)
        imports = [node for node in ast.walk(module.tree) if isinstance(node, ast.Import)]
        module.outside = {a.asname or a.name for node in imports for a in node.names}
        for node in module.tree.body:
            if isinstance(node, _FUNCTIONS):
                module.functions[node.name] = self.add(module, "", node, path, lines, None)
            elif isinstance(node, ast.ClassDef):
                module.classes[node.name] = node
                for item in node.body:
                    if isinstance(item, _FUNCTIONS):
                        method = self.add(module, node.name, item, path, lines, None)
                        self.methods.setdefault(item.name, []).append(method)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        module.tables[target.id] = _names(node.value)

    def add(
        self,
        module: Module,
        owner: str,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        path: Path,
        lines: list[str],
        outer: Function | None,
    ) -> Function:
        function = Function(module.name, node.name, owner, node, path, outer=outer)
        for line in lines[node.lineno - 1 : node.body[0].lineno]:
            if found := BOUND.search(line):
                function.bound = (int(found[1]), found[2])
        for n, line in enumerate(lines[node.lineno - 1 : node.end_lineno], node.lineno):
            if found := CALLS.search(line):
                function.marks[n] = found[1].split()
        function.imported = _imports(_own(node), module.package)
        self.all.append(function)
        for item in _inner(node):
            function.inner[item.name] = self.add(module, owner, item, path, lines, function)
        return function

    def number(self, function: Function) -> int:
        return next(n for n, other in enumerate(self.all) if other is function)

    # --- what a name stands for ---

    def named(self, module: Module, name: str, within: Function | None = None) -> list[Function]:
        """Functions that a call of a plain name runs; of a class, what makes an object."""
        while within is not None:
            if name in within.inner:
                return [within.inner[name]]
            if name in within.imported:
                source, original = within.imported[name]
                return self.named(self.modules[source], original) if source in self.modules else []
            within = within.outer
        if name in module.functions:
            return [module.functions[name]]
        if name in module.classes:
            return self.made(module, name)
        if name in module.imported:
            source, original = module.imported[name]
            if source in self.modules and self.modules[source] is not module:
                return self.named(self.modules[source], original)
        return []

    def made(self, module: Module, name: str) -> list[Function]:
        return [f for f in self.methods.get("__init__", []) if f.owner in self.line(module, name)]

    def line(self, module: Module, name: str) -> set[str]:
        """A class and those it inherits from."""
        found = {name}
        node = module.classes.get(name)
        for base in node.bases if node else ():
            if isinstance(base, ast.Name):
                source = self.modules.get(module.imported.get(base.id, ("", ""))[0], module)
                found |= self.line(source, base.id)
        return found

    def family(self, owner: str) -> set[str]:
        """A class, those it inherits from, and those that inherit from it."""
        lines = [self.line(m, name) for m in self.modules.values() for name in m.classes]
        return {owner}.union(*[line for line in lines if owner in line])

    # --- what is handed around, and what is called ---

    def hand(self, module: Module) -> None:
        """Functions that are used other than by calling them."""
        called = {id(n.func) for n in ast.walk(module.tree) if isinstance(n, ast.Call)}
        within = {id(n): f for f in self.all if f.module == module.name for n in _own(f.node)}
        for node in ast.walk(module.tree):
            if id(node) in called:
                continue
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                for function in self.named(module, node.id, within.get(id(node))):
                    if function.name != "__init__":
                        self.values.add(self.number(function))
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                if isinstance(node.value, ast.Name) and node.value.id == "self":
                    owner = within[id(node)].owner if id(node) in within else ""
                    for method in self.methods.get(node.attr, []):
                        if method.owner in self.family(owner) and not _is_property(method):
                            self.values.add(self.number(method))

    def follow(self, function: Function) -> None:
        module = self.modules[function.module]
        bound = {a.arg for a in ast.walk(function.node.args) if isinstance(a, ast.arg)}
        for node in _own(function.node):
            if not isinstance(node, ast.Call):
                continue
            count = -1 if any(isinstance(a, ast.Starred) for a in node.args) else len(node.args)
            if node.lineno in function.marks:
                marked = set(function.marks[node.lineno])
                found = [f for f in self.all if marked & {f.owner or f.module, f.folder}]
            elif isinstance(node.func, ast.Name):
                once = node.func.id == "once"
                found = self.loaded(node) if once else self.named(module, node.func.id, function)
                if (
                    not once
                    and not found
                    and (node.func.id in bound or _assigned(function, node.func.id))
                ):
                    self.unknown.append((function, count))
            elif isinstance(node.func, ast.Attribute):
                found = self.attribute(module, function, node.func)
            elif isinstance(node.func, ast.Subscript) and isinstance(node.func.value, ast.Name):
                found = self.table(module, node.func.value.id)
            else:
                found = []
                self.unknown.append((function, count))
            function.calls |= {self.number(f) for f in found}

    def loaded(self, call: ast.Call) -> list[Function]:
        """once("module ...", "function", ...)"""
        texts = [a.value for a in call.args[:2] if isinstance(a, ast.Constant)]
        name = str(texts[0]).split()[0].rpartition(".")[2] if len(texts) > 1 else ""
        return self.named(self.modules[name], str(texts[1])) if name in self.modules else []

    def table(self, module: Module, name: str) -> list[Function]:
        source, original = module.imported.get(name, (module.name, name))
        home = self.modules.get(source, module)
        return [f for n in home.tables.get(original, ()) for f in self.named(home, n)]

    def attribute(self, module: Module, function: Function, node: ast.Attribute) -> list[Function]:
        of = node.value
        methods = self.methods.get(node.attr, [])
        if isinstance(of, ast.Name) and of.id != "self":
            if of.id in module.outside:
                return []
            source = (function.imported | module.imported).get(of.id, ("", ""))[1]
            if source in self.modules:
                return self.named(self.modules[source], node.attr)
        thing = of.id if isinstance(of, ast.Name) else getattr(of, "attr", "").lstrip("_")
        owners = {owner for name in THINGS.get(thing, ()) for owner in self.family(name)}
        known = [m for m in methods if m.owner in owners]
        if known or THINGS.get(thing) == ():
            return known
        if isinstance(of, ast.Name) and of.id != "self" and node.attr in _BUILTIN:
            return []
        owned = self.owned(module, function, of)
        if owned is not None:
            return [m for m in methods if m.owner in owned]
        if node.attr in _BUILTIN and not isinstance(of, ast.Name):
            return []
        if isinstance(of, ast.Name) and of.id == "self":
            return [m for m in methods if m.owner in self.family(function.owner)]
        if isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super":
            return [
                m
                for m in methods
                if m.owner in self.line(module, function.owner) - {function.owner}
            ]
        return methods

    def owned(self, module: Module, function: Function, of: ast.AST) -> set[str] | None:
        """The classes of what `self.x` holds; None if that is not known."""
        if not (isinstance(of, ast.Attribute) and _is_self(of.value)):
            return None
        values = []
        for node in ast.walk(module.classes.get(function.owner, ast.Module([], []))):
            if isinstance(node, ast.Assign):
                held = [
                    t for t in node.targets if isinstance(t, ast.Attribute) and _is_self(t.value)
                ]
                values += [node.value for t in held if t.attr == of.attr]
        out: set[str] = set()
        for value in values:
            if isinstance(value, ast.Constant):
                continue
            if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name)):
                return None
            home = self.modules.get(module.imported.get(value.func.id, ("", ""))[0], module)
            if value.func.id in home.classes:
                out |= self.family(value.func.id)
            elif value.func.id not in dir(builtins):
                return None
        return out if values else None

    # --- cycles ---

    def cycles(self) -> Iterator[list[Function]]:
        """Groups of functions that call one another and of which none says how deep."""
        free = {n for n, f in enumerate(self.all) if f.bound is None}
        for group in _groups({n: self.all[n].calls & free for n in free}):
            if len(group) > 1 or group[0] in self.all[group[0]].calls:
                yield [self.all[n] for n in sorted(group)]


def _inner(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions defined right within one."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _FUNCTIONS):
            yield child
        elif not isinstance(child, ast.ClassDef):
            yield from _inner(child)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function that are not of one within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _FUNCTIONS):
            yield child
            yield from _own(child)


def _imports(nodes: Iterable[ast.AST], package: str) -> dict[str, tuple[str, str]]:
    out = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            source = (node.module or (package if node.level == 1 else "tsme")).rpartition(".")[2]
            out.update({a.asname or a.name: (source, a.name) for a in node.names})
    return out


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _assigned(function: Function, name: str) -> bool:
    return any(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
        for n in _own(function.node)
    )


def _is_property(function: Function) -> bool:
    return bool(function.node.decorator_list)


def _takes(function: Function, count: int) -> bool:
    """May it be called with so many arguments?"""
    args = function.node.args
    most = len(args.args) - (function.owner != "" and function.outer is None)
    if count < 0 or args.vararg is not None:
        return True
    return most - len(args.defaults) <= count <= most


def _groups(graph: dict[int, set[int]]) -> list[list[int]]:
    """Strongly connected components, by Tarjan's algorithm, without recursion."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on: set[int] = set()
    out = []
    for root, calls in graph.items():
        todo = [(root, iter(sorted(calls)))] if root not in index else []
        while todo:
            n, rest = todo[-1]
            if n not in index:
                index[n] = low[n] = len(index)
                path.append(n)
                on.add(n)
            for m in rest:
                if m not in index:
                    todo.append((m, iter(sorted(graph[m]))))
                    break
                if m in on:
                    low[n] = min(low[n], index[m])
            else:
                todo.pop()
                if todo:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[n])
                if low[n] == index[n]:
                    at = path.index(n)
                    out.append(path[at:])
                    on -= set(path[at:])
                    del path[at:]
    return out


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main(args: list[str]) -> int:
    listing = "--list" in args
    folders = [Path(a) for a in args if not a.startswith("--")] or list(FOLDERS)
    graph = Graph(
        path
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        if FOLDERS[0] / "sim" not in path.parents  # twins, which no board has
    )
    bad = 0
    for function in graph.all:
        where = f"{function.path}:{function.node.lineno}"
        if function.bound is None:
            continue
        if listing:
            say(f"{function.shown}: at most {function.bound[0]}, {function.bound[1]}")
        if function.bound[0] > DEEPEST and "tsme" in function.path.parts[-4:-1]:
            most = f"at most {DEEPEST} may be"
            say(f"{where}: {function.shown} recurses to {function.bound[0]}, {most}")
            bad += 1
    for group in graph.cycles():
        first = group[0]
        say(
            f"{first.path}:{first.node.lineno}: recursion without a bound: "
            + ", ".join(f.shown for f in group)
        )
        bad += 1
    if bad:
        say("make it a loop, or say how deep it gets: # recursion: at most N, why")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
