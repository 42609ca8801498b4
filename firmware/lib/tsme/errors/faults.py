# Errors of a workflow (docs/SPEC.md, 2.9).


class StatesError(Exception):
    # An error of the workflow.  `number`: docs/SPEC.md, 2.9; 0 for one that came from a task.
    def __init__(self, name, cause, number=0, value=None):
        super().__init__(name)
        self.name = name
        self.cause = cause
        self.number = number
        self.value = value


class IntrinsicError(Exception):
    # An intrinsic function cannot take its arguments.
    pass


def error(number, value=None):
    # `value` is for a trace.
    from .causes import ERRORS

    name, text = ERRORS[number - 1]
    return StatesError(name, text, number, value)
