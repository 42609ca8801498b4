# Mounts the files: littlefs on what of the flash the journals do not have.
import sys

import qemu
import vfs
from layout import FILES

_flash = qemu.Flash(len=FILES * 4096)
try:
    _fs = vfs.VfsLfs2(_flash, progsize=256)
except OSError:  # new flash
    vfs.VfsLfs2.mkfs(_flash, progsize=256)
    _fs = vfs.VfsLfs2(_flash, progsize=256)
vfs.mount(_fs, "/")
sys.path.append("/lib")
