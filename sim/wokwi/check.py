"""Whether the files of a Wokwi project fit each other: parts, pins, wires, controls, steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tsme_host.tools.errors import HostError

from .parts import CONTACTS, KINDS, MONITOR
from .reading import Diagram, Project, Scenario, Step, diagram, project, scenario

_FIRMWARE = {"board-esp32-devkit-c-v4": (".bin", ".uf2", ".elf"), "wokwi-pi-pico": (".uf2",)}


@dataclass(frozen=True)
class Checked:
    """A project whose files are right."""

    project: Project
    diagram: Diagram
    scenarios: list[Scenario]

    @property
    def board(self) -> str:
        """The id of the part that runs the firmware."""
        return next(part.id for part in self.diagram.parts.values() if KINDS[part.type].board)

    def gpio(self, part: str, pin: str) -> int | None:
        """The number of the board's pin that a part's pin is wired to, maybe through resistors."""
        kind = KINDS[self.diagram.parts[self.board].type]
        for owner, name in self.net(part, pin):
            if owner == self.board and name in kind.gpio:
                return kind.gpio[name]
        return None

    def net(self, part: str, pin: str) -> set[tuple[str, str]]:
        """All pins that this one is wired to."""
        found, new = set(), {(part, pin)}
        while new:
            found |= new
            new = {end for one in new for end in self._beside(*one)} - found
        return found

    def _beside(self, part: str, pin: str) -> set[tuple[str, str]]:
        ends = {
            wire.ends[1 - side]
            for wire in self.diagram.wires
            for side in (0, 1)
            if wire.ends[side] == (part, pin)
        }
        kind = self.diagram.parts[part].type if part in self.diagram.parts else ""
        if kind == "wokwi-resistor":
            ends |= {(part, "1"), (part, "2")}
        if kind == "wokwi-pushbutton":
            ends |= {(part, name) for name in CONTACTS if CONTACTS[name] == CONTACTS[pin]}
        return ends


def check(folder: Path) -> Checked:
    """Reads a folder with wokwi.toml, diagram.json and *.scenario.yaml.

    Raises HostError TSME-B070, B071 with the first mistake, its place, and how many there are.
    """
    found = Checked(
        project(folder / "wokwi.toml"),
        diagram(folder / "diagram.json"),
        [scenario(path) for path in sorted(folder.glob("*.scenario.yaml"))],
    )
    _check_parts(found.diagram)
    _check_wires(found.diagram)
    found.diagram.reader.close()
    _check_firmware(found)
    for one in found.scenarios:
        for step in one.steps:
            _check_step(found, one, step)
        one.reader.close()
    if not found.scenarios:
        raise HostError("TSME-B071", f"{folder}: there is no *.scenario.yaml to play")
    return found


def _check_parts(found: Diagram) -> None:
    for part in found.parts.values():
        kind = KINDS.get(part.type)
        if kind is None:
            found.reader.unknown(part.where, f'no part is a "{part.type}"', part.type, KINDS)
            continue
        for name in part.attrs:
            if name not in kind.attrs:
                text = f'{part.type} has no attribute "{name}"'
                found.reader.unknown(part.where, text, name, kind.attrs)
    boards = [p for p in found.parts.values() if p.type in KINDS and KINDS[p.type].board]
    if len(boards) != 1:
        found.reader.wrong(
            found.reader.root.where, f"a diagram has one board, this one {len(boards)}"
        )


def _check_wires(found: Diagram) -> None:
    for wire in found.wires:
        for part, pin in wire.ends:
            if part == MONITOR:
                pins = frozenset({"RX", "TX"})
            elif part not in found.parts:
                text = f'there is no part "{part}"'
                found.reader.unknown(wire.where, text, part, found.parts)
                continue
            else:
                kind = KINDS.get(found.parts[part].type)
                pins = kind.pins if kind else frozenset({pin})
            if pin not in pins:
                found.reader.unknown(wire.where, f'{part} has no pin "{pin}"', pin, sorted(pins))
    wired = {end for wire in found.wires for end in wire.ends}
    usb = any(part.type in KINDS and KINDS[part.type].usb for part in found.parts.values())
    if usb and not any(part == MONITOR for part, _ in wired):
        return
    for pin in ("RX", "TX"):
        if (MONITOR, pin) not in wired:
            text = f"{MONITOR}:{pin} is wired to nothing: no text would be seen, or none read"
            found.reader.wrong(found.reader.root.where, text)


def _check_firmware(found: Checked) -> None:
    kind = found.diagram.parts[found.board].type
    if found.project.firmware.suffix not in _FIRMWARE[kind]:
        raise HostError(
            "TSME-B071",
            f"{found.project.path}: {kind} takes a firmware that ends in "
            f"{' or '.join(_FIRMWARE[kind])}, not {found.project.firmware.name}",
        )


def _check_step(found: Checked, one: Scenario, step: Step) -> None:
    if not step.part:
        return
    part = found.diagram.parts.get(step.part)
    if part is None:
        text = f'there is no part "{step.part}" in diagram.json'
        one.reader.unknown(step.where, text, step.part, found.diagram.parts)
        return
    kind = KINDS[part.type]
    if step.command == "expect-pin":
        if step.pin not in kind.pins:
            text = f'{step.part} has no pin "{step.pin}"'
            one.reader.unknown(step.where, text, step.pin, sorted(kind.pins))
        elif step.value not in (0, 1):
            one.reader.wrong(step.where, "a pin is 0 or 1")
    if step.command == "set-control":
        if step.pin not in kind.controls:
            text = f'{step.part} has no control "{step.pin}"'
            one.reader.unknown(step.where, text, step.pin, kind.controls)
            return
        least, most = kind.controls[step.pin]
        if not isinstance(step.value, float) or not least <= step.value <= most:
            one.reader.wrong(step.where, f"{step.pin} goes from {least:g} to {most:g}")
