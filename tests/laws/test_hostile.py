"""A hostile program is refused, or runs safely: no crash, no hang, no foreign exception."""

from __future__ import annotations

import functools
import time
from collections import Counter
from typing import Any

import pytest

from tests.laws import hostile
from tests.laws.mutants import N, Parts, mutant, program
from tests.laws.support import SCALE, on_device
from tests.laws.values import Source
from tsme.errors import TsmeError
from tsme.program import Program, opcodes
from tsme.program.functions.table import functions

COUNT = 1000
FUNCTIONS = functions()
CALL = {function[0]: n for n, function in enumerate(FUNCTIONS) if function}

TINY = [1, 1, 0, 1, 0, 9, 0, 0]  # limits


@functools.cache
def mutants() -> list[bytes]:
    return [mutant(seed) for seed in range(COUNT * SCALE)]


@functools.cache
def verdicts() -> list[list[Any]]:
    out = []
    for seed, data in enumerate(mutants()):
        began = time.process_time()
        verdict = hostile.run(data)
        took = time.process_time() - began
        assert verdict[0] != "CRASH", f"mutant {seed}: {verdict[1]}"
        assert took < 20, f"mutant {seed} took {took:.0f} s"
        out.append(verdict)
    return out


def test_a_thousand_mutants_do_no_harm() -> None:
    counts = Counter(verdict[0] for verdict in verdicts())
    # The batch is worth something only if the verifier lets some through.
    assert counts["refused"] > COUNT // 4
    assert counts["ended"] + counts["waiting"] > COUNT // 10


@pytest.mark.parametrize(
    ("board", "share"), [("micropython", 1), ("micropython32", 4), ("micropythonf32", 4)]
)
def test_mutants_do_no_harm_on_boards(board: str, share: int) -> None:
    """With a heap of 1 MB; and what runs gives the bytes that CPython gives."""
    got = on_device(board, "hostile", [[data] for data in mutants()[::share]], heap="1M")
    for n, (have, want) in enumerate(zip(got, verdicts()[::share], strict=True)):
        assert have[0] != "CRASH", f"mutant {n * share} on {board}: {have[1]}"
        if "memory" not in (have[0], want[0]):
            assert have == want, f"mutant {n * share} on {board}"


# --- made by hand ---

E0 = ("ENTER", 0)
END = ("END", 0)


def grown(*body: tuple[str, int], consts: Any = (), **limits: int) -> Parts:
    """A loop without end around an instruction or two that make slot 0 larger."""
    loop = [E0, *body, ("STORE", 0), ("JUMP", 0)]
    return program(*loop, consts=consts, **limits)


CHILD = 7  # where the code of a child of `forked` begins
W = ("FRAME", 2)


def forked(*child: tuple[str, int], frame: tuple[str, int] = W) -> Parts:
    """A program whose only branch runs `child`."""
    return program(E0, ("INT", 0), ("FORK", 1), frame, ("JUMP", CHILD), ("DROP", 1), END, *child)


def two_branches(*frames: int) -> Parts:
    """Branches with so many slots each, that run the same code."""
    entries = [part for n in frames for part in (("FRAME", n), ("JUMP", 9))]
    return program(E0, ("INT", 0), ("FORK", 2), *entries, ("DROP", 1), END, ("ENTER", 1), END)


def crowded_map() -> Parts:
    """Items of 256 items each, of which each waits."""
    body = [("INT", 0), ("INT", 255), ("INT", 1), ("CALL", CALL["ArrayRange"]), ("MAP", 0)]
    rest = [("DROP", 1), END]
    leaf = [("ENTER", 2), ("INT", 9), ("WAIT", 0), END]
    inner = [("ENTER", 1), *body, ("FRAME", 1), ("JUMP", 20), *rest]
    return program(E0, *body, ("FRAME", 1), ("JUMP", 10), *rest, *inner, *leaf)


