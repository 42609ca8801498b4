# In place of the port's own, which mounts the whole flash: the last blocks are left to journals
# (`own` in board.toml), 64 where there are few, as on a Pico W, 128 elsewhere.
import rp2
import vfs

bdev = rp2.Flash().ioctl(4, 0)
bdev = rp2.Flash(len=(bdev - (128 if bdev > 256 else 64)) * 4096)
try:
    fs = vfs.VfsLfs2(bdev, progsize=256)
except OSError:  # nothing there, or no file system
    vfs.VfsLfs2.mkfs(bdev, progsize=256)
    fs = vfs.VfsLfs2(bdev, progsize=256)
vfs.mount(fs, "/")

del vfs, bdev, fs
