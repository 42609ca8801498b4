from typing import Any

from .errors import LimitError as LimitError
from .errors import TsmeError as TsmeError
from .num import F64 as F64
from .rejected import Rejected as Rejected
from .values import Obj as Obj

__version__: str

# The parts that are imported when they are first used and have no stub of their own.
def __getattr__(name: str) -> Any: ...
