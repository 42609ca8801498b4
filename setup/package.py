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
HOST_ONLY = {"__main__.py", "native.py", "own.py", "testing.py"}
SOURCES = sorted(
    path for path in (FIRMWARE / "lib" / "tsme").glob("*.py") if path.name not in HOST_ONLY
)
CROSS = Path(os.environ.get("TSME_BUILD", ROOT / "build")) / "micropython" / "mpy-cross"


def package(names: list[str], folder: str) -> str:
    text = (FIRMWARE / "lib" / "tsme" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.*)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit("package.py: tsme/__init__.py says no __version__")
    urls = [[f"tsme/{name}", f"{folder}tsme/{name}"] for name in names]
    lines = ",\n".join(f"  {json.dumps(pair)}" for pair in urls)
    return f'{{\n "urls": [\n{lines}\n ],\n "version": "{found[1]}"\n}}\n'


def compiled(folder: Path) -> None:
    (folder / "tsme").mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        target = folder / "tsme" / f"{source.stem}.mpy"
        # Its name in tracebacks: one that it has anyway, since each text of a new one takes heap.
        name = "tsme" if source.stem == "__init__" else source.stem
        subprocess.run([CROSS, "-O2", "-s", name, "-o", target, source], check=True)
    names = [f"{source.stem}.mpy" for source in SOURCES]
    (folder / "package.json").write_text(package(names, ""), encoding="utf-8")


def main(args: list[str]) -> int:
    if args[:1] == ["--mpy"] and len(args) == 2:
        compiled(Path(args[1]))
        return 0
    path = FIRMWARE / "package.json"
    wanted = package([source.name for source in SOURCES], "lib/")
    if "--check" not in args:
        path.write_text(wanted, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != wanted:
        sys.stdout.write("firmware/package.json is not up to date; run setup/package.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
