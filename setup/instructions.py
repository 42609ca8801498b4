"""Writes what follows from the table of instructions (firmware/lib/tsme/program/opcodes.py).

    instructions.py           SPEC's table (2.2), native_modules/opcodes.h and natives.h
    instructions.py --check   says whether they are up to date

In SPEC (2.2, 2.16) the columns `no`, `operand`, `flow` and `errors` come from the table; `stack`
and `what` are written by hand, but `stack` must have as many values on each side as the table
says.
"""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "firmware" / "lib" / "tsme" / "program" / "opcodes.py"
SPEC = ROOT / "docs" / "SPEC.md"
HEADER = ROOT / "native_modules" / "opcodes.h"
FUNCTIONS = TABLE.parent / "expressions" / "functions" / "natives.py"
NATIVES = ROOT / "native_modules" / "natives.h"
HEAD = "| no | name | operand | stack | flow | errors | what |"
KINDS = {
    "V": "c",
    "T": "c, a text",
    "N": "c, names",
    "E": "c, names",
    "P": "c, a path",
    "R": "c, a retrier",
    "Q": "c, a query",
    "B": "c, bytes",
    "I": "c, an array of a text and an integer",
}
FLOWS = {
    "": "",
    "x": "prefix",
    "s": "state",
    "r": "state",
    "j": "jumps",
    "b": "may jump",
    "h": "handler",
    "w": "waits",
    "m": "waits, children",
    "e": "ends",
    "c": "not run",
    "v": "invokes",
}


def module(path: Path) -> ModuleType:
    """A module of the device by itself, which may import nothing of it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def table() -> tuple[list[list[str]], list[list[str]], int]:
    """The rows: name, operand, stack, flow, errors; the reserved ones; the first of these."""
    opcodes = module(TABLE)
    rows, reserved = (
        [row.decode().split(":") for row in part] for part in (opcodes.TABLE, opcodes.RESERVED)
    )
    return rows, reserved, 64


def values(text: str) -> tuple[int, str]:
    """Values that a side of a stack effect has for certain, and what says how many more."""
    plain = sum(int(c) if c.isdigit() else 1 for c in text if c.isdigit() or c in "?rIBS")
    return plain, re.sub(r"[\d?rIBS]", "", text)


def fits(text: str, row: list[str]) -> bool:
    """Has a stack effect as SPEC writes it, `a b → c`, as many values as the row's?"""
    sides = [part.split() for part in text.partition("→")[::2]]
    if row[3] in ("w", "m") and sides[0][:1] == [".."]:
        del sides[0][0]
    for written, told in zip(sides, row[2].split(">"), strict=True):
        plain, counted = values(told)
        optional = [word for word in written if word.startswith("[") or word.endswith("..")]
        if len(written) - len(optional) != plain or bool(optional) != bool(counted):
            return False
    return True


def section(rows: list[list[str]], old: str, first: int = 0) -> str:
    """SPEC's table, with what is written by hand kept."""
    kept = {}
    for line in old.splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip()[1:-1].split("|")]
        kept[cells[1]] = cells[3], cells[-1]
    out = [HEAD, "| --- | --- | --- | --- | --- | --- | --- |"]
    for number, row in enumerate(rows, first):
        name, operand, _, flow, errors = row
        stack, what = kept.get(name, ("", ""))
        if not fits(stack, row):
            raise SystemExit(f"{name}: SPEC's stack, {stack!r}, is not {row[2]}")
        kind = KINDS[operand[1:]] if operand[0] == "c" else operand[0].replace("-", "0")
        told = ", ".join("others" if e == "*" else str(int(e, 16)) for e in errors)
        cells = [str(number), name, kind, stack, FLOWS[flow], told, what]
        out.append(re.sub(r" +", " ", "| " + " | ".join(cells) + " |"))
    return "\n".join(out) + "\n"


def header(rows: list[list[str]], reserved: list[list[str]], first: int) -> str:
    lines = []
    for number, (name, operand, effect, flow, _) in enumerate(rows):
        pops, _, pushes = effect.partition(">")
        plain, counted = values(pops)
        maybe = "?" in pops
        check = operand[1:] if operand[0] == "c" else ""
        choices = operand[1:] if operand[0] in "kp" else "0"
        cells = [name, str(number), quote(operand[0]), quote(check), f"0x{choices}"]
        cells += [quote(counted), str(plain), str(len(pushes)), str(2 * maybe + ("?" in pushes))]
        lines.append(f"    X({', '.join([*cells, quote(flow)])})")
    text = " \\\n".join(["#define TSME_INSTRUCTIONS(X)", *lines])
    inner = [inner_row(row, number) for number, row in enumerate(reserved, first)]
    text += "\n\n" + " \\\n".join(["#define TSME_EXPRESSIONS(X)", *inner])
    return f"""\
// The instructions (SPEC 2.2), written by setup/instructions.py from the table in opcodes.py:
//
//   X(name, number, operand, constant, choices, counted, pops, pushes, missing, flow)
//
// Letters are those of the table; ' ' for none. `counted`: what says how many values
// it takes besides `pops`; `missing`: 2 if it takes one that may be missing, + 1 if it
// leaves such a one. Those of expressions (SPEC 2.16):
//
//   X(name, number, operand, constant, choices, counted, pops, pushes, flow)
//
// of which `pops` and `pushes` count values alone, and not what is no value.

#ifndef TSME_OPCODES_H
#define TSME_OPCODES_H

// clang-format off
{text}
// clang-format on

#endif
"""


