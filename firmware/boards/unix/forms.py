# Values of files: JSON, CBOR or MessagePack, as the ending of the name says; JSON without one.
from unixtasks import read

from tsme.errors import TsmeError


def form(path):
    return path.rsplit(".", 1)[-1].lower()


def value_of(path):
    data = read(path)
    if form(path) == "cbor":
        from tsme.values.cbor import decode

        value, end = decode(data)
        if end < len(data):
            raise TsmeError("TSME-V016", "something follows the value at %d" % end)
        return value
    if form(path) == "msgpack":
        from tsme.values.msgpack import loads
    else:
        from tsme.values.json import loads

        try:
            data = str(data, "utf-8")
        except UnicodeError:
            raise TsmeError("TSME-V014", "the file is not valid UTF-8")
    return loads(data)


def keep(path, value):
    if form(path) == "cbor":
        from tsme.values.cbor import encode as dumps
    elif form(path) == "msgpack":
        from tsme.values.msgpack import dumps
    else:
        from tsme.values.json import dumps
    data = dumps(value)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode() + b"\n")
