"""Worlds: what twins of pins and sensors read (docs/TASKS.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

from tsme.errors import TsmeError
from tsme.sim.world import World
from tsme.values import cbor

from .errors import HostError
from .files import read_value

option = click.option(
    "--world",
    metavar="WORLD.json",
    help='What pins and sensors read here, {"pin:7": 1}: docs/TASKS.md.',
)


def given(folder: Path, world: str | None) -> list[str]:
    """What the board's process is told of a world, which is written into a folder.

    Raises HostError, TSME-G002, for one that cannot be.
    """
    if world is None:
        return []
    value = read_value(world)
    try:
        World(cast("dict[str, Any]", value))
    except TsmeError as error:
        raise HostError(error.code, error.message) from None
    path = folder / "world.cbor"
    path.write_bytes(cbor.encode(value))
    return [f"world={path}"]
