# Functions that are made of others (docs/SPEC.md, 2.16).

from .values import Function


class Partial(Function):
    # `given`: arguments, HOLE where one is left open
    def __init__(self, function, given):
        self.function = function
        self.given = given


class Composed(Function):
    def __init__(self, first, second):
        self.first = first
        self.second = second


class Signed(Function):
    # a function of which a call checks its arguments
    def __init__(self, function, signature):
        self.function = function
        self.signature = signature


class Next(Function):
    # what looks for the next match of a matcher, from a place of a text on
    true = False

    def __init__(self, matcher, text, at):
        self.matcher = matcher
        self.text = text
        self.at = at
