"""What a schema inherits: standard schemas, files and classes, and the groups that they make."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import ROOT, command, environment, require
from tests.relational_host.schemas import findings, made, written
from tsme.relational.standard import STANDARD, flatten
from tsme_host.relational.model import Schema
from tsme_host.tools.handlers import load_machine


def state(schema: Schema, name: str) -> Any:
    return next(one for one in schema.states if one.name == name)


def test_the_standard_schemas_are_those_that_are_documented(tmp_path: Path) -> None:
    every = [name for name, _ in STANDARD]
    assert every == ["errors", "basic", "connected", "disposed"]
    schema = made(tmp_path, f"inherit: [{', '.join(every)}]").schema
    names = {one.name for one in schema.states}
    assert names >= {"Exception", "ErrNetwork", "ErrHandlerTimeout", "Start", "Ready",
                     "Healthcheck", "Heartbeat", "ErrConnecting", "Connecting", "Connected",
                     "Disconnecting", "Disconnected", "RegisterDisposal", "Disposing",
                     "Disposed"}  # fmt: skip
    assert state(schema, "Exception").multi
    assert state(schema, "ErrNetwork").require == state(schema, "ErrNetwork").add == ("Exception",)
    assert state(schema, "Ready").require == ("Start",)
    assert state(schema, "Disconnected").auto
    link = ("Connecting", "Connected", "Disconnecting", "Disconnected")
    for name in link:
        assert state(schema, name).remove == tuple(one for one in link if one != name)
    assert set(state(schema, "Disposed").remove) == {"Disposing", "Start", "Exception"}
    page = (ROOT / "docs" / "RELATIONAL.md").read_text(encoding="utf-8")
    for name in [*every, *(one for _, states in STANDARD for one, _ in states)]:
        assert f"`{name}`" in page


def test_own_states_come_first_and_what_they_say_counts(tmp_path: Path) -> None:
    text = "inherit: [basic]\nstates: {Zed: {}, Ready: {auto: true}, Start: {multi: false}}"
    schema = made(tmp_path, text).schema
    assert [one.name for one in schema.states][:4] == ["Zed", "Ready", "Start", "Exception"]
    assert state(schema, "Ready").auto
    assert state(schema, "Ready").require == ("Start",)
    assert schema.own == ("Zed", "Ready", "Start")
    assert schema.groups["basic"] == ("Ready", "Start", "Exception", "ErrNetwork",
                                      "ErrHandlerTimeout", "Healthcheck", "Heartbeat")  # fmt: skip


def test_a_group_in_a_list_stands_for_its_members_but_the_state_itself(tmp_path: Path) -> None:
    text = "states: {A: {remove: [_G]}, B: {remove: [_G]}, C: {}}\ngroups: {G: [A, _H], H: [B, C]}"
    schema = made(tmp_path, text).schema
    assert state(schema, "A").remove == ("B", "C")
    assert state(schema, "B").remove == ("A", "C")
    assert schema.groups == {"G": ("A", "B", "C"), "H": ("B", "C")}
    assert schema.own == ("A", "B", "C", "Exception")


def test_files_and_classes_are_inherited_from_where_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    written(tmp_path / "parts", "name: pump\nstates: {On: {}}\ngroups: {All: [On]}", "pump.yaml")
    written(tmp_path / "parts", "class Valve:\n    states = {'Open': {}}\n", "valve.py")
    text = (
        "inherit: [parts/pump.yaml, 'parts/valve.py:Valve']\nstates: {Go: {require: [_All, Open]}}"
    )
    schema = made(tmp_path, text).schema
    assert [one.name for one in schema.states] == ["Go", "On", "Open", "Exception"]
    assert state(schema, "Go").require == ("On", "Open")
    assert set(schema.groups) == {"All", "pump", "Valve", "self"}


def test_a_class_inherits_classes_as_they_are(tmp_path: Path) -> None:
    written(tmp_path, "class Base:\n    inherit = ['basic']\n    states = {'On': {}}\n", "base.py")
    text = (
        "from base import Base\n\n\nclass Other:\n    states = {'Off': {}}\n\n\n"
        "class M:\n    inherit = [Base, Other]\n"
        "    states = {'Go': {'require': ['On', 'Ready']}}\n"
    )
    schema = made(tmp_path, text, "m.py", "M").schema
    names = [one.name for one in schema.states]
    assert names[:2] == ["Go", "On"]
    assert {"Off", "Ready", "Heartbeat"} <= set(names)


CLASSES = """\
class Base:
    inherit = ["basic"]
    states = {"On": {}, "Off": {"remove": "_Power"}, "Lit": {"require": "On"}}
    groups = {"Power": ["On", "Off"]}


