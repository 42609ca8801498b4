"""A board whose answers are nonsense, or nothing: one line, and never a traceback."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from smp.packet import encode

from tests.link.on_cable import program
from tests.link.relay import Cable
from tsme.errors import fault
from tsme_host.tools.errors import HostError
from tsme_host.tools.link import failures
from tsme_host.tools.link.pull import pull
from tsme_host.tools.link.smp_board import SmpBoard
from tsme_host.tools.link.stream import Lines

FLOW = """{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}"""
NAMES = (
    "tsme behaviour board mode boots failures heap now uptime locked programs next digest off len "
    "data executions name status execution program steps first blocks block slot retired from "
    "chain text nonce code rc err r output type group"
).split()
TEXT = st.text("0aé", max_size=16)
SIMPLE = (
    st.none() | st.booleans() | st.integers(-3, 300) | st.integers() | st.text(max_size=8)
    | st.binary(max_size=40) | st.floats()
)  # fmt: skip
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=8,
)
INTS = st.integers(0, 2) | st.integers(-1, 2**40)
RIGHT = {
    **dict.fromkeys("tsme board mode digest name status program text code type r".split(), TEXT),
    **dict.fromkeys(
        "behaviour boots failures heap now uptime next off len execution steps first blocks block "
        "slot from chain".split(),
        INTS,
    ),
    "nonce": TEXT,
    "data": st.binary(max_size=60),
    "output": st.binary(max_size=32),
    "locked": st.booleans(),
    "retired": st.lists(INTS, max_size=2),
    "programs": st.lists(st.tuples(TEXT, INTS), max_size=2),
    "executions": st.lists(st.fixed_dictionaries({"name": TEXT, "status": TEXT})),
}
# All members that any answer has, of the right kind, but for a few.
LIKELY = st.builds(
    lambda right, wrong: cbor2.dumps({**right, **wrong}),
    st.fixed_dictionaries(RIGHT),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=1),
)
BODIES = (
    LIKELY
    | st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3).map(cbor2.dumps)
    | st.binary(max_size=60)
)


class Liar(threading.Thread):
    """Answers the first request as a board does, and all others with what it is told."""

    def __init__(self, cable: Cable) -> None:
        super().__init__(daemon=True)
        self.cable = cable
        self.answers: list[bytes] = []
        self.over = False

    def run(self) -> None:
        lines = Lines()
        while not self.over:
            if not select.select([self.cable.board], [], [], 0.02)[0]:
                continue
            for message in lines.feed(os.read(self.cable.board, 4096)):
                if message[4:8:3] == b"\0\x06" and message[5] == 0:
                    body = cbor2.dumps({"buf_size": 512, "buf_count": 1})
                else:
                    body = self.answers.pop(0) if self.answers else b""
                head = bytes([message[0] | 1, 0]) + len(body).to_bytes(2, "big") + message[4:8]
                os.write(self.cable.board, b"".join(encode(head + body, 128)))


@pytest.fixture(scope="module")
def liar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liar]:
    cable = Cable(tmp_path_factory.mktemp("liar"))
    made = Liar(cable)
    made.start()
    yield made
    made.over = True
    made.join(10)
    cable.close()


def asked(client: SmpBoard, path: str) -> list[Any]:
    """All that can be asked of a board."""
    return [
        client.status,
        lambda: client.echo("x"),
        client.reset,
        client.time,
        lambda: client.set_time(5),
        lambda: client.log(0),
        lambda: client.unlock(b"key"),
        client.programs,
        lambda: client.load(program(FLOW)),
        lambda: client.remove("00"),
        client.executions,
        lambda: client.describe("a"),
        lambda: client.start("a", "00", "x" * 600),
        lambda: client.stop("a"),
        lambda: client.journal("a"),
        lambda: client.records("a", 0),
        lambda: pull(client, "a", path),
        client.image,
        lambda: client.upload("a", b"abc" * 500),
        lambda: client.download("a"),
        lambda: client.digest("a"),
    ]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 20), st.lists(BODIES, max_size=12))
def test_an_answer_that_is_nonsense_is_one_line(
    liar: Liar, tmp_path: Path, which: int, answers: list[bytes]
):
    with SmpBoard(liar.cable.port, 5, 0.05) as client:
        client.session.timeout = 0.02
        liar.answers = list(answers)
        try:
            asked(client, str(tmp_path / "j.bin"))[which]()
        except HostError as error:
            assert "\n" not in str(error)
            assert error.code.startswith("TSME-")
        liar.answers = []


@pytest.mark.parametrize("code", ["TSME-K005", "TSME-K007"])
def test_what_a_board_cannot_go_on_with_is_given_up_by_a_command_and_no_call(code: str) -> None:
    said = fault(code, *(("1f0c5a7d",) if code == "TSME-K005" else (3, 4))).message
    assert "retire()" in said
    refused = failures.refused(code, said)
    for text in (f"{refused.message}; {refused.hint}", failures.in_words(f"{code}: {said}")):
        assert "retire()" not in text
        assert text.count("`tsme retire NAME`, with its journal") == 1
