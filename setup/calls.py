"""Follows the calls of the C core: what stack they take on a Cortex-M, and that it has an end.

    calls.py [FOLDER...]   the deepest calls on each processor; exit code 1 if a rule is broken

gcc writes down who calls whom and what each frame takes (-fcallgraph-info=su). What it cannot
know stands in the source, and is checked as far as that goes:

    // calls: tsme_operations              a call of a pointer: which functions it may be, or
    // calls: tsme_first tsme_second       the table that they are in; on its line or right before
    // calls: the caller                   a function that the caller has handed over
    // recursion: at most 8, why           in a function: how often it is on the stack at a time

Every function that is used other than by calling it must be in such a list. Every cycle must
go through a function with a bound. Nothing outside may be called but WITHOUT: what a C compiler
calls by itself, and what takes care of bytes. No frame may grow while it is used. What the
caller's functions take is the caller's, so it is not in the numbers.
"""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "native_modules" / "tsme_core",)
PROCESSORS = ("cortex-m3", "cortex-m0plus")
MOST = 1536  # bytes of stack, along all calls
# Bytes of stack that functions of the compiler's library may take: the most of those that the core
# can call, a 64-bit division on a Cortex-M0+, has 48.
WITHOUT = 64
OUTSIDE = re.compile(
    r"mem(cpy|move|set|cmp)|__aeabi_\w+|__gnu_thumb1_case_\w+|__(clz|ctz|popcount)\w*"
)
FLAGS = "-std=c99 -mthumb -Os -ffunction-sections -fcallgraph-info=su -c -o out.o".split()
FLAGS += ["-DTSME_ALL_NATIVES=1"]  # as much as there is

