"""What paths that name many places select: AWS's dialect, a second opinion, hostile constants."""

import json
import random
from typing import Any

import jsonpath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import interpreters
from tests.firmware.leaves import on_every_interpreter
from tsme.errors import StatesError, TsmeError
from tsme.program.query import select
from tsme.program.query_check import sound
from tsme.values import cbor
from tsme_host.compiler.frontend.model import Where
from tsme_host.compiler.jsonpath.paths import parse_path
from tsme_host.compiler.jsonpath.queries import plan

LARGEST = 262144
DEVICE = interpreters.ROOT / "tests" / "firmware" / "query_device.py"


def query(path: str) -> list[Any]:
    head, constant = plan(list(parse_path(path, Where("/p", 1, 1)).segments))
    assert not head
    assert sound(constant)
    return constant


def ours(path: str, value: Any) -> Any:
    return select(value, query(path), LARGEST)


ITEMS = [{"n": 1, "t": "a"}, {"n": 2, "t": "b", "u": None}, {"t": "c"}, 7, [8, 9], None]
DATA = {"items": ITEMS, "deep": {"a": {"b": [{"a": 1}, {"a": [2]}]}}, "o": {"x": 1, "y": 2}}

# Definitions of the dialect, some of them recorded on AWS or shown in its documentation.
KNOWN = [
    ("$.none[*]", []),
    ("$.none.at.all[1:5].x", []),
    ("$.items.none[*]", []),
    ("$.o[1:]", []),
    ("$.items[*].n", [1, 2]),
    ("$.items[*].u", [None]),
    ("$.o.*", [1, 2]),
    ("$.o[*]", [1, 2]),
    ("$.items[1:3].t", ["b", "c"]),
    ("$.items[-2:]", [[8, 9], None]),
    ("$.items[:-4].n", [1, 2]),
    ("$.items[:99].t", ["a", "b", "c"]),
    ("$.items[9:]", []),
    ("$.items[0,-1,0,77]", [ITEMS[0], None, ITEMS[0]]),
    ("$.items[*][-1]", [9]),
    ("$.items[*]['n','t']", [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}, {"t": "c"}]),
    ("$..a", [{"b": [{"a": 1}, {"a": [2]}]}, 1, [2]]),
    ("$.deep..a[0]", [2]),
    ("$..b[*].a", [1, [2]]),
    ("$..['x','y']", [{"x": 1, "y": 2}]),
    ("$.deep.a.b..*", [{"a": 1}, {"a": [2]}, 1, [2], 2]),
    ("$.items[?(@.n)].t", ["a", "b"]),
    ("$.items[?(@.u)]", []),  # null counts as not there
    ("$.items[?(!@.n)].t", ["c"]),
    ("$.items[?(!@.n)]", [ITEMS[2], [8, 9]]),  # of arrays and objects alone
    ("$.items[?(@.n == 2)].t", ["b"]),
    ("$.items[?(@.n == '2')].t", ["b"]),
    ("$.items[?(@.n > 1.5)].t", ["b"]),
    ("$.items[?(@.n != 2)].t", ["a"]),  # nothing there: no comparison holds
    ("$.items[?(@.u == null)].t", ["b"]),
    ("$.items[?(@.u != 'x')].t", ["b"]),
    ("$.items[?(@.t == b)].n", [2]),
    ("$.items[?(@.t >= 'b')].t", ["b", "c"]),
    ("$.items[?(@.n == 1 || @.t == 'c')].t", ["a", "c"]),
    ("$.items[?(@.n && @.t != a)].t", ["b"]),
    ("$.items[?(@[1] == 9)]", [[8, 9]]),
    ("$.o[?(@.x == 1)]", [{"x": 1, "y": 2}]),  # an object for itself
    ("$.o[?(@.x == 2)]", []),
    ("$..[?(@.a == 1)]", [{"a": 1}]),
    ("$.deep[?(@.a == 1)]", []),  # an object does not compare
    ("$.items[?(@.n == $.o.y)].t", ["b"]),
    ("$.items[?(@.n < $.o.y)].t", ["a"]),
    ("$.items[?(@.t == $.none)]", []),
    ("$.items[?(@.none == $.o.x)]", []),
    ("$.items[?(@.n == @.n)].t", ["a", "b"]),
    ("$.items[?(@.u == @.u)].t", ["b"]),
    ("$.items[?($.o.x == 1 && @.n)].t", ["a", "b"]),
    ("$.items[?($.o.x == 2)]", []),
    ("$.items[?(@.t =~ /[AB]/i)].n", [1, 2]),
    ("$.items[?(@.t =~ /[AB]/)]", []),
    ("$.items[?(@.n =~ /2/)].t", ["b"]),  # a number as its text
    ("$.items[?(@.u =~ /.*/)]", []),
    ("$..[?(@.b =~ /.*/)]", []),  # an array has no text
]


