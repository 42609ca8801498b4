# Who watches a program that the core runs: what a Tracer is told of an interpreter in Python, of
# the core.  Data and frames are bytes, whatever the tracer asks for, as the core has them.
import tsme_core as core

from .. import const
from ..errors import StatesError
from ..values.cbor import decode, encode

_CALL = const(15)  # number of docs/SPEC.md, 2.2
_T_ERROR = const(5)  # as in protocol.py


class Watched:
    def __init__(self, client, tracer):
        self.client = client
        self.tracer = tracer
        self.core = None  # the handle that tells
        self.mask = 0xFFFF
        if tracer.kinds:
            self.mask = sum([1 << kind for kind in tracer.kinds])
        client.watched = self
        if not hasattr(core, "watch"):
            client.lacks = "trace"  # of this binding: the Python kernel makes all steps
        elif client.handle:
            self.listen(client.handle)
        if client._python:
            client._python.trace = tracer.see

    def listen(self, h):
        self.core = h
        core.watch(h, self.mask, self._see)

    def _see(self, kind, frame, pc, number, now):
        tracer = self.tracer
        data = core.event(self.core)
        if kind == _T_ERROR and self.client.program.code[2 * pc - 2] == _CALL:
            data = self._called(number, data)
        tracer.now = now
        tracer.ask = self._frame
        try:
            tracer.sink(kind, frame, pc, number, data)
        finally:
            tracer.ask = None

    def _frame(self, number):
        return core.frame(self.core, number)

    def _called(self, number, data):
        # What an error of a function is about, Python's functions say: they are called once more.
        # recursion: at most 1, functions know nobody who watches
        item = decode(data, 0, True)[0]
        if not isinstance(item[2], list):
            return data
        function, *args = item[2]
        item[2] = None
        try:
            v = self.client.function(function)[1](None, *args)
            item[2] = v if number == 7 else None
        except StatesError as e:
            item[2] = e.value
        except Exception as e:
            item[2] = str(e) if number == 3 else None
        return encode(item, True)
