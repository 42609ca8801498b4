"""The files of a Wokwi project, read as strictly as the simulator itself, and more so.

`wokwi.toml` and `diagram.json` as wokwi-docs describes them; scenarios with the keys that
wokwi-cli accepts.  Every mistake has its line and column; wokwi.toml, a TOML file, its key.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tsme_host.compiler.frontend.model import Where
from tsme_host.compiler.frontend.placed import Text
from tsme_host.compiler.frontend.source import Node, parse
from tsme_host.compiler.frontend.yaml_source import parse_yaml
from tsme_host.tools.errors import HostError, did_you_mean
from tsme_host.tools.inputs import input_error, read_bytes, text_of
from tsme_host.tools.scenario.reader import ScenarioReader

UNKNOWN, WRONG = "TSME-B070", "TSME-B071"
_UNITS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
_DELAY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s)\Z")
_WIRE = re.compile(r"[vh]-?[0-9]+(?:\.[0-9]+)?\Z|\*\Z")


class WokwiReader(ScenarioReader):
    """A JSON or YAML file of a Wokwi project, and what is wrong with it."""

    codes = (UNKNOWN, WRONG)

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.problems = []
        text = text_of(read_bytes(self.path), self.path)
        node, problems = parse_yaml(Text.of(text)) if path.suffix == ".yaml" else parse(text)
        if node is None or problems:
            raise input_error(problems, self.path)
        self.root = node

    def one(self, found: dict[str, Node], name: str, what: str) -> None:
        """`version` and its like, which can only be 1."""
        node = found.get(name)
        if node is None or node.value is True or node.value != 1:
            self.wrong((node or self.root).where, f"{what} must say {name} 1")

    def number(self, node: Node | None, what: str) -> float | None:
        if node is None:
            return None
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return float(node.value)
        self.wrong(node.where, f"{what} must be a number")
        return None

    def required(self, found: dict[str, Node], name: str, node: Node, what: str) -> Node | None:
        misspelt = any(f'"{name}"' in problem.hint for problem in self.problems)
        if name not in found and not misspelt:
            self.wrong(node.where, f"{what} needs {name}")
        return found.get(name)


@dataclass(frozen=True)
class Part:
    """A part of a diagram; `where` it stands there."""

    id: str
    type: str
    attrs: dict[str, str]
    where: Where


@dataclass(frozen=True)
class Wire:
    """A connection: two pins, each as (part, pin)."""

    ends: tuple[tuple[str, str], tuple[str, str]]
    where: Where


@dataclass(frozen=True)
class Diagram:
    reader: WokwiReader
    parts: dict[str, Part]
    wires: list[Wire]


_DIAGRAM = "version author editor parts connections serialMonitor dependencies".split()


def diagram(path: Path) -> Diagram:
    """Reads a diagram.json; mistakes are in its reader's `problems`."""
    reader = WokwiReader(path)
    found = reader.members(reader.root, "a diagram", _DIAGRAM)
    reader.one(found, "version", "a diagram")
    for name in ("author", "editor"):
        reader.text(reader.required(found, name, reader.root, "a diagram"), name)
    parts: dict[str, Part] = {}
    for node in reader.array(reader.required(found, "parts", reader.root, "a diagram"), "parts"):
        part = _part(reader, node)
        if part and part.id in parts:
            reader.wrong(part.where, f'there are two parts called "{part.id}"')
        if part:
            parts[part.id] = part
    wires = [
        _wire(reader, node)
        for node in reader.array(
            reader.required(found, "connections", reader.root, "a diagram"), "connections"
        )
    ]
    monitor = (
        reader.members(
            found.get("serialMonitor"), "serialMonitor", ["display", "newline", "convertEol"]
        )
        if "serialMonitor" in found
        else {}
    )
    if "convertEol" in monitor:
        reader.kind(monitor["convertEol"], bool, "convertEol")
    return Diagram(reader, parts, [wire for wire in wires if wire])


def _part(reader: WokwiReader, node: Node) -> Part | None:
    names = ["type", "id", "top", "left", "rotate", "hide", "attrs"]
    found = reader.members(node, "a part", names)
    for name in ("top", "left", "rotate"):
        reader.number(found.get(name), name)
    if "hide" in found:
        reader.kind(found["hide"], bool, "hide")
    attrs: dict[str, str] = {}
    if "attrs" in found:
        for name, value in reader.object(found["attrs"], "attrs").items():
            attrs[name] = reader.text(value, f"the attribute {name}") or ""
    kind = reader.text(reader.required(found, "type", node, "a part"), "type")
    ident = reader.text(reader.required(found, "id", node, "a part"), "id")
    return Part(ident, kind, attrs, node.where) if kind and ident else None


def _wire(reader: WokwiReader, node: Node) -> Wire | None:
    items = reader.array(node, "a connection")
    if len(items) not in (3, 4):
        reader.wrong(node.where, "a connection has two pins, a colour, and how the wire runs")
        return None
    ends = []
    for item in items[:2]:
        part, colon, pin = (reader.text(item, "a pin of a connection") or "").partition(":")
        if not (part and colon and pin):
            reader.wrong(item.where, 'a pin of a connection is written "part:pin"')
            return None
        ends.append((part, pin))
    reader.text(items[2], "the colour of a wire")
    for item in reader.array(items[3], "how a wire runs") if len(items) == 4 else []:
        text = reader.text(item, "a piece of a wire")
        if text and not _WIRE.match(text):
            reader.wrong(item.where, f'a piece of a wire is "v10", "h-5" or "*", not "{text}"')
    return Wire((ends[0], ends[1]), node.where)


