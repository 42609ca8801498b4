# For a MicroPython firmware with tsme frozen into it: its code then stays in flash, and takes a
# few KB of heap instead of 50 to 70.  In the manifest of a board:
#
#     include("/path/to/tsme/firmware/manifest.py")
#
# asyncio, which ports freeze in by themselves, is needed too.
import os

metadata(description="Long-lived Amazon States Language workflows", version="0.1.0")

# All but the twins of what a board has, and what starts the command of the laptop.
_files = []
for _folder, _, _names in os.walk("lib/tsme"):
    _path = os.path.relpath(_folder, "lib/tsme").replace(os.sep, "/")
    if _path != "sim":
        for _name in _names:
            if _name.endswith(".py") and _name not in ("__main__.py", "remote.py", "testing.py"):
                _files.append(_name if _path == "." else _path + "/" + _name)
# A module is looked for from the first name on: those that no boot asks for are the last.
_rare = ("link/", "machine/", "program/functions/", "tasks/")
_files.sort(key=lambda name: (name.startswith(_rare), name))
package("tsme", tuple(_files), base_path="lib")
