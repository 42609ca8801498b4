# Holds the device's three codecs against bytes made elsewhere.
#
#     forms_device.py vectors.bin
#
# Lines of hexadecimal digits: the CBOR of a value, then what is to be read as MessagePack.
# Printed: for each value its MessagePack, its JSON, and whether both are read back as the same
# CBOR; for what is read the CBOR of the value, or the code of the error.
import binascii
import sys

from tsme.errors import TsmeError, texts
from tsme.values import json as jsontext
from tsme.values import msgpack
from tsme.values.cbor import decode, encode

TEXTS = texts  # loaded once, not with each error


def digits(data):
    return str(binascii.hexlify(data), "ascii")


def main(path):
    with open(path) as f:  # noqa: PTH123
        rows = f.read().split("\n")
    for row in rows:
        kind, _, data = row.partition(" ")
        data = binascii.unhexlify(data)
        if kind == "value":
            v = decode(data)[0]
            packed = msgpack.dumps(v)
            text = jsontext.dumps(v)
            same = encode(msgpack.loads(packed)) == data and encode(jsontext.loads(text)) == data
            print(digits(packed), digits(text.encode()), same)
        elif kind == "read":
            try:
                print(digits(encode(msgpack.loads(data))))
            except TsmeError as e:
                print(e.code)


main(sys.argv[1])
