# A compiled schema (docs/SPEC.md, 9), as the machine works with it: masks are integers, and of
# relations only those are kept that are there.
from .. import once
from ..errors import fault
from ..values import Obj

_END = "\0"  # of a name


class Schema:
    def __init__(self, data):
        once("relational.opening", "schema", self, data, _END)
        if Obj is dict:  # a laptop, which looks them up; one text takes less of a heap
            self.number = {n: i for i, n in enumerate(self.names)}.get
        self.exception = self.number("Exception")

    @property
    def names(self):
        return self.text.split(_END)[1:-1]

    def number(self, name):
        # the index of a state, or None
        if not isinstance(name, str) or _END in name:
            return None
        at = self.text.find(_END + name + _END)
        return None if at < 0 else self.text.count(_END, 0, at)

    def indexes(self, states):
        # of one name or several, each once
        if isinstance(states, str):
            i = self.number(states)
            if i is not None:
                return (i,)
            states = (states,)
        out = []
        for n in states:
            i = self.number(n)
            if i is None:
                raise fault("TSME-M017", self.name, n)
            if i not in out:
                out.append(i)
        return tuple(out)

    def named(self, indexes):
        names = self.names
        return [names[i] for i in indexes]
