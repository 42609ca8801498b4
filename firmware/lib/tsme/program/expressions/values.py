# What expressions work on besides values: nothing, which is MISSING, marked arrays, functions
# (docs/SPEC.md, 2.16).

from ...values import MISSING  # noqa: F401 (nothing)

isinstance = isinstance


class Sequence(list):
    # an array with a mark: what paths and filters make
    pass


class Apart(list):
    # an array that stays apart in a path; no sequence
    pass


def sequence(items):
    # a marked array of these
    return Sequence(items)


def is_sequence(v):
    return isinstance(v, Sequence)


# --- functions ---


class Function:
    __slots__ = ()  # for CPython's garbage collector, which looks at rows again and again
    true = True  # in conditions


class Closure(Function):
    # `first`: where its code begins, in bytes; `arity`: its parameters; `count`: its locals;
    # `env`: the locals around it; `context`: its local 0
    def __init__(self, first, arity, count, env, context):
        self.first = first
        self.arity = arity
        self.count = count
        self.env = env
        self.context = context


class Native(Function):
    def __init__(self, number):
        self.number = number


class Matcher(Function):
    # of a regular expression; `pattern` is bytes
    true = False

    def __init__(self, pattern):
        self.pattern = pattern


class Tuple(Function):
    # values as one, nothing among them as well; it counts as a function, but cannot be called
    __slots__ = ("items",)

    def __init__(self, items):
        self.items = items


HOLE = Function()  # likewise


def is_function(v):
    return isinstance(v, Function)


# --- errors ---


class ExpressionError(Exception):
    # `code` is JSONata's, or a cause of ours; what else is known of it (value, value2, index,
    # token, message, ..) are attributes, for the host's words.
    def __init__(self, code, **details):
        super().__init__(code)
        self.code = code
        self.message = self.instruction = None
        for name in details:
            setattr(self, name, details[name])

    def cause(self):
        return self.code + ": " + self.message if self.message is not None else self.code
