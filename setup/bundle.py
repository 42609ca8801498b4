"""Makes a bundle for CircuitPython, as circup and people who copy to CIRCUITPY want it.

    bundle.py FOLDER         FOLDER/tsme-py-VERSION.zip, of sources, and the examples
    bundle.py --mpy FOLDER   compiled as well, with CircuitPython's mpy-cross from the network

circuitpython-build-tools makes it.  Left out is what no CircuitPython can use: twins, and tasks of
`machine`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from package import PACKAGE, ROOT, SOURCES

TASKS = {"tasks/__init__.py", "tasks/signal.py"}  # what needs no machine
PYPROJECT = """\
[project]
name = "tsme"
description = "Long-lived Amazon States Language workflows"

[tool.setuptools]
packages = ["tsme"]
"""


def stage(folder: Path) -> None:
    """A library as circuitpython-build-tools looks for it."""
    for source in SOURCES:
        name = source.relative_to(PACKAGE).as_posix()
        if name.startswith("tasks/") and name not in TASKS:
            continue
        target = folder / "tsme" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    examples = folder / "examples"
    examples.mkdir()
    for name in ("counter.py", "main.py"):
        shutil.copyfile(ROOT / "examples" / "counter" / name, examples / name)
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")


def main(args: list[str]) -> int:
    compiled = args[:1] == ["--mpy"]
    if len(args) != 1 + compiled:
        sys.stderr.write(f"{__doc__}")
        return 2
    folder = Path(args[-1]).resolve()
    library = folder / "tsme"
    if library.exists():
        shutil.rmtree(library)
    library.mkdir(parents=True)
    stage(library)
    words = [sys.executable, "-c"]
    words.append("from circuitpython_build_tools.scripts.build_bundles import *; build_bundles()")
    words += ["--filename_prefix", "tsme", "--library_location", str(library)]
    words += ["--output_directory", str(folder), "--only", "py", "--only", "example"]
    words += ["--only", "mpy"] if compiled else []
    words_of_git = ["git", "-C", str(ROOT), "rev-parse", "--absolute-git-dir"]
    found = subprocess.run(words_of_git, capture_output=True, text=True, check=True)
    # The bundle's version is the commit's, wherever the bundle is made.
    environment = os.environ | {"GIT_DIR": found.stdout.strip()}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        return 1
    for rest in (*folder.glob("build-*"), *folder.glob("z-build*"), library):
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink()
    for made in sorted(folder.glob("*.zip")):
        sys.stdout.write(f"{made}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
