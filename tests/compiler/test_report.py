"""Problems are shown with file, line, column, source line and help, and as JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.frontend.check import find_problems
from tsme_host.compiler.frontend.model import Problem, Where
from tsme_host.compiler.frontend.report import render_text, to_json

TEXT = """{
  "StartAt": "A",
  "States": {
    "A": {"Type": "Pass", "Nxt": "B", "InputPath": "$.größe[", "End": true}
  }
}"""


def test_the_text_form_is_what_the_documentation_shows():
    assert render_text(find_problems(TEXT)[1], TEXT, "flow.asl.json") == (
        'flow.asl.json:4:27: error TSME-C011: a Pass state has no field "Nxt"\n'
        '  4 |     "A": {"Type": "Pass", "Nxt": "B", "InputPath": "$.größe[", "End": true}\n'
        "    |                           ^\n"
        "  at: /States/A/Nxt\n"
        '  help: did you mean "Next"?\n'
        "\n"
        "flow.asl.json:4:60: error TSME-C020: InputPath is no path: `[` is not closed "
        '(in "$.größe[")\n'
        '  4 |     "A": {"Type": "Pass", "Nxt": "B", "InputPath": "$.größe[", "End": true}\n'
        "    |                                                            ^\n"
        "  at: /States/A/InputPath\n"
        "  help: add `]`"
    )


def test_the_json_form_has_everything_a_script_needs():
    problem = to_json(find_problems(TEXT)[1], "flow.asl.json")[0]
    assert problem == {
        "code": "TSME-C011",
        "message": 'a Pass state has no field "Nxt"',
        "file": "flow.asl.json",
        "pointer": "/States/A/Nxt",
        "line": 4,
        "column": 27,
        "help": 'did you mean "Next"?',
        "refusal": False,
        "severity": "error",
    }
    json.dumps(problem)


def caret_line(text, line, column):
    shown = render_text([Problem("TSME-C003", "m", Where("", line, column))], text, "f")
    _, source, caret = shown.split("\n")
    return source, caret


@given(st.integers(1, 400))
def test_the_caret_stands_under_the_character_also_in_long_lines(column):
    line = "".join(chr(0x21 + i % 90) for i in range(400))
    source, caret = caret_line(line, 1, column)
    assert source[caret.index("^")] == line[column - 1]
    assert len(source) <= 100


def test_wide_and_combining_characters_and_tabs_do_not_shift_the_caret():
    _, caret = caret_line('\t"日本e\u0301": x', 1, 9)
    assert caret.index("^") == len("  1 | ") + 9  # tab 1, quotes 2, 日本 4, é 1, colon 1


def test_a_place_behind_the_end_of_the_text_is_shown_without_a_source_line():
    shown = render_text([Problem("TSME-C003", "m", Where("", 9, 1), "h")], "{", "f")
    assert shown == "f:9:1: error TSME-C003: m\n  help: h"
