# QUERY on any interpreter: of each line, the CBOR of [value, query, largest] in hexadecimal, the
# CBOR of the result, or what refused it.
import binascii
import sys

from tsme.errors import StatesError
from tsme.program.query import select
from tsme.program.query_check import sound
from tsme.values import cbor


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
