# A program that the core runs, as the kernel's client; and its functions that stay in Python.
import sys

try:
    from binascii import crc32
except ImportError:
    from ..values.crc import crc32

from .. import const, once
from ..errors import IntrinsicError, LimitError, StatesError
from ..values.cbor import decode, encode_into

# docs/SPEC.md, 2.9
_INTRINSIC = const(3)
_TOO_LARGE = const(7)
_FAILED = const(-10)  # TSME_ERR_CALL
_EVALUATE = const(511)  # TSME_EVALUATE


class Kept:
    # A program that was verified when it was installed, as a Program is; nothing of it is taken
    # apart until somebody asks.
    def __init__(self, data, crc):
        self.data = data
        self.crc = crc
        if crc32(data) != crc:
            self.whole()  # raises
        self.digest = bytes(data[3:11])
        self.needs, at = decode(data, 11, True)
        limits = decode(data, at, True)[0]
        self.budget = limits[3] or 256
        if "tsme.kernel.limits" in sys.modules:  # somebody may have changed them
            from ..kernel.limits import LIMITS, check_program

            # as program/load.py does, which takes more of a small board's stack than there may be
            check_program(LIMITS, len(data), limits)

    def whole(self):
        from ..program import Program

        return Program(self.data, self.crc)

    def resources(self):
        # recursion: at most 1, a Program has one of its own
        return self.whole().resources()

    def __getattr__(self, name):
        if name[:1] == "_":
            raise AttributeError(name)
        return getattr(self.whole(), name)


class Client:
    signals = False
    # crc: as the core has verified it, or None
    lacks = None  # the name of what the core has not got for it

    def __init__(self, program):
        self.program = program
        self.crc = getattr(program, "crc", None) if isinstance(program, Kept) else None
        self.watched = None  # who watches, if anybody does
        self.handle = None  # the engine that the core made last for it
        self._python = None
        self.kept = {}  # functions by their number; evaluating.py has answers there

    def python(self):
        # the same program for the Python kernel
        if self._python is None:
            from ..program.interpreter import Interpreter

            program = self.program
            self._python = Interpreter(program.whole() if isinstance(program, Kept) else program)
            if self.watched:  # steps that the core cannot make
                self._python.trace = self.watched.tracer.see
        return self._python

    # What the kernel and others ask of a client; `part`: of a state of the core, or frames.

    def runnable(self, part):
        # recursion: at most 1, Python's has no client of its own
        return self.python().runnable(part) if isinstance(part, list) else part.runnable

    def entering(self, part):
        # recursion: at most 1, Python's has no client of its own
        return self.python().entering(part) if isinstance(part, list) else part.entering()

    def attempt(self, part, action):
        # recursion: at most 1, Python's has no client of its own
        if isinstance(part, list):
            return self.python().attempt(part, action)
        return part.attempt(action)

    def restore(self, state):
        return state.tasks()

    def codec(self):
        # recursion: at most 1, Python's has no client of its own
        return self.python().codec()

    def watch(self, tracer):
        # What a Tracer calls for a client that is no interpreter.
        from .watching import Watched

        Watched(self, tracer)

    # What the core calls.

    def call(self, number, args):
        # -> the bytes of the result, or of the error's name and cause; or a number
        try:
            if number == _EVALUATE:
                from .evaluating import answer

                return answer(self, args)
            arity, function, _ = self.function(number)
            values = []
            at = 0
            while at < len(args):
                v, at = decode(args, at, True)
                values.append(v)
            v = function(None, *values)
        except IntrinsicError:
            return _INTRINSIC
        except StatesError as e:
            if e.number:
                return e.number
            out = bytearray()
            encode_into(out, e.name)
            encode_into(out, e.cause)
            return bytes(out)
        except Exception:
            return _FAILED  # the Python kernel makes this step, and says what it is
        out = bytearray()
        try:
            encode_into(out, v, True)
        except LimitError:
            return _TOO_LARGE
        return bytes(out)

    def function(self, number):
        if number not in self.kept:
            self.kept.update(once("program.functions.table", "find", [number]))
        return self.kept[number]
