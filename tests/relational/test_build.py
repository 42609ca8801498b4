"""A schema becomes the bytes of docs/SPEC.md, 9, and the same ones everywhere."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.interpreters import ROOT, command, environment, require
from tsme.errors import TsmeError
from tsme.relational import schema
from tsme.relational.build import build, packed, ranks
from tsme.values.cbor import decode

Schema: Any = schema.Schema

STATES: dict[str, dict[str, Any]] = {
    "Start": {},
    "Ready": {"auto": True, "require": ["Start"]},
    "Forward": {"require": ["Ready", "Nobody"], "remove": ["Reverse", "Forward", "Unknown"]},
    "Reverse": {"add": ["Light", "Nobody"], "remove": ["Light", "Forward"], "after": ["Reverse"]},
    "Light": {"multi": True, "tags": ["ArgsReq", "key:value"]},
}
CASES = [
    (STATES, list(STATES), {"Motion": ["Forward", "Reverse"]}),
    (STATES, None, None),
    ({"Exception": {"require": ["A"]}, "A": {}}, ["Exception", "A"], {}),
    ({"A": {"require": ["B"]}, "B": {"require": ["A"]}}, None, None),
    ({"A": {"require": ["B"], "remove": ["B"]}, "B": {}}, None, None),
    ({f"S{i}": {"add": [f"S{i + 1}"], "after": ["S3"]} for i in range(70)}, None, None),
]


def read(*given: Any) -> list[Any]:
    item, _ = decode(build("Relay", 1, *given), 0, True)
    assert isinstance(item, list)
    return item


def test_a_definition_is_made_sound_and_becomes_masks() -> None:
    item = read(*CASES[0])
    assert item[:6] == [1, "Relay", 1, [*STATES, "Exception"], b"\x02", b"\x30"]
    require, add, remove, after, rank, tags, groups, error = item[6:]
    assert require == [b"", b"\x01", b"\x42", b"", b"", b""]  # bit 6: nobody
    assert add == [[], [], [], [4], [], []]
    assert remove == [b"", b"", b"\x08", b"\x04", b"", b""]
    assert after == [b""] * 6
    assert rank == [1, 2, 3, 0, 0, 0]
    assert tags == {"Light": ["ArgsReq", "key:value"]}
    assert groups == {"Motion": b"\x0c"}
    assert error is None


def test_a_plain_dict_is_sorted_and_pairs_keep_their_order() -> None:
    assert read(STATES)[3] == [*sorted(STATES), "Exception"]
    assert read(list(STATES.items()))[3] == [*STATES, "Exception"]


def test_what_requires_one_another_in_a_circle_has_no_ranks() -> None:
    assert ranks([[1], [2], [0], []]) is None
    assert ranks([[], [], []]) is None
    assert ranks([[1, 2], [3], [3], [], []]) == [4, 2, 3, 1, 0]


def test_a_contradiction_is_told_in_the_schema() -> None:
    assert read(*CASES[4])[13] == "the state A both requires and removes B"


@pytest.mark.parametrize("bits", [0, 1, 255, 256, 1 << 200])
def test_a_mask_has_no_byte_too_many(bits: int) -> None:
    assert int.from_bytes(packed(bits), "little") == bits
    assert not packed(bits).endswith(b"\0")


def test_an_order_names_each_state_once() -> None:
    for order in (["Start"], [*STATES, "Nobody"], [*STATES, "Start"]):
        with pytest.raises(TsmeError, match="TSME-M014"):
            build("Relay", 1, STATES, order)


def test_a_group_names_states() -> None:
    with pytest.raises(TsmeError, match=r"TSME-M015.*Motion names: Up"):
        build("Relay", 1, STATES, None, {"Motion": ["Up"]})


@pytest.mark.parametrize("name", ["micropython", "micropython32"])
def test_a_schema_is_the_same_bytes_and_names_on_every_interpreter(name: str) -> None:
    require(name)
    given: list[Any] = [(*case, asked(case[0])) for case in CASES]
    script = ROOT / "tests" / "relational" / "schema_device.py"
    done = subprocess.run(
        command(name, script),
        input="".join(json.dumps(case) + "\n" for case in given),
        capture_output=True,
        text=True,
        env=environment(name),
        timeout=300,
        check=True,
    )
    for line, (*case, names) in zip(done.stdout.splitlines(), given, strict=True):
        data = build("Relay", 1, *case)
        number = {n: i for i, n in enumerate(Schema(data).names)}.get
        assert json.loads(line) == [data.hex(), [number(n) for n in names]]


def asked(states: dict[str, Any]) -> list[Any]:
    """All names, and what looks like some."""
    names = sorted(states)
    near = [
        "\0".join(names[:2]),
        names[0] + "\0",
        names[0][:-1],
        names[0] + names[-1],
        "",
        "\0",
        "é",
    ]
    return [*names, "Exception", *near, None, 1]


def test_a_name_that_ends_another_one_s_text_is_no_schema() -> None:
    with pytest.raises(TsmeError, match="TSME-M016"):
        Schema(build("Relay", 1, {"A\0B": {}}))


def test_ranks_beyond_a_byte_are_kept() -> None:
    states = [(f"S{i}", {"require": [f"S{i - 1}"] if i else []}) for i in range(300)]
    one = Schema(build("Long", 1, states))
    assert list(one.ranks) == [*range(1, 301), 0]
    assert one.require[299] == 1 << 298