def generations(count: int) -> Parts:
    """A branch of a branch of a branch; the innermost reads the outermost frame."""
    code = []
    for n in range(count):
        code += [("ENTER", n), ("LOAD", 0), ("FORK", 1), W, ("JUMP", 7 * n + 7), ("DROP", 1), END]
    far = ("LOAD", 256 * count)
    return program(*code, ("ENTER", count), far, ("LOAD", 256 * count + 1), ("DROP", 2), END)


def handlers_in_a_row(count: int) -> Parts:
    """Each handler sets the next one and jumps to a long way that fails at its end."""
    code: list[tuple[str, int]] = [E0]
    far = 1 + 2 * count
    for n in range(count):
        code += [("CATCH", 1 + 2 * (n + 1)), ("JUMP", far)]
    code += [("INT", 0), ("DROP", 1)] * 60
    code += [("FIELD", 0), ("DROP", 1), END]
    return program(*code, consts=["missing"])


RUNS: dict[str, Parts] = {
    "doubling arrays": grown(("LOAD", 0), ("LOAD", 0), ("ARRAY", 2)),
    "deepening arrays": grown(("LOAD", 0), ("ARRAY", 1), largest=262144),
    "deepening objects": grown(("LOAD", 0), ("OBJECT", 0), consts=[["k"]], largest=262144),
    "doubling objects": grown(("LOAD", 0), ("LOAD", 0), ("OBJECT", 0), consts=[["a", "b"]]),
    "doubling texts": grown(
        ("CONST", 0), ("LOAD", 0), ("LOAD", 0), ("ARRAY", 2), ("CALL", CALL["Format"]),
        consts=["{}{}"],
    ),
    "json in json": grown(("LOAD", 0), ("CALL", CALL["JsonToString"])),
    "json of a deep text": grown(
        ("CONST", 0), ("CALL", CALL["StringToJson"]), consts=["[" * 4000 + "]" * 4000]
    ),
    "PUT deeper and deeper": program(
        E0, ("LOAD", 0), ("PUT", 0), ("JUMP", 0), consts=[["k"] * 32], largest=262144
    ),
    "PUT of a scalar at a deep path": program(
        E0, ("INT", 1), ("PUT", 0), ("LOAD", 0), ("ARRAY", 1), ("PUT", 1), ("JUMP", 0),
        consts=[["k"] * 32, ["l"]],
    ),
    "huge array": grown(("LOAD", 0), *[("PICK", 0)] * 60, ("ARRAY", 61), stack=64),
    "wide array of texts": program(
        E0, ("CONST", 0), *[("PICK", 0)] * 60, ("ARRAY", 61), ("STORE", 0), ("LOAD", 0),
        ("ARRAY", 1), ("STORE", 0), ("JUMP", 0), consts=["x" * 4000], stack=64,
    ),
    "branches that share their code": two_branches(2, 2),
    "a variable around that has no value": generations(20),
    "crowded map": crowded_map(),
    "a loop that only waits": program(E0, ("INT", 0), ("WAIT", 0), ("JUMP", 0)),
    "a timer for ever": program(E0, ("CONST", 0), ("WAIT", 0), ("JUMP", 0), consts=[2**31 - 1]),
    "waiting for nonsense": program(E0, ("CONST", 0), ("WAIT", 1), END, consts=["9999-99-99"]),
    "emitting without end": program(E0, ("LOAD", 0), ("EMIT", 0), ("DROP", 1), ("JUMP", 0)),
    "ERROR without one": program(E0, ("ERROR", 0), ("STORE", 0), END),
    "RAISE without one": program(E0, ("RAISE", 0)),
    "CAUGHT without one": program(E0, ("CAUGHT", 0), ("STORE", 0), END, consts=[["States.ALL"]]),
    "errors that are no texts": program(E0, ("LOAD", 0), ("INT", 7), ("FAIL", 3)),
    "a limit that is no number": program(E0, ("LOAD", 0), ("LIMIT", 0), ("DROP", 1), END),
    "options that are no numbers": program(
        E0, ("LOAD", 0), ("LOAD", 0), ("LOAD", 0), ("CONST", 0), ("TASK", 3), ("DROP", 1), END,
        consts=["t"],
    ),
    "a comparison of anything": program(
        E0, ("LOAD", 0), ("LOAD", 0), ("COMPARE", 8), ("STORE", 0), END
    ),
    "retry for ever": program(
        E0, ("RETRY", 0), END, consts=[[0, 0, 10**8 - 1, 1, 0, 0, 1]]
    ),
    "negative MathRandom": program(
        E0, ("INT", 5), ("INT", 5), ("CONST", 0), ("CALL", CALL["MathRandom"]), ("STORE", 0), END,
        consts=[None],
    ),
    "a match that tries everything": program(
        E0, ("CONST", 0), ("CONST", 1), ("COMPARE", 5), ("STORE", 0), END,
        consts=["a" * 4000, "*a" * 1000 + "b"],
    ),
    "a handler set late": program(
        E0, ("INT", 0), ("DROP", 1), ("CATCH", 5), END, ("RAISE", 0)
    ),
    "handlers in a row": handlers_in_a_row(60),
}  # fmt: skip


