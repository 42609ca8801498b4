# What goes wrong on purpose: every error has a code that docs/ERRORS.md explains.
from .. import once


class TsmeError(Exception):
    def __init__(self, code, message):
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self):
        return self.code + ": " + self.message


class LimitError(TsmeError):
    def __init__(self, code, what, asked, limit, how):
        super().__init__(code, f"{what}: {asked} asked, the limit is {limit}; {how}")
        self.limit = limit
        self.asked = asked


def fault(code, *args):
    # -> the error of this code; its text is in texts.py
    return TsmeError(code, once("errors.texts", "fault", code, args))


def over(code, asked, limit, name=None):
    # -> the LimitError of this code, or of the limit `name` of limits.py
    what, how = once("errors.texts", "over", code, name)
    return LimitError(code, what, asked, limit, how)


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
