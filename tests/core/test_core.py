"""The C core writes the journal that the Python kernel writes, within its instruction counts.

Four writers are compared byte for byte: the engine on this computer (under ASAN and
UBSAN), the same on a Cortex-M3, the Python kernel, and a small model of SPEC.md that
shares no code with any of them.
"""

import json
import random
from pathlib import Path

import pytest

from tests import interpreters
from tsme.errors import LimitError, TsmeError
from tsme.kernel.limits import LIMITS
from tsme.program import Program
from tsme_host.compiler.compile import compile_text

from . import bars, kernel, machine, mapped, model, programs, tsm
from .measure import loading, slope, workload

BENCH = interpreters.ROOT.parent / "shared" / "bench"
TIMES = (machine.START, machine.BETWEEN)

# Instructions a transition may cost on a Cortex-M3 at -Os. They are the same on every computer
# and every day; the few per cent above what was measured are for other compilers.
BARS = {
    "m3": {("a", 4096): 320, ("a", 256): 330, ("a", 1): 1500, ("b", 256): 1650},
    "m3-fast": {("a", 256): 300, ("a", 1): 1200, ("b", 256): 1350},
}
DISPATCH = 60
TASK = 4400
RAM = 496  # the engine and what it needs besides frames and values, in 2 KiB
LOADING = 225043  # a program of 890 bytes, when a boot hashed and verified it


@pytest.fixture(autouse=True, scope="module")
def built():
    machine.require()
    machine.make()


