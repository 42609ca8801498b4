# Firmware with tsme in it, and a _boot.py that leaves room for journals behind the files.
freeze("$(PORT_DIR)/modules", "rp2.py")
include("$(MPY_DIR)/extmod/asyncio")
include("../../manifest.py")
freeze("modules")
