# What the prelude has taken away is away, and what is left works.
import asyncio
import gc
import hashlib
import os
import sys
import time

lacking = []
for name in ("machine", "uasyncio", "utime", "_thread", "vfs", "platform", "heapq", "socket"):
    try:
        __import__(name).anything  # noqa: B018
    except ImportError:
        lacking.append(name)
for module, names in (
    (time, "ticks_ms sleep_ms sleep_us time_ns gmtime ticks_diff"),
    (hashlib, "sha256 md5"),
    (gc, "threshold"),
    (os, "ilistdir dupterm mount VfsLfs2"),
    (sys, "print_exception atexit settrace"),
):
    lacking += [name for name in names.split() if not hasattr(module, name)]
print(*lacking)
print(sys.implementation.name, hashlib.new("sha256", b"abc").digest()[:2], time.time() > 0)


async def seven():
    await asyncio.sleep(0)
    return 7


print(asyncio.run(seven()))
