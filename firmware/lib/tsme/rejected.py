# What a workflow never needs, and so does not load.


class Rejected(Exception):
    # A state machine raised `exception` in a step, which so has not happened.
    def __init__(self, cause, exception):
        super().__init__(cause)
        self.cause = cause
        self.exception = exception
