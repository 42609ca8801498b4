"""Paths of the AWS dialect are understood, and mistakes are found at their character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.frontend.model import (
    Descend,
    Filter,
    Function,
    Index,
    Key,
    Several,
    Slice,
    Where,
    Wildcard,
)
from tsme_host.compiler.jsonpath.paths import (
    FUNCTIONS,
    PathError,
    format_path,
    parse_path,
    why_not_reference,
)

HERE = Where("/p", 1, 1)

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
indexes = st.integers(-(2**31), 2**31 - 1)
maybe = st.none() | indexes
steps = (
    st.builds(Key, names)
    | st.builds(Index, indexes)
    | st.just(Wildcard())
    | st.builds(Slice, maybe, maybe, st.none() | indexes.filter(bool))
    | st.lists(st.builds(Index, indexes), min_size=2, max_size=4).map(tuple).map(Several)
    | st.lists(st.builds(Key, names), min_size=2, max_size=4).map(tuple).map(Several)
    | st.sampled_from(["?(@.a == 1)", "?(@['x]'] > ')')", "(@.length-1)"]).map(Filter)
)
roots = st.sampled_from(["$", "$$", "count", "größe", "_x1"])


@st.composite
def segments(draw):
    found = []
    for step in draw(st.lists(steps, max_size=6)):
        if draw(st.integers(0, 4)) == 0:
            found.append(Descend())
        found.append(step)
    if found and draw(st.booleans()):
        found.append(Function(draw(st.sampled_from(FUNCTIONS))))
    return tuple(found)


def parse(text):
    return parse_path(text, HERE)


@given(roots, segments())
def test_a_path_survives_its_text_form(root, parts):
    path = parse(format_path(root, parts))
    assert (path.root, path.segments) == (root, parts)


@pytest.mark.parametrize(
    ("text", "root", "parts"),
    [
        ("$", "$", ()),
        ("$$", "$$", ()),
        ("$.a.b", "$", (Key("a"), Key("b"))),
        ("$$.Execution.Id", "$$", (Key("Execution"), Key("Id"))),
        ("$count", "count", ()),
        ("$count.x[0]", "count", (Key("x"), Index(0))),
        ("$.delivery-partner", "$", (Key("delivery-partner"),)),
        ("$.a:b", "$", (Key("a:b"),)),
        ("$['a b'][\"c\"]", "$", (Key("a b"), Key("c"))),
        ("$.['a'][0]", "$", (Key("a"), Index(0))),
        ("$[ 'a' , 'b' ]", "$", (Several((Key("a"), Key("b"))),)),
        ("$.a[-2]", "$", (Key("a"), Index(-2))),
        ("$.a[1,2]", "$", (Key("a"), Several((Index(1), Index(2))))),
        ("$.a[1:]", "$", (Key("a"), Slice(1, None, None))),
        ("$.a[:-1]", "$", (Key("a"), Slice(None, -1, None))),
        ("$.a[0:9:2].b", "$", (Key("a"), Slice(0, 9, 2), Key("b"))),
        ("$.*[*]", "$", (Wildcard(), Wildcard())),
        ("$..book", "$", (Descend(), Key("book"))),
        ("$..[0]", "$", (Descend(), Index(0))),
        ("$.a[?(@.b == 'x]')].c", "$", (Key("a"), Filter("?(@.b == 'x]')"), Key("c"))),
        ("$[(@.length-1)].bar", "$", (Filter("(@.length-1)"), Key("bar"))),
        ("$.a.length()", "$", (Key("a"), Function("length"))),
        # The States Language's own examples of escapes in names.
        (r"$.store\.book", "$", (Key("store.book"),)),
        (r"$.\stor\e.boo\k", "$", (Key("store"), Key("book"))),
        (r"$.foo\@bar.baz\[\[.\?pretty", "$", (Key("foo@bar"), Key("baz[["), Key("?pretty"))),
        (r"$.&Ж中.\uD800\uDF46", "$", (Key("&Ж中"), Key("\U00010346"))),
        # AWS: in brackets a backslash only escapes the quote and itself.
        ('$[\'Test\\""Name"\']', "$", (Key('Test\\""Name"'),)),
        (r"$['it\'s']", "$", (Key("it's"),)),
    ],
)
def test_a_path_is_read_as_aws_reads_it(text, root, parts):
    path = parse(text)
    assert (path.root, path.segments, path.text) == (root, parts, text)


@pytest.mark.parametrize("around", [" ", "\t", "\n", "\r\n", "\x00 "])
@pytest.mark.parametrize("text", ["$", "$.a", "$$.Execution.Name", "$v[0]", "$['a ']", "$.a[*]"])
def test_blanks_around_a_path_do_not_count(text, around):
    for whole in (text + around, around + text, around + text + around):
        assert parse(whole) == parse(text)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("$.a[0]b", "$.a[0].b"),
        ("$.a[0]b[1]c.d", "$.a[0].b[1].c.d"),
        ("$['a']b", "$['a'].b"),
        ("$.a[*]b", "$.a[*].b"),
        ("$.a[1:]b", "$.a[1:].b"),
        ("$.a[?(@.b == 1)]c", "$.a[?(@.b == 1)].c"),
        ("$.a[0]*", "$.a[0].*"),
        ("$.*b", "$.*.b"),
        ("$..[0]b", "$..[0].b"),
    ],
)
def test_a_name_straight_behind_a_bracket_needs_no_dot(short, long):
    assert parse(short).segments == parse(long).segments


@pytest.mark.parametrize(
    ("text", "index", "message"),
    [
        ("", 0, "a path starts with `$`"),
        ("a.b", 0, "a path starts with `$`"),
        (" a", 1, "a path starts with `$`"),
        ("\u00a0$.a", 0, "a path starts with `$`"),
        ("$.", 2, "a name is missing after `.`"),
        ("$...a", 3, "three dots in a row"),
        ("$.a b", 3, "a blank cannot stand in a path"),
        (" $.a b ", 4, "a blank cannot stand in a path"),
        ("$.a[0]'b'", 6, "`'` cannot stand here in a path"),
        ("$.a[0]?b", 6, "a name cannot start with `?`"),
        ("$$23", 2, "`.` or `[` follows `$$`"),
        ("$23", 1, "`2` cannot stand here in a path"),
        ("$.a[", 3, "`[` is not closed"),
        ("$.a[0", 3, "`[` is not closed"),
        ("$.a[]", 3, "nothing between `[` and `]`"),
        ("$.a[b]", 4, "`b` cannot stand after `[`"),
        ("$.a['b]", 4, "the name has no closing quote"),
        ("$.a[0,]", 6, "a number is missing after `,`"),
        ("$.a[0 1]", 6, "expected `]`, found `1`"),
        ("$.a[::0]", 4, "the step of a slice cannot be 0"),
        ("$.a[99999999999]", 4, "the index does not fit into 32 bits"),
        ("$.a.lenght()", 4, "there is no path function lenght()"),
        ("$.a.length().b", 12, "nothing can follow a function in a path"),
        ("$.a[?()]", 4, "the filter is empty"),
        ("$.a[?(@.b", 3, "`[` is not closed"),
        ("$.a)", 3, "`)` cannot stand here in a path"),
        ("$.'a'", 2, "quotes need brackets"),
        ("$.a\\", 3, "the path ends in a backslash"),
    ],
)
def test_a_mistake_is_found_at_its_character(text, index, message):
    with pytest.raises(PathError) as error:
        parse(text)
    assert (error.value.index, error.value.message) == (index, message)


@given(st.text(st.sampled_from("$.[]'\"()*?@:,-0a \\u"), max_size=20))
def test_any_text_is_a_path_or_a_path_error_inside_the_text(text):
    try:
        path = parse("$" + text)
    except PathError as error:
        assert 0 <= error.index <= len(text) + 1
    else:
        again = parse(format_path(path.root, path.segments))
        assert (again.root, again.segments) == (path.root, path.segments)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$.a[0]['b']", ""),
        ("$", ""),
        ("$.a[*]", "a wildcard"),
        ("$.a[1:]", "a slice"),
        ("$.a[0,1]", "a list of names or indexes"),
        ("$.a[?(@.b)]", "a filter"),
        ("$..a", "`..`"),
        ("$.a.length()", "the function length()"),
    ],
)
def test_reference_paths_name_one_place(text, why):
    path = parse(text)
    assert why_not_reference(path) == why
    assert path.definite == (why == "")
