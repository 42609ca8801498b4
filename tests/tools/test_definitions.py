"""Workflows in YAML and in templates, with placeholders, are read by every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.shell import (
    CPYTHON_AND_MICROPYTHON,
    assert_one_clear_line,
    need,
    spawn,
    tsme,
)

YAML = """\
# A tank.
StartAt: "On?"
States:
  "On?":
    Type: Choice
    Choices:
      - {Variable: $.level, NumericGreaterThan: 2, Next: Full}
    Default: More
  Full:
    Type: Wait
    Timestamp: 2026-01-01T00:00:05Z
    Next: More
  More:
    Type: Task
    Resource: ${Meter}
    End: true
"""
JSON = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Seconds: {Type: Number, Default: 3}
Conditions:
  Live: !Equals [!Ref "AWS::Region", eu-west-1]
Resources:
  Meter: {Type: "AWS::Serverless::Function", Properties: {Handler: !If [Live, a.b, c.d]}}
  Water:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: statemachine/water.asl.json
      DefinitionSubstitutions:
        MeterArn: !GetAtt Meter.Arn
        Seconds: !Ref Seconds
  Heat:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !Sub "arn:aws:iam::${AWS::AccountId}:role/heat"
      DefinitionString: !Sub
        - |
          {
            "StartAt": "A",
            "States": {
              "A": {"Type": "Task", "Resource": "${Meter.Arn}", "TimeoutSeconds": ${Long},
                    "End": true, "InputPath": "$.${!kept}"}
            }
          }
        - {Long: 60}
  Light:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionSubstitutions: {Name: lamp}
      Definition:
        StartAt: A
        States:
          A: {Type: Task, Resource: !GetAtt Meter.Arn, Parameters: {on: "${Name}"}, End: true}
  Joined:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString:
        Fn::Join:
          - ""
          - - '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "'
            - Fn::GetAtt: [Meter, Arn]
            - '", "End": true}}}'
"""
WATER = """\
{"StartAt": "A", "States": {
  "A": {"Type": "Wait", "Seconds": ${Seconds}, "Next": "B"},
  "B": {"Type": "Task", "Resource": "${MeterArn}", "End": true}}}
"""
BOM = b"\xef\xbb\xbf"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("flow.asl.yaml", YAML)
    write("template.yaml", TEMPLATE)
    write("statemachine/water.asl.json", WATER)
    tasks = (
        "import tsme\ntasks = tsme.Tasks()\n@tasks.task('meter')\ndef meter(p):\n    return 7\n"
    )
    (tmp_path / "tasks.py").write_bytes(BOM + tasks.encode())
    return tmp_path


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")


def resources(*args: str) -> list[str]:
    result = tsme("compile", *args, "--json", "-o", "x.tsm")
    assert result.exit_code == 0, result.output
    found: list[str] = json.loads(result.stdout)["resources"]
    return found


def test_each_command_reads_yaml():
    value = ("--substitute", "Meter=meter")
    assert tsme("check", "flow.asl.yaml").stdout == "flow.asl.yaml: ok\n"
    assert tsme("compile", "flow.asl.yaml").exit_code == 0
    assert Path("flow.tsm").exists()
    assert "handlers: meter" in tsme("disasm", "flow.asl.yaml", *value).stdout
    assert "More" in tsme("graph", "flow.asl.yaml").stdout
    state = tsme("test-state", "flow.asl.yaml", "--state", "On?", "-i", '{"level": 1}')
    assert 'nextState: "More"' in state.stdout, state.output
    case = {"name": "full", "input": {"level": 3}, "tasks": {"More": {"output": 1}}}
    case |= {"expect": {"duration_ms": 5000}}
    write("flow.test.json", json.dumps({"cases": [case]}))
    assert "1 passed" in tsme("test").stdout
    case["tasks"] = {"meter": {"output": 1}}
    write("flow.test.json", json.dumps({"substitutions": {"Meter": "meter"}, "cases": [case]}))
    assert "1 passed" in tsme("test").stdout


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_yaml_runs_and_its_journal_is_told(on: str, folder: Path):
    value = ("--substitute", "Meter=meter")
    run = ("run", "flow.asl.yaml", *value, "-t", "tasks.py", "-i", '{"level": 1}', "-j", "j.bin")
    done = spawn(*run, "--on", need(on), cwd=folder)
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
    told = tsme("history", "j.bin", "--program", "flow.asl.yaml", *value)
    assert "More" in told.stdout, told.output


