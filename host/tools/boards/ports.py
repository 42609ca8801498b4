"""The serial ports of this computer, and what is behind each as far as its USB numbers tell.

A port is never opened to find out: that resets some boards.  Numbers of USB chips say little (a
CP2102 is on most ESP32 boards, and on much else), those of firmware with USB of its own say more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError
from ..link import failures
from . import running

_OF_PORTS = ("TSME-N030", "TSME-N031", "TSME-N032")
_OF_LINES = ("TSME-N033", "TSME-N034", "TSME-N035", "TSME-N041")  # away, silent, unreachable
_LOCAL = ("127.0.0.1", "localhost")
_ESTABLISHED = "01"
_UARTS = "esp32 esp8266"
# (vendor, product) -> what it says it is, and the MicroPython ports or chips that it may be.
# product None: any of that vendor.
_KNOWN: dict[tuple[int, int | None], tuple[str, str]] = {
    (0x2E8A, 0x0005): ("MicroPython on RP2040 or RP2350", "rp2"),
    (0x2E8A, 0x000C): ("a debug probe: not the board's own port", ""),
    (0x2E8A, None): ("a board with RP2040 or RP2350", "rp2"),
    (0x303A, 0x1001): ("USB of an ESP32-C3, -S3 or later", "esp32c3 esp32s3"),
    (0x303A, None): ("USB of an ESP32-S2 or -S3", "esp32s3"),
    (0xF055, None): ("MicroPython with USB", "stm32"),
    (0x0483, None): ("STM32, or its ST-LINK", "stm32"),
    (0x0D28, None): ("DAPLink, as on a micro:bit", "nrf"),
    (0x239A, None): ("CircuitPython", "circuitpython"),
    (0x10C4, 0xEA60): ("CP210x, as on many ESP boards", _UARTS),
    (0x1A86, None): ("CH340 or CH910x, as on many ESP boards", _UARTS),
    (0x0403, None): ("FTDI, as on some ESP boards", _UARTS),
    (0x067B, None): ("PL2303, a USB serial adapter", _UARTS),
}


@dataclass(frozen=True)
class Port:
    """A port, as --port takes it.  `kinds`: MicroPython ports and chips that may be behind it;
    `boards`: of firmware/boards, those that these fit; `problem`: why it cannot be used now, and
    what to do about it, or ""."""

    port: str
    what: str
    kinds: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()
    serial: str = ""
    usb: str = ""
    problem: str = ""
    emulated: bool = False
    folder: str = ""


def seems(vendor: int | None, product: int | None) -> tuple[str, tuple[str, ...]]:
    """What USB numbers stand for, and the MicroPython ports or chips it may be."""
    if vendor is None:
        return "", ()
    text, kinds = _KNOWN.get((vendor, product)) or _KNOWN.get((vendor, None)) or ("", "")
    return text, tuple(kinds.split())


def listed() -> list[Port]:
    """Emulated boards that run, then the serial ports of USB devices, then others."""
    return [*_emulated(), *_attached()]


def _emulated() -> Iterator[Port]:
    for one in running.boards():
        what = f"emulated, process {one.process}"
        yield Port(one.port, what, (), (one.board,), emulated=True, folder=one.folder)


def _attached() -> list[Port]:
    from serial.tools import list_ports  # noqa: PLC0415

    found = []
    for info in list_ports.comports():
        what, kinds = seems(info.vid, info.pid)
        if info.vid is None and info.hwid in ("n/a", None, ""):
            continue  # /dev/ttyS0 to S31, which most computers have and few use
        usb = "" if info.vid is None else f"{info.vid:04x}:{info.pid:04x}"
        found.append(
            Port(
                info.device,
                what or info.product or info.description or "",
                kinds,
                boards_of(kinds),
                info.serial_number or "",
                usb,
                problem(info.device),
            )
        )
    return sorted(found, key=lambda port: (not port.usb, port.port))


def boards_of(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The boards of firmware/boards that may be behind a port of these kinds."""
    from .board_file import chosen  # noqa: PLC0415

    if not kinds:
        return ()
    wanted = set(kinds)
    fits = chosen(lambda one: not one.emulator and bool(wanted & {one.port, one.chip}))
    return tuple(one.name for one in fits)


def problem(device: str) -> str:
    """Why this user cannot open a serial port now, and the cure; "" if nothing is against it."""
    path = Path(device)
    if not path.exists():
        return "it is not there: plug the board in, tsme ports lists what there is"
    if not os.access(path, os.R_OK | os.W_OK):
        return f"you may not open it: {_permission(path)}"
    if holder := _holder(path.resolve()):
        return f"it is in use by {holder}: end that first"
    return ""


def _permission(path: Path) -> str:
    import grp  # noqa: PLC0415

    try:
        group = grp.getgrgid(path.stat().st_gid).gr_name
    except (KeyError, OSError):
        group = ""
    if group and group != "root":
        return f"sudo usermod -aG {group} $USER, then log in again"
    return f"sudo chmod a+rw {path}"


def _holder(*wanted: Path) -> str:
    """The process that has one of these open, as far as Linux lets this user see; "" if none."""
    try:
        for process in Path("/proc").iterdir() if wanted else ():
            if process.name.isdigit() and int(process.name) != os.getpid():
                if _has(process, wanted):
                    name = process.joinpath("comm").read_text(encoding="utf-8").strip()
                    return f"{name} (process {process.name})"
    except OSError:
        pass
    return ""


def _has(process: Path, wanted: tuple[Path, ...]) -> bool:
    try:
        return any(one.readlink() in wanted for one in (process / "fd").iterdir())
    except OSError:  # another user's, or it has ended
        return False


def refused(port: str, error: OSError) -> HostError:
    """What opening a port ended with, as the user is told: TSME-N030 to N032, N040, N041."""
    return told(port, failures.of_opening(port, error))


def told(port: str, error: HostError) -> HostError:
    """The same error, with what this computer knows of the port: who has it, how to be let in."""
    if error.code in _OF_LINES and (holder := _client(port)):
        return _used(port, holder)
    said = problem(port) if "://" not in port and error.code in _OF_PORTS else ""
    if not said or said.startswith("it is not there"):
        return error
    why, _, hint = said.partition(": ")
    if why.startswith("you may not"):
        return HostError("TSME-N031", f'"{port}" may not be opened by you', hint)
    return HostError("TSME-N032", f'the port "{port}" {why.removeprefix("it ")}', hint)


def free(port: str) -> None:
    """Raise HostError TSME-N032 if another process talks to this emulated board: it has one line,
    and a second one would wait in vain."""
    if any(one.port == port for one in running.boards()) and (holder := _client(port)):
        raise _used(port, holder)


def _used(port: str, holder: str) -> HostError:
    hint = "one at a time has the board: end that, with Ctrl-C say"
    return HostError("TSME-N032", f'the port "{port}" is in use by {holder}', hint)


def _client(port: str) -> str:
    """The other process that has a connection to a port of this computer; "" if there is none, or
    the system does not tell."""
    kind, _, address = port.partition("://")
    host, _, number = address.partition(":")
    if kind not in ("socket", "tcp") or host not in _LOCAL or not number.isdigit():
        return ""
    try:
        table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return ""
    rows = [line.split() for line in table]
    there = f"0100007F:{int(number):04X}"
    sockets = {f"socket:[{row[9]}]" for row in rows if row[2:4] == [there, _ESTABLISHED]}
    return _holder(*map(Path, sorted(sockets)))
