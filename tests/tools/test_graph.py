"""`tsme graph`: Mermaid text and SVG of the same workflow."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.compiler.definitions import FULL
from tests.tools.shell import DATA, assert_one_clear_line, example, tsme
from tests.tools.test_check_and_compile import golden
from tsme_host.compiler.frontend.check import check
from tsme_host.tools.commands import graph
from tsme_host.tools.commands.graph import mermaid, svg
from tsme_host.tools.diagram import diagram

SVG = "{http://www.w3.org/2000/svg}"
ODD = """{"StartAt": "end", "States": {
  "end": {"Type": "Choice", "Default": "a\\"b<c>#`&\\\\n", "Choices": [
    {"And": [{"Variable": "$.x", "IsPresent": true},
             {"Not": {"Variable": "$.x", "StringMatches": "<b>*"}}], "Next": "subgraph"},
    {"Or": [{"Variable": "$['very long name number one']", "NumericGreaterThanEqualsPath": "$.y"},
            {"Variable": "$.z", "BooleanEquals": false}], "Next": "subgraph"}]},
  "subgraph": {"Type": "Wait", "TimestampPath": "$.t", "Next": "a\\"b<c>#`&\\\\n"},
  "a\\"b<c>#`&\\\\n": {"Type": "Pass", "End": true}}}"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(example(tmp_path))
    return tmp_path


def texts(data: bytes) -> list[str]:
    root = ElementTree.fromstring(data)
    assert root.tag == SVG + "svg"
    return ["".join(text.itertext()).replace("\xa0", " ") for text in root.iter(SVG + "text")]


def test_the_mermaid_text_of_a_small_workflow_is_the_recorded_one(folder: Path):
    result = tsme("graph", "flow.asl.json")
    assert result.exit_code == 0
    golden("flow.mmd", result.stdout)
    assert tsme("graph", "flow.asl.json", "-o", "flow.mmd").exit_code == 0
    assert (folder / "flow.mmd").read_text(encoding="utf-8") == result.stdout


def test_svg_is_xml_with_every_state_condition_and_error(folder: Path):
    result = tsme("graph", "flow.asl.json", "-o", "flow.svg")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "flow.svg: 6 states\n"
    found = texts((folder / "flow.svg").read_bytes())
    for text in ("Measure", "read_soil", "retry 2×: SensorBusy", "Soak", "60 s", "GiveUp"):
        assert text in found
    assert [t for t in found if "$.soil.moisture < 30" in t]
    assert [t for t in found if "States.ALL" in t]


def test_catch_arrows_are_dashed(folder: Path):
    tsme("graph", "flow.asl.json", "-o", "flow.svg")
    root = ElementTree.fromstring((folder / "flow.svg").read_bytes())
    dashed = [path for path in root.iter(SVG + "path") if path.get("stroke-dasharray")]
    assert len(dashed) == 1
    assert ' -.->|"States.ALL"| ' in tsme("graph", "flow.asl.json").stdout


def test_a_workflow_with_every_state_type_can_be_drawn_both_ways():
    import json

    frame = diagram(check(json.dumps(FULL)))
    assert "subgraph" in mermaid(frame)
    assert len(texts(svg(frame))) > len(FULL["States"])


def test_names_that_mean_something_to_mermaid_or_graphviz_are_shown_as_they_are():
    frame = diagram(check(ODD))
    text = mermaid(frame)
    assert '"a#quot;b#lt;c#gt;#35;#96;&\\n"' in text
    ids = re.findall(r"^  (\w+)[\[({]", text, re.MULTILINE)
    assert not {"end", "subgraph", "graph", "default", "class", "style"} & set(ids)
    found = texts(svg(frame))
    assert 'a"b<c>#`&\\n' in found
    assert [t for t in found if '$.x is present and not $.x like "<b>*"' in t]


def test_a_long_condition_is_cut():
    labels = [arrow.label for arrow in diagram(check(ODD)).arrows]
    assert max(map(len, labels)) == 40
    assert "$['very long name number one'] ≥ $.y or…" in labels


def test_a_workflow_with_problems_is_not_drawn(folder: Path):
    (folder / "flow.asl.json").write_text('{"StartAt": "A", "States": {}}', encoding="utf-8")
    result = tsme("graph", "flow.asl.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "TSME-C" in result.stderr


def test_without_pygraphviz_svg_says_what_to_install(folder: Path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    result = tsme("graph", "flow.asl.json", "-o", "flow.svg")
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, "TSME-H050")
    assert 'pip install "tsme[graph]"' in result.stderr
    assert tsme("graph", "flow.asl.json").exit_code == 0


def test_every_kind_of_box_has_a_shape_and_a_colour():
    assert graph._COLOURS.keys() == graph._MERMAID.keys() == graph._SHAPES.keys()
    assert (DATA / "flow.mmd").exists()
