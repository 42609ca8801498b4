"""A machine's bytes are those of docs/SPEC.md: the digest, records, checkpoints, the delta."""

from __future__ import annotations

import hashlib
import re
from binascii import crc32

import pytest

from tests.interpreters import ROOT
from tests.machines import generate
from tests.machines.test_drafts import Life
from tests.tools.test_cddl import assert_valid, problems, sequence
from tsme.errors import texts
from tsme.kernel import Kernel, State
from tsme.kernel.rejected import Rejected
from tsme.machine import Machine
from tsme.values.cbor import decode, encode


class Named:
    name = "Water meter"
    version = "2.1"

    def stf(state, input, actions):
        pass


class Plain:
    def stf(self, state, input, actions):
        state["tanks"] = {"a": 1}


@pytest.mark.parametrize(
    ("machine", "text"),
    [(Named, "Water meter 2.1"), (Plain(), "Plain 1"), (Named(), "Water meter 2.1")],
)
def test_the_digest_is_that_of_name_and_version(machine, text):
    assert Machine(machine).program.digest == hashlib.sha256(text.encode()).digest()[:8]


@pytest.mark.parametrize("seed", range(15))
def test_records_and_checkpoints_are_as_the_cddl_has_them(seed):
    life = Life()
    start = generate.events(life.client.program.digest, [])[0]
    records = [Kernel(life.client).step(State(), start).record]
    for n, message in enumerate(generate.life(seed)):
        try:
            records.append(life.tell(message, n).record)
        except Rejected:
            continue
        checkpoint = life.kernel.checkpoint(life.state)
        assert_valid(checkpoint, "checkpoint")
    for record in records:
        assert_valid(sequence(bytes(record[4:])), "step")
    wrong = [*decode(checkpoint, 0, True)[0][:-1], "no state"]
    assert problems(encode(wrong, True), "checkpoint") != []


def test_the_delta_byte_by_byte():
    class Example:
        initial = {"n": 1, "cups": {"ada": 2, "bob": 3}, "log": [5, [6], 7]}

        def stf(state, input, actions):
            state["n"] += 1
            del state["cups"]["ada"]
            state["cups"]["cy"] = 4
            state["cups"]["cy"] = 5
            state["log"][1].append(8)
            state["log"].append(9)
            state["log"][0] = "x"

    life = Life(Example)
    before = life.state.digest
    life.tell(1, 1000)
    delta = b"".join(
        (
            encode([]), encode(["n"]), encode(2),
            encode(["cups"]), encode([None, "ada", "cy"]), encode(5),
            encode(["log"]), encode(4), encode(0), encode("x"), encode(3), encode(9), b"\xf7",
            encode(["log", 1]), encode(2), encode(1), encode(8), b"\xf7",
        )
    )  # fmt: skip
    assert life.client.seen == delta
    head = bytes([0]) + encode(1000) + encode(1) + b"\xf6\x80\x80"  # SPEC, 3.4
    assert life.state.digest == crc32(head + delta, before)


def test_the_delta_of_start_is_the_whole_state_sorted():
    class Example:
        initial = {"z": {"y": 1, "x": 2}, "a": []}

        def start(state, input, actions):
            state["a"].append(input.value)

        def stf(state, input, actions):
            pass

    client = Machine(Example)
    step = Kernel(client).step(State(), (1, generate.NOW, 1, client.program.digest, 5, 9, None, 1))
    fields = b"".join(encode(v, True) for v in (1, client.program.digest, 5, 9, None, 1))
    state = encode({"a": [9], "z": {"x": 2, "y": 1}})
    delta = bytes([0]) + encode(generate.NOW) + encode(1) + b"\xf6\x80\x80" + state
    assert step.state.digest == crc32(delta, crc32(fields))


def test_every_error_of_machines_is_documented():
    text = (ROOT / "docs" / "ERRORS.md").read_text(encoding="utf-8")
    documented = re.findall(r"^#### (TSME-M\d{3})\n(.*?)(?=^#)", text, re.MULTILINE | re.DOTALL)
    known = sorted(code for code in texts.TEXTS if code.startswith("TSME-M"))
    assert [code for code, _ in documented] == known
    for code, body in documented:
        assert re.search(r"^Example: `.*^Mend: ", body, re.MULTILINE | re.DOTALL), code
