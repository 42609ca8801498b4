# Calls all native functions with values of every kind and size; it ends with anything but an error
# of an expression.  Prints the codes of the errors, and how often each came.
import sys

from tsme.program.expressions import arithmetic
from tsme.program.expressions.functions import natives, signatures
from tsme.program.expressions.values import ExpressionError, Matcher, Native, Sequence
from tsme.values import MISSING, Obj
from tsme.values.numbers import from_bits

CALLS = 1000
FUNCTIONS = len(natives.functions())
TEXTS = ["", "a", "abc", "12", "-0", "1e999", "0x", "%", "%C3", "\xe9", "\ue000\U0001f600"]
TEXTS += ["[Y]", "[Z", "#,##0.00", "0e0", "w", "Ww;o", "I", "$1$", "9" * 400, "x" * 5000]
TEXTS += ["[Y0001]-[M01]", "2018-03-23T10:33:36Z", "2018-03", "+0100", " ", "\n", "SHA-256"]
TEXTS += ["{}", "[1", '{"a":1}']
NUMBERS: list = [0, 1, -1, 2, 0.5, -2.5, 2**53, 2**63 - 1, -(2**63)]
NUMBERS += [from_bits(0x7E37E43C8800759C), from_bits(0xFE37E43C8800759C), from_bits(1)]
NUMBERS += [arithmetic.INFINITY, arithmetic.NEGATIVE, arithmetic.NAN]
OTHERS = [MISSING, None, True, False, [], [1, 2], [1.5, -3], ["a", "b"], [None], [[1], [2]]]
OTHERS += [Sequence([1]), Sequence([]), Obj(), Obj((("a", 1),)), Obj((("zero-digit", ""),))]
OTHERS += [[Obj((("a", 1),)), Obj((("b", [2]),))], Obj((("decimal-separator", 1),)), Native(0)]
OTHERS += [Matcher(b"\x06\x00\x06\x01\x00"), Matcher(b"\x06\x00\x01a\x00\x00\x06\x01\x00")]
VALUES = TEXTS + NUMBERS + OTHERS


class Evaluation:
    now = 1700000000123
    largest = 65536

    def draw(self):
        return 123456789

    def spend(self, n):
        pass


class Dice:
    # The same on every interpreter; their random modules differ.
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % n


def main():
    dice = Dice(int(sys.argv[1]))
    codes = {}
    for _ in range(CALLS):
        number = dice.below(FUNCTIONS)
        function, signature, arity = natives.find(number)
        args = [VALUES[dice.below(len(VALUES))] for _ in range(dice.below(arity + 3))]
        context = VALUES[dice.below(len(VALUES))]
        code = ""
        try:
            function(Evaluation(), *signatures.validate(signature, args, context))
        except ExpressionError as e:
            code = e.code
        codes[code] = codes.get(code, 0) + 1
    for code in sorted(codes):
        print(code or "-", codes[code])


main()
