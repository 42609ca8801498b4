"""MicroPython's linker for native code, mended: link.py PATH_OF_MPY_LD ARGUMENT...

GCC for Xtensa makes of `table[c - 8]` an address before the table. The linker takes such an
offset for one without a sign, and then says that an integer is too big. And it does not know the
differences between two places of the code that an assembler may write down as negative ones: they
need no relocation, as long as nothing moves between them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(sys.argv.pop(1)).parent))
import mpy_ld  # type: ignore[import-not-found]

populate = mpy_ld.populate_got


def populate_got(env: Any) -> None:
    for entry in env.got_entries.values():
        if entry.link_addr >= 1 << 31:
            entry.link_addr -= 1 << 32
    populate(env)


relocate = mpy_ld.do_relocation_text
NEGATIVE_DIFFERENCES = (60, 61, 62)  # R_XTENSA_NDIFF8, 16, 32


def do_relocation_text(env: Any, text_addr: int, r: Any) -> None:
    if env.arch.name != "EM_XTENSA" or r["r_info_type"] not in NEGATIVE_DIFFERENCES:
        relocate(env, text_addr, r)


mpy_ld.populate_got = populate_got
mpy_ld.do_relocation_text = do_relocation_text
mpy_ld.main()
