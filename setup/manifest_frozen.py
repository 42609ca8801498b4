# The unix port as a board with tsme in its firmware: tests/bench measures its heap.
include("manifest.py")
include("../firmware/manifest.py")
