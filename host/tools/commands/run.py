"""`tsme run`: run a workflow here, on CPython or on MicroPython, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import re
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
from tsme.errors import TsmeError
from tsme.values import cbor, timestamp

from ...compiler.backend.disasm import disassemble
from ...ending import INTERRUPTED, Stopped
from .. import console, engines, worlds
from ..aws.history import replay_history
from ..definitions import split_name, takes_values
from ..errors import DONE, FAILED, HostError, did_you_mean
from ..files import Loaded, read_program, read_value
from ..forms import option
from ..handlers import check_tasks
from ..journal import store
from ..journal.image import executions, read_log
from ..journal.refusals import BEHAVED, MISSING, in_words
from ..journal.session import BLOCK, Kept, held, lay_out, left, or_resume, under_way
from ..limits import how_to_raise, limits_of, no_limits, twice
from ..output_values import give, writable
from .run_several import Ways, check_names, is_several, several, stem
from .run_worker import work
from .token import forget, mailbox

LIB = Path(tsme.__file__).resolve().parent.parent
ROOT = LIB.parent.parent  # of the working tree, if this is one
OUT_OF_MEMORY = 3  # what the board exits with
JOURNAL = "journal.bin"  # of an execution that keeps none
BLOCKS, BLOCKS_MOST = 64, 65535  # of a new journal
HEAP_LEAST = 40 << 10  # in less, MicroPython cannot even say so
HEAP_MUCH = 64 << 20
_SIZES = {"": 0, "k": 10, "m": 20}
_NOT_OF_INPUT = ("States.Timeout", "States.HeartbeatTimeout")


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
    """Run a workflow or a compiled program, or several on one board.

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

    Exits with 0 if the execution succeeded, 1 if it failed, 2 if it could not run.
    """
    if is_several(programs, options["journal"]):
        _plain_json(options)
        if options["output"]:
            raise HostError("TSME-H002", "--output is for one workflow", "take --json > FILE")
        return several(programs, options, Ways(_command, _words, environment))
    program = programs[0]
    check_names(options["given"], [stem(program)])
    writable(options["output"], options["form"], split_name(program)[0])
    with or_resume(options):
        loaded = read_program(program)
    return execute(loaded, options)


def go_on(options: Options) -> int:
    """Go on with all that is under way in the regions of the journal."""
    _plain_json(options)
    if options["output"]:
        raise HostError("TSME-H002", "--output is for one workflow", "take --json > FILE")
    return several((), options, Ways(_command, _words, environment))


def _plain_json(options: Options) -> None:
    if options["as_json"] and (options["form"] or "json") != "json":
        raise HostError("TSME-H002", "--json prints JSON", "leave out --json or --format")


def execute(loaded: Loaded, options: Options, resumes: bool = False) -> int:
    """Run a program, or what is under way in the journal; only that, if it `resumes`."""
    _plain_json(options)
    writable(options["output"], options["form"])
    listing = disassemble(loaded.data)
    tasks = options["tasks"]
    if tasks is not None:
        check_tasks(tasks)
    with (
        held(options["journal"], loaded, listing.digest) as kept,
        tempfile.TemporaryDirectory(prefix="tsme-") as folder,
    ):
        if resumes and not kept.goes_on:
            message = f'no execution is under way in "{options["journal"]}"'
            raise HostError("TSME-H044", message, "tsme run begins one")
        runs = kept.program or loaded
        running = disassemble(runs.data)
        if needed := [r for r in running.resources if r not in (GET, LIST, PUT) and not tasks]:
            message = f"the workflow needs handlers ({', '.join(needed)})"
            raise HostError("TSME-H020", message, "add --tasks TASKS.py")
        given = options["given"][-1] if options["given"] else None
        value = None
        if given is not None or not kept.goes_on:
            value = _input("{}" if given is None else given, options)
        place = Path(folder)
        place.joinpath("program.tsm").write_bytes(loaded.data[: listing.size])
        states = [state.name for state in running.debug.states] if running.debug else []
        place.joinpath("names.cbor").write_bytes(cbor.encode(states))
        if value is not None:
            place.joinpath("input.cbor").write_bytes(value)
        command = [*_command(place, options), *_journal(place, options, kept, value)]
        if options["journal"]:
            store.keep(options["journal"], loaded.data)
            command += [f"programs={store.folder(options['journal'])}", "keep=1"]
        if not kept.goes_on:  # what is left was for an execution that has ended
            forget(options["journal"])
        result = _result(place, _work(place, command, runs, options, kept), options, runs)
        forget(options["journal"])
        if result[0] == "failed":
            journal = options["journal"] or str(place / JOURNAL)
            result = _in_full(result, runs.data, journal)
        try:
            return _report(result, options, kept)
        except (OSError, HostError) as error:
            raise _unsaid(result, error) from None


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


def _command(place: Path, options: Options, program: str = "program.tsm") -> list[str]:
    command = interpreter(options["interpreter"])
    if options["heap"] is not None:
        command += ["-X", f"heapsize={_heap(options)}"]
    command += [str(board()), str(place / program), f"result={place / 'result.cbor'}"]
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


def _heap(options: Options) -> str:
    """The size given with --heap, if it is one."""
    text = (options["heap"] or "").lower()
    if options["interpreter"] != "micropython":
        raise HostError("TSME-H002", "--heap is for --on micropython")
    if not re.fullmatch("[0-9]+[km]?", text):
        raise HostError("TSME-H002", f'--heap "{options["heap"]}" is no size', "write 100k")
    if _bytes(text) < HEAP_LEAST:
        why = f"--heap {options['heap']} is too small for anything to run"
        raise HostError("TSME-H002", why, "write 100k or more")
    return text


def _bytes(size: str) -> int:
    return int(size.rstrip("km")) << _SIZES[size.lstrip("0123456789")]


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


def _result(place: Path, status: int, options: Options, loaded: Loaded) -> list[Any]:
    path = place / "result.cbor"
    name = options["interpreter"]
    if path.is_file():
        result: list[Any] = cbor.decode(path.read_bytes(), 0, True)[0]
        if result[0] == "refused":
            raise HostError(result[1], _words(result[1], result[2], options))
        return result
    more = _more_heap(options)
    if status == OUT_OF_MEMORY:
        hint = f"give it more, such as {more}" if more else "let the workflow carry less data"
        raise HostError("TSME-H033", f"{name} has not enough memory for this", hint)
    how = f"signal {-status}" if status < 0 else f"exit code {status}"
    hint = f"perhaps it needs more memory, such as {more}" if more else ""
    tasks = under_way(options["journal"] or str(place / JOURNAL), loaded)
    when = f" while {tasks} ran" if tasks else ""
    raise HostError("TSME-H032", f"{name} ended without a result ({how}){when}", hint)


def _more_heap(options: Options) -> str:
    """More than it had."""
    if options["interpreter"] != "micropython":
        return ""
    had = _bytes(_heap(options)) if options["heap"] else 0
    return f"--heap {max(HEAP_MUCH, 2 * had) >> 20}M"


def _in_full(result: list[Any], data: bytes, journal: str) -> list[Any]:
    """A failure as AWS tells it: its words name the state, the path and what it met; when the time
    of a workflow is up it has timed out, without an error."""
    size = disassemble(data).size
    try:
        with no_limits():
            steps = executions(read_log(journal))[-1].steps
            told = replay_history(data[:size], data[size:], steps)
    except (
        HostError,
        TsmeError,
        IndexError,
    ):  # no debug part, or the start is gone from the journal
        return result
    status, output, error, cause, execution = result
    if told.status == "TIMED_OUT":
        return ["timed out", output, None, None, execution]
    return [status, output, error, told.cause or cause, execution]


def _no_handler(message: str, tasks: str) -> str:
    """Which handler is missing, and which was perhaps meant to be it."""
    text, _, known = message.partition("; there are: ")
    asked = re.match("no handler for ([^,;]+)", text)
    meant = did_you_mean(asked[1], known.split(", ")) if asked else ""
    text = text.replace("@engine.task", "@tasks.task") + f" in {tasks}"
    return f"{text}; {meant}" if meant else text


def _words(code: str, message: str, options: Options) -> str:
    """What the board says, in the words of this command."""
    if code == "TSME-T002":
        return _no_handler(message, options["tasks"] or "")
    if code in (BEHAVED, MISSING) and options["journal"]:
        cure = "run the workflow that it began with, as it was"
        return in_words(message, options["journal"], cure)
    if code == "TSME-H005":
        number, _, at = message.partition(", ")
        return f"the system refuses: {os.strerror(int(number))} ({Path(at).name})"
    if code in ("TSME-J007", "TSME-J008"):
        asked = re.search(r"(\d+) asked", message)
        more = twice(int(asked[1])) if asked else 1 << 20
        how = f"write --limit state_bytes={more}, which makes it larger"
        if options["journal"]:
            there = shlex.quote(options["journal"])
            how = f"tsme journal resize {there} --limit state_bytes={more} makes it larger"
        return f"{message.rpartition('; ')[0]}; {how}"
    return how_to_raise(message)


def _unsaid(result: list[Any], error: OSError | HostError) -> HostError:
    """The output cannot be written: where it is not lost, remarks are."""
    status, output, *_, execution = result
    if status == "succeeded":
        click.echo(f"tsme: execution {execution} succeeded: {console.json_text(output)}", err=True)
    if isinstance(error, HostError):  # of its file
        return error
    why = error.strerror or str(error)
    return HostError("TSME-H004", f"the output cannot be written: {why}", "it stands above")


def _report(result: list[Any], options: Options, kept: Kept) -> int:
    status, output, error, cause, execution = result
    if status == "succeeded" and options["output"]:
        give(output, options["output"], options["form"])
    if options["as_json"]:
        console.out_json(
            {
                "status": status.replace(" ", "_"),
                "output": output,
                "error": error,
                "cause": cause,
                "execution": execution,
            }
        )
    elif status == "succeeded" and not options["output"]:
        give(output, "-", options["form"])
    elif status == "succeeded":
        if options["output"] != "-":
            console.note(f"{options['output']}: the output of execution {execution}")
    else:
        words = _words("", str(cause), options) if cause else ""
        why = ": ".join(part for part in (str(error or ""), words) if part)
        if status == "timed out":
            why = "its TimeoutSeconds are over"
        text = f"execution {execution} {status}: {why or 'no error was named'}"
        click.secho(text, err=True, fg="red")
    ours = error in _NOT_OF_INPUT or str(error).startswith("TSME.")
    if status == "failed" and not options["given"] and not kept.goes_on and not ours:
        console.note("tsme: no --input was given, so the input is {}")
    return DONE if status == "succeeded" else FAILED


COMMANDS = (run,)
