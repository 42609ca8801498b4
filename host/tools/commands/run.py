"""`tsme run`: run a workflow here, on CPython or on MicroPython, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

import tsme
from tsme.engine.item_files import GET, LIST, PUT
from tsme.values import cbor, timestamp

from ...compiler.backend.disasm import disassemble
from ...ending import INTERRUPTED, Stopped
from .. import engines, worlds
from ..definitions import split_name, takes_values
from ..errors import DONE, HostError
from ..files import Loaded, read_program, read_value
from ..forms import option
from ..handlers import check_tasks, load_with_tasks, names_class
from ..journal import store
from ..journal.session import BLOCK, Kept, held, lay_out, left, or_resume
from ..limits import limits_of
from ..output_values import writable
from .run_ended import JOURNAL, heap_size, in_full, report, result_of, unsaid, words
from .run_several import Ways, check_names, is_several, several, stem
from .run_worker import work
from .token import forget, mailbox

LIB = Path(tsme.__file__).resolve().parent.parent
ROOT = LIB.parent.parent  # of the working tree, if this is one
BLOCKS, BLOCKS_MOST = 64, 65535  # of a new journal


class Options(TypedDict):
    """What `tsme run` takes beside the program."""

    given: tuple[str, ...]
    tasks: str | None
    world: str | None
    interpreter: str
    journal: str | None
    sync: bool
    fast: bool
    seed: int | None
    now: str | None
    heap: str | None
    limits: tuple[str, ...]
    traceback: bool
    as_json: bool
    output: str | None
    form: str | None


_FORM = "Of the output, and of an input whose ending does not say it.  [default: json]"


def on_a_board(command: Callable[..., Any], form: str = _FORM) -> Callable[..., Any]:
    """The options of all that runs a program.  `form`: what --help says of --format."""
    for decorate in reversed((_OUTPUT, option(form), *_BOARD)):
        command = decorate(command)
    return command


_OUTPUT = click.option(
    "--output", "-o", metavar="FILE", help="Write the output there, by its ending."
)
_BOARD = (
    click.option(
        "--tasks", "-t", metavar="TASKS.py", help="The handlers of the workflow's tasks."
    ),
    worlds.option,
    click.option(
        "--on",
        "interpreter",
        type=click.Choice(engines.NAMES),
        callback=lambda _context, _option, value: engines.chosen(value),
        help="The interpreter; core: CPython with the C core.  "
        "[default: core, or cpython where it is not]",
    ),
    click.option(
        "--sync/--no-sync",
        default=True,
        help="Wait until each step is on the disk: a power cut costs nothing.  [default: sync]",
    ),
    click.option("--fast", is_flag=True, help="Skip over waits instead of waiting."),
    click.option("--heap", metavar="SIZE", help="Of MicroPython, such as 100k."),
    click.option(
        "--limit",
        "limits",
        metavar="NAME=N",
        multiple=True,
        help="Raise a limit that boards have, such as state_bytes=65536. May be repeated.",
    ),
    click.option(
        "--traceback", is_flag=True, help="Show that of an exception in a handler, once."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print output or error with its status."),
)


@click.command()
@click.argument("programs", metavar="[NAME=]FLOW...", nargs=-1, required=True)
@click.option(
    "--input",
    "-i",
    "given",
    metavar="JSON",
    multiple=True,
    help="A file (.json, .cbor, .msgpack), `-`, or the JSON itself; of several workflows that of "
    "all, or NAME=JSON.  [default: {}]",
)
@click.option(
    "--journal", "-j", metavar="J.bin", help="Keep a journal; what was interrupted goes on."
)
@click.option("--seed", type=int, metavar="N", help="Of random numbers: below 2^64.")
@click.option(
    "--now", metavar="TIME", help="With --fast: the time it begins, such as 2026-01-31T06:00:00Z."
)
@on_a_board
@takes_values
def run(programs: tuple[str, ...], **options: Unpack[Options]) -> int:
    """Run a workflow, several on one board, or a machine.

    FLOW: an .asl.json or .yaml file, a compiled program, or a machine as FILE.py:CLASS.

    The output goes to the standard output; everything else, also what handlers print, to the
    standard error.

    \b
    A tasks file is plain Python for CPython and MicroPython:
      import tsme
      tasks = tsme.Tasks()
      @tasks.task("read_soil", effect="pure")
      def read_soil(payload):
          return {"moisture": 41}

    Several run side by side, each in a region of the journal that has its name (that of its
    file, or NAME); the outputs are one object, by name.

    A machine runs alone, until it ends or Ctrl-C. Each line on the standard input is a signal to
    it, as JSON, but with --fast: {"add": ["Forward"]}.

    Exits with 0 if the execution succeeded, 1 if it failed, 2 if it could not run.
    """
    if is_several(programs, options["journal"]):
        _plain_json(options)
        if options["output"]:
            raise HostError("TSME-H002", "--output is for one workflow", "take --json > FILE")
        return several(programs, options, Ways(_command, words, environment))
    program = programs[0]
    check_names(options["given"], [stem(program)])
    writable(options["output"], options["form"], split_name(program)[0])
    with or_resume(options):
        loaded = read_class(program, options) if names_class(program) else read_program(program)
    return execute(loaded, options)


def go_on(options: Options) -> int:
    """Go on with all that is under way in the regions of the journal."""
    _plain_json(options)
    if options["output"]:
        raise HostError("TSME-H002", "--output is for one workflow", "take --json > FILE")
    return several((), options, Ways(_command, words, environment))


def _plain_json(options: Options) -> None:
    if options["as_json"] and (options["form"] or "json") != "json":
        raise HostError("TSME-H002", "--json prints JSON", "leave out --json or --format")


def execute(loaded: Loaded, options: Options, resumes: bool = False) -> int:
    """Run a program, or what is under way in the journal; only that, if it `resumes`."""
    _plain_json(options)
    writable(options["output"], options["form"])
    data, digest = loaded.data, loaded.machine and bytes(loaded.machine.program.digest)
    if digest is None:
        listing = disassemble(data)
        data, digest = data[: listing.size], listing.digest
    if options["tasks"] is not None:
        check_tasks(options["tasks"])
    with (
        held(options["journal"], loaded, digest) as kept,
        tempfile.TemporaryDirectory(prefix="tsme-") as folder,
    ):
        if resumes and not kept.goes_on:
            message = f'no execution is under way in "{options["journal"]}"'
            raise HostError("TSME-H044", message, "tsme run begins one")
        runs = kept.program or loaded
        place = Path(folder)
        place.joinpath("names.cbor").write_bytes(cbor.encode(_needs(runs, options)))
        given = options["given"][-1] if options["given"] else None
        value = None
        if given is not None or not kept.goes_on:
            value = _input("{}" if given is None else given, options)
        place.joinpath("program.tsm").write_bytes(data)
        if value is not None:
            place.joinpath("input.cbor").write_bytes(value)
        program = str(place / "program.tsm") if loaded.machine is None else loaded.name
        command = [*_command(place, options, program), *_journal(place, options, kept, value)]
        if options["journal"] and loaded.machine is None:
            store.keep(options["journal"], loaded.data)
            command += [f"programs={store.folder(options['journal'])}", "keep=1"]
        if not kept.goes_on:  # what is left was for an execution that has ended
            forget(options["journal"])
        result = result_of(place, _work(place, command, runs, options, kept), options, runs)
        forget(options["journal"])
        if result[0] == "failed" and runs.machine is None:
            journal = options["journal"] or str(place / JOURNAL)
            result = in_full(result, runs.data, journal)
        try:
            return report(result, options, kept)
        except (OSError, HostError) as error:
            raise unsaid(result, error) from None


def _needs(runs: Loaded, options: Options) -> list[str]:
    """The names of its states.  Raises HostError TSME-H020 if it needs handlers, and has none."""
    if runs.machine is not None:
        resources, states = runs.machine.program.resources(), []
    else:
        running = disassemble(runs.data)
        resources = running.resources
        states = [state.name for state in running.debug.states] if running.debug else []
    if needed := [r for r in resources if r not in (GET, LIST, PUT) and not options["tasks"]]:
        what = "workflow" if runs.machine is None else "machine"
        message = f"the {what} needs handlers ({', '.join(needed)})"
        raise HostError("TSME-H020", message, "add --tasks TASKS.py")
    return states


def read_class(given: str, options: Options) -> Loaded:
    """The machine FILE.py:CLASS.  Without --tasks its file's own handlers are meant, if any."""
    machine, tasks = load_with_tasks(given)
    if options["tasks"] is None:
        options["tasks"] = tasks
    return Loaded(given, b"", None, machine)


