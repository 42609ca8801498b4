# All operations on all pairs of the numbers of a CBOR array in hexadecimal: a line for each
# operation and first number.
import sys
from binascii import hexlify, unhexlify

from tsme.program.expressions import arithmetic, doubles
from tsme.values.cbor import decode, encode


def shown(v):
    if arithmetic.is_finite(v):
        return v
    return "NaN" if arithmetic.is_nan(v) else "-Infinity" if doubles.negative(v) else "Infinity"


values = decode(unhexlify(sys.stdin.readline().strip()))[0]
for name in ("add", "subtract", "multiply", "divide", "remainder"):
    operation = getattr(arithmetic, name)
    for a in values:
        print(str(hexlify(encode([shown(operation(a, b)) for b in values])), "utf-8"))
