# Firmware with tsme in it; ESP-IDF builds it (README.md).
include("$(PORT_DIR)/boards/manifest.py")
include("../../manifest.py")
