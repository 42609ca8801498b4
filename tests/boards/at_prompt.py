# Run by MicroPython's unix port in place of a board's boot: the root is a littlefs in the file
# given, and main.py begins if it is there.  The prompt comes afterwards, as on a board.  The third
# argument is said when it is mounted: from then on Ctrl-C may come.
import os
import sys

import vfs

BLOCK = 4096


class Flash:
    def __init__(self, path, count):
        self.file = open(path, "r+b")
        self.count = count

    def readblocks(self, n, buf, off=0):
        self.file.seek(n * BLOCK + off)
        self.file.readinto(buf)

    def writeblocks(self, n, buf, off=None):
        self.file.seek(n * BLOCK + (off or 0))
        self.file.write(buf)
        self.file.flush()

    def ioctl(self, op, arg):
        if op == 4:
            return self.count
        if op == 5:
            return BLOCK
        if op == 6:
            self.writeblocks(arg, b"\xff" * BLOCK)
            return 0
        return 0


flash = Flash(sys.argv[1], int(sys.argv[2]))
vfs.umount("/")  # whatever fails from here on, this computer's files are out of reach
try:
    root = vfs.VfsLfs2(flash, progsize=256)  # as on an RP2040
except OSError:
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    root = vfs.VfsLfs2(flash, progsize=256)
vfs.mount(root, "/")
os.chdir("/")
sys.path[:] = ["", ".frozen", "/lib"]
print(sys.argv[3])
try:
    open("/main.py").close()
    main = True
except OSError:
    main = False
if main:
    try:
        exec(open("/main.py").read())
    except KeyboardInterrupt:
        print("interrupted")
    except SystemExit:  # a reset; nothing else ends what was started with -i
        getattr(os, "system")("kill $PPID")  # noqa: B009  # CPython's is another one
    except Exception as e:
        getattr(sys, "print_exception")(e)  # noqa: B009  # CPython has none
