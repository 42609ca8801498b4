"""`firmware/boards/<name>/board.toml`: what a board is, read strictly.

docs/BOARDS.md, "The board file", says what stands where.
A folder is a board: board.toml, manifest.py for a firmware with tsme in it, README.md, and a
partition table where the board needs one.  Nothing else lists boards.
"""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import HostError, did_you_mean

FILE = "board.toml"
ARCHES = (
    *("", "x64", "x86", "armv6m", "armv7m", "armv7emsp", "armv7emdp"),
    *("xtensa", "xtensawin", "rv32imc"),
)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class JournalPlace:
    """Where the journal lives: `blocks` erase blocks of `block` bytes, records padded to `slot`.

    partition: an ESP32 data partition called `label`.
    region: from block `start` of `device`, which the firmware has, as "rp2.Flash".
    file: the file `path` (tsme.FileFlash).  spi: a flash chip on bus `bus`, selected by pin `cs`.
    """

    kind: str
    blocks: int
    block: int = 4096
    slot: int = 32
    label: str = ""
    device: str = ""
    start: int = 0
    path: str = ""
    bus: int = -1
    cs: str = ""
    baud: int = 20_000_000


@dataclass(frozen=True)
class ProgramsPlace:
    """Where programs are kept: in files of `folder`, or in a region of `blocks` blocks."""

    kind: str
    folder: str = "programs"
    blocks: int = 0


@dataclass(frozen=True)
class LinkStream:
    """A stream the link is served on.

    usb: stdin and stdout, over USB.  uart: the same if it has no `id`, else machine.UART(id).
    tcp: a server on `port`, of so many `clients` at a time.  `baud` of a UART in bit/s.
    """

    kind: str
    id: int = -1
    tx: int = -1
    rx: int = -1
    baud: int = 115_200
    port: int = 0
    clients: int = 1


@dataclass(frozen=True)
class Firmware:
    """Where MicroPython for the board comes from.

    official: `url` on the project's download page; `sha256` is "" where nobody publishes one, and
    then the first download is trusted and remembered.  own: `make firmware BOARD=name` builds it,
    with tsme in it.  none: the board has it, or it is on the user to bring it.
    """

    source: str
    version: str = ""
    url: str = ""
    sha256: str = ""
    minimum: str = ""


@dataclass(frozen=True)
class FlashTool:
    """What writes the firmware: `offset` of its image in flash (esptool), `family` of a UF2 file,
    `size` in bytes of the flash chip, `table` the partition table beside board.toml."""

    tool: str
    offset: int = 0
    family: int = 0
    size: int = 0
    table: str = ""
    baud: int = 460_800


@dataclass(frozen=True)
class Emulator:
    """How the board runs without hardware; `machine` and `arguments` are the emulator's own."""

    kind: str
    program: str = ""
    machine: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Board:
    """A board.

    `port` is MicroPython's, `chip` as the flash tool calls it, `arch` of native .mpy ("" if it
    loads none), `heap` the bytes that objects have at boot.  `install` is how tsme gets there:
    "mpy" (files), "source" (files that the board compiles) or "frozen" (in the firmware).
    `journal` is where it lives with the firmware of `firmware`, `own` where with that of
    `make firmware`, if that is elsewhere.
    """

    name: str
    folder: Path
    title: str
    port: str
    chip: str
    arch: str
    heap: int
    install: str
    journal: JournalPlace
    programs: ProgramsPlace
    links: tuple[LinkStream, ...]
    firmware: Firmware
    flash: FlashTool
    pins: dict[str, int] = field(default_factory=dict)
    own: JournalPlace | None = None
    emulator: Emulator | None = None


# What a value of a kind needs beside what all need, and may have.
_NEEDS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "journal": {
        "partition": (("label",), ()),
        "region": (("device",), ("start",)),
        "file": (("path",), ()),
        "spi": (("bus", "cs"), ("baud",)),
    },
    "programs": {"files": ((), ("folder",)), "region": (("blocks",), ())},
    "link": {
        "usb": ((), ()),
        "uart": ((), ("id", "tx", "rx", "baud")),
        "tcp": (("port",), ("clients",)),
    },
    "firmware": {
        "official": (("version", "url", "sha256"), ("minimum",)),
        "own": (("version",), ()),
        "none": ((), ("version", "minimum")),
    },
    "flash": {
        "esptool": (("offset", "size"), ("table", "baud")),
        "uf2": (("family", "size"), ()),
        "qemu": ((), ()),
        "rp2040js": (("size",), ()),
        "none": ((), ()),
    },
    "emulator": {
        "qemu": (("program", "machine"), ("arguments",)),
        "rp2040js": ((), ()),
        "unix": ((), ()),
        "wokwi": (("program",), ()),
    },
}
_KEY = {"firmware": "source", "flash": "tool"}
_TOP = {"title", "port", "chip", "arch", "heap", "install"}
_SECTIONS = {"journal", "own", "programs", "link", "firmware", "flash", "pins", "emulator"}
_ALWAYS = {"journal": (("blocks",), ("block", "slot"))}