@dataclass(frozen=True)
class Step:
    """One step of a scenario.  `value`: ms of a delay, text or bytes of the serial line, else a
    number; `part` and `pin` (or control) of what it is about."""

    command: str
    value: float | str | bytes
    part: str
    pin: str
    name: str
    where: Where


@dataclass(frozen=True)
class Scenario:
    reader: WokwiReader
    name: str
    steps: list[Step]


# What a step can do: its members, of which the first that is not in brackets are required.
_MEMBERS = {
    "expect-pin": (["part-id", "value"], ["name", "pin"]),
    "set-control": (["part-id", "value"], ["name", "control"]),
    "take-screenshot": (["part-id"], ["compare-with", "save-to"]),
}
_PLAIN = ("delay", "wait-serial", "write-serial", "expect-chip-output")
COMMANDS = (*_PLAIN, *_MEMBERS)


def scenario(path: Path) -> Scenario:
    """Reads a scenario; mistakes are in its reader's `problems`."""
    reader = WokwiReader(path)
    found = reader.members(reader.root, "a scenario", ["name", "version", "author", "steps"])
    reader.one(found, "version", "a scenario")
    name = reader.text(reader.required(found, "name", reader.root, "a scenario"), "name")
    if "author" in found:
        reader.text(found["author"], "author")
    steps = reader.required(found, "steps", reader.root, "a scenario")
    read = [_step(reader, node) for node in reader.array(steps, "steps")]
    if steps is not None and not read:
        reader.wrong(steps.where, "a scenario needs at least one step")
    return Scenario(reader, name or "", [step for step in read if step])


def _step(reader: WokwiReader, node: Node) -> Step | None:
    found = reader.members(node, "a step", ["name", *COMMANDS])
    label = reader.text(found["name"], "name") if "name" in found else None
    commands = [name for name in found if name != "name"]
    if len(commands) != 1:
        # wokwi-cli carries out one of several and says nothing of the others.
        given = f"has {', '.join(commands)}" if commands else "does nothing"
        reader.wrong(node.where, f"a step {given}; write one command to a step")
        return None
    command = commands[0]
    if command in _MEMBERS:
        return _about_part(reader, command, found[command], label or "")
    value = _plain(reader, command, found[command])
    return None if value is None else Step(command, value, "", "", label or "", node.where)


def _plain(reader: WokwiReader, command: str, node: Node) -> float | str | bytes | None:
    if command == "delay":
        text = reader.text(node, 'delay (as in "200ms")')
        match = _DELAY.match(text or "")
        if match:
            return float(match[1]) * _UNITS[match[2]]
        if text is not None:
            reader.wrong(node.where, f'delay is a number and ns, us, ms or s, not "{text}"')
        return None
    if command == "write-serial" and isinstance(node.value, list):
        return _bytes(reader, node)
    return reader.text(node, command)


def _bytes(reader: WokwiReader, node: Node) -> bytes | None:
    numbers = [item.value for item in reader.array(node, "write-serial")]
    if all(type(number) is int and 0 <= number < 256 for number in numbers):
        return bytes(number for number in numbers if isinstance(number, int))
    reader.wrong(node.where, "write-serial is a text, or a list of bytes: 0 to 255")
    return None


def _about_part(reader: WokwiReader, command: str, node: Node, label: str) -> Step | None:
    required, names = _MEMBERS[command]
    found = reader.members(node, command, [*required, *names])
    for name in required:
        reader.required(found, name, node, command)
    given = [name for name in names if name in found]
    if command != "take-screenshot" and len(given) != 1:
        reader.wrong(node.where, f"{command} needs {' or '.join(names)}, one of the two")
    pin = reader.text(found[given[0]], given[0]) if given else ""
    part = reader.text(found.get("part-id"), "part-id")
    value = reader.number(found.get("value"), "value")
    if part is None or pin is None or (value is None and "value" in required):
        return None
    return Step(command, value or 0.0, part, pin, label, node.where)


@dataclass(frozen=True)
class Project:
    """wokwi.toml: where the firmware is, and its ELF file if one is named."""

    path: Path
    firmware: Path
    elf: Path | None


_TOML = {
    "wokwi": {"version", "firmware", "elf", "gdbServerPort", "rfc2217ServerPort", "vcdFile"},
}


def project(path: Path) -> Project:
    """Reads a wokwi.toml.  Raises HostError for the first mistake."""
    text = text_of(read_bytes(str(path)), str(path))
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HostError(WRONG, f"{path}: {error}") from None
    for table, members in found.items():
        known = _TOML.get(table)
        if known is None or not isinstance(members, dict):
            raise HostError(UNKNOWN, f"{path}: [{table}] is no part of it", "there is [wokwi]")
        for name in members:
            if name not in known:
                hint = did_you_mean(name, known) or f"there are {', '.join(sorted(known))}"
                raise HostError(UNKNOWN, f'{path}: [{table}] has no field "{name}"', hint)
    members = found.get("wokwi", {})
    if type(members.get("version")) is not int or members["version"] != 1:
        raise HostError(WRONG, f"{path}: [wokwi] must say version = 1")
    for name in ("firmware", "elf", "vcdFile"):
        if not isinstance(members.get(name, ""), str) or members.get(name) == "":
            raise HostError(WRONG, f"{path}: {name} must be the name of a file")
    for name in ("gdbServerPort", "rfc2217ServerPort"):
        port = members.get(name, 1)
        if type(port) is not int or not 0 < port < 65536:
            raise HostError(WRONG, f"{path}: {name} must be a port, 1 to 65535")
    if "firmware" not in members:
        raise HostError(WRONG, f"{path}: [wokwi] needs firmware", "the file that is simulated")
    elf = members.get("elf")
    return Project(path, path.parent / members["firmware"], elf and path.parent / elf)