class M:
    inherit = [Base, "connected"]
    states = {"Go": {"require": ["On", "Connected"]}, "Ready": {"auto": True}}
    order = ["Ready", "Go"]
"""


@pytest.mark.parametrize("name", ["Base", "M"])
def test_a_class_that_nobody_compiled_becomes_the_same_bytes(tmp_path: Path, name: str) -> None:
    machine = load_machine(f"{written(tmp_path, CLASSES, 'm.py')}:{name}")
    data = made(tmp_path, CLASSES, "m.py", name).data
    assert bytes(machine.program.digest) == sha256(data).digest()[:8]


def test_a_mistake_is_told_in_the_file_that_has_it(tmp_path: Path) -> None:
    written(tmp_path, "states:\n  On: {remoe: []}\n", "part.yaml")
    (found,) = findings(tmp_path, "inherit: [part.yaml]\nstates: {A: {}}")
    assert found.file.name == str(tmp_path / "part.yaml")
    assert (found.problem.code, found.problem.where.line) == ("TSME-C100", 2)


def test_two_that_say_something_else_of_a_state_have_to_be_settled(tmp_path: Path) -> None:
    written(tmp_path, "name: one\nstates: {On: {multi: true}}", "one.yaml")
    written(tmp_path, "name: two\nstates: {On: {}}", "two.yaml")
    text = "inherit: [one.yaml, two.yaml]\nstates: {A: {}}"
    (found,) = findings(tmp_path, text)
    assert found.problem.code == "TSME-C108"
    assert '"one" and "two" define the state "On" differently' in found.problem.message
    assert findings(tmp_path, text.replace("A: {}", "On: {multi: true}")) == []


def test_files_that_inherit_each_other_end(tmp_path: Path) -> None:
    written(tmp_path, "inherit: [two.yaml]\nstates: {A: {}}", "one.yaml")
    found = findings(tmp_path, "inherit: [one.yaml]\nstates: {B: {}}", "two.yaml")
    assert "TSME-C107" in [one.problem.code for one in found]


CASES: list[Any] = [
    [{"B": {"remove": ["_M"]}, "A": {"require": ["Ready"]}}, None, {"M": ["A", "B"]}, ["basic"]],
    [[["B", {}], ["A", {"add": ["_self"]}]], ["A"], {"Z": ["A"], "C": ["_Z"]}, ["disposed"]],
    [{"Ready": {"auto": True}}, None, None, ["errors", "basic", "connected"]],
    [{"A": {"require": ["_Nobody", "A", "A"]}}, None, {"M": ["_M"]}, []],
]
SCRIPT = """
import json, sys
from tsme.relational.standard import flatten
for case in json.loads(sys.stdin.read()):
    states, order, groups = flatten(*case)
    rows = [[n, [[k, states[n][k]] for k in sorted(states[n])]] for n in states]
    print(json.dumps([rows, order, [[g, groups[g]] for g in groups]]))
"""


@pytest.mark.parametrize("name", ["micropython", "micropython32"])
def test_a_board_takes_what_it_inherits_as_the_laptop_does(tmp_path: Path, name: str) -> None:
    require(name)
    cases = [[sorted(states.items()) if isinstance(states, dict) else states, *rest]
             for states, *rest in CASES]  # fmt: skip
    written(tmp_path, SCRIPT, "script.py")
    done = subprocess.run(
        command(name, tmp_path / "script.py"),
        input=json.dumps(cases),
        env=environment(name),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for line, (states, order, groups, inherit) in zip(
        done.stdout.splitlines(), CASES, strict=True
    ):
        found, rows, named = flatten(states, order, groups, inherit)
        told = [[n, [[k, list(v) if isinstance(v, list | tuple) else v]
                     for k, v in sorted(d.items())]] for n, d in found.items()]  # fmt: skip
        assert json.loads(line)[:2] == [told, rows]
        assert sorted(json.loads(line)[2]) == sorted([g, m] for g, m in named.items())
