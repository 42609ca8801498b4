# mypy: ignore-errors
# A MicroPython with all that CircuitPython lacks removed: prelude.py SCRIPT [ARGUMENTS].
#
# Of a module there is what CircuitPython has of it; what it does not have at all raises an
# ImportError at its first use.  (MicroPython's own import statement cannot be asked to refuse a
# module and to find one relative to another, so the refusal comes a moment later.)  asyncio, which
# there comes from a bundle of its own, is loaded before anything is taken away.  What is left is
# from CircuitPython's documentation; a real one has not run this.
import asyncio
import sys
from collections import namedtuple

PARTS = {
    "time": "sleep time localtime mktime",
    "hashlib": "",
    "gc": "collect disable enable isenabled mem_alloc mem_free",
    "os": "chdir getcwd getenv listdir mkdir remove rename rmdir sep stat statvfs sync uname "
    "urandom",
    "micropython": "const",
    "sys": "argv byteorder exit maxsize modules path platform ps1 ps2 stderr stdin stdout version "
    "version_info",
}
ABSENT = (
    "machine uctypes termios _thread vfs websocket framebuf deflate heapq platform socket "
    "_asyncio uasyncio ujson uos usys utime ustruct ubinascii uhashlib urandom ure uselect "
    "usocket uio uerrno uarray ucollections uheapq umachine network esp32 rp2 ssl tls btree ffi "
    "jni lwip cryptolib bluetooth"
)
for name in ("Event", "Lock", "gather", "wait_for", "wait_for_ms", "open_connection"):
    getattr(asyncio, name)  # parts of it are loaded at their first use


class Part:
    # What is left of a module.
    pass


class Missing:
    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        raise ImportError("no module named '%s'" % self._name)


whole = {}
for name in PARTS:
    whole[name] = __import__(name)
parts = {}
for name, left in PARTS.items():
    part = parts[name] = Part()
    for one in left.split():
        if hasattr(whole[name], one):
            setattr(part, one, getattr(whole[name], one))
parts["hashlib"].new = lambda kind, data=b"": getattr(whole["hashlib"], kind)(data)
parts["os"].unlink = parts["os"].remove
ticks = whole["time"].ticks_ms
parts["time"].monotonic = lambda: ticks() / 1000
parts["time"].monotonic_ns = lambda: ticks() * 1000000
parts["traceback"] = Part()
parts["traceback"].print_exception = whole["sys"].print_exception
named = namedtuple("implementation", ("name", "version"))
parts["sys"].implementation = named("circuitpython", (10, 0, 0))
modules = sys.modules
for name in ABSENT.split():
    modules[name] = Missing(name)
modules.update(parts)


def main(script, arguments):
    with open(script) as f:
        source = f.read()
    sys.argv[:] = [script] + arguments
    sys.path.insert(0, script.rpartition("/")[0] or ".")
    exec(compile(source, script, "exec"), {"__name__": "__main__", "__file__": script})


main(sys.argv[1], sys.argv[2:])