REFUSED: dict[str, Parts] = {
    "no code": program(),
    "half an instruction": Parts(0, TINY, bytes((N["ENTER"], 0, N["END"])), ()),
    "code that begins with no ENTER": program(("INT", 1), ("DROP", 1), E0, END),
    "code that runs on": program(E0, ("INT", 0), ("STORE", 0)),
    "code that ends in EXT": Parts(0, TINY, bytes((N["ENTER"], 0, 0, 1)), ()),
    "EXT 0": Parts(0, TINY, bytes((N["ENTER"], 0, 0, 0, N["END"], 0)), ()),
    "EXT EXT": Parts(0, TINY, bytes((N["ENTER"], 0, 0, 1, 0, 1, 2, 0, 33, 0)), ()),
    "an operation that is not": Parts(0, TINY, bytes((17, 0, 250, 0, 33, 0)), ()),
    "a jump behind EXT": Parts(
        0, [1, 4, 0, 1, 0, 9], bytes((17, 0, N["JUMP"], 3, 0, 1, N["INT"], 5, 6, 1, 33, 0)), ()
    ),
    "a jump out of the code": program(E0, ("JUMP", 9)),
    "a jump far out of the code": program(E0, ("JUMP", 60000)),
    "a jump back to no ENTER": program(E0, ("INT", 0), ("DROP", 1), ("JUMP", 1)),
    "a handler far back": program(E0, ("INT", 0), ("DROP", 1), ("CATCH", 1), END),
    "stack below zero": program(E0, ("DROP", 1), END),
    "stack too deep": program(E0, *[("INT", 0)] * 9, ("DROP", 9), END, stack=8),
    "stack that differs": program(
        E0, ("CONST", 0), ("IF", 4), ("INT", 0), END, consts=[True]
    ),
    "ENTER with a stack": program(E0, ("INT", 0), ("ENTER", 1), END),
    "RETRY with a stack": program(
        E0, ("INT", 0), ("RETRY", 0), END, consts=[[0, 0, 1, 1, 0, 0, 0]]
    ),
    "missing as a value": program(E0, ("LOAD", 0), ("KEYQ", 0), ("STORE", 0), END, consts=["k"]),
    "missing at the end": program(E0, ("LOAD", 0), ("KEYQ", 0), consts=["k"]),
    "what nothing leads to": program(E0, END, ("INT", 0), END),
    "a slot that is not": program(E0, ("LOAD", 2), ("STORE", 0), END),
    "a constant that is not": program(E0, ("CONST", 0), ("STORE", 0), END),
    "a function that is not": program(E0, ("CALL", 99), ("STORE", 0), END),
    "FORK to nothing": program(E0, ("INT", 0), ("FORK", 0), END),
    "FORK without entries": program(E0, ("INT", 0), ("FORK", 2), ("DROP", 1), END),
    "an entry without FRAME": forked(E0, END, frame=("INT", 1)),
    "an entry without JUMP": program(E0, ("INT", 0), ("FORK", 1), W, ("DROP", 1), END),
    "a FRAME of nothing": forked(E0, END, frame=("FRAME", 0)),
    "a FRAME with EXT": program(
        E0, ("INT", 0), ("FORK", 1), ("FRAME", 257), ("JUMP", 8), ("DROP", 1), END, E0, END
    ),
    "a FRAME that is run": program(E0, W, END),
    "a way to a FRAME": program(
        E0, ("CONST", 0), ("IF", 5), ("INT", 0), ("FORK", 1), W, ("JUMP", 9), ("DROP", 1), END,
        E0, END, consts=[True],
    ),
    "a child that is its parent": forked(("JUMP", 0)),
    "a child that goes on as its parent": forked(("INT", 0), ("DROP", 1), ("JUMP", 0)),
    "branches with other slots that share their code": two_branches(1, 2),
    "a slot that a child has not": forked(E0, ("LOAD", 1), ("DROP", 1), END, frame=("FRAME", 1)),
    "a slot that a child sets and has not": forked(E0, ("INT", 1), ("STORE", 2), END),
    "a slot that the frame around has not": forked(E0, ("LOAD", 258), ("DROP", 1), END),
    "a slot of the frame around that is set": forked(E0, ("INT", 1), ("STORE", 257), END),
    "a frame around the first": program(E0, ("LOAD", 256), ("DROP", 1), END),
    "a frame too far out": forked(E0, ("LOAD", 512), ("DROP", 1), END),
    "a context too far out": forked(E0, ("CONTEXT", 523), ("DROP", 1), END),
    "256 slots": program(E0, END, slots=256),
    "more slots of a child than the device takes": forked(E0, END, frame=("FRAME", 65)),
    "MAP at the end": program(E0, ("INT", 0), ("MAP", 0)),
    "MAP and half an entry at the end": program(E0, ("INT", 0), ("MAP", 0), W),
    "a key that is no text": program(E0, ("FIELD", 0), END, consts=[1]),
    "names that are not different": program(
        E0, ("INT", 0), ("INT", 0), ("OBJECT", 0), ("STORE", 0), END, consts=[["a", "a"]]
    ),
    "a path that is too deep": program(E0, ("INT", 0), ("PUT", 0), END, consts=[["a"] * 33]),
    "a path with a negative index": program(E0, ("INT", 0), ("PUT", 0), END, consts=[[-1]]),
    "a path with a fraction": program(E0, ("INT", 0), ("PUT", 0), END, consts=[[0.5]]),
    "a comparison that is not": program(
        E0, ("INT", 0), ("INT", 0), ("COMPARE", 6), ("STORE", 0), END
    ),
    "a test that is not": program(E0, ("INT", 0), ("TEST", 6), ("STORE", 0), END),
    "an index table that is too long": Parts(
        0, TINY, bytes((17, 0, 33, 0)), (), index=bytes(70000)
    ),
    "an index table with a hole": Parts(
        0, TINY, bytes((17, 0, 33, 0)), (1, 2), index=b"\x00\x00\x02\x00"
    ),
    "constants that go on": Parts(
        0, TINY, bytes((17, 0, 33, 0)), (1,), tail=b"\x01"
    ),
    "bytes as a value": program(E0, ("CONST", 0), ("STORE", 0), END, consts=[b"\x41\x01", "x"]),
    "an array as a name": program(
        E0, ("FIELD", 0), ("STORE", 0), END, consts=[b"\xc6\x41\x01", "x"]
    ),
    "bytes as names": program(
        E0, ("INT", 0), ("OBJECT", 0), ("STORE", 0), END, consts=[b"\x41\x01", "x"]
    ),
    "bytes as a name": program(E0, ("FIELD", 0), ("STORE", 0), END, consts=[b"\x41\x01", "x"]),
    "a part that is not there": program(
        E0, ("INT", 0), ("OBJECT", 0), ("STORE", 0), END, consts=[b"\xc6\x41\x02", "x"]
    ),
    "a part in parts": program(
        E0, ("INT", 0), ("OBJECT", 0), ("STORE", 0), END, consts=[b"\xc6\x41\x01", b"\xc6\x41\x00"]
    ),
    "a name twice in parts": program(
        E0, ("INT", 0), ("INT", 0), ("OBJECT", 0), END, consts=[b"\xc6\x42\x01\x01", "x"]
    ),
    "a Resource of numbers": program(
        E0, ("INT", 0), ("CONST", 0), ("TASK", 0), END, consts=[b"\xc7\x41\x01", 7]
    ),
    "a Resource that is none": program(
        E0, ("INT", 0), ("CONST", 0), ("TASK", 0), END, consts=[7]
    ),
    "a TASK without a Resource": program(E0, ("INT", 0), ("LOAD", 0), ("TASK", 0), END),
    "a jump to a TASK": program(
        E0, ("INT", 0), ("INT", 0), ("CONST", 0), ("IF", 6), ("CONST", 0), ("TASK", 0), END,
        consts=["t"],
    ),
    "a TASK without its options": program(
        E0, ("INT", 0), ("CONST", 0), ("TASK", 1), END, consts=["t"]
    ),
    "a MAP without its options": program(
        E0, ("INT", 0), ("LOAD", 0), ("MAP", 7), W, ("JUMP", 7), END, E0, END
    ),
    "a text in parts in an array in parts": program(
        E0, ("INT", 0), ("OBJECT", 0), END, consts=[b"\xc6\x41\x01", b"\xc7\x41\x02", "x"]
    ),
    "bytes in parts": program(E0, END, consts=[b"\xc6\x41\x01", b"\x41\x00"]),
    "parts of a number": program(E0, END, consts=[b"\xc6\x01"]),
    "parts of a text": program(E0, END, consts=[b"\xc7\x61x"]),
    "another tag": program(E0, END, consts=[b"\xc2\x41\x01"]),
    "parts cut off": program(E0, END, consts=[b"\xc6"]),
    "parts without end": program(E0, END, consts=[b"\x42\x00"]),
    "a constant without end": Parts(0, TINY, bytes((17, 0, 33, 0)), (b"\x9f",)),
    "a constant that is too deep": Parts(
        0, TINY, bytes((17, 0, 33, 0)), (b"\x81" * 40 + b"\x00",)
    ),
    "a constant of many items": Parts(
        0, TINY, bytes((17, 0, 33, 0)), (b"\x9a\xff\xff\xff\xff\x00",)
    ),
    "values without a limit": program(E0, END, largest=10**8 - 1),
}  # fmt: skip

