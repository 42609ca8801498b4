# What the unix port freezes in: asyncio, and nothing from micropython-lib.
include("$(MPY_DIR)/extmod/asyncio")
