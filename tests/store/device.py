# What stores of programs do, on any interpreter: device.py FOLDER PROGRAM.tsm PROGRAM.tsm
import os
import sys

import tsme


def tell(*what):
    print(*what)


def raised(function, *args):
    try:
        function(*args)
    except tsme.TsmeError as e:
        return str(e)
    return "nothing"


def use(store, first, second, other):
    # other: makes another store of the same
    a = store.put(first)
    b = store.put(second)
    tell(a == first[3:11], b == second[3:11], sorted(store.digests()) == sorted([a, b]))
    store = other()
    for digest, data in ((a, first), (b, second)):
        found, crc = store.get(digest)
        tell(found == data, tsme.Program(found).digest == digest, crc)
    tell(store.put(first) == a, len(store.digests()), store.get(bytes(8)))
    again = first + b"\x80"  # another debug part
    tell(store.put(again) == a, len(store.digests()), store.get(a)[0] == again)
    store.drop(a)
    store.drop(a)
    tell(store.get(a), store.digests() == [b])
    broken = first[:20] + bytes([first[20] ^ 1]) + first[21:]
    tell(raised(store.put, broken), other().digests() == [b])
    tell(raised(store.put, b"no program"))
    store.drop(b)


def main(folder, *paths):
    data = []
    for path in paths:
        with open(path, "rb") as f:
            data.append(f.read())
    place = folder + "/programs"
    use(tsme.ProgramFiles(place), data[0], data[1], lambda: tsme.ProgramFiles(place))
    store = tsme.ProgramFiles(place)
    digest = store.put(data[0])
    with open(place + "/" + os.listdir(place)[0], "r+b") as f:  # what a bad card may do
        f.seek(40)
        f.write(b"\0\0")
    with open(place + "/rest.tsm~", "wb") as f:  # what a cut leaves
        f.write(b"half")
    tell(store.get(digest), store.put(data[0]) == digest, store.get(digest)[0] == data[0])
    tell(len(os.listdir(place)))
    flash = tsme.RamFlash(512, 6)
    use(tsme.ProgramRegion(flash), data[0], data[1], lambda: tsme.ProgramRegion(flash))
    tell(raised(tsme.ProgramRegion(tsme.RamFlash(256, 2)).put, data[1]))
    tsme.Journal(flash).format()
    tell(raised(tsme.ProgramRegion(flash).put, data[0]))


main(*sys.argv[1:])
