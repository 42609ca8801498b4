# For a MicroPython firmware with tsme frozen into it: its code then stays in flash, and takes a
# few KB of heap instead of 50 to 70.  In the manifest of a board:
#
#     include("/path/to/tsme/firmware/manifest.py")
#
# asyncio, which ports freeze in by themselves, is needed too.
metadata(description="Long-lived Amazon States Language workflows", version="0.1.0")
package("tsme", base_path="lib")
