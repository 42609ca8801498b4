# Relational machines on boards and in other processes, on the host alone: docs/RELATIONAL.md.
from tsme_host.tools.remote.board import Board, connect
from tsme_host.tools.remote.machine import Change, Remote
from tsme_host.tools.remote.waits import Wait

__all__ = ["Board", "Change", "Remote", "Wait", "connect"]