class _Reader:
    """One board.toml; what is wrong raises TSME-B002 with the place and what to write."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        try:
            self.data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise HostError("TSME-B002", f'"{path}" cannot be read: {error}') from None
        except tomllib.TOMLDecodeError as error:
            raise self.wrong(f"no TOML: {error}") from None

    def wrong(self, what: str, hint: str = "") -> HostError:
        return HostError("TSME-B002", f'"{self.path}": {what}', hint)

    def board(self) -> Board:
        data = self.data
        known = _TOP | _SECTIONS
        for key in data:
            if key not in known:
                raise self.wrong(f'there is no "{key}"', did_you_mean(key, known))
        for key in sorted(_TOP):
            self.value(data, key, int if key == "heap" else str, "")
        if data["arch"] not in ARCHES:
            raise self.wrong(f'arch "{data["arch"]}" is not known', _one_of(ARCHES))
        if data["install"] not in ("mpy", "source", "frozen"):
            raise self.wrong('install is not "mpy", "source" or "frozen"')
        if "emulator" in data:
            emulator = Emulator(**self.section("emulator", data["emulator"]))
        else:
            emulator = None
        own = JournalPlace(**self.section("journal", data["own"])) if "own" in data else None
        links = data.get("link")
        if not isinstance(links, list) or not links:
            raise self.wrong("it has no [[link]]", 'write [[link]] and kind = "usb"')
        return Board(
            name=self.name,
            folder=self.path.parent,
            **{key: data[key] for key in _TOP},
            journal=JournalPlace(**self.section("journal", data.get("journal"))),
            programs=ProgramsPlace(**self.section("programs", data.get("programs"))),
            links=tuple(LinkStream(**self.section("link", link)) for link in links),
            firmware=self.firmware(),
            flash=self.flash(),
            pins=self.pins(),
            own=own,
            emulator=emulator,
        )

    def value(self, table: dict[str, Any], key: str, kind: type, where: str) -> None:
        if key not in table:
            raise self.wrong(f'"{key}" is missing{where}')
        if type(table[key]) is not kind or (kind is int and table[key] < 0):
            words = {str: "text", int: "a number from 0", list: "a list of texts"}
            raise self.wrong(f'"{key}" is not {words[kind]}{where}')

    def section(self, name: str, table: Any) -> dict[str, Any]:
        """A table with a kind, as arguments of its class: complete, and nothing besides."""
        where = f" in [{name}]"
        if not isinstance(table, dict):
            raise self.wrong(f"it has no [{name}]")
        key = _KEY.get(name, "kind")
        self.value(table, key, str, where)
        kinds = _NEEDS[name]
        if table[key] not in kinds:
            raise self.wrong(f'{key} "{table[key]}" is not known{where}', _one_of(kinds))
        needed, allowed = kinds[table[key]]
        always, besides = _ALWAYS.get(name, ((), ()))
        types = _CLASSES[name].__dataclass_fields__
        for one in table:
            if one not in (key, *needed, *allowed, *always, *besides):
                raise self.wrong(f'{key} "{table[key]}" has no "{one}"{where}')
        for one in (*needed, *always, *table):
            self.value(table, one, _TYPES[str(types[one].type)], where)
        return {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}

    def firmware(self) -> Firmware:
        found = Firmware(**self.section("firmware", self.data.get("firmware")))
        if found.sha256 and not re.fullmatch("[0-9a-f]{64}", found.sha256):
            raise self.wrong("sha256 has no 64 digits of 0-9 and a-f in [firmware]")
        if found.source == "official" and not found.url.startswith("https://"):
            raise self.wrong("url does not begin with https:// in [firmware]")
        return found

    def flash(self) -> FlashTool:
        found = FlashTool(**self.section("flash", self.data.get("flash")))
        if found.table and not (self.path.parent / found.table).is_file():
            raise self.wrong(f'the partition table "{found.table}" is not beside it')
        return found

    def pins(self) -> dict[str, int]:
        pins = self.data.get("pins", {})
        if not isinstance(pins, dict):
            raise self.wrong("[pins] is no table")
        for name in pins:
            self.value(pins, name, int, " in [pins]")
        return dict(pins)


_CLASSES: dict[str, Any] = {
    "journal": JournalPlace,
    "programs": ProgramsPlace,
    "link": LinkStream,
    "firmware": Firmware,
    "flash": FlashTool,
    "emulator": Emulator,
}
_TYPES: dict[str, type] = {"str": str, "int": int, "tuple[str, ...]": list}


def _one_of(names: Any) -> str:
    return "write one of " + ", ".join(f'"{name}"' for name in names)


@cache
def folder() -> Path:
    """Where the board folders are: beside the device package in a clone, else as installed."""
    import tsme  # noqa: PLC0415

    here = Path(tsme.__file__).resolve().parents[2] / "boards"
    if here.is_dir():
        return here
    spec = importlib.util.find_spec("tsme_boards")
    for place in spec.submodule_search_locations or () if spec else ():
        return Path(place)
    raise HostError("TSME-B001", "no board files are installed", "install tsme from its clone")


def names() -> list[str]:
    """All boards, in order."""
    return sorted(path.parent.name for path in folder().glob(f"*/{FILE}"))


def read(path: Path) -> Board:
    """The board of a folder.  Raises HostError TSME-B002 for a file that is no board's."""
    name = path.resolve().name
    if not _NAME.fullmatch(name):
        raise HostError("TSME-B002", f'the folder "{name}" is no name: a-z, 0-9 and _')
    return _Reader(path / FILE, name).board()


def board(name: str) -> Board:
    """The board `name`, or of the folder `name` if that has a / in it.

    Raises HostError TSME-B001 if there is none, TSME-B002 if its file is wrong.
    """
    if "/" in name:
        path = Path(name)
        if not (path / FILE).is_file():
            raise HostError("TSME-B001", f'"{name}" holds no {FILE}', "name a folder that does")
        return read(path)
    there = names()
    if name not in there:
        hint = did_you_mean(name, there) or "there are " + ", ".join(there)
        raise HostError("TSME-B001", f'there is no board "{name}"', hint)
    return read(folder() / name)


def chosen(wanted: Callable[[Board], bool]) -> list[Board]:
    """All boards for which `wanted` is true."""
    return [one for one in map(board, names()) if wanted(one)]
