"""`make sim BOARD=wokwi_pico`: checks the files, makes the firmware, and plays the scenarios.

In Wokwi where wokwi-cli and its token are; else on the emulated RP2040, and says how to get them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from tsme_host.compiler.frontend.model import CompileError
from tsme_host.tools.errors import HostError, one_line

from .check import Checked, check
from .make import FOLDER, esp32, pico, pico_files
from .pico_bench import PicoBench
from .player import Player

BOARDS = {"wokwi_esp32": "esp32", "wokwi_pico": "pico"}
TIMEOUT_MS = 30000
HOW = """\
To play it in Wokwi: get wokwi-cli (docs.wokwi.com/wokwi-ci/cli-installation) and a token
(wokwi.com/dashboard/ci), export WOKWI_CLI_TOKEN=.., and run this again."""


def tell(text: str) -> None:
    click.echo(text)


def lacking() -> str:
    """What is missing to play in Wokwi; "" if nothing is."""
    missing = [] if shutil.which("wokwi-cli") else ["wokwi-cli is not here"]
    if not os.environ.get("WOKWI_CLI_TOKEN"):
        missing.append("WOKWI_CLI_TOKEN is not set")
    return " and ".join(missing)


def in_wokwi(folder: Path, checked: Checked) -> int:
    """Play all scenarios there; the exit code of the first that does not hold."""
    for one in checked.scenarios:
        command = ["wokwi-cli", str(folder), "--scenario", Path(one.reader.path).name]
        done = subprocess.run([*command, "--timeout", str(TIMEOUT_MS)], check=False)
        if done.returncode:
            return done.returncode
    return 0


def here(checked: Checked) -> None:
    """Play all scenarios on the emulated RP2040, each from power on, wired as `checked` says."""
    from tsme_host.tools.boards.rp2040js import Pico  # noqa: PLC0415

    for one in checked.scenarios:
        tell(f"{one.name} ({Path(one.reader.path).name})")
        with Pico() as board:
            board.put_files(pico_files())
            board.start()
            Player(checked, PicoBench(board), lambda text: tell(f"  {text}"), TIMEOUT_MS).play(one)


@click.command()
@click.argument("board", metavar="BOARD", type=click.Choice(list(BOARDS)))
@click.option("--check", "only", is_flag=True, help="Check the files, and no more.")
@click.option("--here", "local", is_flag=True, help="Play here even if Wokwi can be had.")
@click.option("--firmware", metavar="FILE", help="MicroPython for the ESP32; else the pinned one.")
def main(board: str, only: bool, local: bool, firmware: str | None) -> int:
    """Check a Wokwi project, make its firmware, and play its scenarios."""
    folder = FOLDER / BOARDS[board]
    checked = check(folder)
    tell(f"{board}: the files are right")
    if only:
        return 0
    missing = lacking()
    if missing or local:
        if missing:
            tell(f"{missing}: playing on the emulated RP2040 instead.\n{HOW}")
        # The same scenarios, on the parts of the diagram whose pins are an RP2040's.
        wired = check(FOLDER / "pico")
        here(Checked(wired.project, wired.diagram, checked.scenarios))
        return 0
    if board == "wokwi_pico":
        pico(checked.project.firmware)
    else:
        esp32(checked.project.firmware, firmware)
    return in_wokwi(folder, checked)


if __name__ == "__main__":
    try:
        sys.exit(main(standalone_mode=False))
    except HostError as error:
        sys.exit(one_line(error.code, error.message, error.hint))
    except CompileError as error:
        sys.exit(str(error))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
