# What a workflow never needs, and so does not load.


class Rejected(Exception):
    # A state machine raised `exception` in a step, which so has not happened.
    def __init__(self, cause, exception):
        super().__init__(cause)
        self.cause = cause
        self.exception = exception


class Broken(Rejected):
    # `exception` came out of a step, and nobody expected it: a bug, of the engine or of a machine.
    def __init__(self, exception):
        from ..values.copies import worded

        text = type(exception).__name__ + ": " + str(exception)
        super().__init__(worded(text[:200]), exception)
