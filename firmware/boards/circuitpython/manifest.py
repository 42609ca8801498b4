# CircuitPython freezes folders, not manifests: FROZEN_MPY_DIRS += /path/to/tsme/firmware/lib
include("../../manifest.py")