@pytest.mark.parametrize(("path", "result"), KNOWN, ids=[path for path, _ in KNOWN])
def test_a_path_selects_what_aws_does(path, result):
    assert ours(path, DATA) == result


@pytest.mark.parametrize(
    ("value", "literal", "holds"),
    [
        (True, "true", "== <= >="),
        (True, "TRUE", "== <= >="),
        (True, "false", "!= > >="),
        (False, "x", "!="),
        (5, "x", "!="),
        (5, "5.0", "== <= >="),
        (5.0, "5", "== <= >="),
        (2**53 + 1, str(2**53), "!= > >="),
        (0.1, "0.1", "== <= >="),
        ("5", "5", "== <= >="),
        ("10", "5", "!= < <="),  # texts compare as texts
        ("true", "true", "== <= >="),
        ("null", "null", "== <= >="),
        (None, "null", "=="),
        (None, "0", "!="),
        ("", "''", "== <= >="),
        ("\U0001f600", "\uffff", "!= > >="),  # by code point
        ([1], "1", ""),
        ({}, "x", ""),
    ],
)
def test_how_a_member_compares_with_a_literal(value, literal, holds):
    for op in ("==", "!=", "<", "<=", ">", ">="):
        found = ours(f"$.l[?(@.v {op} {literal})]", {"l": [{"v": value}]})
        assert (found == [{"v": value}]) is (op in holds.split()), op


def test_a_list_of_names_alone_gives_the_object_itself():
    (constant,) = plan(list(parse_path("$['a','b']", Where("", 1, 1)).segments))[1:]
    assert select({"b": 1, "c": 2}, constant, LARGEST) == {"b": 1}
    assert list(select({"b": 1, "a": 2}, constant, LARGEST)) == ["a", "b"]
    assert select({}, constant, LARGEST) == {}
    with pytest.raises(StatesError) as error:
        select([], constant, LARGEST)
    assert error.value.number == 1


# --- a second opinion: python-jsonpath, where the dialects agree -----------------------------

NAMES = st.sampled_from(["a", "b", "n", "t", "f", "list"])
SCALARS = {
    "n": st.integers(-3, 3) | st.sampled_from([0.5, -1.5]),
    "t": st.sampled_from(["", "x", "y", "x y"]),
    "f": st.booleans(),
}