NODE = re.compile(r'node: { title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'edge: { sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?')
BYTES = re.compile(r"(\d+) bytes \((\w+(?:,\w+)?)\)")
CALLS = re.compile(r"// calls: (\w[\w ]*)")
BOUND = re.compile(r"// recursion: at most (\d+), \S")
CALLER = "the caller"
INDIRECT = "__indirect_call"


@dataclass
class Function:
    """One function, and whom it calls: titles of the graph."""

    title: str
    name: str
    stack: int = 0
    line: int = 0
    file: str = ""
    bound: int = 0
    calls: set[str] = field(default_factory=set)

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}: {self.name}"


class Source:
    """The text of a file, which knows what the graph does not."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()
        code = re.sub(r'//.*|/\*.*?\*/|"(?:\\.|[^"\\])*"', "", self.text)
        self.code = re.sub(r"^#.*(\\\n.*)*", "", code, flags=re.M)

    def marked(self, line: int) -> list[str]:
        """Whom a call of a pointer in this line may call."""
        first = line - 1
        while first > 0 and self.lines[first - 1].lstrip().startswith("//"):
            first -= 1
        found = [m[1].strip() for text in self.lines[first:line] if (m := CALLS.search(text))]
        return [name for text in found for name in ([text] if text == CALLER else text.split())]

    def bound(self, line: int) -> int:
        """How often a function that begins here may be on the stack; 0: nobody says."""
        for text in self.lines[line - 1 :]:
            if match := BOUND.search(text):
                return int(match[1])
            if text.startswith("}"):
                break
        return 0

    def table(self, name: str) -> set[str] | None:
        """The names in the table of this name, if it is here."""
        match = re.search(rf"\b{name}\[[^;=]*\] = {{(.*?)^}};", self.code, re.S | re.M)
        return set(re.findall(r"\b[a-z]\w*", match[1])) if match else None


class Graph:
    """All functions of a folder, compiled for one processor."""

    def __init__(self, folder: Path, processor: str) -> None:
        self.functions: dict[str, Function] = {}
        self.indirect: list[tuple[str, str]] = []
        self.problems: list[str] = []
        files = sorted(folder.glob("*.[ch]"))
        self.sources = {path.name: Source(path) for path in files}
        self.listed: set[str] = set()
        with tempfile.TemporaryDirectory() as out:
            for path in files:
                if path.suffix == ".c":
                    command = ["arm-none-eabi-gcc", f"-mcpu={processor}", *FLAGS, str(path)]
                    subprocess.run(command, check=True, cwd=out)
                    for info in Path(out).glob("*.ci"):
                        self.read(info.read_text(encoding="utf-8"))
                        info.unlink()
        self.resolve()

    def read(self, text: str) -> None:
        for title, label in NODE.findall(text):
            name, *rest = label.split(r"\n")
            if len(rest) > 1:  # else it is of another file
                file, line = Path(rest[0]).name.split(":")[:2]
                one = Function(title, name, line=int(line), file=file)
                match = BYTES.search(label)
                one.stack = int(match[1]) if match else 0
                if not match or "dynamic" in match[2] and "bounded" not in match[2]:
                    self.problems.append(f"{one.where} has a frame that grows")
                one.bound = self.sources[file].bound(one.line)
                one.calls = self.functions[title].calls if title in self.functions else set()
                self.functions[title] = one
        for source, target, label in EDGE.findall(text):
            if target == INDIRECT:
                self.indirect.append((source, label))
            else:
                self.functions[source].calls.add(target)

    def titles(self, name: str) -> set[str]:
        return {one.title for one in self.functions.values() if one.name == name}

    def resolve(self) -> None:
        """Give each call of a pointer its functions, and each call outside its judgement."""
        for title, label in self.indirect:
            file, line = Path(label).name.split(":")[:2]
            marked = self.sources[file].marked(int(line))
            if not marked:
                self.problems.append(f"{file}:{line}: which functions? say it: // calls: NAMES")
            for name in marked:
                tables = [t for s in self.sources.values() if (t := s.table(name)) is not None]
                for listed in tables[0] if tables else {name} - {CALLER}:
                    self.listed.add(listed)
                    found = self.titles(listed)
                    self.functions[title].calls |= found
                    if not found and not tables:
                        self.problems.append(f"{file}:{line}: there is no function {listed}")
        for one in self.functions.values():
            for target in sorted(one.calls - self.functions.keys()):
                if not OUTSIDE.fullmatch(target):
                    self.problems.append(f"{one.where} calls {target}, which is not of the core")
        for name in sorted(self.handed() - self.listed):
            self.problems.append(f"{name} is used as a value, and in no list of // calls:")

    def handed(self) -> set[str]:
        """Functions that are used other than by calling them."""
        found = set()
        for file, source in self.sources.items():
            # Those that are static have their file in their title.
            known = {one.name for one in self.functions.values() if one.title == one.name}
            known |= {o.name for o in self.functions.values() if o.title == f"{file}:{o.name}"}
            used = re.findall(r"(?<!struct )(?<!\.)(?<!->)\b(\w+)\b(?!\s*\()", source.code)
            found |= known & set(used)
        return found

    def cycle(self) -> list[Function]:
        """Functions of which each calls the next, and none has a bound; none: empty."""
        free = {title: one for title, one in self.functions.items() if not one.bound}
        done: set[str] = set()
        for root, start in free.items():
            path = [root]
            todo = [(root, iter(sorted(start.calls & free.keys())))]
            while todo:
                following = next((n for n in todo[-1][1] if n not in done), None)
                if following is None:
                    done.add(path.pop())
                    todo.pop()
                elif following in path:
                    return [free[title] for title in path[path.index(following) :]]
                else:
                    path.append(following)
                    todo.append((following, iter(sorted(free[following].calls & free.keys()))))
        return []

    def deepest(self) -> tuple[int, list[str]]:
        """The most bytes that calls take, and these calls. There must be no cycle."""

        @functools.cache
        def below(title: str, left: tuple[tuple[str, int], ...]) -> tuple[int, list[str]]:
            one = self.functions.get(title)
            if one is None:
                return WITHOUT, [title]
            often = dict(left)
            if one.bound:
                often[title] = often.get(title, one.bound) - 1
                if often[title] < 0:
                    return 0, []
            rest = tuple(sorted(often.items()))
            most = max((below(target, rest) for target in sorted(one.calls)), default=(0, []))
            return one.stack + most[0], [f"{one.name} {one.stack}", *most[1]]

        return max((below(title, ()) for title in sorted(self.functions)), default=(0, []))


def main(folders: list[Path]) -> int:
    bad = False
    for folder in folders or FOLDERS:
        for processor in PROCESSORS:
            graph = Graph(folder, processor)
            problems = graph.problems
            if cycle := graph.cycle():
                names = ", ".join(one.name for one in cycle)
                problems.append(f"{cycle[0].where}: recursion without a bound: {names}")
            else:
                most, calls = graph.deepest()
                sys.stdout.write(f"{processor}: {most} bytes of stack: {' > '.join(calls)}\n")
                if most > MOST:
                    problems.append(f"{processor}: {most} bytes of stack, at most {MOST} may be")
            sys.stdout.writelines(f"{problem}\n" for problem in problems)
            bad = bad or bool(problems)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
