"""`tsme.toml`: what the commands of a project folder are about.

    board = "esp32"                # a folder of firmware/boards
    port = "/dev/ttyACM0"          # or tcp://host:port, socket://host:port, ..
    via = "mpremote"               # only for a board that has nothing but its prompt
    key-file = "board.key"         # of a board whose link is locked
    tasks = "tasks.py"             # goes onto the board with what it imports
    [workflows]                    # name of the execution = its workflow
    soil = "soil.asl.json"

    [files]                        # what else goes there: name on the board = file here
    "garden.py" = "board/garden.py"

    [start]                        # what the board begins by itself, once: name = its input
    soil = {}

All of it may be left out.  The file is looked for in the folder that a command is in, and in those
around it; paths in it are relative to it.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import HostError, did_you_mean
from ..inputs import read_bytes
from ..outputs import not_writable

FILE = "tsme.toml"
WAYS = ("mpremote",)
_TEXTS = ("board", "port", "via", "key-file", "tasks")
_KEYS = (*_TEXTS, "files", "workflows", "start")
_REMEMBERED = ("board", "port", "via")
NAME_BYTES = 32  # of an execution: it is the name of its region (docs/SPEC.md, 4.7)


@dataclass(frozen=True)
class Project:
    """A folder with a tsme.toml; "" or nothing for what it does not say."""

    folder: Path
    board: str = ""
    port: str = ""
    via: str = ""
    key_file: str = ""
    tasks: str = ""
    files: dict[str, str] = field(default_factory=dict)
    workflows: dict[str, str] = field(default_factory=dict)
    start: dict[str, Any] | None = None

    @property
    def path(self) -> Path:
        """The file itself."""
        return self.folder / FILE

    def place(self, name: str) -> str:
        """A path of the file as the folder sees it that the command is in."""
        at = self.folder / name
        try:
            return str(at.relative_to(Path.cwd()))
        except ValueError:
            return str(at)


def found(start: Path | None = None) -> Project | None:
    """The project that a folder is in, by default the one that the command is in."""
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return _read(folder)
    return None


def remember(project: Project, **said: str) -> list[str]:
    """Write board, port or via into the file, with all else in it left as it is.

    "" takes one out.  -> the lines that have changed, for the user; none if it says so already.
    Raises HostError TSME-H013 if the file cannot be written.
    """
    assert set(said) <= set(_REMEMBERED)
    changed = {key: value for key, value in said.items() if getattr(project, key) != value}
    if not changed:
        return []
    import tomlkit  # noqa: PLC0415

    document = tomlkit.parse(_text(project.path))
    for key, value in changed.items():
        if value:
            document[key] = value
        else:
            document.remove(key)
    part = project.path.with_name(f".{FILE}.part")
    try:
        part.write_text(tomlkit.dumps(document), encoding="utf-8")
        part.replace(project.path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise not_writable(project.place(FILE), error) from None
    return [f'{key} = "{value}"' if value else f"no {key}" for key, value in changed.items()]


def of_board(project: Project | None, said: dict[str, str]) -> dict[str, str]:
    """What is to be remembered of board, port and via that were said: with another board than the
    file's, where that one was is no matter any more."""
    board = said.get("board")
    other = project is not None and board and project.board and project.board != board
    return {"port": "", "via": ""} | said if other else said


def _text(path: Path) -> str:
    data = read_bytes(str(path))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise HostError("TSME-N060", f'"{path}": no UTF-8 at byte {error.start}') from None


def _read(folder: Path) -> Project:
    path = folder / FILE

    def wrong(what: str, hint: str = "") -> HostError:
        return HostError("TSME-N060", f'"{path}": {what}', hint)

    try:
        data = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise wrong(f"no TOML: {error}") from None
    for key, value in data.items():
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS) or "there are " + ", ".join(_KEYS)
            raise wrong(f'there is no "{key}"', hint)
        if key in _TEXTS and not (isinstance(value, str) and value):
            raise wrong(f'"{key}" is no text', f'write {key} = ".."')
    if data.get("via", WAYS[0]) not in WAYS:
        raise wrong(f'via "{data["via"]}" is no way to a board', 'write via = "mpremote"')
    return Project(
        folder,
        files=_table(data, "files", '"garden.py" = "board/garden.py"', wrong),
        workflows=_workflows(data, wrong),
        start=_start(data, wrong),
        **{key.replace("-", "_"): data[key] for key in _TEXTS if key in data},
    )


def _table(data: Any, key: str, example: str, wrong: Any) -> dict[str, str]:
    """A table of texts."""
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise wrong(f'"{key}" is no table', f"write [{key}] and {example}")
    for name, value in table.items():
        if not (name and isinstance(value, str) and value):
            raise wrong(f'"{name}" in [{key}] is no text', f"write {example}")
    return dict(table)


def _start(data: Any, wrong: Any) -> dict[str, Any] | None:
    """Inputs, by the names of workflows."""
    table = data.get("start")
    if table is None:
        return None
    if not isinstance(table, dict):
        raise wrong('"start" is no table', "write [start] and soil = {}")
    for name, value in table.items():
        if name not in data.get("workflows", {}):
            raise wrong(f'"{name}" in [start] is not in [workflows]')
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise wrong(f'the input of "{name}" in [start] is no JSON value') from None
    return dict(table)


def _workflows(data: Any, wrong: Any) -> dict[str, str]:
    table = _table(data, "workflows", 'soil = "soil.asl.json"', wrong)
    for name in table:
        if len(name.encode()) > NAME_BYTES:
            raise wrong(f'"{name}" is no name of an execution: 1 to {NAME_BYTES} bytes')
    return table
