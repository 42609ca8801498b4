"""The journal of `tsme run`: fit to go on from, in nobody else's use, and where it stands."""

from __future__ import annotations

import errno
import os
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsme.errors import TsmeError
from tsme.kernel import Action
from tsme.values import cbor

from ...compiler.backend.disasm import disassemble
from ...compiler.frontend.model import CompileError
from .. import console
from ..errors import HostError
from ..files import Loaded
from ..handlers import earlier
from ..inputs import read_bytes
from ..limits import no_limits
from ..outputs import not_writable
from . import store
from .image import Log, read_log, read_logs
from .refusals import behaviour, check_behaviour, retiring
from .replayer import Player, know

BLOCK = 4096  # bytes, in the files of `tsme run`
_ENDING = 2.0  # s that a journal is waited for whose command was killed


@dataclass
class Kept:
    """A journal before a run.  `lock`: its descriptor, which the interpreter shares."""

    lock: int | None = None
    blocks: int = 0  # of a journal that is there
    goes_on: bool = False  # an execution is under way
    input: bytes = b""  # of the execution under way
    program: Loaded | None = None  # what that one began with, or what it has moved to


@contextmanager
def held(path: str | None, loaded: Loaded, digest: bytes) -> Iterator[Kept]:
    """The journal, if there is to be one, with everybody else kept out of it."""
    if path is None:
        yield Kept()
        return
    if not path:
        raise HostError("TSME-H002", "--journal is empty", "name a file")
    if path == "-":
        raise HostError("TSME-H002", "--journal is a file, and not -", "write ./-")
    target = Path(path)
    if target.is_dir():
        raise HostError("TSME-H011", f'"{path}" is a folder, not a file')
    if target.exists() and not target.is_file():
        raise HostError("TSME-H011", f'"{path}" is a device, not a file')
    there = target.exists()
    lock = _lock(path)
    try:
        kept = _look(path, loaded, digest, there)
        kept.lock = lock
        yield kept
        store.tidy(path, [*read_log(path).programs, digest])
    finally:
        if not there and not os.fstat(lock).st_size:  # nothing came of it
            target.unlink(missing_ok=True)
        os.close(lock)


def _lock(path: str, new: bool = True) -> int:
    """Open a journal that no other process has.  The lock ends with the last that shares it.
    `new`: it may be a file that is not there yet."""
    while True:
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT * new, 0o666)
        except OSError as error:
            if not new:
                read_bytes(path)  # says what is wrong with it
            raise not_writable(path, error) from None
        try:
            _wait(lock, path)
            if os.path.samestat(os.fstat(lock), os.stat(path)):  # noqa: PTH116
                return lock
        except FileNotFoundError:
            pass  # the other one gave up, and took its empty file away
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)


def _wait(lock: int, path: str) -> None:
    """Take it; what a killed command has left is about to end, and waited for."""
    until = time.monotonic() + _ENDING
    while True:
        try:
            _take(lock, path)
            return
        except HostError:
            if holder(path) or time.monotonic() > until:
                raise
        time.sleep(0.02)


@contextmanager
def taken(path: str) -> Iterator[int]:
    """A file, perhaps a new one, with everybody else kept out of it; its descriptor."""
    there = Path(path).exists()
    lock = _lock(path)
    try:
        yield lock
    finally:
        if not there and not os.fstat(lock).st_size:  # nothing came of it
            Path(path).unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def locked(path: str) -> Iterator[None]:
    """A journal that is there, with everybody else kept out of it."""
    if path == "-":
        raise HostError("TSME-H002", "the journal is a file, and not -", "write ./-")
    lock = _lock(path, new=False)
    try:
        yield
    finally:
        os.close(lock)


def in_use(path: str) -> bool:
    """Does a run have this journal?"""
    try:
        lock = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        _take(lock, path)
    except HostError:
        return True
    finally:
        os.close(lock)
    return False


def _take(lock: int, path: str) -> None:
    if sys.platform == "win32":
        return
    import fcntl  # noqa: PLC0415

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            return  # a file system without locks
        who = holder(path)
        process = f", process {who}" if who else ""
        message = f'"{path}" is in use by another tsme run{process}'
        hint = f"wait for it, end it with kill {who}," if who else "wait for it,"
        raise HostError("TSME-H047", message, f"{hint} or name another journal") from None


def holder(path: str) -> int | None:
    """The process that has locked a file, where the system tells (Linux) and it lives."""
    with suppress(OSError):
        inode = Path(path).stat().st_ino
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            _, kind, _, _, pid, place, *_ = line.split()
            if kind == "FLOCK" and place.endswith(f":{inode}") and Path("/proc", pid).is_dir():
                return int(pid)
    return None


def _look(path: str, loaded: Loaded, digest: bytes, there: bool) -> Kept:
    """An existing journal must be one, and of this program."""
    if not Path(path).stat().st_size:
        if there:
            console.note(
                f'tsme: "{path}" was empty: if it held a journal, that is lost; a new one begins'
            )
        return Kept()
    log = read_log(path)
    if not log.refusal:
        check_behaviour(log)
    check_blocks(path, log.block_size)
    mend = f"tsme journal repair {shlex.quote(path)}"
    if log.cut is not None:
        whole = log.blocks * log.block_size
        message = f'"{path}" has {log.cut} bytes; its journal has {whole}'
        raise HostError("TSME-H041", message, f"{mend} keeps all records that are there")
    if log.refusal:
        hint = f"{mend} keeps what can be kept, tsme journal show tells what there is"
        raise HostError("TSME-H045", f'"{path}" is damaged: {log.refusal}', hint)
    kept = Kept(blocks=log.blocks)
    programs = _programs(path, loaded, digest)
    newest = log.programs[-1] if log.programs else digest
    if newest not in programs and not log.ended:
        raise _missing(path, log, newest, loaded)
    with suppress(TsmeError):  # the board says what is wrong, in its words
        _stand(kept, log, programs)
    if kept.program and loaded.machine is not None:
        if kept.program is not loaded:
            console.note(f"tsme: execution {_number(log)} goes on as the version of the class")
        kept.program = loaded  # which moves it, as a board does
    elif kept.program and kept.program is not loaded:
        console.note(
            f"tsme: execution {_number(log)} goes on with its own program ({newest.hex()}); "
            f'"{loaded.name}" is for the next one, and for this one with '
            f"tsme migrate {shlex.quote(path)} {shlex.quote(loaded.name)}"
        )
    return kept


