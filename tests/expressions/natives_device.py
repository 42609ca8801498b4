# Calls native functions of expressions, one a line: the name, and the arguments as CBOR in
# hexadecimal (bytes are the pattern of a matcher, F7 is nothing).  What they give is answered as
# CBOR, too, behind a word that says what it is.
import sys
from binascii import hexlify, unhexlify

from tsme.kernel.rng import Rng
from tsme.program.expressions import arithmetic
from tsme.program.expressions.functions import natives, signatures
from tsme.program.expressions.values import ExpressionError, Matcher, is_function, is_sequence
from tsme.values import MISSING, Obj
from tsme.values.cbor import decode, encode
from tsme.values.numbers import is_number


class Evaluation:
    now = 1700000000123
    largest = 65536

    def __init__(self):
        self.draw = Rng(7).draw
        self.spent = 0

    def spend(self, n):
        self.spent += n


def given(v):
    if isinstance(v, (bytes, bytearray)):
        return Matcher(bytes(v))
    return v


def shown(v):
    # with texts for what no CBOR of ours has
    if isinstance(v, list):
        return [shown(item) for item in v]
    if isinstance(v, dict):
        return Obj([(k, shown(v[k])) for k in v])
    if is_number(v) and not arithmetic.is_finite(v):
        return "NaN" if arithmetic.is_nan(v) else "-Infinity" if v < 0 else "Infinity"
    return "function" if is_function(v) else "nothing" if v is MISSING else v


def answer(name, args):
    function, signature, _ = natives.find(natives.number_of(name))
    try:
        args = signatures.validate(signature, [given(v) for v in args], None)
        v = function(Evaluation(), *args)
    except ExpressionError as e:
        return "error", [e.cause(), getattr(e, "index", None), shown(getattr(e, "value", MISSING))]
    if v is MISSING:
        return "nothing", None
    return "sequence" if is_sequence(v) else "value", shown(v)


def main():
    for line in sys.stdin:
        name, data = line.split()
        data = unhexlify("" if data == "-" else data)
        args = []
        at = 0
        while at < len(data):
            v, at = decode(data, at, True)
            args.append(v)
        kind, v = answer(name, args)
        print(kind, str(hexlify(encode(v)), "utf-8"))


main()
