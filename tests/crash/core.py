"""The proof of the journal in C: native_modules/tsme_core/crash, built and run from here."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from threading import Thread

from tests.crash.explore import Violation
from tests.crash.geometry import GEOMETRIES, Geometry
from tests.crash.pool import ENOUGH, Report, Shown, Total

HOME = Path(__file__).parents[2]
SOURCES = HOME / "native_modules" / "tsme_core"
BUILD = HOME / "build" / "crash"
FLAGS = ["-std=c99", "-O2", "-DTSME_CRC_TABLE=256"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


def compiler() -> str | None:
    """The C compiler, if there is one."""
    return os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")


def parts() -> list[Path]:
    """The journal, what it needs, and the program around it."""
    names = ["tsme_crc.c", "tsme_math.c"]
    return [
        *sorted(SOURCES.glob("tsme_journal*.c")),
        *(SOURCES / name for name in names),
        *sorted((SOURCES / "crash").glob("*.c")),
    ]


def compiled(source: Path, to: Path, *flags: str) -> Path:
    """The object of a source, at `to`; CalledProcessError if that fails."""
    to.parent.mkdir(parents=True, exist_ok=True)
    new = to.with_suffix(f".{os.getpid()}.o")
    include = ["-I", str(SOURCES), "-I", str(SOURCES / "crash")]
    command = [str(compiler()), *FLAGS, *WARNINGS, *flags, *include, "-c", str(source)]
    subprocess.run([*command, "-o", str(new)], check=True)
    new.replace(to)
    return to


def link(objects: Sequence[Path], program: Path, *flags: str) -> Path:
    """The program of these objects."""
    new = program.with_suffix(f".{os.getpid()}")
    subprocess.run([str(compiler()), *flags, *map(str, objects), "-o", str(new)], check=True)
    new.replace(program)
    return program


def objects() -> dict[str, Path]:
    """The objects by the names of their sources, compiled anew if something has changed."""
    headers = [*SOURCES.glob("*.h"), *SOURCES.glob("crash/*.h"), Path(__file__)]
    newest = max(path.stat().st_mtime for path in headers)
    found = {}
    for source in parts():
        to = BUILD / (source.stem + ".o")
        if not to.exists() or to.stat().st_mtime < max(newest, source.stat().st_mtime):
            compiled(source, to)
        found[source.name] = to
    return found


def build() -> Path:
    """The program, linked anew if something has changed."""
    made = list(objects().values())
    program = BUILD / "crash"
    newest = max(path.stat().st_mtime for path in made)
    if not program.exists() or program.stat().st_mtime < newest:
        link(made, program)
    return program


def pool() -> Path:
    """The bytes of which bodies of records are made, the same as in tests/crash/world.py."""
    path = BUILD / "pool"
    if not path.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        new.write_bytes(Random(1).randbytes(1 << 16))
        new.replace(path)
    return path


def told(text: str, program: Path | None = None) -> list[str]:
    """What a reproducer does, as `fails(text, tell)` tells it; then the violation."""
    command = [str(program or build()), str(pool()), "replay", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines()


class Checker:
    """Goes through reproducers, one process for all of them."""

    def __init__(self, program: Path | None = None) -> None:
        self._process = subprocess.Popen(
            [str(program or build()), str(pool()), "check"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fails(self, text: str) -> str | None:
        """What goes wrong, or None."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the program has died")
        return line.strip() or None

    def __enter__(self) -> "Checker":
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Search:
    """A process that searches on geometries of its own, and what it has said."""

    def __init__(self, program: Path, seed: int, geometries: Sequence[Geometry]) -> None:
        self.report = Report()
        command = [str(program), str(pool()), "search", str(seed), *map(str, geometries)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._listener = Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._heard(line.rstrip("\n"))

    def _heard(self, line: str) -> None:
        # A line as crash_main.c has it.
        report = self.report
        if line.startswith("! "):
            violation = Violation(*line[2:].split(" ", 1))
            known = report.kinds.get(violation.kind)
            if not known or len(violation.reproducer) < len(known.reproducer):
                report.kinds[violation.kind] = violation
            report.violations = max(1, report.violations)
            return
        states, workloads, violations, under_way = line.split(" ", 3)
        report.states = int(states)
        report.workloads = int(workloads)
        report.violations = max(int(violations), len(report.kinds))
        report.under_way = under_way

    def ends(self) -> bool:
        """Has it ended by itself?"""
        return self._process.poll() is not None

    def end(self) -> int:
        """End it; its exit status."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()  # it goes on until then
        self._listener.join()
        self._process.stdout.close()
        return self._process.wait()


def run(
    most: int,
    seconds: float | None,
    jobs: int = 0,
    program: Path | None = None,
    geometries: Sequence[Geometry] = tuple(GEOMETRIES),
    enough: int = ENOUGH,
) -> Total:
    """Search in so many processes, one a core if 0.

    It ends after so many seconds, or else when there are `most` states; or when there are
    `enough` violations.
    """
    jobs = min(jobs or os.cpu_count() or 1, len(geometries))
    found = [Search(program or build(), 1 + core, geometries[core::jobs]) for core in range(jobs)]
    total = Total([search.report for search in found])
    shown = Shown()
    try:
        while not any(search.ends() for search in found):
            time.sleep(0.05)
            shown.progress(total)
            late = time.monotonic() - total.began
            if late >= seconds if seconds is not None else total.states >= most:
                break
            if total.violations >= enough:
                break
    finally:
        statuses = [search.end() for search in found]
    shown.end()
    if any(statuses):
        raise RuntimeError("a process of the search died, see above")
    return total