def check_blocks(path: str, size: int) -> None:
    """What was pulled from a device may have blocks that the files of `tsme run` do not have."""
    if size not in (0, BLOCK):
        message = f'"{path}" has blocks of {size} bytes, a journal of tsme run of {BLOCK}'
        hint = "it goes on on the device that it was pulled from; show, replay and history read it"
        raise HostError("TSME-H048", message, hint)


def _number(log: Log) -> int:
    """Of the newest execution."""
    newest = (record.fields for record in reversed(log.records) if "program" in record.fields)
    return int(next(newest)["execution"])


def _programs(path: str, loaded: Loaded, digest: bytes) -> dict[bytes, Loaded]:
    """What a journal may go on with, by digest: of a machine also those before it."""
    if loaded.machine is None:
        programs = {disassemble(other.data).digest: other for other in store.kept(path)}
    else:
        file = loaded.name.rpartition(":")[0]
        older = earlier(loaded.machine, file)
        programs = {
            bytes(one.program.digest): Loaded(loaded.name, b"", None, one) for one in older
        }
    programs[digest] = loaded
    return programs


def _missing(path: str, log: Log, digest: bytes, loaded: Loaded) -> HostError:
    """The program of what is under way is nowhere."""
    message = f'execution {_number(log)} in "{path}" needs the program {digest.hex()}, '
    if loaded.machine is None:
        message += store.lacking(path, digest)
        hint = "run the workflow that it began with, as it was, "
    else:
        message += f"which is neither {loaded.name} nor named as before it"
        hint = "run the class that it began with, or name it there (before = ..), "
    hint += f"or give the execution up: {retiring(path)}"
    return HostError("TSME-H043", message, hint)


def lay_out(path: str, size: int) -> None:
    """Make the locked file of a new journal blank, all of it or nothing."""
    target = Path(path)
    try:
        with target.open("r+b") as file:
            file.write(b"\xff" * size)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            os.truncate(path, 0)
        raise not_writable(path, error) from None


def _play(log: Log, programs: Iterable[Loaded]) -> Player:
    """The journal played from the last record that holds all of the state."""
    whole = [n for n, record in enumerate(log.records) if "program" in record.fields]
    player = Player([know(loaded) for loaded in programs])
    with no_limits():
        for record in log.records[whole[-1] :] if whole else ():
            player.play(record)
    return player


def _stand(kept: Kept, log: Log, programs: dict[bytes, Loaded]) -> None:
    """What is under way."""
    player = _play(log, programs.values())
    if player.state is None or player.state.status:
        return
    kept.goes_on = True
    kept.program = programs[player.digest]
    start = next(r for r in reversed(log.records) if "program" in r.fields)
    kept.input = bytes(cbor.encode(start.fields["input"]))


def _goes_on(path: str) -> bool:
    """Is something under way in a journal that can go on with what is kept beside it?"""
    with suppress(HostError, TsmeError):
        programs = store.kept(path)
        for log in read_logs(path):
            state = None if behaviour(log) else _play(log, programs).state
            if state and not state.status:
                return True
    return False


@contextmanager
def or_resume(options: Mapping[str, Any]) -> Iterator[None]:
    """What is wrong with a workflow is not in the way of what began before: that is said too.
    `options`: of tsme run."""
    try:
        yield
    except (CompileError, HostError) as error:
        path = options["journal"]
        if path and Path(path).is_file() and _goes_on(path):
            more = f" --tasks {shlex.quote(options['tasks'])}" if options["tasks"] else ""
            how = f"tsme resume {shlex.quote(path)}{more}"
            note = f"what is under way goes on without it: {how}"
            if isinstance(error, HostError):
                error.hint = "; ".join(part for part in (error.hint, note) if part)
            else:
                error.add_note(note)
        raise


def under_way(path: str, loaded: Loaded) -> str:
    """The states whose tasks run, as far as the journal tells."""
    try:
        player = _play(read_log(path), [loaded])
    except (HostError, TsmeError):
        return ""
    state = player.state
    return _names(state.tasks() if state and not state.status else [], player)


def left(path: str, loaded: Loaded) -> str:
    """What becomes of an execution that was interrupted just now."""
    state = None
    with suppress(HostError, TsmeError):  # the next run says it
        player = _play(read_log(path), [loaded])
        state = player.state
    if state is None:
        return "nothing has happened yet"
    if state.status:
        return "the execution had ended"
    once = [action for action in state.tasks() if action.started]
    if not once:
        return "the same command goes on from the journal"
    return (
        f"{_names(once, player)} was under way, a once task, which the same command will not run "
        "again: it fails with TSME.Interrupted unless its check knows better"
    )


def _names(actions: list[Action], player: Player) -> str:
    known = player.now
    if known is None:
        return ""
    if known.machine is not None:
        return ", ".join(dict.fromkeys(f'"{action.resource}"' for action in actions))
    numbers = dict.fromkeys(player.state.state_of(action) for action in actions)
    return ", ".join(f'"{known.debug.state(number)}"' for number in numbers)
