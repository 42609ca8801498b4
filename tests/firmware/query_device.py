# QUERY on any interpreter: of each line, the CBOR of [value, query, largest] in hexadecimal, the
# CBOR of the result, or what refused it.
import binascii
import sys

from tsme import cbor
from tsme.faults import StatesError
from tsme.query import select
from tsme.shape import sound


def answer(data):
    value, query, largest = cbor.decode(data)[0]
    if not sound(query):
        return "unsound"
    try:
        result = select(value, query, largest)
    except StatesError as e:
        return f"error {e.number}"
    return str(binascii.hexlify(cbor.encode(result)), "utf-8")


while True:
    line = sys.stdin.readline()
    if not line:
        break
    print(answer(binascii.unhexlify(line[:-1])))