def test_problems_of_yaml_have_its_lines_and_columns():
    write(
        "flow.asl.yaml", YAML.replace("$.level,", '"$.level[",').replace("End: true", "End: yes")
    )
    result = tsme("check", "flow.asl.yaml")
    assert result.exit_code == 1
    assert "flow.asl.yaml:7:28: error TSME-C020" in result.stdout
    assert "  7 |       - {Variable: " in result.stdout
    assert "flow.asl.yaml:16:10: error TSME-C013: End must be true or false" in result.stdout
    assert "help: write true, without quotes" in result.stdout
    write("flow.asl.yaml", "StartAt: A\nStates:\n\tA: 1\n")
    result = tsme("check", "flow.asl.yaml")
    assert result.stdout.startswith("flow.asl.yaml:3:1: error TSME-C009: this is no YAML: ")
    assert "1 problem\n" in result.stdout


def test_yaml_is_known_by_what_it_is_also_without_its_ending():
    write("flow.json", YAML)
    assert tsme("check", "flow.json").stdout == "flow.json: ok\n"
    assert tsme("check", "-", stdin=YAML).stdout == "<stdin>: ok\n"
    write("flow.yaml", json.dumps(JSON))
    assert tsme("check", "flow.yaml").stdout == "flow.yaml: ok\n"


@pytest.mark.parametrize("text", [json.dumps(JSON), YAML])
def test_a_byte_order_mark_is_passed_over(text: str):
    Path("flow.asl.json").write_bytes(BOM + text.encode())
    assert tsme("check", "flow.asl.json").stdout == "flow.asl.json: ok\n"
    Path("flow.asl.json").write_bytes(BOM + b'{"StartAt": 1}')
    assert tsme("check", "flow.asl.json").stdout.startswith("flow.asl.json:1:1: error TSME-C010")


def test_a_template_gives_the_state_machine_that_is_named():
    assert resources("template.yaml:Water") == ["${MeterArn}"]
    assert resources("template.yaml:Heat") == ["${Meter.Arn}"]
    assert resources("template.yaml:Light") == ["${Meter.Arn}"]
    assert resources("template.yaml:Joined") == ["${Meter.Arn}"]
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:meter"
    given = ("--substitute", f"MeterArn={arn}", "--substitute", "Seconds=9")
    assert resources("template.yaml:Water", *given) == [arn]
    shown = tsme("disasm", "template.yaml:Water", *given).stdout
    assert "INT      9" in shown
    assert "INT      3" in tsme("disasm", "template.yaml:Water").stdout
    light = tsme("disasm", "template.yaml:Light").stdout
    assert '"lamp"' in light
    result = tsme("compile", "template.yaml:Water")
    assert result.stdout.startswith("Water.tsm: ")


def test_oddities_elsewhere_in_a_template_do_not_count():
    odd = "Mappings: {a: {b: {id: 012345678901, mode: 0755, x: !mine y, x: !!binary aGk=}}}\n"
    write("template.yaml", odd + TEMPLATE)
    assert tsme("check", "template.yaml:Light").stdout == "template.yaml: ok\n"
    write("template.yaml", TEMPLATE.replace("{on:", "{id: 012, on:"))
    result = tsme("check", "template.yaml:Light")
    assert "error TSME-C009: 012 is read in two ways" in result.stdout
    assert result.stdout.endswith("template.yaml: 1 problem\n")


def test_the_partition_of_a_template_is_that_of_nearly_all():
    join = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":states:::lambda:invoke"]]}
    task = {"Type": "Task", "Resource": join, "Parameters": {"FunctionName": "meter"}}
    water = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "Definition": {"StartAt": "A", "States": {"A": {**task, "End": True}}}}}  # fmt: skip
    write("template.json", json.dumps({"Resources": {"Water": water}}))
    assert resources("template.json") == ["arn:aws:states:::lambda:invoke meter"]
    given = ("--substitute", "AWS::Partition=aws-cn")
    assert "arn:aws-cn:states" in resources("template.json", *given)[0]