@pytest.mark.parametrize("budget", [4096, 256, 1])
@pytest.mark.parametrize("name", programs.WORKLOADS)
def test_every_writer_makes_the_same_records(name: str, budget: int, tmp_path: Path):
    program, fields = workload(name, budget)
    expected, state = kernel.records(program, fields, *TIMES)
    assert model.records(program, fields, *TIMES)[0] == expected
    transitions = 20001 if name == "a" else 50
    assert state.steps == -(-transitions // budget)
    for target in machine.MACHINES:
        ran = machine.run(target, program, fields, tmp_path)
        assert ran.error == ""
        assert ran.records == expected, target
        assert ran.numbers["transitions"] == transitions


@pytest.mark.parametrize("budget", [1, 2, 100])
@pytest.mark.parametrize("name", programs.SMALL)
def test_every_instruction_and_error(name: str, budget: int, tmp_path: Path):
    program, value = programs.small(name, budget)
    fields = model.start_fields(program, value)
    expected = kernel.records(program, fields, *TIMES)[0]
    assert model.records(program, fields, *TIMES)[0] == expected
    assert machine.run("host", program, fields, tmp_path, 16384).records == expected


SHARED_NAMES = {
    "StartAt": "A",
    "States": {
        "A": {
            "Type": "Pass",
            "Parameters": {"Payload.$": "$.reading", "FunctionName": "f", "reading.$": "$.Key"},
            "ResultPath": "$.reading.Payload.reading",
            "Next": "B",
        },
        "B": {
            "Type": "Pass",
            "Result": {"reading": "f", "FunctionName": "f", "TableName": {}},
            "ResultPath": "$.ExpressionAttributeValues.FunctionName",
            "End": True,
        },
    },
}


@pytest.mark.parametrize("budget", [1, 256])
def test_names_in_parts_and_words_give_the_same_records(budget: int, tmp_path: Path):
    program = compile_text(json.dumps(SHARED_NAMES), budget=budget).program
    assert b"FunctionName" not in program
    fields = model.start_fields(program, {"reading": {}, "Key": [1]})
    expected, state = kernel.records(program, fields, *TIMES)
    assert state.result["ExpressionAttributeValues"]["FunctionName"]["reading"] == "f"
    assert model.records(program, fields, *TIMES)[0] == expected
    for target in machine.MACHINES:
        assert machine.run(target, program, fields, tmp_path).records == expected, target


def test_bytes_and_constants_beyond_64_kib_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The index has four bytes a constant then; nothing of a workflow names bytes."""
    constants = [
        tsm.encode(bytes(range(256)) * 300),
        tsm.encode("x" * 70000),
        tsm.encode({"a": 1}),
    ]
    code = bytes((17, 0, 1, 2, 4, 0, 33, 0))  # ENTER 0, CONST 2, STORE 0, END
    program = tsm.program(code, constants, slots=1, stack=1, budget=256, largest=262144)
    fields = model.start_fields(program, 5)
    monkeypatch.setitem(LIMITS, "program_bytes", 1 << 20)
    expected, state = kernel.records(program, fields, *TIMES)
    assert state.result == {"a": 1}
    assert model.records(program, fields, *TIMES)[0] == expected
    for target in machine.MACHINES:
        assert machine.run(target, program, fields, tmp_path).records == expected, target
    named = bytes((17, 0, 1, 0, 4, 0, 33, 0))
    program = tsm.program(named, constants, slots=1, stack=1, budget=256, largest=262144)
    assert machine.run("host", program, fields, tmp_path).error == "code"


def test_small_programs_on_the_board(tmp_path: Path):
    for name in programs.SMALL:
        program, value = programs.small(name)
        fields = model.start_fields(program, value)
        there = machine.run("m3", program, fields, tmp_path)
        assert there.records == machine.run("host", program, fields, tmp_path).records, name


def test_workloads_are_those_of_the_bench():
    if not BENCH.is_dir():
        pytest.skip("../shared/bench is not here")
    for name, (definition, value) in programs.WORKLOADS.items():
        assert definition() == json.loads((BENCH / f"{name}.asl.json").read_text("utf-8"))
        assert value == json.loads((BENCH / f"{name}.input.json").read_text("utf-8"))


def test_compiler_and_hand_write_the_same_program():
    assert workload("a", 256)[0] == tsm.assemble(programs.LOOP, stack=2)


@pytest.mark.parametrize("name", programs.WORKLOADS)
def test_less_memory_gives_the_same_records(name: str, tmp_path: Path):
    program, fields = workload(name, 256)
    expected = machine.run("host", program, fields, tmp_path).records
    for memory in range(1, 2200, 37):
        ran = machine.run("host", program, fields, tmp_path, memory)
        assert ran.records == expected if ran.error == "" else ran.error == "memory", memory
        # what there is, is the beginning: a step without memory leaves nothing behind
        assert expected.startswith(ran.records)
    assert ran.error == ""


def test_a_record_that_was_not_written_never_happened(tmp_path: Path):
    for name in programs.SMALL:
        program, value = programs.small(name)
        fields = model.start_fields(program, value)
        once = machine.run("host", program, fields, tmp_path)
        again = machine.run("host", program, fields, tmp_path, stubborn=True)
        assert again.records == once.records, name


def many(count: int, again: int | None = None) -> str:
    """An object with many members, in which the name of one may come again; in hexadecimal."""
    names = [f"n{n}" for n in range(count)]
    if again is not None:
        names[(again + 50) % count] = names[again]
    members = b"".join(tsm.encode(name) + b"\x80" for name in names)
    return (tsm.head(5, count) + members).hex()


def test_inputs_are_checked(tmp_path: Path):
    program, _ = programs.small("end")
    good = model.start_fields(program, None)[:-3]
    for value, error in (
        ("f6", ""),
        ("a261610061620 1", ""),
        ("a2616100616101", "format"),  # a name twice
        (many(100), ""),
        (many(100, 99), "format"),  # the last one again
        (many(100, 0), "format"),
        ("1817", "format"),  # not the shortest
        ("9fff", "format"),  # indefinite
        ("61ff", "format"),  # no UTF-8
        ("63eda080", "format"),  # a surrogate
        ("1b8000000000000000", "format"),  # beyond 64 bits
        ("f7", "format"),
        ("c000", "format"),  # a tag
        ("4100", "format"),  # bytes
        ("a10000", "format"),  # a name that is no text
        ("8381", "format"),  # ends early
        ("81" * 31 + "80", ""),
        ("81" * 32 + "80", "limit"),
        ("f93c00", ""),
        ("fa3dcccccd", ""),
        ("fb3fb999999999999a", ""),
        ("fa3f800000", "format"),  # F9 says it
        ("fb3ff0000000000000", "format"),
        ("fb3690000000000000", ""),  # half the smallest that FA has
        ("fb36a0000000000000", "format"),
        ("fb47efffffe0000000", "format"),  # the largest that FA has
        ("f97e00", "format"),  # no number
        ("f97c00", "format"),
        ("fa7f800001", "format"),
        ("fbfff0000000000000", "format"),
        ("f98000", ""),
        ("f9", "format"),
        ("fb3fb99999999999", "input"),  # takes a byte of what follows: another context
        ("f814", "format"),
    ):
        fields = good + bytes.fromhex(value.replace(" ", "")) + b"\xf6\x01"
        assert machine.run("host", program, fields, tmp_path).error == error, value


def test_a_start_of_another_behaviour_is_refused_by_name(tmp_path: Path):
    program, _ = programs.small("end")
    good = model.start_fields(program, None)
    for fields, error, refused in (
        (good, "", ""),
        (good[:-1] + b"\x02", "unsupported", "behaviour"),
        (good[:-1] + b"\x00", "unsupported", "behaviour"),
        (good[:-1], "unsupported", "behaviour"),  # of a release that did not number them
        (good[:-1] + b"\x20", "input", ""),
    ):
        ran = machine.run("host", program, fields, tmp_path)
        assert (ran.error, ran.refused or "") == (error, refused), fields.hex()


def test_what_the_engine_lacks_is_refused_by_name(tmp_path: Path):
    for source, name in (("ENTER 0\nINT 1\nCALL 13\nSTORE 0\nEND", "JsonToString"),):
        program = tsm.assemble(source)
        ran = machine.run("host", program, model.start_fields(program, 1), tmp_path)
        assert (ran.error, ran.refused) == ("unsupported", name)


def test_bad_programs_are_refused(tmp_path: Path):
    """And the Python loader refuses them too."""
    for source in (
        "LOAD 0\nEND",  # the first is no ENTER
        "ENTER 0",  # runs on
        "ENTER 0\nDROP 1\nEND",
        "ENTER 0\nSTORE 0\nEND",
        "ENTER 0\nINT 1\nENTER 1\nEND",  # stack not empty at ENTER
        "ENTER 0\nLOAD 1\nEND",
        "ENTER 0\nPICK 0\nEND",
        "ENTER 0\n" + "INT 1\n" * 9 + "END",
        "ENTER 0\nINT 1\nIF L\nINT 2\nL: END",  # two depths
        "ENTER 0\nL: INT 1\nDROP 1\nJUMP L",  # back to no ENTER
        "ENTER 0\nJUMP End\nINT 1\nEnd: END",  # nothing leads there
        "ENTER 0\nEND\nEND",
        'ENTER 0\nLOAD 0\nKEYQ "a"\nSTORE 0\nEND',
        "ENTER 0\nFIELD 7\nSTORE 0\nEND",
        'ENTER 0\nINT 1\nPUT ["a", null]\nEND',
        'ENTER 0\nINT 1\nINT 2\nOBJECT ["a", "a"]\nSTORE 0\nEND',
        "ENTER 0\nLOAD 0\nTEST 6\nSTORE 0\nEND",
        "ENTER 0\nLOAD 0\nLOAD 0\nCOMPARE 13\nSTORE 0\nEND",
        "ENTER 0\nLOAD 0\nLOAD 0\nCOMPARE 17\nSTORE 0\nEND",  # booleans have no order
        "ENTER 0\nLOAD 0\nLOAD 0\nCOMPARE 20\nSTORE 0\nEND",
        "ENTER 0\nEND 1",
        "ENTER 0\nEXT 1\nEXT 1\nDROP 0\nEND",
        "ENTER 0\nFRAME 1\nEND",  # FRAME is no place to run
        "ENTER 0\nINT 1\nFORK 0\nSTORE 0\nEND",
        "ENTER 0\nINT 1\nMAP 0\nJUMP Body\nSTORE 0\nEND\nBody: ENTER 1\nEND",  # no FRAME
        "ENTER 0\nINT 1\nMAP 0\nFRAME 0\nJUMP Body\nSTORE 0\nEND\nBody: ENTER 1\nEND",
        "ENTER 0\nINT 1\nMAP 0\nFRAME 1\nSTORE 0\nEND",  # no JUMP
        "ENTER 0\nINT 1\nMAP 0\nFRAME 1\nJUMP Body\nSTORE 0\nEND\nBody: ENTER 1\nLOAD 1\nEND",
        "ENTER 0\nINT 1\nMAP 0\nFRAME 1\nJUMP Body\nSTORE 0\nEND\nBody: ENTER 1\nLOAD 512\nEND",
        "ENTER 0\nINT 1\nMAP 0\nFRAME 9\nJUMP Out\nOut: STORE 0\nEND",  # two kinds, two depths
        "ENTER 0\nLOAD 256\nSTORE 0\nEND",  # nothing is around frame 0
        "ENTER 0\nINT 1\nINT 2\nTASK 0\nSTORE 0\nEND",  # the resource is no CONST
        'ENTER 0\nCONST true\nIF T\nINT 1\nCONST "a"\nT: TASK 0\nSTORE 0\nEND',
        'ENTER 0\nINT 1\nCONST "a"\nTASK 4\nSTORE 0\nEND',
        "ENTER 0\nJUMP C\nC: CATCH H\nINT 1\nH: STORE 0\nEND",  # a handler begins with nothing
        'ENTER 0\nCATCH H\nEND\nH: CAUGHT ["a", "b", "a"]\nDROP 1\nEND',  # a name twice
        "ENTER 0\nCATCH H\nEND\nH: CAUGHT [0, 0]\nDROP 1\nEND",  # .. and a wildcard
        "ENTER 0\nCATCH H\nEND\nH: CAUGHT [2]\nDROP 1\nEND",  # there are two of these
    ):
        program = tsm.assemble(source)
        ran = machine.run("host", program, model.start_fields(program, 1), tmp_path)
        assert ran.error == "code", source
        with pytest.raises(TsmeError):
            Program(program)


def test_changed_programs_are_refused_or_agree(tmp_path: Path):
    """Programs with a byte changed and signed again: both loaders, and both engines."""
    ran_on = 0
    rng = random.Random(4711)
    for _ in range(150):
        name = rng.choice(list(programs.SMALL))
        program, value = programs.small(name, 3)
        body = bytearray(program[11:])
        for _ in range(rng.choice((1, 1, 2, 4))):
            body[rng.randrange(len(body))] = rng.choice((rng.randrange(256), rng.randrange(40)))
        program = tsm.signed(bytes(body))
        fields = model.start_fields_of(program[3:11], value)
        ran = machine.run("host", program, fields, tmp_path)
        if ran.error == "unsupported":
            continue
        try:
            Program(program)
        except LimitError:
            continue
        except TsmeError:
            assert ran.error in ("format", "digest", "code", "limit"), program.hex()
            continue
        if ran.error in ("", "write"):  # write: more records than the harness keeps
            expected, _ = kernel.records(program, fields, *TIMES, steps=40)
            assert ran.records.startswith(expected), program.hex()
            ran_on += 1
        else:
            assert ran.error in ("limit", "memory"), program.hex()
    assert ran_on > 10


def test_a_program_that_changed_since_it_was_installed_is_refused(tmp_path: Path):
    program, fields = workload("b", 256)
    for machine_name in ("host", "m3"):
        ran = machine.run(machine_name, program, fields, tmp_path, changed=len(program) // 2)
        assert (ran.error, ran.records) == ("digest", b"")


def test_a_boot_costs_a_tenth_of_what_loading_did(tmp_path: Path):
    assert loading(tmp_path)["boot.890_bytes"] <= LOADING / 10


@pytest.mark.parametrize("body", ["add", "named", "task"])
def test_a_map_of_1000_items_fits_32_kib_and_takes_no_longer_for_each(body: str, tmp_path: Path):
    each = {}
    for count in (100, 1000):
        made = mapped.mapped(body, count)
        ran = made.run(tmp_path, 32768)
        assert (ran.error, ran.records) == ("", made.records), count
        each[count] = ran.numbers["instructions"] / count
    # 100 items are one step; the first one of 1,000 has the items in its digest, names apart
    assert each[1000] <= (1.3 if body == "named" else 1.2) * each[100], each


@pytest.mark.parametrize("body", ["same", "add", "task"])
def test_a_map_of_1000_items_runs_in_16_kib(body: str, tmp_path: Path):
    """Integers that are the input, or objects of 16 bytes in the program's constants."""
    each = {}
    for count in (100, 1000):
        made = mapped.mapped(body, count, constant=body != "same")
        ran = made.run(tmp_path, 16384)
        assert (ran.error, ran.records) == ("", made.records), count
        each[count] = ran.numbers["instructions"] / count
    assert each[1000] <= 1.4 * each[100], each


def test_a_task_stays_below_its_bar(tmp_path: Path):
    """Two steps, their records and a Wait's start; bars.py says what is counted."""
    assert bars.task("m3-fast", tmp_path, "instructions") <= TASK
    assert bars.memory(tmp_path) == {"ram_bytes": RAM, "m3.heap_bytes_per_step": 0}


def test_counts_are_exact(tmp_path: Path):
    program, fields = workload("b", 1)
    runs = [machine.run("m3", program, fields, tmp_path).numbers for _ in range(2)]
    assert runs[0] == runs[1]
    # 1,000 rounds of two instructions, and what reading the counter costs
    assert 2000 <= runs[0]["loop_instructions"] <= 2040


def test_instructions_stay_below_the_bars(tmp_path: Path, capsys):
    lines = []
    for target, most in BARS.items():
        for (name, budget), bar in most.items():
            program, fields = workload(name, budget)
            count = machine.run(target, program, fields, tmp_path).per_transition
            lines.append(f"{target}, {name}, budget {budget}: {count:.1f} a transition")
            assert count <= bar, lines
    # a transition of the loop is 6 instructions
    dispatch = 6 * slope("DROP 0", tmp_path)
    lines.append(f"dispatch: {dispatch:.1f} instructions a transition")
    assert dispatch <= DISPATCH
    with capsys.disabled():
        print("\nCortex-M3:", "; ".join(lines))


def test_a_map_of_1000_items_runs_in_an_arena_of_16_kib(tmp_path: Path):
    """Each item, a number, and its output, and 40 children at a time."""
    body = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    states = {"M": {"Type": "Map", "ItemProcessor": body, "End": True}}
    program = compile_text(json.dumps({"StartAt": "M", "States": states})).program
    fields = model.start_fields(program, list(range(1000)))
    expected, state = kernel.records(program, fields, *TIMES)
    assert state.result == list(range(1000))
    ran = machine.run("m3", program, fields, tmp_path, 16384)
    assert (ran.error, ran.records) == ("", expected)
    assert ran.numbers["collections"] > 0
