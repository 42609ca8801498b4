# In place of the port's own, which mounts the whole flash: files on the first 224 blocks, and the last 128 left to journals (docs/BOARDS.md).
import rp2
import vfs

bdev = rp2.Flash(len=224 * 4096)
try:
    fs = vfs.VfsLfs2(bdev, progsize=256)
except OSError:  # nothing there, or no file system
    vfs.VfsLfs2.mkfs(bdev, progsize=256)
    fs = vfs.VfsLfs2(bdev, progsize=256)
vfs.mount(fs, "/")

del vfs, bdev, fs