def test_a_test_file_may_name_a_state_machine_of_a_template():
    case = {"name": "it", "tasks": {"B": {"output": 1}}, "expect": {"duration_ms": 9000}}
    top = {"workflow": "template.yaml:Water", "substitutions": {"Seconds": 9}, "cases": [case]}
    write("water.test.json", json.dumps(top))
    assert "1 passed" in tsme("test", "water.test.json").stdout
    case["expect"] = {"duration_ms": 3000}
    write("water.test.json", json.dumps({"workflow": "template.yaml:Water", "cases": [case]}))
    assert "1 passed" in tsme("test", "water.test.json").stdout
    write("water.test.json", json.dumps({"workflow": "template.yaml:Watre", "cases": [case]}))
    assert_one_clear_line(tsme("test", "water.test.json").stderr, "TSME-H015")


def test_a_template_in_json_is_one_too():
    text = json.dumps(JSON)
    water = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": text}}
    write("template.json", json.dumps({"Resources": {"Water": water}}))
    assert tsme("check", "template.json").stdout == "template.json: ok\n"
    wrong = text.replace('"End"', '"Ende"')
    water["Properties"] = {"DefinitionString": wrong}
    write("template.json", json.dumps({"Resources": {"Water": water}}))
    result = tsme("check", "template.json")
    whole = json.dumps({"Resources": {"Water": water}})
    column = whole.index('\\"Ende') + 1
    assert f"template.json:1:{column}: error TSME-C011" in result.stdout


def test_a_template_of_the_serverless_framework_is_one_too():
    write("serverless.yml", "stepFunctions:\n  stateMachines:\n    water:\n      definition:\n"
          "        StartAt: A\n        States: {A: {Type: Pass, End: true}}\n")  # fmt: skip
    assert tsme("check", "serverless.yml").stdout == "serverless.yml: ok\n"
    write("serverless.yml", "stepFunctions:\n  stateMachines:\n    water:\n"
          "      definition: ${file(water.json)}\n")  # fmt: skip
    result = tsme("compile", "serverless.yml")
    assert_one_clear_line(result.stderr, "TSME-H015")
    assert "serverless.yml:4:19: " in result.stderr


def test_problems_within_a_template_are_shown_in_the_file_that_they_are_in():
    write("template.yaml", TEMPLATE.replace('"End": true, "Inp', '"Ende": true, "Inp'))
    result = tsme("check", "template.yaml:Heat")
    lines = TEMPLATE.split("\n")
    line = next(n for n, text in enumerate(lines, 1) if '"InputPath"' in text)
    assert f"template.yaml:{line}:21: error TSME-C011" in result.stdout
    assert f'  {line} |                     "Ende": true' in result.stdout
    assert "template.yaml: 2 problems" in result.stdout
    water = str(Path("statemachine", "water.asl.json"))
    write(water, WATER.replace('"End": true', '"Nxt": ${Seconds}'))
    result = tsme("check", "template.yaml:Water")
    assert f"{water}:3:52: error TSME-C011" in result.stdout
    assert '"Nxt": ${Seconds}' in result.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("template.yaml", "has 4 state machines: Water, Heat, Light, Joined; name one: "),
        ("template.yaml:Watre", 'has no state machine "Watre"; did you mean "Water"?'),
        ("flow.asl.yaml:Water", "is no template"),
        ("empty.yaml", "is a template without a state machine"),
        ("s3.yaml", "s3.yaml:5:22: the definition is in S3"),
        ("bare.yaml", "bare.yaml:2:6: the state machine has no definition here"),
    ],
)
@pytest.mark.parametrize("command", ["check", "compile", "disasm"])
def test_a_template_that_does_not_say_which_is_one_clear_line(name: str, said: str, command: str):
    write("empty.yaml", "Resources: {}\n")
    head = "Resources:\n  W:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n"
    write("s3.yaml", f"{head}      DefinitionUri: s3://a/b.json\n")
    write("bare.yaml", "Resources:\n  W: {Type: AWS::Serverless::StateMachine}\n")
    result = tsme(command, name)
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, "TSME-H015")
    assert said in result.stderr


