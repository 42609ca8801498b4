"""Where an execution's output goes: a file whose ending tells its form, or the standard output."""

from __future__ import annotations

from ..compiler.frontend.model import Json
from . import console
from .errors import HostError
from .forms import ending, write
from .outputs import anywhere, keep_others, write_bytes


def writable(target: str | None, form: str | None, flow: str = "") -> None:
    """It has a form, and replaces nothing but another value.  `flow`: what is run."""
    if not target:
        return
    if not ending(target) and not form and not anywhere(target):
        message = f'"{target}" ends in none of .json, .cbor and .msgpack'
        raise HostError("TSME-H003", message, "add --format, or give it one of these endings")
    keep_others(target, "value", flow)


def give(output: Json, target: str, form: str | None) -> None:
    """Write it, in the form of its ending, else in `form`."""
    form = ending(target) or form or "json"
    if form == "json":
        data = console.json_text(output).encode(errors="backslashreplace") + b"\n"
    else:
        data = write(output, form)
    write_bytes(target, data, "value")
