"""What runs on the boards that the prompt of `tsme repl` is tried on, and what it offers."""

from __future__ import annotations

import threading

from prompt_toolkit.document import Document

from tsme_host.tools.repl.board import Board
from tsme_host.tools.repl.completion import Completion
from tsme_host.tools.repl.session import Repl

ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:press"
FLOWS = {
    "soil": {
        "StartAt": "Look",
        "States": {"Look": {"Type": "Pass", "Result": 250, "ResultPath": "$.soil", "Next": "Done"},
                   "Done": {"Type": "Succeed"}},
    },
    "door": {
        "StartAt": "Ask",
        "States": {"Ask": {"Type": "Task", "Resource": ACTIVITY, "Next": "Open it"},
                   "Open it": {"Type": "Pass", "End": True}},
    },
    "bad": {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Rain", "Cause": "wet"}}},
    "nap": {"StartAt": "Nap", "States": {"Nap": {"Type": "Wait", "Seconds": 3600, "End": True}}},
}  # fmt: skip
COUNTER = """
class Counter:
    version = 1
    initial = {"n": 0}

    def stf(state, input, actions):
        if input.kind == "signal":
            if input.value == "bad":
                raise ValueError("no such signal")
            state["n"] += input.value
"""


RELAY = """
class Relay:
    version = 1
    states = [
        ("Start", {}),
        ("Ready", {"auto": True, "require": ["Start"]}),
        ("Forward", {"require": ["Ready"], "remove": ["Reverse"]}),
        ("Reverse", {"require": ["Ready"], "remove": ["Forward"]}),
    ]

    def ForwardState(m):
        if m.args.get("last"):
            m.end()
        if m.args.get("then"):
            m.add(m.args.get("then"))

    def ReverseEnter(m):
        return m.args.get("ok", True)

    def ReverseState(m):
        if m.args.get("back"):
            then = m.args.get("then")
            m.add("Forward", then and {"then": then})

    def turns(m):
        return m.ticks("Forward") + m.args.get("more", 0)
"""


def offered(target: Board, line: str) -> list[str]:
    found: list[str] = []
    one = Completion(Repl(target, None).at)

    def look() -> None:
        found.extend(
            offer.text
            for offer in one.get_completions(Document(line), None)  # type: ignore[arg-type]
        )

    thread = threading.Thread(target=look)  # as prompt_toolkit asks
    thread.start()
    thread.join()
    return found