def test_a_definition_file_that_is_not_there_is_told():
    Path("statemachine/water.asl.json").unlink()
    result = tsme("compile", "template.yaml:Water")
    assert_one_clear_line(result.stderr, "TSME-H010")
    assert "water.asl.json" in result.stderr


def test_a_placeholder_left_over_is_one_problem_that_names_it():
    write("t.asl.json", '{"StartAt": "A", "States": {"A": {"Type": "Wait",\n "Seconds": ${settle},'
          ' "End": true}}}')  # fmt: skip
    result = tsme("check", "t.asl.json")
    assert result.exit_code == 1
    assert (
        "t.asl.json:2:13: error TSME-C008: the placeholder ${settle} has no value" in result.stdout
    )
    assert "help: give it one: --substitute settle=VALUE, or write it there" in result.stdout
    assert result.stdout.endswith("t.asl.json: 1 problem\n")
    assert tsme("check", "t.asl.json", "--substitute", "settle=5").exit_code == 0
    for file, text in (("v.json", '{"settle": 5}'), ("v.yaml", "settle: 5\nother: x\n")):
        write(file, text)
        assert tsme("check", "t.asl.json", "--substitutions", file).exit_code == 0
    wrong = tsme("check", "t.asl.json", "--substitutions", "v.yaml", "--substitute", "settle=x")
    assert "t.asl.json:2:13: error TSME-C003" in wrong.stdout


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Wait", "Seconds": "${p}"},
        {"Type": "Wait", "Timestamp": "${p}"},
        {"Type": "Wait", "SecondsPath": "${p}"},
        {"Type": "Pass", "InputPath": "a ${p}"},
        {"Type": "Pass", "Parameters": {"x.$": "${p}"}},
        {"Type": "Pass", "Parameters": {"x.$": "States.Format('{}', ${p})"}},
        {"Type": "Task", "Resource": "r", "TimeoutSeconds": "${p}"},
        {"Type": "Task", "Resource": "r", "Retry": "${p}"},
        {"Type": "Pass", "ResultPath": "${p}"},
    ],
    ids=json.dumps,
)
def test_a_placeholder_where_no_text_can_stand_is_named(state: dict[str, object]):
    write("t.asl.json", json.dumps({"StartAt": "A", "States": {"A": {**state, "End": True}}}))
    (problem,) = json.loads(tsme("check", "t.asl.json", "--json").stdout)
    assert (problem["code"], problem["message"]) == (
        "TSME-C008",
        "the placeholder ${p} has no value",
    )


def test_a_placeholder_where_any_text_may_stand_stays_as_it_is():
    state = {"Type": "Task", "Resource": "${r}", "Comment": "${c}", "End": True}
    state["Parameters"] = {"x": "${x}"}
    write("t.asl.json", json.dumps({"StartAt": "A", "States": {"A": state}}))
    assert resources("t.asl.json") == ["${r}"]
    assert resources("t.asl.json", "--substitute", "r=read") == ["read"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--substitute", "Meter"], "gives no value; write --substitute NAME=VALUE"),
        (["--substitute", "=x"], "gives no value"),
        (["--substitute", "Metr=x"], 'no placeholder ${Metr}; did you mean "Meter"?'),
        (["--substitutions", "list.json"], "no object of names and values"),
    ],
)
def test_a_value_that_is_none_is_told(args: list[str], said: str):
    write("list.json", "[1]")
    result = tsme("compile", "flow.asl.yaml", *args)
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, "TSME-H002")
    assert said in result.stderr


def test_a_simulation_has_the_values_in_all_of_its_processes(folder: Path):
    write("t.asl.json", '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${n},'
          ' "End": true}}}')  # fmt: skip
    sim = ("sim", "t.asl.json", "--seeds", "4", "-j", "2")
    done = spawn(*sim, "--substitute", "n=5", cwd=folder)
    assert "A 4" in done.stdout, done.stderr
    assert_one_clear_line(spawn(*sim, cwd=folder).stderr, "TSME-C008")
    write("template.yaml", TEMPLATE)
    done = spawn("sim", "template.yaml:Light", "--seeds", "2", "-j", "1", cwd=folder)
    assert "A 2" in done.stdout, done.stderr
