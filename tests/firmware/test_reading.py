"""What an ItemReader read, as the items of a Map (docs/SPEC.md, 2.6, Items)."""

from __future__ import annotations

from typing import Any

import pytest

from tsme.errors import StatesError
from tsme.program.functions import item_reader


def items(answer: Any, kind: str = "CSV", names: Any = None, most: Any = 0, **more: Any) -> Any:
    config = [kind, names, more.get("separator", ","), more.get("way", [])]
    return item_reader.items(None, answer, config, most)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ("a,b\r\n1\r\n1,2,3", [{"a": "1", "b": ""}, {"a": "1", "b": "2"}]),
        ("\ufeffa\rx\ry", [{"a": "x"}, {"a": "y"}]),
        ('a,b\n"1,""2""\n3",4\n', [{"a": '1,"2"\n3', "b": "4"}]),
        ("a,b\n\n ,\n,\n", [{"a": " ", "b": ""}, {"a": "", "b": ""}]),
        ("a,\n1,ü", [{"a": "1", "": "ü"}]),
        ("a,b\n1,", [{"a": "1", "b": ""}]),
        ('a\n""\n', [{"a": ""}]),
        ("", []),
    ],
)
def test_csv_is_read_as_aws_does(text: str, rows: Any) -> None:
    assert items(text) == rows


def test_how_to_read_is_configured() -> None:
    assert items("1;2\n", names=["a", "b"], separator=";") == [{"a": "1", "b": "2"}]
    assert items('{"a":{"b/c":[1]}}', "JSON", way=["a", "b/c"]) == [1]
    assert items([1, 2, 3], "JSON", most="2") == [1, 2]
    assert items({"Contents": [{"Key": "k"}]}, "LIST") == [{"Key": "k"}]
    assert items({"Body": "[1]"}, "JSON") == [1]
    assert items('{"a":[0,{"01":[2]}]}', "JSON", way=["a", "1", "01"]) == [2]
    for most in (-1, "x", 1.5, None):
        with pytest.raises(StatesError):
            items([], most=most)


@pytest.mark.parametrize(
    ("way", "found"),
    [(["b"], False), (["a", "2"], False), (["a", "01"], False), (["a", "x"], False)]
    + [(["a", "0", "c"], False), (["a", "-"], False), (["a", "1"], True)],
)
def test_an_items_pointer_that_leads_nowhere_is_told_as_that(way: list[str], found: bool) -> None:
    scalar = "Attempting to map over non-iterable node."
    nothing = "The provided ReaderConfig.ItemsPointer does not match any valid path in the JSON "
    with pytest.raises(StatesError) as caught:
        items('{"a":[1,"two"]}', "JSON", way=way)
    assert caught.value.name == "States.ItemReaderFailed"
    assert caught.value.cause == (scalar if found else nothing + "structure.")


@pytest.mark.parametrize("names", [None, ["a", "b", "a"]])
def test_columns_have_distinct_names(names: Any) -> None:
    for text in ("a,b,a\n1,2,3\n", "a,b,a"):
        with pytest.raises(StatesError) as caught:
            items(text, names=names)
        assert caught.value.name == "States.ItemReaderFailed"
        assert caught.value.cause == "CSV headers cannot contain duplicates."
    assert items("", names=["a"]) == items("a,A\n") == []
