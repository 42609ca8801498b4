# A replay that gives another digest than the journal has; loaded when one does.
from ..errors import TsmeError
from .protocol import INPUTS


class Mismatch(TsmeError):
    # The first step that does not come out as it was recorded.
    def __init__(self, number, event, expected, step):
        got = step.state.digest
        text = "step %d (%s): the journal has digest %08x, the replay %08x" % (
            number,
            INPUTS[event[0]],
            expected,
            got,
        )
        super().__init__("TSME-R001", text)
        self.number = number
        self.event = event
        self.expected = expected
        self.got = got
        self.step = step