def typed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects whose members n, t and f are numbers, texts and booleans; the others anything."""
    members = {**SCALARS, "a": inner, "b": inner, "list": st.lists(inner, max_size=4)}
    return st.lists(NAMES, unique=True, max_size=5).flatmap(
        lambda names: st.fixed_dictionaries({name: members[name] for name in names})
    )


LEAVES = st.integers(-3, 3) | st.sampled_from(["", "x", "y"]) | st.booleans()
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: typed(inner) | st.lists(typed(inner) | inner, max_size=4), max_leaves=25
)


@st.composite
def terms(draw: st.DrawFn, deep: int = 2) -> str:
    kind = draw(st.integers(0, 4 if deep else 2))
    if kind > 2:
        parts = draw(st.lists(terms(deep - 1), min_size=2, max_size=3))
        return "(" + draw(st.sampled_from([" && ", " || "])).join(parts) + ")"
    if kind == 2:
        # What is no array or object has no members: there, `!` holds with theirs alone.
        return draw(st.sampled_from(["@.a", "@.list", "(@.a && !@.t)", "(@.f && !@.a.b)", "@.f"]))
    name = draw(st.sampled_from("ntf"))
    value = draw(SCALARS[name])
    literal = f"'{value}'" if name == "t" else json.dumps(value)
    # Where nothing is, `!=` holds there and not with AWS: so it is asked of what is there.
    op = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
    return f"(@.{name} && @.{name} {op} {literal})"


@st.composite
def segments(draw: st.DrawFn) -> str:
    kind = draw(st.integers(0, 9))
    n, m = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    if kind < 3:
        return "." + draw(NAMES)
    if kind == 3:
        return draw(st.sampled_from(["[*]", ".*"]))
    if kind == 4:
        return f"[{draw(st.integers(-3, 3))}]"
    if kind == 5:
        return draw(st.sampled_from([f"[{n}:]", f"[:{n}]", f"[-{n + 1}:]", f"[:-{n + 1}]"]))
    if kind == 6:
        return draw(st.sampled_from([f"[{n}:{m}]", f"[{n},{m}]", f"[{n},-1]"]))
    if kind == 7:
        return ".." + draw(st.sampled_from(["a", "b", "n", "list", "*"]))
    # In the other dialect a filter takes the members of an object, so it is put behind arrays.
    return f".list[?({draw(terms())})]"


PATHS = st.lists(segments(), min_size=1, max_size=4).map(lambda parts: "$" + "".join(parts))


def agreed(path: str) -> bool:
    return bool(plan(list(parse_path(path, Where("", 1, 1)).segments))[1])


@settings(max_examples=600)
@given(PATHS.filter(agreed), DOCUMENTS)
def test_python_jsonpath_selects_the_same(path, document):
    found = jsonpath.finditer(path.replace(", ", ","), document)
    # Theirs takes a slice of a text for a part of it: not JSONPath (see DIFFERENCES).
    theirs = [m.obj for m in found if not (m.parent and isinstance(m.parent.obj, str))]
    assert cbor.encode(ours(path, document)) == cbor.encode(theirs)


# What the other library does otherwise: (path, data, ours, theirs).
DIFFERENCES = [
    # AWS compares what is there with a literal: nothing compares with nothing.
    ("$[?(@.a != 1)]", [{}], [], [{}]),
    # A filter takes an object for itself, theirs its members.
    ("$[?(@.a == 1)]", {"a": 1}, [{"a": 1}], []),
    ("$[?(@.a == 1)]", {"x": {"a": 1}}, [], [{"a": 1}]),
    # Literals have no type of their own.
    ("$[?(@.a == '1')]", [{"a": 1}], [{"a": 1}], []),
    ("$[?(@.a == 'true')]", [{"a": True}], [{"a": True}], []),
    # Null counts as not there.
    ("$[?(@.a)]", [{"a": None}], [], [{"a": None}]),
    # A list of names gives one object; theirs, the members.
    ("$[*]['a','b']", [{"a": 1, "b": 2}], [{"a": 1, "b": 2}], [1, 2]),
    # A slice of a text is nothing; theirs, a part of it.
    ("$[0:]", "x", [], ["x"]),
    # Filters look at arrays and objects alone.
    ("$[?(!@.a)]", [1, {}], [{}], [1, {}]),
]


@pytest.mark.parametrize(("path", "data", "here", "there"), DIFFERENCES)
def test_known_differences_to_python_jsonpath(path, data, here, there):
    assert ours(path, data) == here
    assert jsonpath.findall(path, data) == there


# --- every interpreter ------------------------------------------------------------------------


def on(name: str, questions: list[list[Any]]) -> list[str]:
    interpreters.require(name)
    lines = "".join(cbor.encode(question).hex() + "\n" for question in questions)
    run = interpreters.run(name, DEVICE, stdin=lines.encode(), heap="400k", timeout=240)
    answers = run.stdout.decode().splitlines()
    assert len(answers) == len(questions), run.stderr.decode()[-2000:]
    return answers


def batch() -> list[list[Any]]:
    questions = [[DATA, query(path), LARGEST] for path, _ in KNOWN]
    values = [True, False, 5, 5.0, 0.1, 1e300, 2**53 + 1, "10", "\U0001f600", None, "null", [], {}]
    literals = ["true", "0.1", "5", "1e300", str(2**53), "null", "'\uffff'", "x", "1e-320"]
    data = [{"v": v} for v in values]
    for op in ("==", "!=", "<", "<=", ">", ">="):
        questions += [[data, query(f"$[?(@.v {op} {text})]"), LARGEST] for text in literals]

    @settings(max_examples=150, database=None)
    @given(PATHS.filter(agreed), DOCUMENTS)
    def gather(path, document):
        questions.append([document, query(path), LARGEST])

    gather()
    return questions


@on_every_interpreter
def test_all_interpreters_select_the_same(name):
    questions = batch()
    expected = [cbor.encode(select(*question)).hex() for question in questions]
    assert on(name, questions) == expected


# --- hostile programs -------------------------------------------------------------------------

NOT_SOUND: list[Any] = [
    None,
    {},
    [],
    ["a"],
    ["a", 0],
    [False],
    [1.5],
    [None] * 33,
    [True],
    ["a", True],
    [True, True, "a"],
    [2**31, None],
    [[]],
    [[0]],
    [[4, 1, 2]],
    [[-1, 1, 2]],
    [[True, 1, 2]],
    [["a", 1, 2]],
    [{"if": [7, ["a"]]}],
    [{}],
    [[0, None, None]],
    [[0, 1]],
    [[0, 1, 2, 3]],
    [[0, 1, 2**31]],
    [[0, True, 2]],
    [[0, "a", None]],
    [[1]],
    [[1, 1]],
    [[1, 1, "a"]],
    [[1, 1, True]],
    [[1, 1, None]],
    [[2, "a"]],
    [[2, "a", "a"]],
    [[2, "a", 1]],
    [[2, "a", "b"], None],
    [[3]],
    [[3, [7, ["a"]], 1]],
    [[3, None]],
    [[3, []]],
    [[3, [7]]],
    [[3, [7, []]]],
    [[3, [7, "a"]]],
    [[3, [7, [-1]]]],
    [[3, [7, [65536]]]],
    [[3, [7, [True]]]],
    [[3, [7, ["a"] * 33]]],
    [[3, [7, ["a"], 1]]],
    [[3, [0, ["a"], 1]]],
    [[3, ["==", ["a"], "x"]]],
    [[3, [True, ["a"], "x"]]],
    [[3, [-1, ["a"], "x"]]],
    [[3, [11, ["a"], "x"]]],
    [[3, [2, ["a"]]]],
    [[3, [2, ["a"], None]]],
    [[3, [2, ["a"], True]]],
    [[3, [2, ["a"], {"re": ["x"]}]]],
    [[3, [2, ["a"], "1", 1]]],
    [[3, [8, [7, ["a"]]]]],
    [[3, [9, [7, ["a"]], None]]],
    [[3, [7, [None, "a"]]]],
    [[3, [0, [None, "a"]]]],
    [[3, [2, [None], "x"]]],
    [[3, [2, ["a"], []]]],
    [[3, [2, ["a"], [None]]]],
    [[3, [2, ["a"], ["b", None]]]],
    [[3, [2, ["a"], ["b"], 1]]],
    [[3, [10, ["a"], "x"]]],
    [[3, [10, ["a"], 1]]],
    [[3, [10, ["a"], []]]],
    [[3, [10, ["a"], ["x"] * 501]]],
    [[3, [10, ["a"], ["x"], 1]]],
    [[3, [10, ["a"], [""]]]],
    [[3, [10, ["a"], ["abc"]]]],
    [[3, [10, ["a"], ["ba"]]]],
    [[3, [10, ["a"], ["acbd"]]]],
    [[3, [10, ["a"], ["abbc"]]]],
    [[3, [10, ["a"], [2]]]],
    [[3, [10, ["a"], [-3]]]],
    [[3, [10, ["a"], [True]]]],
    [[3, [10, ["a"], [None]]]],
    [[3, [10, ["a"], [[7, ""]]]]],
    [[3, [10, ["a"], [[1]]]]],
    [[3, [10, ["a"], [[1, 1]]]]],
]


def nested(levels: int) -> Any:
    term: Any = [7, ["a"]]
    for n in range(levels):
        term = [9 if n % 2 else 8, term, [7, ["b"]]]
    return term


@on_every_interpreter
def test_a_constant_that_is_not_sound_is_refused(name):
    questions = [[[], constant, LARGEST] for constant in [*NOT_SOUND, [[3, nested(9)]]]]
    assert on(name, questions) == ["unsound"] * len(questions)


def deep(levels: int, wide: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] * wide
    return value


# (a*)* in itself: on each way every other one is reached without taking a character.
LOOPS: list[Any] = [n + 1 for n in range(30)] + ["a"] + [-1 - n for n in range(30)] + [0]
LOOPS[0] = len(LOOPS)


@on_every_interpreter
def test_hostile_paths_do_bounded_work(name):
    line = {"a": deep(29, 1)}
    explosive = [True, None] * 15  # every value, through every value around it
    questions = [
        [line, explosive, 4096],
        [deep(3, 10), [True, None], 1220],  # 111 arrays, 1,110 items in them
        [list(range(100)), [[1, *([0] * 50)], None], 49],
        [list(range(100)), [[0, 0, None]], 99],
        [[{}] * 100, [[3, nested(8)]], 100],
        [[{}] * 100, [[3, nested(8)]], 101],
        [deep(2, 20), [None, None], 300],  # looked at no more than 300 values at a time
        [deep(2, 20), [None, None], 500],
        [["x" * 200] * 3, [None, None, None], 100],
        [["x" * 200] * 3, [None], 100],  # the result is too large
        [deep(31, 1), [None], LARGEST],
        [{"a": deep(30, 1), "b": deep(30, 1)}, [[2, "a", "b"]], LARGEST],
        [{"t": "x" * 99, "l": [{}] * 20}, ["l", [3, [10, [None, "t"], ["x"]]]], 2000],
        [{"t": "x" * 99, "l": [{}] * 20}, ["l", [3, [10, [None, "t"], ["x"]]]], 2001],
        [{"t": "x" * 99, "l": [{}] * 9}, ["l", [3, [2, [None, "t"], [None, "t"]]]], 1791],
        [{"t": "x" * 99, "l": [{}] * 9}, ["l", [3, [2, [None, "t"], [None, "t"]]]], 1792],
        [[{"a": "a" * 1000}], [[3, [10, ["a"], LOOPS]]], LARGEST],
        [[{"a": "a"}], [[3, [10, ["a"], [-1]]]], LARGEST],
    ]
    expected = []
    for question in questions:
        try:
            expected.append(cbor.encode(select(*question)).hex())
        except StatesError as error:
            expected.append(f"error {error.number}")
    assert expected[:7] == ["error 7"] * 5 + ["80", "error 7"]
    assert expected[7].startswith("990190")
    assert expected[8:10] == ["80", "error 7"]
    assert expected[12:14] == ["error 7", "80"]
    assert expected[14] == "error 7"
    assert expected[15].startswith("89a0")
    assert expected[16:] == [expected[16], "80"]
    assert expected[16] != "80"
    assert on(name, questions) == expected


def test_sound_constants_that_were_mutated_never_crash():
    draw = random.Random(1)
    pool = [query(path) for path, _ in KNOWN]
    ran = 0
    for _ in range(4000):
        data = bytearray(cbor.encode(draw.choice(pool)))
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        try:
            constant = cbor.decode(bytes(data))[0]
        except TsmeError:
            continue
        if sound(constant):
            ran += 1
            try:
                select(DATA, constant, 4096)
            except StatesError as error:
                assert error.number in (1, 7)
    assert ran > 300
