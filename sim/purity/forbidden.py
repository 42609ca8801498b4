"""What a state machine must not call, and what to do instead: names, by module."""

from __future__ import annotations

import collections
import itertools
from dataclasses import dataclass, field
from types import FunctionType, MethodType, ModuleType
from typing import Any

from tsme.draft.drafts import Draft

CLOCK = "which is another time at every replay; take input.now"
CHANCE = "which is something else at every replay; take actions.random(n)"
OUTSIDE = "which reaches outside, and again at every replay; start a task with actions.task()"
OUTPUT = "which a replay does again; use actions.log()"
WAITS = "which stops the device; start a timer with actions.timer(ms)"
BESIDE = "which goes on beside the step, unseen; start a task with actions.task()"
PLACE = "which is not the same on every device and host; put it into `initial`, or send a signal"
ADDRESS = "which is another number in every process; give things a number or name of their own"
ORDER = "whose order differs between interpreters; iterate over sorted(...)"
TIES = "where two have the same key, so that the order decides; let the key tell them apart"
HIDDEN = "which is outside of `state`, and lost in a reset; keep it in state"

_Names = frozenset[str]


@dataclass(frozen=True)
class Rule:
    """reason: why not.  only: these names alone, if there are any; safe: all but these.

    own: names with a reason of their own.
    """

    reason: str
    only: _Names = frozenset()
    safe: _Names = frozenset()
    own: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str | None:
        if name in self.own:
            return self.own[name]
        if name in self.safe or (self.only and name not in self.only):
            return None
        return self.reason


def _names(text: str) -> _Names:
    return frozenset(text.split())


_SYSTEM = Rule(
    OUTSIDE,
    safe=_names(
        "fspath fsencode fsdecode strerror _path_normpath _path_splitroot _path_splitroot_ex"
    ),
    own=dict.fromkeys(("urandom", "getrandom"), CHANCE)
    | dict.fromkeys(
        "getpid getppid cpu_count process_cpu_count uname getcwd getlogin getenv getenvb getuid "
        "getloadavg sched_getaffinity times".split(),
        PLACE,
    ),
)
_STREAMS = Rule(OUTSIDE, safe=_names("StringIO BytesIO text_encoding TextIOWrapper"))
_OUTSIDE = (
    "socket _socket ssl _ssl select selectors subprocess _posixsubprocess multiprocessing "
    "_multiprocessing http urllib.request ftplib smtplib sqlite3 _sqlite3 dbm mmap fcntl termios "
    "tty pty signal _signal ctypes _ctypes shutil tempfile glob logging syslog fileinput shelve "
    "requests httpx aiohttp urllib3 serial machine network esp32 rp2 neopixel onewire ds18x20 dht "
    "ntptime tsme.sim tsme.tasks"
)
RULES = {
    "time": Rule(
        CLOCK, safe=_names("gmtime strftime asctime strptime struct_time"), own={"sleep": WAITS}
    ),
    "datetime": Rule(CLOCK, only=_names("now utcnow today")),
    "_datetime": Rule(CLOCK, only=_names("now utcnow today")),
    "random": Rule(CHANCE),
    "_random": Rule(CHANCE),
    "secrets": Rule(CHANCE),
    "numpy.random": Rule(CHANCE),
    "uuid": Rule(CHANCE, only=_names("uuid1 uuid4 uuid6 uuid7 getnode")),
    "os": _SYSTEM,
    "posix": _SYSTEM,
    "nt": _SYSTEM,
    "io": _STREAMS,
    "_io": _STREAMS,
    "builtins": Rule(
        OUTPUT,
        only=_names("print"),
        own={"open": OUTSIDE, "input": OUTSIDE, "breakpoint": OUTSIDE}
        | {"id": ADDRESS, "hash": ADDRESS},
    ),
    "threading": Rule(BESIDE),
    "_thread": Rule(
        BESIDE,
        only=_names("start_new_thread start_joinable_thread"),
        own={"get_ident": ADDRESS, "get_native_id": ADDRESS},
    ),
    "asyncio": Rule(BESIDE),
    "_asyncio": Rule(BESIDE),
    "concurrent": Rule(BESIDE),
    "platform": Rule(PLACE),
    "locale": Rule(PLACE),
    "_locale": Rule(PLACE),
    "getpass": Rule(PLACE),
    "gc": Rule(PLACE, safe=_names("collect enable disable")),
    "sys": Rule(PLACE, only=_names("getrefcount getsizeof getrecursionlimit")),
} | {name: Rule(OUTSIDE) for name in _OUTSIDE.split()}
LOUD = frozenset(RULES["builtins"].own) | RULES["builtins"].only

