# The heap of a board that waits, without and with a link, after a collection.
#
#     heap_link.py FOLDER 0|1
#
# With one, it has answered requests of each part before, and has fallen silent.
# ruff: noqa: PTH123
import asyncio
import gc
import sys
import time

gc.collect()
gc.collect()
base = gc.mem_alloc()  # type: ignore[attr-defined]


class Line:
    # A stream that asks what is in a file, and then no more.
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.at = 0

    def read_into(self, buf):
        n = min(len(buf), len(self.data) - self.at)
        buf[:n] = self.data[self.at : self.at + n]
        self.at += n
        if not n:
            self.data = b""
        return n

    def write(self, buf):
        pass


async def main(folder, linked):
    from tsme import Board, FileFlash, ProgramFiles

    board = Board(FileFlash(folder + "/flash.bin", 4096, 64, False), ProgramFiles(folder + "/p"))
    with open(folder + "/wait.tsm", "rb") as f:
        board.start("pump", f.read(), {})
    if linked:
        from tsme import Link

        link = Link(board, Line(folder + "/requests.bin"), files=folder)
        task = asyncio.create_task(link.run())
    else:
        task = asyncio.create_task(board.run())
    until = time.ticks_ms() + 6000
    while time.ticks_ms() < until:
        await asyncio.sleep(1)
    gc.collect()
    gc.collect()
    print(gc.mem_alloc() - base)
    task.cancel()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
