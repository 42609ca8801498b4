# tsme, and a _boot.py that mounts the files.
include("$(MPY_DIR)/extmod/asyncio")
include("../../manifest.py")
freeze("../../qemu/modules")
freeze("modules")
