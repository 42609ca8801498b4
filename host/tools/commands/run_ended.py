"""How an execution of `tsme run` has ended, and in which words that is said."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tsme.errors import TsmeError
from tsme.values import cbor

from ...compiler.backend.disasm import disassemble
from .. import console
from ..aws.history import replay_history
from ..errors import DONE, FAILED, HostError, did_you_mean
from ..files import Loaded
from ..journal.image import executions, read_log
from ..journal.refusals import BEHAVED, MISSING, in_words
from ..journal.session import Kept, under_way
from ..limits import how_to_raise, no_limits, twice
from ..output_values import give

JOURNAL = "journal.bin"  # of an execution that keeps none
_OUT_OF_MEMORY = 3  # what the board exits with
_HEAP_LEAST = 40 << 10  # in less, MicroPython cannot even say so
_HEAP_MUCH = 64 << 20
_SIZES = {"": 0, "k": 10, "m": 20}
_NOT_OF_INPUT = ("States.Timeout", "States.HeartbeatTimeout")
Options = Mapping[str, Any]  # of tsme run


def heap_size(options: Options) -> str:
    """The size given with --heap, if it is one."""
    text = (options["heap"] or "").lower()
    if options["interpreter"] != "micropython":
        raise HostError("TSME-H002", "--heap is for --on micropython")
    if not re.fullmatch("[0-9]+[km]?", text):
        raise HostError("TSME-H002", f'--heap "{options["heap"]}" is no size', "write 100k")
    if _bytes(text) < _HEAP_LEAST:
        why = f"--heap {options['heap']} is too small for anything to run"
        raise HostError("TSME-H002", why, "write 100k or more")
    return text


def _bytes(size: str) -> int:
    return int(size.rstrip("km")) << _SIZES[size.lstrip("0123456789")]


def result_of(place: Path, status: int, options: Options, loaded: Loaded) -> list[Any]:
    path = place / "result.cbor"
    name = options["interpreter"]
    if path.is_file():
        result: list[Any] = cbor.decode(path.read_bytes(), 0, True)[0]
        if result[0] == "refused":
            raise HostError(result[1], words(result[1], result[2], options))
        return result
    more = _more_heap(options)
    if status == _OUT_OF_MEMORY:
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
    had = _bytes(heap_size(options)) if options["heap"] else 0
    return f"--heap {max(_HEAP_MUCH, 2 * had) >> 20}M"


def in_full(result: list[Any], data: bytes, journal: str) -> list[Any]:
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


def words(code: str, message: str, options: Options) -> str:
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


def unsaid(result: list[Any], error: OSError | HostError) -> HostError:
    """The output cannot be written: where it is not lost, remarks are."""
    status, output, *_, execution = result
    if status == "succeeded":
        click.echo(f"tsme: execution {execution} succeeded: {console.json_text(output)}", err=True)
    if isinstance(error, HostError):  # of its file
        return error
    why = error.strerror or str(error)
    return HostError("TSME-H004", f"the output cannot be written: {why}", "it stands above")


def report(result: list[Any], options: Options, kept: Kept) -> int:
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
        told = words("", str(cause), options) if cause else ""
        why = ": ".join(part for part in (str(error or ""), told) if part)
        if status == "timed out":
            why = "its TimeoutSeconds are over"
        text = f"execution {execution} {status}: {why or 'no error was named'}"
        click.secho(text, err=True, fg="red")
    ours = error in _NOT_OF_INPUT or str(error).startswith("TSME.")
    if status == "failed" and not options["given"] and not kept.goes_on and not ours:
        console.note("tsme: no --input was given, so the input is {}")
    return DONE if status == "succeeded" else FAILED
