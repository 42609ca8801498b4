"""`tsme check`, `compile`, `disasm`, `graph` and `gen` of relational schemas."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.relational_host.schemas import RELAY, made, written
from tests.tools.shell import assert_one_clear_line, tsme
from tsme_host.relational.compiled import load, to_json
from tsme_host.relational.metrics import exposition

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, RELAY)
    return tmp_path


# --- check, compile, disasm ---------------------------------------------------------------------


def test_a_sound_schema_is_ok_and_a_broken_one_is_shown_with_its_line(folder: Path) -> None:
    assert tsme("check", "relay.yaml").stdout == "relay.yaml: ok\n"
    written(folder, RELAY.replace("[Start]", "[Stat]"))
    done = tsme("check", "relay.yaml")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0].startswith("relay.yaml:4:33: error TSME-C105: ")
    assert 'help: did you mean "Start"?' in done.stdout
    (row,) = json.loads(tsme("check", "--json", "relay.yaml").stdout)
    assert (row["code"], row["line"], row["column"]) == ("TSME-C105", 4, 33)
    assert row["pointer"] == "/states/Ready/require/0"
    assert row["severity"] == "error"


def test_workflows_and_schemas_are_told_apart_by_what_is_in_them(folder: Path) -> None:
    flow = '{"StartAt": "states", "States": {"states": {"Type": "Pass", "End": true}}}'
    written(folder, flow, "flow.asl.json")
    written(folder, "# states:\nStartAt: A\nStates: {A: {Type: Pass, End: true}}", "f.yaml")
    done = tsme("check", "flow.asl.json", "f.yaml", "relay.yaml")
    assert done.stdout.splitlines() == ["flow.asl.json: ok", "f.yaml: ok", "relay.yaml: ok"]


def test_a_schema_is_compiled_next_to_its_file_and_read_back(folder: Path) -> None:
    done = tsme("compile", "relay.yaml")
    assert (done.exit_code, done.stderr) == (0, "")
    data = (folder / "relay.tsr").read_bytes()
    assert done.stdout == f"relay.tsr: {len(data)} bytes, relay version 1, 6 states\n"
    assert data == made(folder, RELAY).data
    text = tsme("disasm", "relay.tsr").stdout
    assert text == tsme("disasm", "relay.yaml").stdout
    assert text.startswith(f"; schema relay, version 1: 6 states, {len(data)} bytes\n0 Start\n")
    assert "    require Ready\n    remove Forward\n" in text
    assert text.endswith("group Motion: Forward, Reverse\n")
    shown = json.loads(tsme("disasm", "--json", "relay.tsr").stdout)
    assert shown["states"]["Closed"] == {"multi": True, "after": ["Forward"], "tags": ["io"]}
    facts = json.loads(tsme("compile", "--json", "relay.yaml").stdout)
    assert facts["bytes"] == len(data)
    assert facts["states"] == shown["order"]


def test_what_is_read_back_compiles_to_the_same_bytes(folder: Path) -> None:
    data = made(folder, "inherit: [basic, connected, disposed]").data
    shown = to_json(load(data), data)
    groups = {name: rows for name, rows in shown["groups"].items() if name not in ("self",)}
    again = {"name": shown["name"], "states": shown["states"], "groups": groups}
    text = json.dumps(again | {"order": shown["order"]})
    found = made(folder, text, "again.json").schema
    assert found.states == load(data).states


def test_a_class_is_compiled_to_a_file_of_its_machine_s_name(folder: Path) -> None:
    written(folder, "class M:\n    name = 'front door'\n    states = {'Open': {}}\n", "m.py")
    assert tsme("compile", "m.py:M").exit_code == 0
    assert (folder / "front-door.tsr").is_file()


def test_nothing_else_is_overwritten_and_nothing_is_written_of_a_broken_one(folder: Path) -> None:
    done = tsme("compile", "relay.yaml", "-o", "relay.yaml")
    assert_one_clear_line(done.stderr, "TSME-H013")
    assert (folder / "relay.yaml").read_text(encoding="utf-8") == RELAY
    written(folder, "states: {A: {require: [B]}}", "bad.yaml")
    done = tsme("compile", "bad.yaml")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "TSME-C105" in done.stderr
    assert not (folder / "bad.tsr").exists()


@pytest.mark.parametrize("cut", [3, 20, -1])
def test_a_damaged_tsr_is_refused(folder: Path, cut: int) -> None:
    tsme("compile", "relay.yaml")
    data = (folder / "relay.tsr").read_bytes()
    (folder / "relay.tsr").write_bytes(data[:cut])
    for command in ("disasm", "graph", "check"):
        assert_one_clear_line(tsme(command, "relay.tsr").stderr, "TSME-H014")


# --- graph --------------------------------------------------------------------------------------


def test_relations_are_drawn_as_mermaid_with_the_active_states_marked(folder: Path) -> None:
    text = tsme("graph", "relay.yaml").stdout
    assert text.startswith('flowchart TD\n  %% relations of relay\n  s0("Start"):::plain\n')
    assert "  s1 --o|require| s0\n" in text
    assert text.count("x--x|remove|") == 1  # two that remove each other
    assert "after" not in text
    assert ":::active" not in text
    text = tsme("graph", "relay.yaml", "--active", "Start, Ready", "--after").stdout
    assert re.findall(r'\("(\w+)[^:]*:::active', text) == ["Start", "Ready"]
    assert "  s4 -.->|after| s2\n" in text


@pytest.mark.parametrize(
    "time", ["(Start:1 Ready:3) [Forward:2]", "1,3,2,0,0,0", "Start=1,Ready=3"]
)
def test_a_machine_time_marks_what_is_odd_and_shows_its_ticks(folder: Path, time: str) -> None:
    text = tsme("graph", "relay.yaml", "--time", time).stdout
    assert re.findall(r'\("(\w+)[^:]*:::active', text) == ["Start", "Ready"]
    assert '("Ready<br/>auto, tick 3")' in text


def test_svg_and_d2_show_every_state_and_relation(folder: Path) -> None:
    assert tsme("graph", "relay.yaml", "-o", "r.svg", "--active", "Start").stderr == (
        "r.svg: 6 states\n"
    )
    root = ElementTree.fromstring((folder / "r.svg").read_bytes())
    texts = ["".join(one.itertext()).strip() for one in root.iter(SVG + "text")]
    for name in ("Start", "Ready", "Forward", "Reverse", "Closed", "Exception", "require"):
        assert name in texts
    assert texts.count("remove") == 1
    assert tsme("graph", "relay.yaml", "-o", "r.d2", "--after").exit_code == 0
    d2 = (folder / "r.d2").read_text(encoding="utf-8")
    assert 's1: "Ready\\nauto" {' in d2
    assert "s1 -> s0: require {" in d2
    assert "s2 <-> s3: remove {" in d2
    assert d2.count("{") == d2.count("}")
    for name in ("r.svg", "r.d2"):  # of its own kind it may be replaced
        assert tsme("graph", "relay.yaml", "-o", name).exit_code == 0


MISTAKES = {
    "graph relay.yaml --active Redy": ("TSME-H002", 'did you mean "Ready"?'),
    "graph relay.yaml --time 1,2": ("TSME-H002", "has 2 ticks for 6 states; their order is Start"),
    "graph relay.yaml --time one": ("TSME-H002", "is no machine time"),
    "graph relay.yaml --time 1 --active Start": ("TSME-H002", "leave out all but one"),
    "graph relay.yaml --at 3": ("TSME-H002", "--at is for --journal"),
    "graph relay.yaml --journal j.bin": ("TSME-H002", "tsme graph FILE.py:CLASS --journal"),
    "graph relay.yaml -o r.png": ("TSME-H003", "ends in none of .mmd, .d2 and .svg"),
    "graph flow.asl.json --active A": ("TSME-H002", "are for schemas"),
    "compile relay.yaml --budget 9": ("TSME-H002", "are for workflows"),
    "check m.py": ("TSME-H014", "name the class of the relational machine: m.py:Door"),
    "gen flow.asl.json": ("TSME-H014", "is no relational schema"),
    "gen relay.yaml -o out/x.py": ("TSME-H002", "-o names a folder"),
    "gen relay.yaml -o relay.yaml/out": ("TSME-H013", "Not a directory"),
    "gen rely.yaml": ("TSME-H010", 'did you mean "relay.yaml"?'),
}


@pytest.mark.parametrize("line", MISTAKES)
def test_each_mistake_gives_one_line_that_helps(folder: Path, line: str) -> None:
    flow = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
    written(folder, flow, "flow.asl.json")
    written(folder, "class Door:\n    name = 'door'\n    states = {'Open': {}}\n", "m.py")
    done = tsme(*line.split())
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, MISTAKES[line][0])
    assert MISTAKES[line][1] in done.stderr


# --- gen ----------------------------------------------------------------------------------------


def test_what_is_made_runs_and_is_checked_against_the_schema(folder: Path) -> None:
    assert tsme("gen", "relay.yaml").exit_code == 0
    assert tsme("compile", "relay.yaml").exit_code == 0
    assert tsme("check", "relay_handlers.py:Relay").stdout == "relay_handlers.py:Relay: ok\n"
    names: dict[str, object] = {}
    exec((folder / "relay_handlers.py").read_text(encoding="utf-8"), names)
    for kind in ("Enter", "Exit", "State", "End"):
        assert hasattr(names["Relay"], f"Forward{kind}")
    made_names: dict[str, object] = {}
    exec((folder / "relay_states.py").read_text(encoding="utf-8"), made_names)
    assert made_names["Ready"] == "Ready"
    assert made_names["Exception_"] == "Exception"  # not in the place of Python's own
    assert made_names["STATES"] == ("Start", "Ready", "Forward", "Reverse", "Closed", "Exception")
    assert made_names["GROUPS"] == {"Motion": ("Forward", "Reverse")}


def test_the_dashboard_asks_for_metrics_that_there_are(folder: Path) -> None:
    assert tsme("gen", "relay.yaml", "--only", "grafana").exit_code == 0
    board = json.loads((folder / "relay.grafana.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    clock = {"Start": 1, "Ready": 1, "Forward": 3}
    text = exposition(made(folder, RELAY).schema, clock, 2, 7)
    told = set(re.findall(r"^(\w+)\{", text, re.M))
    assert {re.search(r"tsme_\w+", expression)[0] for expression in asked} == told  # type: ignore[index]
    assert all('{machine="relay"' in expression for expression in asked)
    assert 'state=~"Forward|Reverse"' in asked[0]
    assert [panel["id"] for panel in board["panels"]] == [*range(1, len(board["panels"]) + 1)]
    families = {one.name: one for one in text_string_to_metric_families(text)}
    samples = {s.labels["state"]: s.value for s in families["tsme_machine_state"].samples}
    assert [name for name, value in samples.items() if value] == ["Start", "Ready", "Forward"]
    assert families["tsme_machine_queue"].samples[0].value == 2
    assert families["tsme_machine_mutations"].samples[0].value == 6


def test_a_type_checker_knows_a_name_that_is_none(folder: Path) -> None:
    assert tsme("gen", "relay.yaml", "--only", "names").exit_code == 0
    use = "import relay_states as s\nx: s.State = s.Ready\ny: s.State = 'Redy'\ns.Redy\n"
    written(folder, use, "use.py")
    cache = f"--cache-dir={folder / 'cache'}"  # others write the project's at the same time
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", cache, "--config-file=", "use.py"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line.split(":")[1] for line in lines] == ["3", "4"]


def test_the_same_again_changes_nothing_and_what_was_filled_in_is_kept(folder: Path) -> None:
    first = tsme("gen", "relay.yaml")
    files = sorted(folder.glob("relay[_.]*"))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
    again = tsme("gen", "relay.yaml")
    assert again.exit_code == 0
    assert again.stdout == first.stdout.replace("written", "as it was")
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files}
    mine = folder / "relay_handlers.py"
    mine.write_text(mine.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    (folder / "relay_states.py").unlink()
    refused = tsme("gen", "relay.yaml")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert_one_clear_line(refused.stderr, "TSME-H016")
    assert not (folder / "relay_states.py").exists()
    assert tsme("gen", "relay.yaml", "--force").exit_code == 0
    assert mine.read_bytes() == before[mine][0]
    assert tsme("gen", "relay.yaml", "-o", "not/there/yet").exit_code == 0
    assert len([*(folder / "not/there/yet").iterdir()]) == 4


def test_of_a_class_those_handlers_are_made_that_it_lacks(folder: Path) -> None:
    text = "class M:\n    states = {'On': {}}\n\n    def OnEnter(m):\n        return True\n"
    written(folder, text, "m.py")
    assert tsme("gen", "m.py:M", "--only", "handlers").exit_code == 0
    found = (folder / "m_handlers.py").read_text(encoding="utf-8")
    assert re.findall(r"def (\w+)\(m\)", found) == [
        "OnExit", "OnState", "OnEnd", "ExceptionState",
    ]  # fmt: skip
    inherits = "from m_handlers import MHandlers\n\n\n" + text.replace("M:", "M(MHandlers):")
    written(folder, inherits, "m.py")
    assert tsme("check", "m.py:M").exit_code == 0
    assert tsme("gen", "m.py:M", "--only", "handlers").stdout == "m_handlers.py: as it was\n"
