# Mounts the files: littlefs on what of the flash the journals do not have.
import sys

import layout
import qemu
import vfs

_flash = qemu.Flash(len=layout.FILES * 4096)
try:
    vfs.mount(vfs.VfsLfs2(_flash, progsize=256), "/")
except OSError:  # new flash: a board of ours from the beginning
    vfs.VfsLfs2.mkfs(_flash, progsize=256)
    vfs.mount(vfs.VfsLfs2(_flash, progsize=256), "/")
    for _name, _text in layout.NEW:
        with open(_name, "w") as _file:
            _file.write(_text)
sys.path.append("/lib")
