"""Handlers of a scenario: what is not mocked is done by the tasks file, in a virtual world."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tsme import sim
from tsme.engine.tasks import TaskError, is_callback
from tsme.errors import TsmeError
from tsme.kernel.protocol import FAILED, SUCCEEDED
from tsme.sim.virtual import Context, Late, answer, within
from tsme.sim.world import Reset, World

from ...compiler.frontend.model import Json
from ..handlers import load_tasks
from .virtual_time import MockAnswer, StartedTask, Unanswered

_LIBRARY = "tsme.tasks"


class Handlers:
    """The handlers of a tasks file, loaded anew: a board that has just booted.

    `inputs`: what its world reads; `began`: its time, in ms since 1970.
    """

    def __init__(self, path: str, inputs: dict[str, Json], began: int) -> None:
        self.path = path
        self.began = began
        self.world = World(inputs, virtual=True)
        self.world.offset = began
        sim.install()
        _forget(Path(path).resolve().parent)
        self.tasks: Any = within(self.world, load_tasks, path)

    def answer(self, call: StartedTask) -> MockAnswer | None:
        """What the handler gives, and after how long; None if it never comes in time.

        Raises Unanswered if the run cannot go on: nobody handles the task, or the board was reset.
        """
        if self.tasks.find(call.resource) is None:
            hint = f'add "{call.state}" to "tasks", or a handler to {self.path}'
            raise Unanswered(f"{call.state} calls {call.resource}, which nobody handles; {hint}")
        start = call.at - self.began
        self.world.move(start)
        self.world.due()
        context = Context(1, call.action, 1)
        try:
            given = (call.resource, call.payload, context, call.limit)
            kind, fields = SUCCEEDED, (answer(self.world, self.tasks, *given),)
        except Late:
            return None
        except TaskError as error:
            kind, fields = FAILED, (error.error, error.cause)  # type: ignore[assignment]
        except Reset as reset:
            text = f"{call.state} resets the board ({reset.how}), which a scenario cannot follow"
            raise Unanswered(text) from None
        except TsmeError as error:
            kind, fields = FAILED, ("TsmeError", str(error))  # type: ignore[assignment]
        except Exception as error:
            kind, fields = FAILED, (type(error).__name__, str(error))  # type: ignore[assignment]
        if kind == SUCCEEDED and is_callback(call.resource):
            return None
        return MockAnswer(kind, fields, self.world.time() - start)


def _forget(folder: Path) -> None:
    """What a reset forgets: the modules of the task library, and those beside the tasks file."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        beside = isinstance(file, str) and Path(file).resolve().parent == folder
        if name == _LIBRARY or name.startswith(_LIBRARY + ".") or (beside and name != "__main__"):
            del sys.modules[name]
