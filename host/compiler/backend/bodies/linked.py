"""Bodies that are linked into a program: functions that call functions.

Each is written here once, in lines of instructions; a program has those that it uses.
`f` is local 2, the first argument local 1.
"""

from __future__ import annotations

import re
from typing import Final

from ..ir import Body as BodyLabel
from ..ir import Label, Operand, Pooled
from .body import OPERATORS, Body
from .natives import NATIVES

_KINDS: Final = "nothing function array number text object true boolean".split()
_BUILDERS: Final = "sequence array object groups".split()

# name: parameters, locals, and the code; a word before a colon is a label
_SOURCES: Final = {
    "map": """2 4
        BUILD sequence; GET 1; EACH
        item: NEXT over; SET 3; GET 2; GET 3; POSITION 1; GET 1; INVOKE 259; ADD 0; JUMP item
        over: DONE {done}; RETURN""",
    "filter": """2 4
        BUILD sequence; GET 1; EACH
        item: NEXT over; SET 3; GET 2; GET 3; POSITION 1; GET 1; INVOKE 259; IS true
        UNLESS next; GET 3; ADD 0
        next: JUMP item
        over: DONE {done}; RETURN""",
    "each": """2 4
        BUILD sequence; FUNC $keys; GET 1; INVOKE 1; EACH
        item: NEXT over; SET 3; GET 2; FUNC $lookup; GET 1; GET 3; INVOKE 2; GET 3; GET 1
        INVOKE 259; ADD 0; JUMP item
        over: DONE {done}; RETURN""",
    "sift": """2 5
        BUILD object; FUNC $keys; GET 1; INVOKE 1; EACH
        item: NEXT over; SET 3; GET 2; FUNC $lookup; GET 1; GET 3; INVOKE 2; GET 3; GET 1
        INVOKE 259; IS true; UNLESS next
        GET 3; FUNC $lookup; GET 1; GET 3; INVOKE 2; MEMBER 0; INT 1; SET 4
        next: JUMP item
        over: DONE 0; GET 4; IS nothing; UNLESS some; DROP 1; NONE
        some: RETURN""",
    "single": """2 5
        GET 1; IS nothing; UNLESS some; NONE; RETURN
        some: GET 1; EACH
        item: NEXT over; SET 3; GET 2; IS nothing; IF true
        GET 2; GET 3; POSITION 0; GET 1; INVOKE 259; IS true; UNLESS next
        true: GET 4; IS nothing; IF first; FAULT "D3138"
        first: BUILD array; GET 3; ADD 1; DONE 0; SET 4
        next: JUMP item
        over: GET 4; IS nothing; UNLESS one; FAULT "D3139"
        one: GET 4; AT 0; RETURN""",
    "reduce": """3 5
        GET 3; SET 4; GET 1; IS nothing; UNLESS some; NONE; RETURN
        some: GET 1; EACH
        item: NEXT over; POSITION 0; IS true; IF call; GET 3; IS nothing; UNLESS call
        SET 4; JUMP item
        call: SET 0; GET 2; GET 4; GET 0; POSITION 0; GET 1; INVOKE 260; SET 4; JUMP item
        over: GET 4; RETURN""",
    "sort": """2 5
        GET 1; IS nothing; UNLESS some; NONE; RETURN
        some: GET 2; IS nothing; IF plain
        GET 1; SORT
        pair: STEP sorted; SET 4; SET 3; GET 2; GET 3; GET 4; INVOKE 2; ANSWER; JUMP pair
        sorted: RETURN
        plain: FUNC $count; GET 1; INVOKE 1; INT 1; OPERATE >; UNLESS few
        BUILD sequence; GET 1; EACH
        each: NEXT go; SET 3; GET 3; IS number; IF number
        GET 3; IS text; IF text; FAULT "D3070"
        number: GET 4; IS text; IF mixed; INT 1; SET 4; JUMP row
        text: GET 4; IS number; IF mixed; CONST "t"; SET 4
        row: GET 3; GET 3; TUPLE 2; ADD 0; JUMP each
        mixed: FAULT "D3070"
        go: DONE 4; ORDER 2; RETURN
        few: BUILD array; GET 1; SPREAD 0; DONE 0; RETURN""",
    "contains": """2 4
        GET 1; IS nothing; UNLESS some; NONE; RETURN
        some: GET 2; IS text; IF text; GET 2; IS function; IF goes; FAULT "T0410"
        goes: GET 2; GET 1; INVOKE 1; {checked 3}; IS nothing; IF no; CONST true; RETURN
        no: CONST false; RETURN
        text: FUNC $contains; GET 1; GET 2; INVOKE 2; RETURN""",
    "match": """3 5
        GET 1; IS nothing; UNLESS some; NONE; RETURN
        some: GET 3; INT 0; OPERATE <; IF bad
        BUILD sequence; CLOSURE *found; CLOSURE *found
        GET 2; GET 1; INVOKE 1; {checked 4}; GET 3; NONE; INVOKE 4; SPREAD 0; DONE {done}; RETURN
        bad: FAULT "D3040" """,
    "*found": """4 6
        GET 2; IS nothing; IF end; GET 3; IS nothing; IF more; GET 3; INT 0; OPERATE >; IF more
        end: GET 4; RETURN
        more: GET 1; GET 1; GET 2; NAME "next"; NONE; INVOKE 1; {checked 5}; GET 3; INT 1
        OPERATE -; FUNC $append; GET 4; BUILD array; BUILD object
        CONST "match"; GET 2; NAME "match"; MEMBER 7
        CONST "index"; GET 2; NAME "start"; MEMBER 7
        CONST "groups"; GET 2; NAME "groups"; MEMBER 7
        DONE 0; ADD 6; DONE 0; INVOKE 2; INVOKE 4; RETURN""",
    "split": """3 5
        GET 1; IS nothing; UNLESS some; NONE; RETURN
        some: GET 3; INT 0; OPERATE <; IF bad
        GET 2; IS text; IF text; GET 2; IS function; IF goes; FAULT "T0410"
        goes: CLOSURE *parts; CLOSURE *parts; GET 2; GET 1; INVOKE 1; {checked 4}; GET 3
        BUILD array; DONE 0; GET 1; INT 0; INVOKE 6; RETURN
        text: FUNC $split; GET 1; GET 2; GET 3; INVOKE 3; RETURN
        bad: FAULT "D3020" """,
    "*parts": """6 8
        GET 3; IS nothing; IF any; GET 3; INT 0; OPERATE >; IF any; GET 4; RETURN
        any: GET 2; IS nothing; UNLESS more
        FUNC $append; GET 4; FUNC $substring; GET 5; GET 6; INVOKE 2; INVOKE 2; RETURN
        more: GET 1; GET 1; GET 2; NAME "next"; NONE; INVOKE 1; {checked 7}; GET 3; INT 1
        OPERATE -; FUNC $append; GET 4; FUNC $substring; GET 5; GET 6; GET 2; NAME "start"; GET 6
        OPERATE -; INVOKE 3; INVOKE 2; GET 5; GET 2; NAME "end"; INVOKE 6; RETURN""",
    "replace": """4 6
        GET 1; IS nothing; UNLESS some; NONE; RETURN
        some: GET 4; INT 0; OPERATE <; IF bad
        GET 2; IS text; IF text; GET 2; IS function; IF goes; FAULT "T0410"
        goes: CLOSURE *swapped; CLOSURE *swapped; GET 2; GET 1; INVOKE 1; {checked 5}; GET 4
        CONST ""; GET 1; INT 0; GET 3; INVOKE 7; RETURN
        text: FUNC $replace; GET 1; GET 2; GET 3; GET 4; INVOKE 4; RETURN
        bad: FAULT "D3011" """,
    "*swapped": """7 9
        GET 2; IS nothing; IF end; GET 3; IS nothing; IF more; GET 3; INT 0; OPERATE >; IF more
        end: GET 4; FUNC $substring; GET 5; GET 6; INVOKE 2; OPERATE &; RETURN
        more: GET 1; GET 1; GET 2; NAME "next"; NONE; INVOKE 1; {checked 8}; GET 3; INT 1
        OPERATE -; GET 4; FUNC $substring; GET 5; GET 6; GET 2; NAME "start"; GET 6
        OPERATE -; INVOKE 3; OPERATE &
        GET 7; IS text; IF plain; FUNC *replacement*; GET 7; GET 2; INVOKE 1; INVOKE 1; JUMP joined
        plain: GET 7
        joined: OPERATE &
        GET 5; GET 2; NAME "start"; FUNC $length; GET 2; NAME "match"; INVOKE 1; OPERATE +
        GET 7; INVOKE 7; RETURN""",
}

