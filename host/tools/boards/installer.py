"""`tsme flash`, all of it: firmware, tsme, main.py, and whether the board answers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..errors import HostError
from ..link import failures
from . import esp_image, esp_install, firmware_file, measure, native_core, package, parts, uf2
from .board_file import Board
from .esp import Esp
from .prompt import PATIENCE, Prompt
from .target import target
from .telling import Telling

_DRIVE = 120.0  # seconds in which somebody finds the BOOTSEL button
_TAKEN = 60.0  # seconds that a board takes to write what its drive was given
_LINK = 30.0  # seconds until the link answers: boot, and verifying programs
_OFFER = 8  # blocks: fewer hold no execution beside the table of regions


@dataclass(frozen=True)
class Wish:
    """What the command was given.  `port`: "" if it is to be found.  `whole`: all of tsme or
    nothing; `parts`: what the project needs of it, if there is no room for all."""

    port: str = ""
    firmware: str = ""
    erase: bool = False
    keep_firmware: bool = False
    journal_blocks: int = 0
    baud: int = 0
    whole: bool = False
    parts: frozenset[str] = frozenset()


def install(board: Board, wish: Wish, tell: Telling) -> str:
    """Everything, in the order in which it can be interrupted anywhere. -> the port that it ended
    at.

    Raises HostError; what is done by then need not be done again.
    """
    tool = board.flash.tool
    if board.emulator is not None:
        hint = f"tsme emulate {board.name}"
        raise HostError("TSME-B052", f"{board.name} is emulated, there is nothing to flash", hint)
    if wish.journal_blocks and wish.journal_blocks < _OFFER:
        what = f"a journal of {wish.journal_blocks} blocks holds no execution"
        raise HostError("TSME-B040", what, f"write --journal-blocks with {_OFFER} or more")
    if tool == "none" and not wish.keep_firmware:
        tell.say(f"the firmware of {board.title} is yours to bring; tsme goes on top of it")
    port = wish.port
    if tool == "esptool" and not wish.keep_firmware:
        port = port or target(board.name, None, None).port
        _esp(board, port, wish, tell)
    elif tool == "uf2" and not wish.keep_firmware:
        _uf2(board, wish, tell)
    return _package(board, port, tell, package.Wanted(wish.parts, wish.whole))


def _firmware(board: Board, wish: Wish, tell: Telling) -> tuple[str, bytes]:
    with tell.progress("firmware") as progress:
        name, data = firmware_file.firmware(board, wish.firmware, progress)
        progress(100)
    return name, data


def _esp(board: Board, port: str, wish: Wish, tell: Telling) -> None:
    name, data = _firmware(board, wish, tell)
    image = esp_image.read(data, name, board.chip, board.flash.offset)
    esp = Esp(port, board.chip, wish.baud or board.flash.baud)
    esp_install.install(board, esp, image, tell, wish.erase, wish.journal_blocks)


def _uf2(board: Board, wish: Wish, tell: Telling) -> None:
    name, data = _firmware(board, wish, tell)
    uf2.read(data, name, board.flash.family, board.flash.size)
    if not uf2.drives():
        _to_boot_loader(board, wish, tell)

    def asked() -> None:
        tell.say(
            "hold BOOTSEL while you plug the board in (or press RESET): waiting for its drive"
        )

    drive = uf2.wait_for_drive(_DRIVE, board.flash.family, asked)
    with tell.progress(f"copying to {drive}") as progress:
        uf2.copy(data, drive, progress, _TAKEN)
    tell.say(f"firmware of {len(data) >> 11} KB written; the board restarts")


def _to_boot_loader(board: Board, wish: Wish, tell: Telling) -> None:
    """A board that runs MicroPython can be asked for its boot loader; who cannot has a button."""
    try:
        port = wish.port or target(board.name, None, None).port
        with Prompt(port, 3.0) as prompt:
            tell.say(f"asking the board at {port} for its boot loader")
            prompt.leave("import machine\nmachine.bootloader()")
    except HostError:
        pass


def _found(board: Board, port: str) -> str:
    """The port, waited for where the board has just begun anew."""
    until = time.monotonic() + PATIENCE
    while not port:
        try:
            port = target(board.name, None, None).port
        except HostError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
    return port


def _package(board: Board, given: str, tell: Telling, asked: package.Wanted) -> str:
    port = _found(board, given)
    with Prompt(port) as prompt:
        facts = prompt.facts()
        says = f"{facts.name} {'.'.join(map(str, facts.version))}"
        tell.say(
            f"{facts.machine or facts.platform}: {says}, "
            f"heap {facts.heap >> 10} KB, {facts.free >> 10} KB free for files"
        )
        own = measure.is_own(board, facts)
        core = native_core.for_board(facts)
        done = package.install(board, prompt, facts, tell, own, core.data, asked)
        if done.written:
            tell.say(f"tsme is on it: {done.written} of {done.files} files, {done.size >> 10} KB")
        else:
            tell.say("tsme is on it already, all files as they should be")
        if left := parts.worded(done.left - {parts.CORE}):
            tell.say(f"there is no room for all of it; left at home: {left}")
            tell.say("  tsme push brings what a project needs; --all takes all of it or nothing")
        tell.say(
            core.said if done.core or not core.data else "engine: Python; no room for the core"
        )
        found = measure.measured(board, prompt, own)
        tell.say(f"journal: {found.place}")
        tell.say(f"  {found.promise}")
        if better := measure.cure(board, own):
            tell.say(f"  {better}")
        prompt.restart()
    _answers(board, _found(board, given), tell)
    return port


def _answers(board: Board, port: str, tell: Telling) -> None:
    """The board answers over the link, or TSME-B051."""
    from ..link.opening import open_board  # noqa: PLC0415

    until = time.monotonic() + _LINK
    why: HostError = failures.silent(port)
    while time.monotonic() < until:
        try:
            with open_board(port, patience=5.0) as client:
                status = client.status()
            mode = "" if status.mode == "run" else f", mode {status.mode}"
            tell.say(f"it answers: tsme {status.tsme} on {status.board or board.name}{mode}")
            return
        except HostError as error:
            why = error
        time.sleep(0.5)
    hint = "see what it says: tsme repl, then Ctrl-D; or the same command again"
    raise HostError(
        "TSME-B051", f"tsme is installed, but the board does not answer: {why.message}", hint
    )