RETRIES: dict[str, Any] = {
    "counter": [1, 0, 1, 1, 0, 0, 0],
    "negative counter": [-1, 0, 1, 1, 0, 0, 0],
    "negative interval": [0, -1, 1, 1, 0, 0, 0],
    "huge interval": [0, 10**8, 1, 1, 0, 0, 0],
    "fraction of an interval": [0, 0.5, 1, 1, 0, 0, 0],
    "negative attempts": [0, 0, -1, 1, 0, 0, 0],
    "huge attempts": [0, 0, 10**8, 1, 0, 0, 0],
    "rate below one": [0, 0, 1, 0, 5, 0, 0],
    "huge rate": [0, 0, 1, 2**31, 0, 0, 0],
    "rate that is no integer": [0, 0, 1, 2.5, 0, 0, 0],
    "rate true": [0, 0, 1, True, 0, 0, 0],
    "negative billionths": [0, 0, 1, 1, -1, 0, 0],
    "huge billionths": [0, 0, 1, 1, 10**9, 0, 0],
    "huge longest": [0, 0, 1, 1, 0, 10**8, 0],
    "jitter 2": [0, 0, 1, 1, 0, 0, 2],
    "too few": [0, 0, 1, 1, 0, 0],
    "too many": [0, 0, 1, 1, 0, 0, 0, 0],
    "no array": {"a": 1},
}