def _input(given: str, options: Options) -> bytes:
    return bytes(cbor.encode(read_value(given, form=options["form"])))


def board(name: str = "start.py") -> Path:
    """A program that runs on the interpreter, of firmware/boards/unix."""
    tree = LIB.parent / "boards" / "unix" / name
    if tree.is_file():
        return tree
    spec = importlib.util.find_spec("tsme_boards.unix")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        if Path(folder, name).is_file():
            return Path(folder, name)
    raise HostError("TSME-H030", f"the board program boards/unix/{name} is not installed")


def interpreter(name: str) -> list[str]:
    """The command line that an interpreter begins with."""
    if name != "micropython":
        return [sys.executable]
    own = os.environ.get("TSME_MICROPYTHON")
    if own and (kind := _implementation(own)) not in ("micropython", ""):
        text = f'TSME_MICROPYTHON names "{own}", which is {kind} and no MicroPython'
        raise HostError("TSME-H031", text)
    built = ROOT / "build" / "micropython" / "unix" / "micropython"
    for found in (own, str(built), shutil.which("micropython")):
        if found and os.access(found, os.X_OK) and Path(found).is_file():
            return [found]
    if own:
        raise HostError("TSME-H031", f'TSME_MICROPYTHON names "{own}", which is no program')
    clone = (ROOT / "setup" / "setup.sh").is_file()
    hint = 'run "make setup", or ' if clone else "build its unix port or install one in PATH, or "
    hint += "set TSME_MICROPYTHON to its path"
    raise HostError("TSME-H031", "there is no MicroPython here", hint)