# a matcher's result has something of a match: {checked n} keeps it in local n meanwhile
_CHECKED: Final = """SET {n}; GET {n}; IS true; UNLESS ok{m}; GET {n}; NAME "start"; IS number
    IF ok{m}; GET {n}; NAME "end"; IS number; IF ok{m}; GET {n}; NAME "groups"; IS array; IF ok{m}
    GET {n}; NAME "next"; IS function; IF ok{m}; FAULT "T1010"
    ok{m}: GET {n}"""


def takes(name: str) -> int:
    """How many parameters a linked-in body has."""
    return int(_SOURCES[name].split()[0])


def linked(name: str, keep: bool, labels: dict[str, BodyLabel]) -> Body:
    """The body of a name; `labels`: of those that it names, by name.  `keep`: `[]` behind it."""
    head, *lines = _SOURCES[name].replace("{done}", "4" if keep else "0").split("\n")
    count = 0

    def checked(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return _CHECKED.format(n=match[1], m=count)

    text = re.sub(r"\{checked (\d+)\}", checked, "\n".join(lines))
    parameters, size = map(int, head.split())
    body = Body(BodyLabel(name, parameters), None, size)
    places: dict[str, Label] = {}
    depths: dict[str, int] = {}
    for part in re.split(r"[;\n]", text):
        match = re.fullmatch(r"\s*(?:(\w+):)?\s*(\S*)\s*(.*?)\s*", part)
        assert match is not None
        label, op, operand = match.groups()
        if label:
            body.depth = depths.get(label, body.depth)
            body.label_(places.setdefault(label, Label(label)))
        if not op:
            continue
        if op in ("JUMP", "IF", "UNLESS", "NEXT", "STEP"):
            body.ins(op, places.setdefault(operand, Label(operand)))
            at_target = {"NEXT": -2, "STEP": -2}.get(op, 0)
            depths.setdefault(operand, body.depth + at_target)
            continue
        token = name if op in ("INVOKE", "FAULT") and name[0] != "*" else ""
        body.ins(op, _operand(op, operand, labels), token)
    return body


def needs(name: str) -> list[str]:
    """The linked-in bodies that one names."""
    return sorted(set(re.findall(r"CLOSURE (\*\w+)", _SOURCES[name])))


def _operand(op: str, operand: str, labels: dict[str, BodyLabel]) -> Operand:
    if op in ("CONST", "NAME", "FAULT"):
        return Pooled({"true": True, "false": False}.get(operand, operand.strip('"')))
    if op == "CLOSURE":
        return labels[operand]
    if op == "FUNC":
        return NATIVES[operand.removeprefix("$")]
    if op == "OPERATE":
        return OPERATORS[operand]
    if op == "IS":
        return _KINDS.index(operand)
    if op == "BUILD":
        return _BUILDERS.index(operand)
    return int(operand or 0)