@pytest.mark.parametrize("name", RUNS)
def test_what_runs_is_held_in_check(name: str) -> None:
    data = RUNS[name].build()
    Program(data)
    began = time.process_time()
    verdict = hostile.run(data)
    assert verdict[0] in ("ended", "waiting", "limit"), verdict
    assert time.process_time() - began < 10


NONSENSE: list[Any] = [
    None,
    ["CSV", None, ",", []],
    ["JSON", ["a"], ";", ["a"]],
    ["LIST", None, "é", []],
    -1,
    2.5,
    "x",
    [],
    {},
    [1, "a"],
    {"a": [1]},
    True,
    2**63 - 1,
    "a,b\n1,2",
    [[]],
]


@pytest.mark.parametrize("name", CALL)
def test_functions_take_nonsense(name: str) -> None:
    """The compiler would not call them so; a hostile program does."""
    arity = FUNCTIONS[CALL[name]][1]
    source = Source(CALL[name])
    for _ in range(60):
        consts = [source.of(NONSENSE) for _ in range(arity)]
        args = [("CONST", n) for n in range(arity)]
        data = program(E0, *args, ("CALL", CALL[name]), ("STORE", 0), END, consts=consts).build()
        verdict = hostile.run(data)
        assert verdict[0] in ("ended", "waiting", "limit", "refused"), (verdict, consts)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_sound_is_refused(name: str) -> None:
    with pytest.raises(TsmeError):
        Program(REFUSED[name].build())


