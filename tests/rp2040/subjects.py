"""The examples with `once` tasks, as files of an emulated Pico."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.interpreters import ROOT
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.boards.board_file import board
from tsme_host.tools.boards.rp2040js import NAME
from tsme_host.tools.files import Loaded
from tsme_host.tools.handlers import load_tasks
from tsme_host.tools.journal.replayer import Known, know

DEVICE = Path(__file__).with_name("device.py")


@dataclass(frozen=True)
class Subject:
    """Workflows of one example, which share their handlers, and where their journals are."""

    example: str
    names: tuple[str, ...]
    value: Any
    blocks: int = 4  # of flash, from where the board has its journals
    more: tuple[str, ...] = ()  # files that the handlers read

    @property
    def folder(self) -> Path:
        """The example's."""
        return ROOT / "examples" / self.example

    @property
    def room(self) -> int:
        """Blocks of a region of its own."""
        return 4

    @property
    def several(self) -> bool:
        """One engine of a board runs all; else the one has an engine and a region to itself."""
        return len(self.names) > 1

    @cached_property
    def programs(self) -> dict[str, bytes]:
        """The compiled workflows."""
        texts = {name: (self.folder / f"{name}.asl.json").read_text() for name in self.names}
        return {name: compile_text(text).data for name, text in texts.items()}

    @cached_property
    def known(self) -> list[Known]:
        """The same, to be replayed."""
        return [know(Loaded(name, data, None)) for name, data in self.programs.items()]

    @cached_property
    def tasks(self) -> Any:
        """The handlers, for what they declare."""
        return load_tasks(str(self.folder / "tasks.py"))

    def files(self, broken: str) -> dict[str, bytes]:
        """What the board has in its file system.  `broken`: which law it does not keep."""
        world = {
            "several": self.several,
            "programs": [[name, f"{name}.tsm"] for name in self.names],
            "input": self.value,
            "start": board(NAME).journal.start,
            "blocks": self.blocks,
            "broken": broken,
        }
        return {
            "main.py": DEVICE.read_bytes(),
            "tasks.py": (self.folder / "tasks.py").read_bytes(),
            "world.json": json.dumps(world).encode(),
            **{f"{name}.tsm": data for name, data in self.programs.items()},
            **{name: (self.folder / name).read_bytes() for name in self.more},
        }


GREENHOUSE = {
    "start": "2015-07-18",
    "days": 5,
    "soil": 190,
    "capacity": 400,
    "dry": 200,
    "dose": 60,
}
BEDS = [{"bed": "beans", "seconds": 60}, {"bed": "roses", "seconds": 30}]
SUBJECTS = {
    "greenhouse": Subject(
        "greenhouse", ("greenhouse",), GREENHOUSE, more=("seattle-weather.csv",)
    ),
    "pumps": Subject("pumps", ("pumps",), {"tank": "north", "beds": BEDS}),
    "dry pumps": Subject("pumps", ("pumps",), {"tank": "south", "beds": BEDS}),
    "coldchain": Subject(
        "coldchain",
        ("coldchain",),
        {"probes": ["front", "middle", "rear"], "stops": 3, "limit": 80},
    ),
    "house": Subject("house", ("garden", "tank"), {}, blocks=28),
}
