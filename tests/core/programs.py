"""Small programs, assembled by hand: between them every instruction of the core."""

from typing import Any

from . import tsm

LOOP = """
    Inc:    ENTER 0
            FIELD "i"
            INT 1
            CALL 1              # MathAdd
            OBJECT ["i"]
            STORE 0
            ENTER 1
            FIELD "i"
            CONST 10000
            COMPARE 9           # NumericLessThan
            IF Inc
            ENTER 2
            END
"""

TYPES = "\n".join(f'FIELD "x"\nINDEX {2 * i}\nTEST {k}' for i in range(6) for k in range(5))
DATA = {"x": [None, "é", 3, True, [], {}], "s": "abc", "n": -5, "o": {"a": {"b": [1, 2]}}}


def compares(kind: int, a: str, b: str, relations: int) -> str:
    """All relations of two operands, in an array."""
    lines = [f"{a}\n{b}\nCOMPARE {8 * kind + r}" for r in range(relations)]
    return "\n".join(lines) + f"\nARRAY {relations}"


SMALL: dict[str, tuple[str, Any]] = {
    "end": ("ENTER 0\nEND", DATA),
    "test": (f"ENTER 0\n{TYPES}\nARRAY 30\nSTORE 0\nEND", DATA),
    "quiet": (
        """ENTER 0
        FIELD "o"
        KEYQ "a"
        KEYQ "z"
        TEST 0
        FIELD "x"
        INDEXQ 12
        TEST 0
        FIELD "x"
        INDEXQ 1
        TEST 0
        LOAD 0
        KEYQ "s"
        INDEXQ 0
        KEYQ "k"
        TEST 1
        ARRAY 4
        STORE 0
        END""",
        DATA,
    ),
    "compare": (
        "ENTER 0\n"
        + compares(0, 'FIELD "s"', 'CONST "abd"', 5)
        + "\n"
        + compares(0, 'FIELD "s"', 'CONST "ab"', 5)
        + "\n"
        + compares(0, 'FIELD "s"', 'FIELD "n"', 5)
        + "\n"
        + compares(1, 'FIELD "n"', "CONST 4294967296", 5)
        + "\n"
        + compares(1, 'FIELD "n"', "CONST -5", 5)
        + "\n"
        + compares(1, 'FIELD "n"', "CONST null", 5)
        + "\n"
        + compares(2, "CONST true", "CONST false", 1)
        + "\n"
        + compares(2, "CONST true", "CONST true", 1)
        + "\n"
        + compares(2, "CONST true", 'FIELD "s"', 1)
        + "\nARRAY 9\nSTORE 0\nEND",
        DATA,
    ),
    "index": (
        """ENTER 0
        FIELD "o"
        KEY "a"
        KEY "b"
        PICK 0
        INDEX 0
        PICK 0
        INDEX 3
        INT 700
        INT 23
        INT 24
        INT 65535
        PICK 3
        DROP 1
        ARRAY 7
        LOAD 0
        OBJECT ["all", "$"]
        STORE 0
        END""",
        DATA,
    ),
    "add": (
        """ENTER 0
        CONST 2147483647
        CONST 2147483647
        CALL 1
        CONST -2147483648
        CONST -2147483648
        CALL 1
        CONST -24
        CONST -1
        CALL 1
        FIELD "n"
        CONST 5
        CALL 1
        ARRAY 4
        PUT ["o", "sum"]
        END""",
        DATA,
    ),
    "put": (
        "ENTER 0\n"
        + "\n".join(
            f"{value}\nPUT {path}\nENTER {i + 1}"
            for i, (value, path) in enumerate(
                (
                    ("INT 7", '["new"]'),
                    ("INT 8", '["new"]'),
                    ("LOAD 0", '["o", "a", "deep", "er", "still"]'),
                    ("CONST [1, 2]", '["x", 1]'),
                    ("CONST {}", '["x", 5, "y"]'),
                    ("INT 9", '["x", 5, "y", "z"]'),
                    ("CONST null", '["o", "a", "b", 1]'),
                    ('FIELD "o"', '["s"]'),
                )
            )
        )
        + "\nEND",
        DATA,
    ),
    "put all": ('ENTER 0\nFIELD "o"\nPUT []\nENTER 1\nINT 1\nPUT ["a"]\nENTER 2\nEND', DATA),
    "put many": (
        "ENTER 0\n" + "\n".join(f'INT {i}\nPUT ["m{i}"]' for i in range(30)) + "\nENTER 1\nEND",
        {},
    ),
    "put eight": (
        "ENTER 0\nENTER 1\n"
        + "\n".join(f'INT {i}\nPUT ["m{i}"]' for i in (*range(8), 0))
        + "\nENTER 2\nINT 0\n"
        + 'PUT ["m0"]\nINT 1\nPUT ["m1", "x"]\nENTER 3\nEND',
        {},
    ),
    "put gone": ('ENTER 0\nENTER 1\nINT 1\nPUT ["a", "b"]\nINT 2\nPUT ["a"]\nENTER 2\nEND', {}),
    "put, then store": (
        'ENTER 0\nENTER 1\nINT 1\nPUT ["a"]\nCONST [3]\nSTORE 0\nENTER 2\nEND',
        {},
    ),
    "variables": (
        """ENTER 0
        LOAD 0
        STORE 2
        ENTER 300
        INT 5
        STORE 1
        LOAD 2
        KEY "s"
        STORE 0
        ENTER 2
        LOAD 1
        LOAD 2
        ARRAY 2
        STORE 0
        CONST false
        UNLESS Far
        """
        + "DROP 0\n" * 300
        + """
        Far: ENTER 3
        CONST true
        IF Out
        Back: ENTER 400
        END
        Out: ENTER 4
        JUMP Back""",
        DATA,
    ),
    "neither": (
        "ENTER 0\nINT 1\nIF Out\nINT 0\nUNLESS Out\nCONST 2\nSTORE 0\nOut: ENTER 1\nEND",
        0,
    ),
    "no path": ('ENTER 0\nENTER 1\nFIELD "zzz"\nSTORE 0\nENTER 2\nEND', DATA),
    "no item": ('ENTER 0\nFIELD "x"\nINDEX 12\nSTORE 0\nEND', DATA),
    "no variable": ("ENTER 0\nLOAD 1\nSTORE 0\nEND", DATA),
    "no object to put into": ('ENTER 0\nINT 1\nPUT ["s", "a"]\nEND', DATA),
    "no item to put into": ('ENTER 0\nINT 1\nPUT ["new", 0]\nEND', DATA),
    "no number": ('ENTER 0\nFIELD "s"\nINT 1\nCALL 1\nSTORE 0\nEND', DATA),
    "large number": ("ENTER 0\nCONST 2147483648\nINT 1\nCALL 1\nSTORE 0\nEND", DATA),
    "doubles": ("Again: ENTER 0\nLOAD 0\nPICK 0\nARRAY 2\nSTORE 0\nJUMP Again", [1]),
    "grows": ('Again: ENTER 0\nLOAD 0\nPUT ["o", "a"]\nJUMP Again', {"o": {}}),
}


