# A partition is cut into regions, and cut otherwise; prints what is said of it, and a sum of its
# bytes.  The same on every interpreter.
import sys
from binascii import crc32

from sim.nor import Nor
from tsme.errors import TsmeError
from tsme.journal import Journal
from tsme.journal.regions import Regions


def commit(region, *bodies):
    journal = Journal(region)
    journal.recover()
    for body in bodies:
        journal.commit(1, body)
    return journal


def show(what, flash):
    print(what, Regions(flash).list(), hex(crc32(flash.data)))


def refused(what, function, *args):
    try:
        function(*args)
    except TsmeError as e:
        print(what, e)
    else:
        print(what, "is not refused")


def main(block, count, unit, once):
    flash = Nor(block, count, unit, once, strict=True)
    regions = Regions(flash)
    show("new", flash)
    commit(regions.create("pumps", 4), b"one", b"two")
    regions.create("garden", 3)
    show("made", flash)
    regions.resize("pumps", 5)
    show("grown", flash)
    journal = Journal(regions.open("pumps"))
    bodies = []
    journal.recover(None, lambda body: bodies.append(bytes(body)))
    print(bodies)
    regions.retire("garden", 7)
    print(regions.number)
    show("retired", flash)
    regions.resize("pumps", 2)
    show("shrunk", flash)
    refused("taken", regions.create, "pumps", 2)
    refused("no name", regions.create, "", 2)
    refused("long", regions.create, "x" * 33, 2)
    refused("no room", regions.create, "large", count)
    refused("no number", regions.create, "x", 0)
    refused("not there", regions.open, "x")
    refused("not there", regions.resize, "x", 2)
    refused("not there", regions.retire, "")
    regions.format()
    show("formatted", flash)


for shape in ((256, 20, 32, False), (512, 16, 16, True), (1024, 16, 256, False)):
    main(*shape)
sys.stderr.write("done")
