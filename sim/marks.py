"""What must be the same on all machines that do a simulation together, as short texts by name."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import tsme
import tsme_host.compiler
import tsme_host.tools

from .simulation import Simulation
from .subjects import folder


def digest(paths: Iterable[Path]) -> str:
    """Of files, by name and content."""
    made = hashlib.sha256()
    for path in sorted(set(paths)):
        made.update(f"{path.name}\n".encode())
        made.update(hashlib.sha256(path.read_bytes()).digest())
    return made.hexdigest()[:12]


def _homes() -> list[Path]:
    """The folders of tsme's own packages."""
    packages = [
        Path(path)
        for package in (tsme, tsme_host.compiler, tsme_host.tools)
        for path in package.__path__
    ]
    return [path.resolve() for path in (*packages, Path(__file__).parent)]


@cache
def software() -> dict[str, str]:
    """Of tsme itself, and of Python."""
    sources = [path for home in _homes() for path in home.rglob("*.py")]
    return {
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "tsme": tsme.__version__,
        "source of tsme": digest(sources),
    }


def mark(kind: type[Simulation]) -> dict[str, str]:
    """Of a simulation: its file, what it imports from its folder, its workflows and scenario."""
    home = folder(kind).resolve()
    what = [kind.program, kind.scenario, *kind.devices.values()]
    files = [home / one.partition(":")[0] for one in what if isinstance(one, str) and one]
    for module in [*sys.modules.values()]:
        path = Path(getattr(module, "__file__", None) or "").resolve()
        if home in path.parents and _users(path):
            files.append(path)
    return software() | {"files of the simulation": digest(filter(Path.is_file, files))}


def _users(path: Path) -> bool:
    """Is it the user's, and not a package that was installed, or tsme itself?"""
    return "site-packages" not in path.parts and not {*_homes()} & {*path.parents}
