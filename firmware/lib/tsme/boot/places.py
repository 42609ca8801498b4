# What board.json names: the device of the journals, the store of programs, the lines of the link.
from ..errors import TsmeError


def _named(text):
    # "rp2.Flash" -> that class of the firmware
    module, _, name = text.rpartition(".")
    return getattr(__import__(module), name)


def _spi(place):
    from machine import SPI, Pin

    from ..journal.spiflash import SpiFlash

    cs = Pin(place["cs"], Pin.OUT)
    return SpiFlash(SPI(place["bus"], baudrate=place.get("baud", 20000000)), cs)


def flash(place):
    # -> a device for Regions
    place = place or {"kind": "file", "path": "journal.bin", "blocks": 64}
    kind = place["kind"]
    if kind == "partition":
        from ..journal.region import partition

        return partition(place["label"])
    if kind == "file":
        from ..journal.flash import FileFlash

        return FileFlash(place["path"], place.get("block", 4096), place["blocks"])
    if kind not in ("region", "spi"):
        raise TsmeError("TSME-B010", 'board.json: a journal of kind "%s"' % kind)
    from ..journal.region import Region

    device = _spi(place) if kind == "spi" else _named(place["device"])()
    return Region(device, place.get("start", 0), place["blocks"])


def programs(place, device):
    place = place or {"kind": "files"}
    if place["kind"] == "files":
        from ..program.store import ProgramFiles

        return ProgramFiles(place.get("folder", "programs"))
    from ..journal.regions import Regions
    from ..program.store import ProgramRegion

    regions = Regions(device)
    if "programs" not in [r[0] for r in regions.list()]:
        regions.create("programs", place["blocks"], 1)
    return ProgramRegion(regions.open("programs"))


def _uart(place):
    from machine import UART

    from ..link.streams import Uart

    pins = {name: place[name] for name in ("tx", "rx") if name in place}
    return Uart(UART(place["id"], place.get("baud", 115200), **pins))


def streams(links):
    # The prompt's line is served once, be it USB or a UART.
    from ..link.streams import Stdio

    found = []
    for place in links or [{"kind": "usb"}]:
        if place["kind"] == "tcp":
            try:
                from ..link.streams import Tcp

                found.append(Tcp(place["port"], clients=place.get("clients", 1)))
            except (ImportError, OSError) as e:  # no network in this firmware, or not yet
                print("tsme: no TCP: %s" % e)
        elif "id" in place:
            found.append(_uart(place))
        else:
            found.append(Stdio())
    return found
