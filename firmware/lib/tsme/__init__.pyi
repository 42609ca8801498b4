from typing import Any

from .errors import LimitError as LimitError
from .errors import TsmeError as TsmeError
from .kernel.rejected import Rejected as Rejected
from .values import Obj as Obj
from .values.numbers import F64 as F64

__version__: str

# The parts that are imported when they are first used and have no stub of their own.
def __getattr__(name: str) -> Any: ...