# Without so many arguments they take the clock, or the time zone.
_NEEDS = {
    ("time", "gmtime"): (1, CLOCK),
    ("time", "asctime"): (1, CLOCK),
    ("time", "strftime"): (2, CLOCK),
    ("datetime", "fromtimestamp"): (2, PLACE),
    ("datetime", "astimezone"): (1, PLACE),
}

# Attributes, where calling is not what matters.
LOOKS = {
    "os": _names("environ environb name sep linesep curdir"),
    "sys": _names(
        "argv path modules platform maxsize byteorder version version_info implementation "
        "hexversion flags executable stdin stdout stderr hash_info float_info int_info"
    ),
    "time": _names("timezone altzone tzname daylight"),
}

UNORDERED: frozenset[type] = frozenset(
    (dict, set, frozenset, collections.Counter, collections.defaultdict)
) | {type({}.keys()), type({}.values()), type({}.items())}
# What they are given may have any order.  The first three compare by a key, if they get one.
COMPARE = (sorted, min, max)
FREE: tuple[Any, ...] = (
    *COMPARE, sum, any, all, len, set, frozenset, dict, bool, isinstance, type, id,
    collections.Counter, collections.defaultdict,
)  # fmt: skip
_FREE_NAMES = {("copy", "copy"), ("copy", "deepcopy")}
_PICKS = _names("pop popitem")


def rule_of(module: str) -> Rule | None:
    """The rule of a module, or of the package that it is in."""
    while module:
        if module in RULES:
            return RULES[module]
        module = module.rpartition(".")[0]
    return None


def identity(f: Any) -> tuple[str, str]:
    """(module, name with its class) of what is called."""
    owner = getattr(f, "__self__", None)
    module = getattr(f, "__module__", None)
    name = getattr(f, "__qualname__", None) or getattr(f, "__name__", type(f).__name__)
    if not isinstance(module, str):
        module = (owner if isinstance(owner, type) else type(owner)).__module__
    return str(module), str(name)


_SHOWN = {"_io": "io", "posix": "os", "nt": "os"}


def shown(module: str, name: str) -> str:
    """As people write it."""
    module = module.removeprefix("tsme.sim.")  # a twin, by the name of what it stands in for
    parts = _SHOWN.get(module, module.lstrip("_")).split(".")
    module = ".".join(part for part in parts if not part.startswith("_"))
    if module == "builtins" or name == "open":
        return name
    return f"{module}.{name.removeprefix('Random.') if module == 'random' else name}"


def verdict(f: Any, arguments: int | None = None) -> str | None:
    """Why f must not be called, with so many arguments if that is known; None if it may."""
    module, name = identity(f)
    last = name.rpartition(".")[2]
    if module in ("io", "_io") and name.startswith(("StringIO.", "BytesIO.")):
        return None
    needed = _NEEDS.get((module.lstrip("_"), last))
    if needed and arguments is not None and arguments < needed[0]:
        return needed[1]
    rule = rule_of(module)
    return rule.of(last) if rule else None


def minds_order(f: Any, values: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Does f see the order of an unordered value that it is given?  f is no user's function."""
    owner = getattr(f, "__self__", None)
    if type(owner) in UNORDERED:
        return identity(f)[1].rpartition(".")[2] in _PICKS and len(owner) > 1  # type: ignore[arg-type]
    if not any(type(v) in UNORDERED and len(v) > 1 for v in values):
        return False
    if any(f is free for free in FREE) or identity(f) in _FREE_NAMES:
        return False
    return not named.get("sort_keys")


def tied(f: Any, values: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Does f compare by a key that two of the items have in common?"""
    key = named.get("key")
    if key is None or not any(f is compare for compare in COMPARE):
        return False
    if len(values) != 1 or type(values[0]) not in UNORDERED:
        return False
    keys = sorted(key(item) for item in values[0])
    if f is sorted:
        return any(a == b for a, b in itertools.pairwise(keys))
    return len(keys) > 1 and keys.count(keys[-1] if f is max else keys[0]) > 1


def is_python(f: Any) -> bool:
    """Is it a function or method that is written in Python?"""
    return isinstance(f.__func__ if isinstance(f, MethodType) else f, FunctionType)


def look(module: ModuleType, name: str) -> bool:
    """Is this member of a module not the same everywhere?"""
    return name in LOOKS.get(module.__name__, ())


def is_items(f: Any) -> bool:
    """Does it take the items of what it is given, into a list of the state?"""
    return isinstance(getattr(f, "__self__", None), Draft) and f.__name__ in ("extend", "__iadd__")
