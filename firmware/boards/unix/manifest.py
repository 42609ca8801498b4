# The unix port with tsme in it.
include("$(MPY_DIR)/extmod/asyncio")
include("../../manifest.py")
