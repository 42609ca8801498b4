# How an execution ended; and what runs a program.

from ..values.copies import copied

try:  # in C, where that is
    import tsme_core  # noqa: F401

    from ..core import booted, kernel, runs
except ImportError:
    from ..kernel import Kernel as kernel  # noqa: F401

    booted = None

    def runs(program):
        from ..program.interpreter import Interpreter

        return Interpreter(program)


class Outcome:
    def __init__(self, state):
        self.execution = state.execution
        self.status = ("running", "succeeded", "failed", "stopped")[state.status]
        self.output = self.error = self.cause = None
        if self.status == "succeeded":
            self.output = copied(state.result)  # whoever asked may change it
        elif self.status != "running":
            self.error, self.cause = state.result

    def __repr__(self):
        from ..values.json import dumps

        ok = self.status == "succeeded"
        what = dumps(self.output) if ok else "%s: %s" % (self.error, self.cause)
        return "execution %d %s: %s" % (self.execution, self.status, what)


def client_of(program, crc=None):
    # program: bytes out of a store too
    if crc is not None:
        if booted:
            return booted(program, crc)
        from ..program import Program

        program = Program(program, crc)
    if hasattr(program, "code"):
        return runs(program)
    relational = [n for n in ("states", "schema", "inherit") if hasattr(program, n)]
    if relational and not hasattr(program, "stf"):
        from ..relational import Relational

        return program if isinstance(program, Relational) else Relational(program)
    from ..machine import Machine

    return program if isinstance(program, Machine) else Machine(program)
