# Answers questions about the leaf modules, one a line, on every interpreter: an operation, then
# its arguments in hexadecimal. Values travel as CBOR, so that no interpreter's own number or text
# conversion comes between. An error is answered with its whole message: it may reach a journal.
import binascii
import sys

from tsme.errors import IntrinsicError, StatesError, TsmeError
from tsme.kernel import rng
from tsme.program import wait
from tsme.program.functions.table import find
from tsme.values import binary64, cbor, decimal, hashes, json, numbers, timestamp


def show(data):
    return str(binascii.hexlify(data), "utf-8")


def put(v):
    return show(cbor.encode(v))


def get(data):
    return cbor.decode(data)[0]


def text(data):
    return str(data, "utf-8")


def decode(data):
    v, end = cbor.decode(data)
    size = cbor.encoded_size(v)
    return f"{put(v)} {end} {size} {fits(v, size)} {fits(v, size - 1)}"


def fits(v, most):
    return cbor.measure(v, most)[0] <= most


def item(data):
    v, end = cbor.decode(data, 0, True)
    return f"{show(cbor.encode(v, True))} {end}"


def stamp(data):
    t = timestamp.parse(text(data))
    return f"{t and t[0]} {t and t[1]} {timestamp.ms(text(data))}"


def call(index, data):
    draws = rng.Rng(99)
    number = int(text(index))
    function = find([number])[number][1]
    try:
        v = function(draws, *get(data))
    except IntrinsicError as e:
        return "error " + show(str(e).encode())
    except StatesError as e:
        return "error " + show(e.name.encode())
    return f"{put(v)} {draws.state}"


def draws(seed):
    source = rng.Rng(get(seed))
    return " ".join([str(source.draw()) for _ in range(4)] + [str(source.below(1000))])


# Characters that no UTF-8 holds can be in a text of some interpreters; they must not get out.
def character(code, place):
    c = chr(get(code))
    return put((c, "abc" * 9 + c, {c: 1})[get(place)])


OPERATIONS = {
    "character": character,
    "decode": decode,
    "item": item,
    "loads": lambda a: put(json.loads(text(a))),
    "dumps": lambda a: show(json.dumps(get(a)).encode()),
    "java": lambda a: show(json.dumps(get(a), True).encode()),
    "compare": lambda a, b: str(numbers.compare(get(a), get(b))),
    "equal": lambda a, b: str(binary64.equal(get(a), get(b))),
    "floor": lambda a: str(binary64.floor(get(a))),
    "half": lambda a: str(binary64.round_half_up(get(a))),
    "integral": lambda a: str(binary64.integral(get(a))),
    "float": lambda a: put(binary64.from_int(get(a))),
    "parse": lambda a: put(decimal.parse(text(a))),
    "text": lambda a: decimal.to_text(get(a)),
    "backoff": lambda a: str(wait.backoff(*get(a))),
    "ppm": lambda a: str(wait.ppm(get(a))),
    "stamp": stamp,
    "time": lambda a: timestamp.text(get(a)),
    "draws": draws,
    "hash": lambda name, a: show(hashes.digest(text(name), a)),
    "call": call,
}


def main():
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        words = line[:-1].split(" ")
        args = [binascii.unhexlify(w[1:]) for w in words[1:]]
        try:
            print(OPERATIONS[words[0]](*args))
        except TsmeError as e:
            print("error " + show(str(e).encode()))


main()
