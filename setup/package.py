"""Writes the list of files from which mip and mpremote install tsme.

    package.py                firmware/package.json, which lists the sources
    package.py --check        says whether that is up to date
    package.py --mpy FOLDER   the package compiled for MicroPython, and its package.json

URLs are relative to package.json, so the same file serves a clone, a fork and a local server.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
PACKAGE = FIRMWARE / "lib" / "tsme"
HOST_ONLY = {
    "__main__.py",
    "values/native.py",
    "draft/native.py",
    "journal/file_lock.py",
    "remote.py",
    "testing.py",
    "sim/",
}


def on_a_board(name: str) -> bool:
    """Does a file of the package, by its path within it, go onto boards?"""
    return not any(name == one or name.startswith(one) for one in HOST_ONLY)


SOURCES = sorted(
    path for path in PACKAGE.rglob("*.py") if on_a_board(path.relative_to(PACKAGE).as_posix())
)
CROSS = Path(os.environ.get("TSME_BUILD", ROOT / "build")) / "micropython" / "mpy-cross"


def package(names: list[str], folder: str) -> str:
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.*)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit("package.py: tsme/__init__.py says no __version__")
    urls = [[f"tsme/{name}", f"{folder}tsme/{name}"] for name in names]
    lines = ",\n".join(f"  {json.dumps(pair)}" for pair in urls)
    return f'{{\n "urls": [\n{lines}\n ],\n "version": "{found[1]}"\n}}\n'


def compiled(folder: Path) -> None:
    names = []
    for source in SOURCES:
        compiled_name = source.relative_to(PACKAGE).with_suffix(".mpy")
        names.append(compiled_name.as_posix())
        target = folder / "tsme" / compiled_name
        target.parent.mkdir(parents=True, exist_ok=True)
        # Its name in tracebacks: one that it has anyway, since each text of a new one takes heap.
        name = source.parent.name if source.stem == "__init__" else source.stem
        subprocess.run([CROSS, "-O2", "-s", name, "-o", target, source], check=True)
    (folder / "package.json").write_text(package(names, ""), encoding="utf-8")


def main(args: list[str]) -> int:
    if args[:1] == ["--mpy"] and len(args) == 2:
        compiled(Path(args[1]))
        return 0
    path = FIRMWARE / "package.json"
    wanted = package([source.relative_to(PACKAGE).as_posix() for source in SOURCES], "lib/")
    if "--check" not in args:
        path.write_text(wanted, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != wanted:
        sys.stdout.write("firmware/package.json is not up to date; run setup/package.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
