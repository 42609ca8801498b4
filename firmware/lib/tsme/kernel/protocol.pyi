"""The numbers of docs/SPEC.md, 3, by name."""

from typing import Final

# Kinds of inputs
CONTINUE: Final[int]
START: Final[int]
SUCCEEDED: Final[int]
FAILED: Final[int]
HEARTBEAT: Final[int]
TIMER: Final[int]
STOP: Final[int]
STARTED: Final[int]
SIGNAL: Final[int]
SLEEP: Final[int]
MIGRATE: Final[int]
# Status of an execution
RUNNING: Final[int]
DONE: Final[int]
FAULT: Final[int]
STOPPED: Final[int]
# Kinds of tracked actions
TASK: Final[int]
WAKE: Final[int]
# Names, by number: of inputs, status, untracked actions, trace events (3.6)
INPUTS: Final[list[str]]
STATUS: Final[list[str]]
EMITS: Final[list[str]]
TRACED: Final[list[str]]
