"""What the README's table says: `python -m tests.core.measure`.

Dispatch is measured with programs that do nothing: DROP 0 costs a fetch, a decode, a branch
and one subtraction.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tsme_host.compiler.compile import compile_text

from . import bars, journal, machine, mapped, model, programs, tsm


def workload(name: str, budget: int) -> tuple[bytes, bytes]:
    """A compiled program of the bench, and the fields of its start."""
    definition, value = programs.WORKLOADS[name]
    program = compile_text(json.dumps(definition()), budget=budget).program
    return program, model.start_fields(program, value)


def slope(body: str, folder: Path, target: str = "m3") -> float:
    """Instructions that `body` costs, from programs with none and with 200 of it."""

    def ran(count: int) -> int:
        program = tsm.assemble("ENTER 0\n" + f"{body}\n" * count + "END", budget=4096)
        fields = model.start_fields(program, {"i": 0})
        return machine.run(target, program, fields, folder, 8192).numbers["instructions"]

    return (ran(200) - ran(0)) / 200


def large(count: int, folder: Path) -> dict[str, float]:
    """What an object of `count` small members costs: passing over one, and PUT into it."""
    value = {f"m{n:03}": n for n in range(count)}
    found = tsm.assemble(f'ENTER 0\nFIELD "m{count - 1:03}"\nDROP 1\nEND')
    put = tsm.assemble(f'ENTER 0\nINT 1\nPUT ["m{count - 1:03}"]\nEND')
    nothing = tsm.assemble("ENTER 0\nEND")

    def ran(program: bytes) -> int:
        fields = model.start_fields(program, value)
        return machine.run("m3", program, fields, folder, 16384).numbers["instructions"]

    least = ran(nothing)
    size = len(tsm.encode(value))
    return {
        "a member passed over": round((ran(found) - least) / count, 1),
        f"PUT into {size} bytes": ran(put) - least,
    }


def sizes() -> dict[str, int]:
    """Bytes of .text, by processor and CRC table."""
    return {k: int(v) for k, v in (line.split("=") for line in machine.make("size").split())}


def padded(size: int) -> bytes:
    """Workload b with a name that makes its program at least so many bytes long."""
    definition, _ = programs.WORKLOADS["b"]
    flow, more, program = definition(), 0, b""
    while len(program) < size:
        more += 1
        flow["States"]["P1"]["Parameters"] = {"v.$": "$.v", "step": 1, "x" * more: 0}
        program = compile_text(json.dumps(flow)).program
    return program


def loading(folder: Path, size: int = 890) -> dict[str, int]:
    """Instructions of installing and of booting a program of so many bytes."""
    program = padded(size)
    fields = model.start_fields(program, programs.WORKLOADS["b"][1])
    ran = machine.run("m3", program, fields, folder, 8192).numbers
    return {
        f"install.{size}_bytes": ran["install_instructions"],
        f"boot.{size}_bytes": ran["boot_instructions"],
    }


def measure(folder: Path) -> dict[str, Any]:
    """All numbers, by name."""
    machine.make()
    out: dict[str, Any] = dict(sizes())
    out.update(loading(folder))
    out.update(mapped.measure(folder))
    out.update(journal.measure(folder))
    out.update(bars.measure(folder))
    for body in ("DROP 0", "ENTER 0", "INT 1\nDROP 1", "LOAD 0\nSTORE 0", 'FIELD "i"\nDROP 1'):
        out[body.replace("\n", "; ")] = slope(body, folder)
    out.update(large(120, folder))
    for target in ("m3", "m3-crc256"):
        for name in programs.WORKLOADS:
            for budget in (4096, 256, 1):
                program, fields = workload(name, budget)
                ran = machine.run(target, program, fields, folder)
                out[f"{target} {name} budget {budget}"] = round(ran.per_transition, 1)
                out[f"{target} {name} boot"] = ran.numbers["boot_instructions"]
                out["RAM engine"] = ran.numbers["engine_bytes"]
                out[f"RAM fixed {name}"] = ran.numbers["fixed_bytes"]
    return out


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for key, value in measure(Path(name)).items():
            sys.stdout.write(f"{key:24} {value}\n")
