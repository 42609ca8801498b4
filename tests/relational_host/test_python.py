"""A class as a schema: its places, its handlers, and the same bytes as a file has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.relational_host.schemas import RELAY, findings, made, written
from tests.tools.shell import assert_one_clear_line, tsme
from tsme.relational.build import build

CLASS = """\
READY = ["Ready"]
MOTION = ("Forward", "Reverse")


class Relay:
    name = "relay"
    states = [
        ("Start", {}),
        ("Ready", {"auto": True, "require": ["Start"]}),
        ("Forward", {"require": READY, "remove": ["_Motion"]}),
        ("Reverse", {"require": READY, "remove": ["_Motion"]}),
        ("Closed", dict(multi=True, tags=["io"], after=["Forward"])),
    ]
    groups = {"Motion": MOTION}

    def ForwardEnter(m):
        return m.args.get("ok", True)

    def ReverseForward(m):
        pass

    def AnyState(m):
        pass

    def helper(a, b):
        return a + b
"""


def test_yaml_json_and_a_class_become_the_same_bytes(tmp_path: Path) -> None:
    as_json = (
        '{"name": "relay", "states": {"Start": {}, "Ready": {"auto": true, "require": ["Start"]},'
        '"Forward": {"require": "Ready", "remove": ["Reverse"]}, "Reverse": {"require": ["Ready"],'
        '"remove": ["Forward"]}, "Closed": {"multi": true, "tags": ["io"], "after": ["Forward"]}},'
        '"groups": {"Motion": ["Forward", "Reverse"]}}'
    )
    one = made(tmp_path, RELAY)
    assert made(tmp_path, as_json, "relay.json").data == one.data
    assert made(tmp_path, CLASS, "relay.py", "Relay").data == one.data


def test_a_dict_is_sorted_as_on_a_board(tmp_path: Path) -> None:
    text = "class M:\n    states = {'B': {}, 'A': {'require': ['B']}}\n"
    schema = made(tmp_path, text, "m.py", "M")
    assert [state.name for state in schema.schema.states] == ["A", "B", "Exception"]
    assert schema.data == build("M", 1, {"B": {}, "A": {"require": ["B"]}}, None, {})
    ordered = made(tmp_path, text + "    order = ['B', 'A']\n", "m2.py", "M").schema
    assert [state.name for state in ordered.states] == ["B", "A", "Exception"]


PLACES = {
    # how the schema says it: what stands at the place
    '    states = {"A": {"require": ["Bb"]}}': '"Bb"',
    '    states = [("A", {"require": ["Bb"]})]': '"Bb"',
    '    states = {"A": {"require": NAMES}}': '"Bb"',
    '    states = {"A": dict(require=["Bb"])}': "dict(",
    '    states = {"A": {"require": [n for n in NAMES]}}': "[n for n",
    "    states = {k: {'require': ['Bb']} for k in 'A'}": "{k: ",
    '    states: dict = {"Ä": {}, "A": {"require": ["Bb"]}}'.replace("Ä", "C"): '"Bb"',
}


@pytest.mark.parametrize("line", PLACES)
def test_a_mistake_is_shown_where_it_is_written(tmp_path: Path, line: str) -> None:
    text = f'NAMES = ["Bb"]\n\n\nclass M:\n    """Ä"""\n{line}\n'
    (found,) = findings(tmp_path, text, "m.py", "M")
    problem = found.problem
    assert problem.code == "TSME-C105"
    rest = text.split("\n")[problem.where.line - 1][problem.where.column - 1 :]
    assert rest.startswith(PLACES[line])


HANDLERS = {
    "def ForwrdState(m)": ("C120", 'there is no "Forwrd"', '"ForwardState"'),
    "def AynEnter(m)": ("C120", 'there is no "Ayn"', '"AnyEnter"'),
    "def ForwardRevers(m)": ("C120", "nor two of them", ""),
    "def on_State(m)": ("C120", 'there is no "on_"', ""),
    "def ForwardEnter(self, m)": ("C121", "takes 2 arguments", "m.data"),
}


@pytest.mark.parametrize("head", HANDLERS)
def test_a_handler_that_is_none_is_found(tmp_path: Path, head: str) -> None:
    code, said, cure = HANDLERS[head]
    text = CLASS.partition("    def ")[0] + f"    {head}:\n        pass\n"
    (found,) = findings(tmp_path, text, "relay.py", "Relay")
    assert found.problem.code == f"TSME-{code}"
    assert said in found.problem.message
    assert cure in found.problem.hint
    line = text.split("\n")[found.problem.where.line - 1]
    assert line[found.problem.where.column - 1 :] == head.removeprefix("def ") + ":"


def test_a_handler_with_two_meanings_is_told(tmp_path: Path) -> None:
    states = '{"A": {}, "AB": {}, "BC": {}, "C": {}}'
    text = f"class M:\n    states = {states}\n\n    def ABC(m):\n        pass\n"
    (found,) = findings(tmp_path, text, "m.py", "M")
    assert found.problem.code == "TSME-C122"
    assert "A to BC, AB to C" in found.problem.message


def test_a_class_with_a_compiled_schema_is_checked_against_that(tmp_path: Path) -> None:
    written(tmp_path, RELAY)
    assert tsme("compile", tmp_path / "relay.yaml").exit_code == 0
    text = 'class Relay:\n    schema = "relay.tsr"\n\n    def ForwrdEnd(m):\n        pass\n'
    (found,) = findings(tmp_path, text, "relay.py", "Relay")
    assert found.problem.code == "TSME-C120"
    good = made(tmp_path, text.replace("Forwrd", "Forward"), "relay.py", "Relay")
    assert good.data == (tmp_path / "relay.tsr").read_bytes()
    found_bytes = f"class Relay:\n    schema = {good.data!r}\n"
    assert made(tmp_path, found_bytes, "bytes.py", "Relay").schema == good.schema


ODD = {
    "states = {1: {}}": "TSME-C101",
    "states = {'A': {'require': {'B'}}}": "TSME-C101",
    "states = {'A': {}, 'A': {}}": "TSME-C103",
    "x = []\n    x.append(x)\n    states = {'A': {'require': x}}": "TSME-C101",
    "states = {'A': {'tags': [b'x']}}": "TSME-C101",
    "states = ['A']": "TSME-C101",
    "states = {'A': {}}\n    before = 'm_1.py:M'": "TSME-C101",
}


@pytest.mark.parametrize("body", ODD)
def test_what_no_schema_can_hold_is_refused_with_its_place(tmp_path: Path, body: str) -> None:
    found = findings(tmp_path, f"class M:\n    {body}\n", "m.py", "M")
    assert ODD[body] in [one.problem.code for one in found]


RUNS = {
    "states = ['Aa']": ("TSME-H023", '`states` is a list of pairs, ("Start", {}), or a dict'),
    "states = {'A': True}": ("TSME-H023", "; tsme check m.py:M says more"),
    "states = 5": ("TSME-H023", "`states` is a list of pairs"),
    "states = {}\n    before = 'm_1.py:M'": ("TSME-M026", "import the old class and name that"),
    "def stf(*a):\n        pass\n    before = 'm_1.py:M'": ("TSME-M026", "a text and no class"),
    "schema = 'm.tsr'": ("TSME-H010", 'there is no file "m.tsr"; tsme compile m.yaml makes it'),
    "schema = 'n.tsr'": ("TSME-H010", "; tsme compile FILE.yaml, or FILE.py:CLASS, makes it"),
}


@pytest.mark.parametrize("body", RUNS)
def test_a_class_that_cannot_be_run_says_what_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, RELAY, "m.yaml")
    written(tmp_path, f"class M:\n    {body}\n", "m.py")
    done = tsme("run", "m.py:M")
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, RUNS[body][0])
    assert RUNS[body][1] in done.stderr
    if "schema" in body:
        assert tsme("check", "m.py:M").stderr == done.stderr


LINES = {
    "relay.py:Rely": ("TSME-H023", 'did you mean "Relay"?'),
    "counter.py:Counter": ("TSME-H023", "has no states; a relational machine has states"),
    "nothing.py:Relay": ("TSME-H010", "there is no file"),
    "broken.py:Relay": ("TSME-H021", "broken.py:1"),
    "raises.py:Relay": ("TSME-H021", "raises.py:1: ZeroDivisionError"),
    "empty.tsr": ("TSME-H014", "no compiled schema"),
    "missing.py:Relay": ("TSME-H010", 'there is no file "'),
}


@pytest.mark.parametrize("given", LINES)
@pytest.mark.parametrize("command", ["check", "compile", "graph", "gen", "disasm"])
def test_a_class_or_file_that_is_none_gives_one_line_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, CLASS, "relay.py")
    written(tmp_path, "class Counter:\n    def stf(state, input, actions):\n        pass\n",
            "counter.py")  # fmt: skip
    written(tmp_path, "class Relay(:\n", "broken.py")
    written(tmp_path, "x = 1 / 0\n", "raises.py")
    written(tmp_path, "class Relay:\n    schema = 'gone.tsr'\n", "missing.py")
    (tmp_path / "empty.tsr").write_bytes(b"\x8e\x01")
    code, clue = LINES[given]
    done = tsme(command, given)
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, code)
    assert clue in done.stderr
