"""Writes what the firmware of QEMU's boards has frozen in: their layout, and a new board's files.

layouts.py           firmware/boards/qemu_*/modules/layout.py
layouts.py --check   says whether they are up to date
"""

import sys

from tsme_host.tools.boards import board_file, settings


def text(board: board_file.Board) -> str:
    """layout.py of a board."""
    lines = [
        "# Written by setup/layouts.py from board.toml.  The first blocks of the flash hold files."
    ]
    lines += [f"FILES = {board.journal.start}", "# On a new flash."]
    new = [f"    ({name!r}, {data.decode()!r})," for name, data in settings.files(board).items()]
    return "\n".join([*lines, "NEW = [", *new, "]"]) + "\n"


def main(args: list[str]) -> int:
    """Write them, or tell of those that are old."""
    old = 0
    for board in board_file.chosen(lambda one: one.flash.tool == "qemu"):
        path = board.folder / "modules" / "layout.py"
        if path.read_text(encoding="utf-8") == text(board):
            continue
        old += 1
        if "--check" in args:
            sys.stdout.write(f"{path} is not up to date; run setup/layouts.py\n")
        else:
            path.write_text(text(board), encoding="utf-8")
    return int("--check" in args and old > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