def inner_row(row: list[str], number: int) -> str:
    """An instruction of expressions for the header."""
    name, operand, effect, flow, _ = row
    pops, _, pushes = effect.partition(">")
    taken, given = (sum(int(c) for c in text if c.isdigit()) for text in (pops, pushes))
    counted = "".join(c for c in pops if c in "np")
    check = operand[1:] if operand[0] == "c" else ""
    choices = operand[1:] if operand[0] in "kp" else "0"
    cells = [name, str(number), quote(operand[0]), quote(check), f"0x{choices}", quote(counted)]
    return f"    X({', '.join([*cells, str(taken), str(given), quote(flow)])})"


# What a parameter of a native function takes, by number; native_modules/natives.h explains them.
PARAMETERS = "s n b o x f (sf) (nsb) (oa) a a<n> a<s> a<o>".split()
CONTEXT, OPTIONAL, MORE, LAST = 16, 32, 64, 128


def parameters(signature: str) -> list[int]:
    """The parameters of a signature, a byte each."""
    out: list[int] = []
    taken = signature[1:-1]
    while taken and taken[0] != ":":
        if taken[0] in "-?+":
            out[-1] |= {"-": CONTEXT | OPTIONAL, "?": OPTIONAL, "+": MORE}[taken[0]]
            taken = taken[1:]
        elif taken.startswith("f<"):  # what a function takes nobody asks
            taken = "f" + taken[taken.index(">") + 1 :]
        else:
            word = max((w for w in PARAMETERS if taken.startswith(w)), key=len)
            out.append(PARAMETERS.index(word))
            taken = taken[len(word) :]
    return [*out[:-1], out[-1] | LAST] if out else [LAST | OPTIONAL]


def natives() -> str:
    """The native functions, and the parameters of all."""
    lines: list[str] = []
    known = bytearray()
    for number, (name, signature, arity, *_) in enumerate(module(FUNCTIONS).functions()):
        word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip("*")).upper()
        one = bytes(parameters(signature))
        if one not in known:
            known += one
        lines.append(f"    X({word}, {number}, {known.index(one)}, {arity})")
    rows = " \\\n".join(["#define TSME_NATIVES(X)", *lines])
    cells = [f"0x{byte:02X}" for byte in known]
    parts = " \\\n".join(f"    {', '.join(cells[i : i + 12])}," for i in range(0, len(cells), 12))
    return f"""\
// The native functions of expressions (SPEC 2.16), written by setup/instructions.py from the table
// in functions/natives.py:
//
//   X(name, number, parameters, arity)
//
// `parameters`: where the bytes of those begin among all; `arity`: how many arguments $map and
// its like give it. A byte: what it takes, by TSME_FITS, + TSME_P_CONTEXT if the context stands
// for it, + TSME_P_OPTIONAL if it may be left out, + TSME_P_MORE if it takes several,
// + TSME_P_LAST if it is the last.

#ifndef TSME_NATIVES_H
#define TSME_NATIVES_H

enum {{
    TSME_P_ARRAY = {PARAMETERS.index("a")}, // and those behind it, arrays of one kind
    TSME_P_CONTEXT = {CONTEXT},
    TSME_P_OPTIONAL = {OPTIONAL},
    TSME_P_MORE = {MORE},
    TSME_P_LAST = {LAST},
}};

// clang-format off
// Letters that a parameter takes, by TSME_P: n 1, f 2, b 4, l 8, m 16, s 32, a 64, o 128.
#define TSME_FITS \\
    {", ".join(f"0x{letters(word):02X}" for word in PARAMETERS)}

// .. and those of items, from TSME_P_ARRAY on.
#define TSME_ITEMS_FIT \\
    {", ".join(f"0x{items(word):02X}" for word in PARAMETERS if word[0] == "a")}

#define TSME_PARAMETERS \\
{parts}

{rows}
// clang-format on

#endif
"""


def letters(word: str) -> int:
    """Letters of arguments that a parameter takes, a bit each; nothing (m) fits all but `f`."""
    if word[0] in "ax":
        return 0xFF
    return sum(
        1 << "nfblmsao".index(c) for c in {*word.strip("()"), *("" if word == "f" else "m")}
    )


def items(word: str) -> int:
    """The letters of an array's items."""
    return 1 << "nfblmsao".index(word[2]) if "<" in word else 0xFF


def quote(letter: str) -> str:
    return f"'{letter or ' '}'"


def main() -> None:
    rows, reserved, first = table()
    spec = SPEC.read_text(encoding="utf-8")
    start = 0
    for part, number in ((rows, 0), (reserved, first)):
        start = spec.index("| no | name | operand | stack |", start + 1)
        end = start + spec[start:].index("\n\n") + 1
        spec = spec[:start] + section(part, spec[start:end], number) + spec[end:]
    wanted = {SPEC: spec}
    wanted[HEADER] = header(rows, reserved, first)
    wanted[NATIVES] = natives()
    for path, text in wanted.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv:
            raise SystemExit(f"{path.relative_to(ROOT)} is old: run {sys.argv[0]}")
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