def small(name: str, budget: int = 1) -> tuple[bytes, Any]:
    """A program of SMALL, and its input."""
    source, value = SMALL[name]
    return tsm.assemble(source, slots=3, stack=40, budget=budget, largest=2000), value


def counter_loop() -> dict[str, Any]:
    """Pass and Choice, 10,000 times: workload a of the bench, 20,001 transitions."""
    rule = {"Variable": "$.i", "NumericLessThan": 10000, "Next": "Inc"}
    return {
        "StartAt": "Inc",
        "States": {
            "Inc": {
                "Type": "Pass",
                "Parameters": {"i.$": "States.MathAdd($.i, 1)"},
                "Next": "Check",
            },
            "Check": {"Type": "Choice", "Choices": [rule], "Default": "Done"},
            "Done": {"Type": "Succeed"},
        },
    }


def chain() -> dict[str, Any]:
    """50 Pass with InputPath, Parameters, ResultPath and OutputPath: workload b of the bench."""
    states: dict[str, Any] = {}
    for n in range(1, 51):
        here = "$.data" if n <= 25 else "$.last"
        result = "$.data.last" if n <= 25 else "$.last"
        states[f"P{n}"] = {
            "Type": "Pass",
            "InputPath": here,
            "Parameters": {"v.$": "$.v", "step": n},
            "ResultPath": result,
            "OutputPath": {25: "$.data", 50: "$.last"}.get(n, "$"),
            **({"Next": f"P{n + 1}"} if n < 50 else {"End": True}),
        }
    return {"StartAt": "P1", "States": states}


WORKLOADS = {
    "a": (counter_loop, {"i": 0}),
    "b": (chain, {"data": {"v": 7}, "keep": "x"}),
}
