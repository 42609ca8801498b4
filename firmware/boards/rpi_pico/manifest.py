# What the firmware of a Pico has frozen in. The port's own _boot.py stays out: two modules of one name do not link.
module("_boot.py")
freeze("$(PORT_DIR)/modules", "rp2.py")
include("$(MPY_DIR)/extmod/asyncio")
include("../../manifest.py")
