# Firmware with tsme in it, which is the only way it fits (README.md).
include("$(PORT_DIR)/boards/manifest.py")
include("$(MPY_DIR)/extmod/asyncio")
include("../../manifest.py")
