# A link under frames that nobody means well with; on every interpreter.
#
#     fuzz_device.py FOLDER CORPUS COUNT SEED
#
# CORPUS: requests and garbage, each with its length (u16) before it.  What is sent is one of them
# as it is, or cut off, changed, sent twice, or mixed line by line with another.
# ruff: noqa: PTH123
import asyncio
import gc
import struct
import sys

from tests.relational.machines import Lamp
from tsme import Board, Link, ProgramFiles, RamFlash, Tasks
from tsme.link import Line


class Stream:
    def __init__(self):
        self.data = b""
        self.answers = 0
        self.wrong = 0

    def read_into(self, buf):
        n = min(len(buf), len(self.data))
        buf[:n] = self.data[:n]
        self.data = self.data[n:]
        return n

    def write(self, buf):
        mark = bytes(buf[:2])
        self.answers += mark == b"\x06\x09"
        if len(buf) > 127 or buf[len(buf) - 1] != 10 or mark not in (b"\x06\x09", b"\x04\x14"):
            self.wrong += 1


class Dice:
    def __init__(self, seed):
        self.x = seed

    def __call__(self, n):
        # Some number below n, 24 bits of it at most: small integers everywhere.
        x = self.x
        x ^= (x << 7) & 0xFFFFFF
        x ^= x >> 9
        x ^= (x << 8) & 0xFFFFFF
        self.x = x
        return x % n


def corpus(path):
    out = []
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        n = struct.unpack_from("<H", data, at)[0]
        out.append(data[at + 2 : at + 2 + n])
        at += 2 + n
    return out


def mixed(a, b):
    # Line by line
    a, b = a.split(b"\n"), b.split(b"\n")
    out = []
    for i in range(max(len(a), len(b))):
        out += a[i : i + 1] + b[i : i + 1]
    return b"\n".join(out) + b"\n"


def one(dice, frames, n):
    # From some that are near each other, and of one part: to load another takes longer.
    frame = frames[(n // 256 * 16 + dice(64)) % len(frames)]
    how = dice(8)
    if how == 0:
        frame = frame[: dice(len(frame) + 1)]
    elif how == 1 and frame:
        at = dice(len(frame))
        frame = frame[:at] + bytes([dice(256)]) + frame[at + 1 :]
    elif how == 2:
        at = dice(len(frame) + 1)
        frame = frame[:at] + frames[dice(len(frames))][dice(9) :]
    elif how == 3:
        frame = frame + frame
    elif how == 4 and dice(8) == 0:
        frame = mixed(frame, frames[dice(len(frames))])
    return frame


def in_use():
    gc.collect()
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0


async def main(folder, frames, count, seed):
    tasks = Tasks()
    tasks.task("greet")(lambda payload: payload)
    board = Board(RamFlash(4096, 64), ProgramFiles(folder + "/programs"), tasks)
    stream = Stream()
    resets = []
    link = Link(board, stream, files=folder + "/files", key="k" if seed % 2 else None)
    link.reset = lambda: resets.append(1)
    board.start("lamp", Lamp, {}, None, 8)
    line = Line(stream)
    dice = Dice(seed)
    serve = link.serve
    early = 0
    for n in range(count):
        stream.data = one(dice, frames, n)
        while await serve(line) or stream.data:
            pass
        if link.followers:
            link.push(link)
        if n == count // 4:
            early = in_use()
    late = in_use()
    # It still answers.
    stream.data = b"\n\x06\x09AAsIAAABAAAABqBzEw==\n"
    before = stream.answers
    while await serve(line) or stream.data:
        pass
    alive = stream.answers == before + 1
    print(stream.answers, stream.wrong, late - early, int(alive))


asyncio.run(main(sys.argv[1], corpus(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
