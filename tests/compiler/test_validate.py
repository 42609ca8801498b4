"""Every rule of the States Language is checked, and every problem is found in one go."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.frontend.check import find_problems

from .definitions import FULL, inner


def problems_of(definition):
    return find_problems(json.dumps(definition))[1]


def codes(definition):
    return [(p.code, p.where.pointer) for p in problems_of(definition)]


def one(**state):
    return {"StartAt": "A", "States": {"A": state}}


def passing(**fields):
    return one(Type="Pass", End=True, **fields)


def task(**fields):
    return one(Type="Task", Resource="x", End=True, **fields)


def wait(**fields):
    return one(Type="Wait", End=True, **fields)


def fail(**fields):
    return one(Type="Fail", **fields)


def choice(*rules, **fields):
    state = {"Type": "Choice", "Choices": list(rules), "Default": "B", **fields}
    return {"StartAt": "A", "States": {"A": state, "B": {"Type": "Succeed"}}}


def rule(**fields):
    return {"Variable": "$.a", "Next": "B", **fields}


def retry(**fields):
    return task(Retry=[{"ErrorEquals": ["X"], **fields}])


def catch(*catchers):
    definition = task(Catch=list(catchers))
    definition["States"]["B"] = {"Type": "Succeed"}
    return definition


def mapping(config=None, **fields):
    body = inner("M")
    if config is not None:
        body["ProcessorConfig"] = config
    return one(Type="Map", End=True, **{"ItemProcessor": body, **fields})


DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
CATCH = {"ErrorEquals": ["States.ALL"], "Next": "A"}
A = "/States/A"

WRONG = [
    # the machine
    ({}, [("TSME-C010", ""), ("TSME-C010", "")]),
    ([], [("TSME-C013", "")]),
    ({"StartAt": "A"}, [("TSME-C010", "")]),
    ({"StartAt": "A", "States": {}}, [("TSME-C014", "/States")]),
    ({"StartAt": 1, "States": passing()["States"]}, [("TSME-C013", "/StartAt")]),
    ({**passing(), "Start": 1}, [("TSME-C011", "/Start")]),
    ({**passing(), "TimeoutSeconds": 0}, [("TSME-C014", "/TimeoutSeconds")]),
    ({**passing(), "TimeoutSeconds": 1.5}, [("TSME-C013", "/TimeoutSeconds")]),
    ({**passing(), "QueryLanguage": "XPath"}, [("TSME-C016", "/QueryLanguage")]),
    ({"StartAt": "A", "States": {"A": 1}}, [("TSME-C013", A)]),
    # types and fields
    (one(End=True), [("TSME-C010", A)]),
    (one(Type="Pas", End=True), [("TSME-C016", A + "/Type")]),
    (one(Type=1, End=True), [("TSME-C013", A + "/Type")]),
    (passing(Foo=1), [("TSME-C011", A + "/Foo")]),
    (passing(Seconds=1), [("TSME-C012", A + "/Seconds")]),
    (passing(Comment=1), [("TSME-C013", A + "/Comment")]),
    (one(Type="Pass", End="true"), [("TSME-C013", A + "/End"), ("TSME-C043", A)]),
    (one(Type="Task", End=True), [("TSME-C010", A)]),
    (one(Type="Succeed", End=True), [("TSME-C012", A + "/End")]),
    (one(Type="Succeed", Assign={"a": 1}), [("TSME-C012", A + "/Assign")]),
    (fail(InputPath="$"), [("TSME-C012", A + "/InputPath")]),
    (fail(Error=1), [("TSME-C013", A + "/Error")]),
    (fail(Error="a", ErrorPath="$.a"), [("TSME-C015", A + "/ErrorPath")]),
    (fail(CausePath="a"), [("TSME-C036", A + "/CausePath")]),
    (fail(CausePath="$.a[*]"), [("TSME-C021", A + "/CausePath")]),
    (fail(CausePath="States.MathAdd(1, 2)"), [("TSME-C035", A + "/CausePath")]),
    (wait(), [("TSME-C010", A)]),
    (wait(Seconds=1, SecondsPath="$.a"), [("TSME-C015", A + "/SecondsPath")]),
    (wait(Seconds=-1), [("TSME-C014", A + "/Seconds")]),
    (wait(Seconds=True), [("TSME-C013", A + "/Seconds")]),
    (wait(Seconds="$.a"), [("TSME-C013", A + "/Seconds")]),
    (wait(Seconds=100_000_000), [("TSME-C014", A + "/Seconds")]),
    (wait(Timestamp="2030-01-31"), [("TSME-C019", A + "/Timestamp")]),
    (wait(Timestamp="2030-02-30T12:00:00Z"), [("TSME-C019", A + "/Timestamp")]),
    (wait(Timestamp="2030-01-31t12:00:00z"), [("TSME-C019", A + "/Timestamp")]),
    # paths
    (passing(InputPath=1), [("TSME-C013", A + "/InputPath")]),
    (passing(InputPath="a"), [("TSME-C020", A + "/InputPath")]),
    (passing(ResultPath="$.a[*]"), [("TSME-C021", A + "/ResultPath")]),
    (passing(ResultPath="$.a[-1]"), [("TSME-C021", A + "/ResultPath")]),
    (passing(ResultPath="$$.a"), [("TSME-C022", A + "/ResultPath")]),
    (passing(ResultPath="$a", Assign={"a": 1}), [("TSME-C022", A + "/ResultPath")]),
    (wait(SecondsPath="$..a"), [("TSME-C021", A + "/SecondsPath")]),
    (
        passing(InputPath="$.a[", OutputPath="$."),
        [("TSME-C020", A + "/InputPath"), ("TSME-C020", A + "/OutputPath")],
    ),
    # tasks
    (task(TimeoutSeconds=0), [("TSME-C014", A + "/TimeoutSeconds")]),
    (task(TimeoutSeconds=5, HeartbeatSeconds=5), [("TSME-C014", A + "/HeartbeatSeconds")]),
    (task(TimeoutSeconds=5, TimeoutSecondsPath="$.a"), [("TSME-C015", A + "/TimeoutSecondsPath")]),
    (task(Credentials="x"), [("TSME-C013", A + "/Credentials")]),
    (task(Credentials=None), [("TSME-C013", A + "/Credentials")]),
    (task(Retry={}), [("TSME-C013", A + "/Retry")]),
    (task(Retry=[1]), [("TSME-C013", A + "/Retry/0")]),
    # transitions
    (one(Type="Pass"), [("TSME-C043", A)]),
    (one(Type="Pass", End=False), [("TSME-C043", A)]),
    (
        one(Type="Pass", Next="B", End=True),
        [("TSME-C015", A + "/Next"), ("TSME-C040", A + "/Next")],
    ),
    (one(Type="Pass", Next="A"), [("TSME-C042", A)]),
    ({**passing(), "StartAt": "B"}, [("TSME-C040", "/StartAt")]),
    (
        {"StartAt": "A", "States": {**passing()["States"], "B": {"Type": "Succeed"}}},
        [("TSME-C041", "/States/B")],
    ),
    (
        {"StartAt": "A" * 81, "States": {"A" * 81: {"Type": "Succeed"}}},
        [("TSME-C044", "/States/" + "A" * 81)],
    ),
    # choices
    (choice(), [("TSME-C014", A + "/Choices")]),
    (choice(rule(IsNull=True), End=True), [("TSME-C012", A + "/End")]),
    (choice(rule(IsNull=True), Next="B"), [("TSME-C012", A + "/Next")]),
    (choice(rule()), [("TSME-C070", A + "/Choices/0")]),
    (choice({"IsNull": True, "Next": "B"}), [("TSME-C010", A + "/Choices/0")]),
    (choice({"Variable": "$.a", "IsNull": True}), [("TSME-C010", A + "/Choices/0")]),
    (choice(rule(IsNull=True, IsString=True)), [("TSME-C070", A + "/Choices/0/IsString")]),
    (
        choice(rule(NumericEqual=1)),
        [("TSME-C011", A + "/Choices/0/NumericEqual")],
    ),
    (choice(rule(NumericEquals="1")), [("TSME-C013", A + "/Choices/0/NumericEquals")]),
    (choice(rule(NumericEquals=True)), [("TSME-C013", A + "/Choices/0/NumericEquals")]),
    (choice(rule(StringEquals=1)), [("TSME-C013", A + "/Choices/0/StringEquals")]),
    (choice(rule(BooleanEquals="true")), [("TSME-C013", A + "/Choices/0/BooleanEquals")]),
    (choice(rule(TimestampEquals="noon")), [("TSME-C019", A + "/Choices/0/TimestampEquals")]),
    (choice(rule(StringMatches="a\\q")), [("TSME-C014", A + "/Choices/0/StringMatches")]),
    (choice(rule(StringMatches="*\\\\\\")), [("TSME-C014", A + "/Choices/0/StringMatches")]),
    (choice(rule(StringMatches="\\*\\\\*")), []),
    (choice(rule(NumericEqualsPath=1)), [("TSME-C013", A + "/Choices/0/NumericEqualsPath")]),
    (
        choice(rule(IsNullPath="$.a")),
        [("TSME-C011", A + "/Choices/0/IsNullPath")],
    ),
    (
        choice({**rule(IsNull=True), "Variable": "States.UUID()"}),
        [("TSME-C020", A + "/Choices/0/Variable")],
    ),
    (
        choice({**rule(IsNull=True), "Variable": "$.a[*]"}),
        [("TSME-C021", A + "/Choices/0/Variable")],
    ),
    (choice({"And": [], "Next": "B"}), [("TSME-C014", A + "/Choices/0/And")]),
    (choice({"Not": [], "Next": "B"}), [("TSME-C013", A + "/Choices/0/Not")]),
    (choice({"Not": rule(IsNull=True), "Next": "B"}), [("TSME-C071", A + "/Choices/0/Not/Next")]),
    (
        choice({"Condition": "{% true %}", "Next": "B"}),
        [("TSME-C081", A + "/Choices/0/Condition")],
    ),
    (
        choice({"Not": {"Variable": "$.a", "IsNull": True, "Comment": 1}, "Next": "B"}),
        [("TSME-C013", A + "/Choices/0/Not/Comment")],
    ),
    (choice(rule(IsNull=True), Default=1), [("TSME-C013", A + "/Default")]),
    # retry and catch
    (task(Retry=[{}]), [("TSME-C010", A + "/Retry/0")]),
    (task(Retry=[{"ErrorEquals": []}]), [("TSME-C014", A + "/Retry/0/ErrorEquals")]),
    (task(Retry=[{"ErrorEquals": "X"}]), [("TSME-C013", A + "/Retry/0/ErrorEquals")]),
    (task(Retry=[{"ErrorEquals": [1]}]), [("TSME-C013", A + "/Retry/0/ErrorEquals/0")]),
    (retry(MaxAttempts=-1), [("TSME-C014", A + "/Retry/0/MaxAttempts")]),
    (retry(MaxAttempts=100_000_000), [("TSME-C014", A + "/Retry/0/MaxAttempts")]),
    (retry(IntervalSeconds=0), [("TSME-C014", A + "/Retry/0/IntervalSeconds")]),
    (retry(BackoffRate=0.99), [("TSME-C014", A + "/Retry/0/BackoffRate")]),
    (retry(BackoffRate="2"), [("TSME-C013", A + "/Retry/0/BackoffRate")]),
    (retry(MaxDelaySeconds=31_622_400), [("TSME-C014", A + "/Retry/0/MaxDelaySeconds")]),
    (retry(MaxDelaySeconds=5, IntervalSeconds=9), [("TSME-C014", A + "/Retry/0/MaxDelaySeconds")]),
    (retry(JitterStrategy="SOME"), [("TSME-C016", A + "/Retry/0/JitterStrategy")]),
    (retry(Next="A"), [("TSME-C011", A + "/Retry/0/Next")]),
    (retry(ErrorEquals=["States.ALL", "X"]), [("TSME-C051", A + "/Retry/0/ErrorEquals")]),
    (
        task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]),
        [("TSME-C051", A + "/Retry/0/ErrorEquals")],
    ),
    (task(Catch=[{"ErrorEquals": ["X"]}]), [("TSME-C010", A + "/Catch/0")]),
    (task(Catch=[{"ErrorEquals": ["X"], "Next": "B"}]), [("TSME-C040", A + "/Catch/0/Next")]),
    (
        catch({"ErrorEquals": ["X"], "Next": "B", "Output": 1}),
        [("TSME-C011", A + "/Catch/0/Output")],
    ),
    # variables
    (passing(Assign=1), [("TSME-C013", A + "/Assign")]),
    (passing(Assign={"a-b": 1}), [("TSME-C060", A + "/Assign/a-b")]),
    (passing(Assign={"$a": 1}), [("TSME-C060", A + "/Assign/$a")]),
    (passing(Assign={"states": 1}), [("TSME-C060", A + "/Assign/states")]),
    (passing(Assign={"x" * 81: 1}), [("TSME-C060", A + "/Assign/" + "x" * 81)]),
    (passing(Assign={"a": 1, "a.$": "$.a"}), [("TSME-C037", A + "/Assign/a.$")]),
    (passing(InputPath="$nope"), [("TSME-C061", A + "/InputPath")]),
    (passing(Parameters={"a.$": "States.Array($nope)"}), [("TSME-C061", A + "/Parameters/a.$")]),
    (
        one(Type="Parallel", End=True, Branches=[inner("B", Assign={"x": 1})], OutputPath="$x"),
        [("TSME-C061", A + "/OutputPath")],
    ),
    (
        one(Type="Parallel", End=True, Branches=[inner("B", Assign={"x": 1})], Assign={"x": 2}),
        [("TSME-C062", A + "/Branches/0/States/B/Assign/x")],
    ),
    (  # what its Catch sets is another variable, unless something else sets it too
        one(
            Type="Parallel",
            End=True,
            Branches=[inner("B", Assign={"x": 1, "y": 1})],
            Assign={"y": 2},
            Catch=[CATCH | {"Assign": {"x": 2, "y": 2}}],
        ),
        [("TSME-C062", A + "/Branches/0/States/B/Assign/y")],
    ),
    (  # nor if the Catch is of a state beside it
        {
            "StartAt": "T",
            "States": {
                "T": {
                    "Type": "Task",
                    "Resource": "t",
                    "Next": "A",
                    "Catch": [CATCH | {"Assign": {"x": 2}}],
                },
                "A": {"Type": "Parallel", "End": True, "Branches": [inner("B", Assign={"x": 1})]},
            },
        },
        [("TSME-C062", A + "/Branches/0/States/B/Assign/x")],
    ),
    (
        mapping(
            DISTRIBUTED,
            Assign={"x": 1},
            ItemProcessor={"ProcessorConfig": DISTRIBUTED, **inner("M", InputPath="$x")},
        ),
        [("TSME-C061", A + "/ItemProcessor/States/M/InputPath")],
    ),
    # Parallel and Map
    (one(Type="Parallel", End=True), [("TSME-C010", A)]),
    (one(Type="Parallel", End=True, Branches=[]), [("TSME-C014", A + "/Branches")]),
    (one(Type="Parallel", End=True, Branches=[[]]), [("TSME-C013", A + "/Branches/0")]),
    (
        one(Type="Parallel", End=True, Branches=[inner("A")]),
        [("TSME-C045", A + "/Branches/0/States/A")],
    ),
    (one(Type="Map", End=True), [("TSME-C010", A)]),
    (mapping(Iterator=inner("N")), [("TSME-C015", A + "/Iterator")]),
    (mapping(ItemSelector={}, Parameters={}), [("TSME-C015", A + "/Parameters")]),
    (mapping(MaxConcurrency=-1), [("TSME-C014", A + "/MaxConcurrency")]),
    (mapping(Label="x"), [("TSME-C017", A + "/Label")]),
    (mapping(ItemReader={"Resource": "r"}), [("TSME-C017", A + "/ItemReader")]),
    (mapping({"Mode": "DISTRIBUTED"}), [("TSME-C010", A + "/ItemProcessor/ProcessorConfig")]),
    (mapping({"Mode": "X"}), [("TSME-C016", A + "/ItemProcessor/ProcessorConfig/Mode")]),
    (mapping(DISTRIBUTED, Label="a b"), [("TSME-C044", A + "/Label")]),
    (mapping(DISTRIBUTED, Label="a" * 41), [("TSME-C044", A + "/Label")]),
    (mapping(DISTRIBUTED, ItemReader={}), [("TSME-C010", A + "/ItemReader")]),
    (
        mapping(
            DISTRIBUTED,
            ItemReader={"Resource": "r", "ReaderConfig": {"MaxItems": 1, "MaxItemsPath": "$.a"}},
        ),
        [("TSME-C015", A + "/ItemReader/ReaderConfig/MaxItemsPath")],
    ),
    (mapping(DISTRIBUTED, ItemBatcher={}), [("TSME-C010", A + "/ItemBatcher")]),
    (
        mapping(DISTRIBUTED, ItemBatcher={"MaxInputBytesPerBatch": 262_145}),
        [("TSME-C014", A + "/ItemBatcher/MaxInputBytesPerBatch")],
    ),
    (
        mapping(DISTRIBUTED, ToleratedFailurePercentage=101),
        [("TSME-C014", A + "/ToleratedFailurePercentage")],
    ),
    # JSONata
    (passing(Output="x"), [("TSME-C081", A + "/Output")]),
]


@pytest.mark.parametrize(("definition", "expected"), WRONG)
def test_a_mistake_is_found_once_and_at_its_place(definition, expected):
    assert sorted(codes(definition)) == sorted(expected)


def test_right_definitions_pass():
    for definition in (
        FULL,
        passing(),
        wait(SecondsPath="$$.Execution.Input.s"),
        fail(),
        fail(CausePath="States.Format('{}', $.a)", ErrorPath="$$.State.Name"),
        choice(rule(NumericEquals=1.5)),
        retry(MaxAttempts=0, BackoffRate=1),
        retry(ErrorEquals=["States.Http.StatusCode.404"]),
        catch({"ErrorEquals": ["States.ALL"], "Next": "B", "ResultPath": None}),
        mapping(ToleratedFailureCount=1),
        passing(Parameters="text", Result={"a.$": 1}),
    ):
        assert codes(definition) == []


@pytest.mark.parametrize(
    ("definition", "message", "hint"),
    [
        (passing(Foo=1), 'a Pass state has no field "Foo"', "fields: "),
        (task(Retrys=[]), 'a Task state has no field "Retrys"', 'did you mean "Retry"?'),
        (task(resource="x"), 'a Task state has no field "resource"', 'did you mean "Resource"?'),
        (wait(Seconds="$.a"), "Seconds must be an integer, not a string", 'write "SecondsPath"'),
        (one(Type="Pass", Next="a"), 'there is no state "a" in this machine', 'did you mean "A"?'),
        (
            passing(Assign={"soil": 1}, InputPath="$sol"),
            "no Assign in scope sets the variable $sol",
            'did you mean "soil"?',
        ),
        (
            choice(rule(NumericEquals="$.b")),
            "NumericEquals compares with a number, not a string",
            'use "NumericEqualsPath" to compare with a path',
        ),
        (
            wait(Parameters={}),
            'a Wait state has no field "Parameters"',
            "states that have it: Pass, Task, Parallel, Map",
        ),
        (
            one(Type="Parallel", End=True, Branches=[inner("B", Next="A", End=False)]),
            'there is no state "A" in this machine; a state of another machine cannot be a target',
            "",
        ),
    ],
)
def test_a_message_says_what_is_wrong_and_what_to_write_instead(definition, message, hint):
    found = [p for p in problems_of(definition) if p.message == message]
    assert len(found) == 1
    assert found[0].hint.startswith(hint)


def test_all_problems_are_found_in_one_go_and_in_the_order_of_their_places():
    definition = copy.deepcopy(FULL)
    states = definition["States"]
    states["Measure"]["Retry"][0]["MaxAttempts"] = -1
    states["Decide"]["Choices"][1]["And"][1]["Or"][0]["TimestampLessThan"] = "noon"
    states["Water"]["Next"] = "Bth"
    states["Both"]["Branches"][1]["States"]["B2"]["Foo"] = 1
    states["Each"]["ItemSelector"]["bed.$"] = "$$.Map.["
    states["Many"]["ItemReader"]["ReaderConfig"]["InputType"] = "XML"
    states["Done"]["OutputPath"] = "$levl"
    found = problems_of(definition)
    assert [p.code[-3:] for p in found] == ["014", "019", "040", "011", "020", "016", "061"]
    places = [(p.where.line, p.where.column) for p in found]
    assert places == sorted(places)


def test_a_typing_mistake_in_a_target_is_not_reported_as_an_unreachable_state_too():
    states = {"A": {"Type": "Pass", "Next": "Finnish"}, "Finish": {"Type": "Succeed"}}
    assert codes({"StartAt": "A", "States": states}) == [("TSME-C040", A + "/Next")]


def test_equal_names_are_reported_together_with_what_is_wrong_inside():
    text = '{"StartAt": "A", "StartAt": "A", "States": {"A": {"Type": "Pass"}}}'
    assert [p.code for p in find_problems(text)[1]] == ["TSME-C004", "TSME-C043"]


def test_a_jsonata_workflow_is_read_whole():
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Resource": "x", "Arguments": {"a": "{% 1 %}"}, "Next": "B"},
            "B": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "C"}]},
            "C": {"Type": "Map", "Items": [1], "ItemProcessor": inner("D"), "Next": "E"},
            "E": {"Type": "Wait", "Seconds": "{% 1 %}", "Output": "{% 2 %}", "End": True},
        },
    }
    assert problems_of(definition) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Parameters": {}}, "TSME-C081"),
        ({"ResultPath": "$.a"}, "TSME-C081"),
        ({"Output": "{% 1"}, "TSME-C080"),
        ({"Output": {"a": ["{%}", "x"]}}, "TSME-C080"),
        ({"Output": {"a": ["1 %}"]}}, "TSME-C080"),
        ({"Output": "{% 10 + * 2 %}"}, "TSME-C083"),
        ({"Assign": {"a": "{% $f( %}"}}, "TSME-C083"),
        ({"Foo": 1}, "TSME-C011"),
    ],
)
def test_mistakes_in_jsonata_states_are_found(fields, code):
    assert [p.code for p in problems_of(passing(QueryLanguage="JSONata", **fields))] == [code]


@pytest.mark.parametrize("text", ["Hello {% $x %}", " {% $x %}", "1 %} more", "{% 1 %} and {%"])
def test_a_text_that_is_not_all_expression_stays_text(text):
    machine, problems = find_problems(json.dumps(passing(QueryLanguage="JSONata", Output=text)))
    if text.startswith("{%"):
        assert [p.code for p in problems] == ["TSME-C080"]
    else:
        assert machine.states["A"].output.value == text
        warned = [w.code for w in machine.warnings]
        assert warned == (["TSME-C080"] if "{%" in text and "%}" in text else [])


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], (*path, index))


@pytest.mark.parametrize(
    ("name", "help_"),
    [
        ("States.Timout", 'did you mean "States.Timeout"?'),
        ("States.QuorumMet", "give errors of your own names without `States.`"),
        ("States.Http.StatusCode.999", "give errors of your own names without `States.`"),
        ("States.", "give errors of your own names without `States.`"),
    ],
)
def test_an_own_error_named_as_those_of_aws_is_taken_with_a_warning(name, help_):
    catcher = {"ErrorEquals": [name, "X"], "Next": "B"}
    for definition in (retry(ErrorEquals=[name]), catch(catcher)):
        machine, problems = find_problems(json.dumps(definition))
        assert problems == []
        (warning,) = machine.warnings
        assert (warning.code, warning.hint, warning.warning) == ("TSME-C050", help_, True)
        assert f"there is no error {name}, " in warning.message
        assert warning.where.pointer.endswith("/ErrorEquals/0")


PLACES = [path for path in places(FULL) if path]
STRANGE = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "$", "$.a[", "$x", "States.Array(", "{% 1 %}", "JSONata"]
    + ["Map", "A", [], [[]], [{}], {}, {"a.$": 1}, {"": {}}, {"Type": "Map"}, {"StartAt": "A"}]
)


@given(st.lists(st.tuples(st.sampled_from(PLACES), STRANGE), min_size=1, max_size=3))
def test_no_definition_makes_the_validator_itself_fail(changes):
    definition = copy.deepcopy(FULL)
    for path, value in changes:
        parent = definition
        for step in path[:-1]:
            try:
                parent = parent[step]
            except (KeyError, IndexError, TypeError):
                break
        else:
            if (
                isinstance(parent, dict)
                or isinstance(parent, list)
                and isinstance(path[-1], int)
                and path[-1] < len(parent)
            ):
                parent[path[-1]] = copy.deepcopy(value)
    text = json.dumps(definition, indent=1)
    lines = text.split("\n")
    machine, problems = find_problems(text)
    assert (machine is None) == bool(problems)
    for problem in problems:
        assert 1 <= problem.where.column <= len(lines[problem.where.line - 1]) + 1
        assert problem.message