@pytest.mark.parametrize("name", RETRIES)
def test_retriers_out_of_range_are_refused(name: str) -> None:
    with pytest.raises(TsmeError):
        Program(program(E0, ("RETRY", 0), END, consts=[RETRIES[name]]).build())


@pytest.mark.parametrize("board", ["micropython", "micropython32", "micropythonf32"])
def test_boards_judge_as_cpython_does(board: str) -> None:
    """The ones made by hand, in little memory."""
    parts = [*RUNS.values(), *REFUSED.values()]
    parts += [program(E0, ("RETRY", 0), END, consts=[value]) for value in RETRIES.values()]
    batch = [p.build() for p in parts]
    names = [*RUNS, *REFUSED, *RETRIES]
    got = on_device(board, "hostile", [[data] for data in batch], heap="1M")
    for name, data, have in zip(names, batch, got, strict=True):
        assert have[0] != "CRASH", f"{name}: {have[1]}"
        if have[0] != "memory":
            assert have == hostile.run(data), name


def test_every_truncation_is_refused() -> None:
    data = program(E0, ("CONST", 0), ("STORE", 0), END, consts=[{"a": [1, 2.5, "x"]}]).build()
    Program(data)
    for size in range(len(data)):
        with pytest.raises(TsmeError):
            Program(data[:size])


def test_every_operation_is_met() -> None:
    """The batch holds every operation among the programs that pass the verifier."""
    seen: set[int] = set()
    for data, verdict in zip(mutants(), verdicts(), strict=True):
        if verdict[0] != "refused":
            code: bytes = vars(Program(data))["code"]
            seen.update(code[::2])
    missing = {opcodes.NAMES[n] for n in range(len(opcodes.NAMES))} - {
        opcodes.NAMES[n] for n in seen
    }
    assert missing <= {"EXT", "QUERY", "EMIT", "INDEXQ"}
