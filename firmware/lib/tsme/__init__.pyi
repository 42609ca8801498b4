"""TSME: workflows on microcontrollers that survive anything.

Each name is loaded when it is first used.  docs/API.md tells how they are used together.
"""

from .engine.board import Board as Board
from .engine.engine import Engine as Engine
from .engine.outcome import Outcome as Outcome
from .engine.pipes import Pipe as Pipe
from .engine.tasks import Done as Done
from .engine.tasks import TaskError as TaskError
from .engine.tasks import Tasks as Tasks
from .errors import LimitError as LimitError
from .errors import TsmeError as TsmeError
from .journal import Journal as Journal
from .journal.flash import FileFlash as FileFlash
from .journal.ram_flash import RamFlash as RamFlash
from .journal.region import Region as Region
from .journal.region import partition as partition
from .journal.regions import Regions as Regions
from .journal.spiflash import SpiFlash as SpiFlash
from .kernel.limits import LIMITS as LIMITS
from .kernel.rejected import Rejected as Rejected
from .link import Link as Link
from .link.streams import Stdio as Stdio
from .link.streams import Tcp as Tcp
from .link.streams import Uart as Uart
from .program import Program as Program
from .program.store import ProgramFiles as ProgramFiles
from .program.store import ProgramRegion as ProgramRegion
from .values import Obj as Obj
from .values.numbers import F64 as F64

__version__: str

def once(names: str, function: str, *args: object) -> object: ...
