"""Each mistake of a schema is found, at its place and with a cure.

`@` marks the place in a text; what follows the code is a part of what is said.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.relational_host.schemas import findings

CASES = {
    # text: code, message, help
    "states: {A: {@remoe: [A]}}": ("C100", 'no member "remoe"', '"remove"'),
    "states: {A: {}}\n@stats: {}": ("C100", 'no member "stats"', '"states"'),
    "@name: x": ("C100", "needs states", "add"),
    "@[]": ("C101", "a schema is an object", ""),
    "states: @7": ("C101", "states must be an object, not a number", ""),
    "states: {A: {auto: @yes please}}": ("C101", "auto is true or false, not a text", ""),
    "states: {A: {require: @{}}}": ("C101", "an array of names, not an object", ""),
    "states: {A: {require: [@3]}}": ("C101", "holds a number, not a name", ""),
    "states: {A: @3}": ("C101", 'the state "A" must be an object', ""),
    "version: @x\nstates: {A: {}}": ("C101", "version is an integer", ""),
    "states: [@[A]]": ("C101", "a pair of name and definition", ""),
    "states: {@2nd: {}}": ("C102", "no name for a state", ""),
    "states: {A: {}}\ngroups: {@a b: [A]}": ("C102", "no name for a group", ""),
    "name: @''\nstates: {A: {}}": ("C102", "1 to 64 characters", ""),
    "states: [[A, {}], [@A, {}]]": ("C103", '"A" is defined twice', ""),
    "states: {A: {}, B: {add: [A, @A]}}": ("C103", 'has "A" twice', "once"),
    "states: {A: {}}\ngroups: {@A: [A]}": ("C103", "a state and a group", ""),
    "states: {@BackEnd: {}}": ("C104", 'ends with "End"', "BackDone"),
    "states: {@AnyThing: {}}": ("C104", 'begins with "Any"', "Thing"),
    "states: {Ready: {}, B: {require: [@Redy]}}": ("C105", 'requires "Redy"', '"Ready"'),
    "states: {Ready: {}, B: {remove: [@ready]}}": ("C105", 'removes "ready"', '"Ready"'),
    "states: {A: {}, B: {add: [@Zz]}}": ("C105", 'adds "Zz", which is no state', ""),
    "states: {A: {}, B: {after: [@Zz]}}": ("C105", 'comes after "Zz"', ""),
    "states: {A: {}}\ngroups: {G: [A, @Zz]}": ("C105", 'the group "G" has "Zz"', ""),
    "states: {A: {}}\ninherit: [@connected]": ("C105", 'requires "Start"', 'inherit "basic"'),
    "states: {A: {add: [@_Moton]}}\ngroups: {Motion: []}": (
        "C106",
        'no group "Moton"',
        '"_Motion"',
    ),
    "states: {A: {}}\ninherit: [@basics]": ("C107", 'no schema "basics"', '"basic"'),
    "states: {A: {}}\ninherit: [@no.yaml]": ("C107", 'there is no file "', ""),
    "states: {A: {}}\ninherit: [@s.yaml]": ("C107", "inherits what is being read", "third"),
    "states: {A: {}}\norder: [@B, A]": ("C109", 'has "B", which is no state', ""),
    "states: {A: {}, B: {}}\norder: [@A]": ("C109", 'leaves out "B"', ""),
    "states: {A: {require: [B], remove: [@B]}, B: {}}": ("C110", "requires", "take"),
    "states: {A: {require: [@B]}, B: {remove: [A]}}": ("C111", '"B", which it requires,', "take"),
    "states: {A: {require: [@B, C]}, B: {remove: [C]}, C: {}}": (
        "C111",
        '"C", which it requires as well',
        "take",
    ),
    "states: {A: {add: [@B], remove: [B]}, B: {}}": ("C112", "and removes it", "would win"),
    "states: {A: {add: [@B]}, B: {remove: [A]}}": ("C112", "which removes it again", "take"),
    "states: {A: {add: [@B], require: [C]}, B: {remove: [C]}, C: {}}": (
        "C112",
        'removes "C", which it requires',
        "take",
    ),
    "states: {A: {require: [B]}, B: {add: [@C]}, C: {remove: [A]}}": (
        "C112",
        '"A" requires "B", which adds "C", which removes it again',
        "take",
    ),
    "states: {A: {require: [@B]}, B: {require: [A]}}": ("C114", '"A" → "B" → "A"', "add"),
    "states: {A: {after: [@B]}, B: {after: [C]}, C: {after: [A]}}": (
        "C115",
        '"A" → "B" → "C" → "A"',
        "after",
    ),
    "states: {A: {auto: true, remove: [@B]}, B: {auto: true, remove: [C]}, "
    "C: {auto: true, remove: [A]}}": ("C116", "never rest", "auto"),
    "states: {A: {auto: true, remove: [B]}, B: {auto: true, remove: [@A]}}": (
        "C117",
        "keeps the other",
        "require",
    ),
    "states: {A: {remove: [@A]}}": ("C118", "itself", "leave it out"),
    "states: {A: {add: [@B]}, B: {add: [C]}, C: {add: [D]}, D: {}}": (
        "C119",
        '"D" by way of two others',
        '"D"',
    ),
}
WARNINGS = ("C117", "C118", "C119")


@pytest.mark.parametrize("text", CASES)
def test_each_mistake_has_its_code_its_place_and_its_cure(tmp_path: Path, text: str) -> None:
    code, said, cure = CASES[text]
    at = text.index("@")
    line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    (found,) = findings(tmp_path, text.replace("@", ""))
    problem = found.problem
    assert problem.code == f"TSME-{code}"
    assert said in problem.message
    assert cure in problem.hint
    assert (problem.where.line, problem.where.column) == (line, column)
    assert problem.warning == (code in WARNINGS)
    assert found.file.name == str(tmp_path / "s.yaml")


def test_what_requires_something_impossible_is_impossible_too(tmp_path: Path) -> None:
    text = "states: {A: {require: [B]}, B: {require: [C]}, C: {require: [D], remove: [D]}, D: {}}"
    found = {f.problem.code: f.problem.message for f in findings(tmp_path, text)}
    assert set(found) == {"TSME-C110", "TSME-C113"}
    assert 'it requires "B"' in found["TSME-C113"] or 'it requires "C"' in found["TSME-C113"]
    assert [f.problem.code for f in findings(tmp_path, text)].count("TSME-C113") == 2


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text(tmp_path: Path) -> None:
    text = "states:\n  A: {require: [X]}\n  B: {add: [Y]}\n  C: {remove: [Z]}\n"
    found = findings(tmp_path, text)
    assert [f.problem.where.line for f in found] == [2, 3, 4]


def test_problems_of_the_text_are_those_of_every_file(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, '{"states": {"A": {}, "A": {}}}', "s.json")
    assert found.problem.code == "TSME-C004"
    (found,) = findings(tmp_path, "states: {A: !!binary x}")
    assert found.problem.code == "TSME-C009"


SOUND = {
    "a mutual remove": "states: {A: {remove: [B]}, B: {remove: [A]}}",
    "a pair that adds each other": "states: {A: {add: [B]}, B: {add: [A]}}",
    "a state that adds what it requires": "states: {A: {add: [B], require: [B]}, B: {}}",
    "the exception": "states: {A: {require: [Exception]}, B: {remove: [Exception]}}",
    "two that are required and removed by others": (
        "states: {A: {require: [B, C]}, B: {}, C: {}, D: {remove: [B, C]}}"
    ),
    "autos of which one removes the other": (
        "states: {A: {auto: true, remove: [B]}, B: {auto: true}}"
    ),
    "a text in place of one name": "states: {A: {require: B}, B: {}}",
    "YAML without a definition": "states:\n  A:\n  B: {require: [A]}\n",
    "what is added and not removed for that": "states: {A: {require: [B]}, B: {add: [A]}}",
    "two steps of add": "states: {A: {add: [B]}, B: {add: [C]}, C: {}}",
    "three that remove each other": (
        "states: {A: {remove: [_G]}, B: {remove: [_G]}, C: {auto: true, remove: [_G]}}\n"
        "groups: {G: [A, B, C]}"
    ),
}


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_what_is_sound_is_not_complained_of(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, text) == []
