# Calls every intrinsic function with every kind of argument, and numbers that are no machine word:
#
#     micropython32 extremes_device.py [FUNCTION]
#
# prints what came of each function's calls, as a checksum, and exceptions that nobody expects.
import sys
from binascii import crc32

from tsme.errors import IntrinsicError, LimitError, StatesError
from tsme.program.functions.table import find, functions
from tsme.values import Obj
from tsme.values.cbor import encode
from tsme.values.json import loads

NUMBERS = "0 1 -1 7 1000 65536 1073741823 1073741824 2147483647 2147483648 -2147483649 4294967296 "
NUMBERS += "9223372036854775807 -9223372036854775808 0.5 1e300 -1e300 5e-324"
VALUES = [loads(text) for text in NUMBERS.split()]
OTHERS: list = [
    None,
    True,
    "",
    "{}",
    "9",
    "99999999",
    "2147483648",
    "1e999999999",
    "-1e-999999999",
]
OTHERS += [[], [1, 2, 3], ["a", None, [2, 1]], Obj((("a", 1), ("b", [])))]
OTHERS += [["LIST", None, ",", []], ["JSON", None, ",", []], ["CSV", ["a"], ",", ["a"]]]


class Draws:
    left = 4096
    x = 1

    def draw(self):
        self.x = self.x * 1103515245 + 12345 & 0xFFFFFFFF
        return self.x

    def below(self, n):
        return self.draw() * n >> 32


def calls(arity):
    some = VALUES + OTHERS
    if arity > 2:
        some = VALUES[:2] + VALUES[8:13] + OTHERS[8 - arity :: arity]
    n = len(some) ** arity
    for k in range(n):
        yield [some[k // len(some) ** place % len(some)] for place in range(arity)]


def told(name, function, args):
    try:
        return encode(function(Draws(), *args))
    except (IntrinsicError, StatesError, LimitError) as e:
        return str(e).encode()
    except Exception as e:
        print(name, str(args)[:150], type(e).__name__, e)
        return b""


FUNCTIONS = functions()
for number in range(len(FUNCTIONS)):
    name = FUNCTIONS[number][0]
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        found = find([number])[number]
        crc = count = 0
        for args in calls(found[0]):
            crc = crc32(told(name, found[1], args), crc)
            count += 1
        print(name, count, crc & 0xFFFFFFFF)
