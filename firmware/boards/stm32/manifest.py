# Firmware with tsme in it.
include("$(PORT_DIR)/boards/manifest.py")
include("../../manifest.py")
