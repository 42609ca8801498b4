"""Puts questions to `leaves_device.py` on an interpreter, and checks the answers."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests import interpreters

SCRIPT = Path(__file__).with_name("leaves_device.py")
NAMES = tuple(interpreters.INTERPRETERS)
HEAP = "200k"  # of 64-bit words, thus about 100 KB on a board

# An operation, its arguments as bytes or text, and the answer; None: what CPython says.
Question = tuple[str, Sequence[bytes | str], str | None]

on_every_interpreter = pytest.mark.parametrize("name", NAMES)


def ask(name: str, questions: Iterable[Question]) -> list[str]:
    lines = []
    for operation, args, _ in questions:
        raw = [a.encode() if isinstance(a, str) else a for a in args]
        lines.append(" ".join([operation, *("x" + a.hex() for a in raw)]) + "\n")
    run = interpreters.run(name, SCRIPT, stdin="".join(lines).encode(), heap=HEAP, timeout=240)
    answers = run.stdout.decode().splitlines()
    assert len(answers) == len(lines), run.stderr.decode()[-2000:]
    return answers


def check(name: str, questions: Sequence[Question]) -> None:
    """All answers are as expected, and where nothing is expected, CPython's."""
    interpreters.require(name)
    reference = ask("cpython", questions)
    answers = reference if name == "cpython" else ask(name, questions)
    for question, answer, known in zip(questions, answers, reference, strict=True):
        expected = known if question[2] is None else question[2]
        assert answer == expected, (question, _readable(answer), _readable(expected))


def _readable(answer: str) -> str:
    return bytes.fromhex(answer[6:]).decode() if answer.startswith("error ") else answer