def _implementation(program: str) -> str:
    """What kind of Python a program says that it is; "" if it says nothing."""
    asked = [program, "-c", "import sys; print(sys.implementation.name)"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _command(place: Path, options: Options, program: str) -> list[str]:
    command = interpreter(options["interpreter"])
    if options["heap"] is not None:
        command += ["-X", f"heapsize={heap_size(options)}"]
    command += [str(board()), program, f"result={place / 'result.cbor'}"]
    command += worlds.given(place, options["world"])
    for name in ("tasks", "seed"):
        value = options[name]
        if value is not None:
            command.append(f"{name}={value}")
    if options["fast"]:
        command.append("fast=1")
    if options["traceback"] or os.environ.get("TSME_TRACEBACK"):
        command.append("traceback=1")
    command.append(f"names={place / 'names.cbor'}")
    if options["seed"] is not None and not 0 <= options["seed"] < 1 << 64:
        raise HostError("TSME-H002", f"--seed {options['seed']} is not from 0 to 2^64 - 1")
    if options["now"] is not None:
        command.append(f"now={_moment(options)}")
    if not options["sync"] or options["journal"] is None:
        command.append("sync=0")
    if options["limits"]:
        given = limits_of(options["limits"])
        command.append("limits=" + ",".join(f"{name}={n}" for name, n in given.items()))
    return command


def _journal(place: Path, options: Options, kept: Kept, value: bytes | None) -> list[str]:
    """What the board is told about its input and its journal, which has room for them."""
    new = value is not None and not (kept.goes_on and value == kept.input)
    more = [f"input={place / 'input.cbor'}"] if new else []
    largest = max(len(value or b""), limits_of(options["limits"]).get("state_bytes", 0))
    room = min(8 * largest // BLOCK, BLOCKS_MOST)
    if options["journal"] is None:  # for the words of an error
        return [*more, f"journal={place / JOURNAL}", f"blocks={max(256, room)}"]
    there = options["journal"]
    blocks = kept.blocks or max(BLOCKS, room)
    if not kept.blocks:
        lay_out(there, blocks * BLOCK)
    elif kept.blocks < room and "state_bytes" in limits_of(options["limits"]):
        hint = (
            f"tsme journal resize {shlex.quote(there)} --limit state_bytes={largest} gives it more"
        )
        message = f'"{there}" has {kept.blocks} blocks, too few for such a state'
        raise HostError("TSME-H048", message, hint)
    return [*more, f"journal={there}", f"blocks={blocks}", f"mail={mailbox(there)}"]


def _moment(options: Options) -> int:
    """The time given with --now, in ms since 1970."""
    text = options["now"] or ""
    ms = timestamp.ms(text)
    if ms is None:
        hint = "write it as 2026-01-31T06:00:00Z"
        raise HostError("TSME-H002", f'--now "{text}" is no timestamp', hint)
    if not options["fast"]:
        raise HostError("TSME-H002", "--now needs --fast", "the real clock cannot be set")
    return int(ms)


def environment(engine: str) -> dict[str, str]:
    """Environment variables under which an interpreter finds `tsme`, and runs with this engine."""
    paths = {"PYTHONPATH": str(LIB), "MICROPYPATH": f"{LIB}:.frozen"}
    return os.environ | paths | {"PYTHONUTF8": "1"} | engines.environment(engine)


def _work(place: Path, command: list[str], loaded: Loaded, options: Options, kept: Kept) -> int:
    """Run it; its exit code.  It shares the lock of the journal as long as it lives."""
    shared = () if kept.lock is None else (kept.lock,)
    try:
        status = work(command, environment(options["interpreter"]), shared)
        if status in (INTERRUPTED, -signal.SIGINT):  # it alone was told
            raise KeyboardInterrupt
        return status
    except (KeyboardInterrupt, Stopped) as stop:
        if place.joinpath("result.cbor").is_file():  # that was just before
            return DONE
        if options["journal"]:
            stop.add_note(left(options["journal"], loaded))
        raise


COMMANDS = (run,)
