"""An engine of the C core in this process: steps, checkpoints and limits, call by call."""

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tsme.values import cbor

from . import kernel, library

ROOM = 1 << 20  # bytes of what the engine writes at once, at most
NUMBERS = (
    "steps execution status now next_id rng digest start transitions bound limit asked most "
    "runnable collections entering"
).split()
LIMITS = (
    "program_bytes slots stack budget work value_bytes step_bytes items state_bytes record_bytes "
    "arena_bytes"
).split()
LATE, MEMORY, LIMIT, INPUT, DIGEST, FORMAT, UNSUPPORTED, CODE = 1, -6, -7, -8, -3, -1, -5, -4


class Refused(Exception):
    """What a call gave: an error of tsme.h, and what is refused."""

    def __init__(self, error: int, refused: str = "") -> None:
        super().__init__(error, refused)
        self.error = error
        self.refused = refused


# Error and result that the caller has for a function's number and arguments.
Caller = Callable[[int, bytes], tuple[int, bytes]]
CALLED = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_uint32,
    ctypes.POINTER(ctypes.c_char),
    ctypes.c_uint32,
    ctypes.c_void_p,
    ctypes.c_uint32,
    ctypes.POINTER(ctypes.c_uint32),
)


def loaded(path: Path) -> ctypes.CDLL:
    """The library, with the types of what it gives."""
    found = library.load(path)
    found.bare_new.restype = ctypes.c_void_p
    found.bare_new.argtypes = [ctypes.c_char_p, ctypes.c_uint32, ctypes.c_uint32]
    found.bare_free.argtypes = [ctypes.c_void_p]
    found.bare_refused.restype = ctypes.c_char_p
    for name in ("checkpoint", "write_actions", "write_pending", "write_result"):
        getattr(found, f"tsme_{name}").restype = ctypes.c_uint32
    return found


class Engine:
    """One engine, and its memory."""

    path = library.LIBRARY

    def __init__(self, program: bytes, memory: int = 200_000, **limits: int) -> None:
        self.library = loaded(self.path)
        self.program = program
        self.at = ctypes.c_void_p(self.library.bare_new(program, len(program), memory))
        for name, most in limits.items():
            self.limit(name, most)
        self.crc = ctypes.c_uint32()
        self._good(self.library.bare_install(self.at, ctypes.byref(self.crc)))
        self._good(self.library.bare_boot(self.at, self.crc))

    def __del__(self) -> None:
        self.library.bare_free(self.at)

    def _good(self, error: int) -> None:
        if error:
            raise Refused(error, (self.library.bare_refused(self.at) or b"").decode())

    def listen(self, caller: Caller) -> None:
        """Has this answer what the core leaves to its caller."""

        def called(number: int, args: Any, size: int, out: int, room: int, made: Any) -> int:
            error, result = caller(number, args[:size])
            made[0] = len(result)
            if len(result) <= room:
                ctypes.memmove(out, result, len(result))
            return error

        self.called = CALLED(called)  # as long as it may be called
        self.library.bare_listen(self.at, self.called)

    def limit(self, name: str, most: int) -> None:
        self.library.bare_limit(self.at, LIMITS.index(name), most)

    def use(self, program: bytes, crc: int) -> None:
        self._good(self.library.tsme_use(self.at, program, len(program), crc))
        self.program = program

    def make(self, event: Sequence[Any]) -> int:
        self.fields = kernel.fields_of(event)
        now = ctypes.c_uint64(event[1])
        size = len(self.fields)
        made: int = self.library.bare_make(self.at, event[0], now, self.fields, size)
        return made

    def record(self) -> bytes:
        size: int = self.library.bare_record(self.at, None)
        out = ctypes.create_string_buffer(size)
        self.library.bare_record(self.at, out)
        return out.raw

    def step(self, event: Sequence[Any]) -> bytes | None:
        """Makes a step and adopts it; its record, None if the input is late."""
        error = self.make(event)
        if error == LATE:
            return None
        self._good(error)
        record = self.record()
        self.adopt()
        return record

    def adopt(self) -> None:
        self.library.tsme_adopt(self.at)

    def undo(self) -> None:
        self.library.tsme_undo(self.at)

    def numbers(self) -> dict[str, int]:
        out = (ctypes.c_uint64 * len(NUMBERS))()
        self.library.bare_numbers(self.at, out)
        return dict(zip(NUMBERS, out, strict=True))

    def limit_passed(self) -> tuple[str, int, int]:
        numbers = self.numbers()
        return LIMITS[numbers["limit"]], numbers["asked"], numbers["most"]

    def written(self, name: str) -> bytes:
        """What tsme_NAME writes; it says the same size before."""
        write = getattr(self.library, f"tsme_{name}")
        size: int = write(self.at, None, 0)
        out = ctypes.create_string_buffer(size + 8)
        assert write(self.at, out, size) == size
        assert out.raw[size:] == bytes(8)
        return out.raw[:size]

    def checkpoint(self) -> bytes:
        return self.written("checkpoint")

    def restore(self, body: bytes) -> int:
        """The body lies where reading one byte more would be seen by a build that looks."""
        copy = ctypes.create_string_buffer(bytes(body), len(body)) if body else None
        error: int = self.library.tsme_restore(self.at, copy, len(body))
        return error

    def value(self, name: str) -> Any:
        return cbor.decode(self.written(name), 0, True)[0]


class Small(Engine):
    """One of the smallest build."""

    path = library.SMALL
