"""A month of the greenhouse on MicroPython, with a power cut in the middle: `make demo`.

Compiles the workflow, rehearses the month on this computer's Python, runs it on MicroPython with
its journal on simulated NOR flash, lets the power fail while the valve opens, starts again from
flash, and replays the journal.  Exits with 1 if anything is not as it must be.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from tsme_host.compiler.compile import compile_text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MICROPYTHON = ROOT / "build" / "micropython" / "unix" / "micropython"
AWAY = 47  # minutes without power
WIDTH = 100

STEP = re.compile(
    r"step (?P<number>\d+): (?P<what>.*), (?P<size>\d+) bytes, "
    r"digest (?P<digest>\w+), (?P<programs>\d+) programs, (?P<erases>\d+) erases"
)
DAY = re.compile(
    r"day \d+-(?P<day>\S+ \S+) +(?P<high>\S+) C  rain +(?P<rain>\S+)"
    r"  soil +(?P<soil>\S+) mm \[(?P<bar>#*) *\] (?P<note>.*)"
)
RECOVERED = re.compile(
    r"recovered (?P<records>\d+) records, the tail is (?P<tail>\w+): "
    r"step (?P<step>\d+), digest (?P<digest>\w+)"
)


@dataclass
class Step:
    """A line that the board writes when a step is durable."""

    number: int
    what: str
    size: int
    digest: str
    programs: int
    erases: int

    @property
    def operations(self) -> int:
        return self.programs + self.erases


@dataclass
class Life:
    """What one process of the board said, from power-up to its end."""

    steps: list[Step] = field(default_factory=list)
    recovered: dict[str, str] = field(default_factory=dict)
    outcome: list[Any] | None = None
    code: int = 0


def read_step(line: str) -> Step | None:
    m = STEP.fullmatch(line)
    if m is None:
        return None
    numbers = [int(m[name]) for name in ("number", "size", "programs", "erases")]
    return Step(numbers[0], m["what"], numbers[1], m["digest"], numbers[2], numbers[3])


def environment() -> dict[str, str]:
    """Environment variables under which both Pythons find tsme."""
    paths = [str(ROOT / "firmware" / "lib"), str(ROOT)]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "MICROPYPATH": ":".join([*paths, ".frozen"]),
    }


def engine(python: list[str]) -> str:
    """What runs programs there: the C core if it was built, else Python."""
    code = "from tsme.core import core; print('the C core' if core else 'the Python engine')"
    done = subprocess.run(
        [*python, "-c", code], capture_output=True, env=environment(), encoding="utf-8", check=True
    )
    return done.stdout.strip()


def board(python: list[str], folder: Path, cut: tuple[int, int] | None = None) -> Iterator[str]:
    """Power the board up; its lines as they come, and `exit CODE` at the end."""
    args = [HERE / "device.py", folder / "greenhouse.tsm", folder / "flash.bin", folder]
    process = subprocess.Popen(
        [*python, *map(str, args), *map(str, cut or ())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
        encoding="utf-8",
    )
    assert process.stdout
    with process.stdout as lines:
        for line in lines:
            yield line.rstrip()
    yield f"exit {process.wait()}"


def live(lines: Iterator[str]) -> Iterator[tuple[str, Life]]:
    """Each line, with what is known of the board's life so far."""
    life = Life()
    for line in lines:
        if step := read_step(line):
            life.steps.append(step)
        elif m := RECOVERED.fullmatch(line):
            life.recovered = m.groupdict()
        elif line.startswith("outcome "):
            life.outcome = json.loads(line[8:])
        elif line.startswith("exit "):
            life.code = int(line[5:])
        yield line, life


def lived(lines: Iterator[str]) -> Life:
    """A whole life, unseen."""
    life = Life()
    for _, life in live(lines):  # noqa: B007
        pass
    return life


class Demo:
    def __init__(self, console: Console, folder: Path, cut: int, pause: float) -> None:
        self.console = console
        self.folder = folder
        self.chosen = cut
        self.pause = pause
        self.wrong: list[str] = []
        self.expected = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
        self.begun = False  # the power failed when the valve was being opened
        self.undisturbed = 0  # steps of the rehearsal
        self.chapter = 0

    # --- telling ---

    def say(self, text: str = "", indent: int = 3) -> None:
        self.console.print(" " * indent + text if text else "", soft_wrap=True)

    def title(self, text: str) -> None:
        self.chapter += 1
        self.say()
        self.say(f"[bold cyan]{self.chapter}[/]  [bold]{text}[/]", 0)
        time.sleep(5 * self.pause)

    def check(self, good: bool, text: str) -> None:
        """A claim, and whether it is true."""
        self.say(f"[green]✓[/] {text}" if good else f"[bold red]✗ {text}[/]")
        if not good:
            self.wrong.append(text)

    def step(self, step: Step, style: str = "dim") -> None:
        record = f"{step.size:3} bytes  digest {step.digest}"
        self.say(f"[{style}]step {step.number:3}  {escape(step.what):53}  {record}[/]", 6)

    def day(self, m: re.Match[str]) -> None:
        note = m["note"]
        style = "blue" if "watered" in note else "yellow" if "jammed" in note else "default"
        bar = f"[cyan]{'█' * len(m['bar'])}[/][dim]{'░' * (16 - len(m['bar']))}[/]"
        weather = f"{m['high']:>4} °C  rain {m['rain']:>4} mm"
        self.say(f"{m['day']}  {weather}  soil {bar} {m['soil']:>4} mm  [{style}]{note}[/]")
        time.sleep(self.pause)

    def show(self, lines: Iterator[str], first: int, after: bool) -> Life:
        """A life as it happens: days in full, steps only in the first `first` days.

        If the board dies, also its last steps; `after`: it has died before.
        """
        hidden: deque[Step] = deque(maxlen=3)
        days = 0
        life = Life()
        for line, life in live(lines):
            if m := DAY.fullmatch(line):
                days += 1
                hidden.clear()
                self.day(m)
            elif line.startswith("step "):
                if days < first:
                    self.step(life.steps[-1], "yellow" if "Interrupted" in line else "dim")
                else:
                    hidden.append(life.steps[-1])
            elif line.startswith("recovered "):
                self.recovery(life.recovered)
            elif line.startswith("alarm "):
                self.say(f"[bold yellow]! {escape(line[6:])}[/]", 6)
            elif line.startswith("boot "):
                words = "the same flash" if after else "an empty flash of 8 blocks of 4 KiB"
                self.say(f"[dim]{escape(line[5:])}, a process of its own; {words}[/]")
            elif not line.startswith(("exit ", "outcome ")):
                self.say(f"[red]{escape(line)}[/]", 6)
        if life.code:
            for step in hidden:
                self.step(step)
        return life

    def recovery(self, found: dict[str, str]) -> None:
        self.say(
            f"found {found['records']} whole records and a {found['tail']} tail; replayed them: "
            f"step {found['step']}, digest {found['digest']}"
        )
        if self.begun:
            self.say("Opening the valve is a `once` task, so the device does not do it again: it")
            self.say("fails with TSME.Interrupted, which the workflow catches to ask the meter.")

    # --- the story ---

    def run(self) -> int:
        self.say("[bold]A month in the greenhouse[/]", 0)
        self.say(
            "An irrigation controller written in Amazon States Language runs on MicroPython.", 0
        )
        self.say("Its weather is real: Seattle, July and August 2015. Its days take no time.", 0)
        self.compile()
        cut = self.rehearse()
        dead, resumed = self.month(cut)
        status, result = (resumed.outcome or ["nothing", None])[:2]
        if status == "succeeded":
            self.replay(dead.steps + resumed.steps, cut)
            self.outside(result)
            self.summary(dead, resumed, result)
        else:
            self.check(False, f"the month succeeds on MicroPython; it ended with: {status}")
        self.say()
        if self.wrong:
            self.say(
                f"[bold red]{len(self.wrong)} not as it must be: {'; '.join(self.wrong)}[/]", 0
            )
            return 1
        self.say(f"[dim]Everything is kept in {self.folder}[/]", 0)
        return 0

    def compile(self) -> None:
        self.title("Compile the workflow")
        source = HERE / "greenhouse.asl.json"
        text = source.read_text(encoding="utf-8")
        compiled = compile_text(text, source.name)
        small = len(json.dumps(json.loads(text), separators=(",", ":")))
        size = len(compiled.program)
        states = len(json.loads(text)["States"])
        self.say(f"greenhouse.asl.json  {small} bytes without blanks, {states} states")
        self.say(f"greenhouse.tsm       {size} bytes, {100 * size // small} % of that")
        self.say(f"[dim]digest {compiled.digest.hex()}, tasks {', '.join(compiled.resources)}[/]")
        for name in ("board", "laptop", "twin"):
            place = self.folder / name
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            (place / "greenhouse.tsm").write_bytes(compiled.program)

    def rehearse(self) -> tuple[int, int]:
        """An undisturbed month on this computer; tells where the power shall fail."""
        self.title("Rehearse the month on this computer, undisturbed")
        life = lived(board([sys.executable, "-u"], self.folder / "laptop"))
        last = life.steps[-1] if life.steps else Step(0, "", 0, "", 0, 0)
        self.undisturbed = last.number
        self.say(f"{last.number} steps, {last.operations} flash operations")
        self.say(f"[dim]Programs run on {engine([sys.executable])} here.[/]")
        right = life.outcome == ["succeeded", self.expected, None, None]
        self.check(right, f"the result is that of expected.json: {self.expected['text']}")
        operation = self.chosen or middle(life.steps)
        for step in life.steps:
            if step.operations >= operation:
                return operation, (8 + step.size) // 2
        return operation, 15

    def month(self, cut: tuple[int, int]) -> tuple[Life, Life]:
        place = self.folder / "board"
        python = [str(MICROPYTHON)]
        self.title("Run it on MicroPython")
        self.say(f"[dim]Programs run on {engine(python)} there.[/]")
        dead = self.show(board(python, place, cut), 1, False)
        if dead.code == 0:
            self.check(False, "the power failed")
            return Life(), dead
        self.say(
            f"[bold red]⚡ The power fails in flash operation {cut[0]}, {cut[1]} bytes in.[/] "
            "[red]The process is dead.[/]"
        )
        self.begun = bool(dead.steps) and dead.steps[-1].what == "open_valve started"
        if self.begun:
            known = sum("open_valve succeeded" in step.what for step in dead.steps)
            did = "did open" if len(lines(place / "valve.txt")) > known else "did not open"
            self.say("Flash knows only that the valve was to be opened: the result is torn.", 6)
            self.say(f"In truth it {did}.", 6)
        time.sleep(10 * self.pause)
        self.title(f"Power is back after {AWAY} minutes: start again from flash")
        power_back(place)
        return dead, self.show(board(python, place), 1, True)

    def replay(self, told: list[Step], cut: tuple[int, int]) -> None:
        self.title("Pull the journal back and replay it on this computer")
        image = self.folder / "pulled.bin"
        shutil.copyfile(self.folder / "board" / "flash.bin", image)
        program = self.folder / "board" / "greenhouse.tsm"
        self.say("[dim]$ tsme replay pulled.bin --program greenhouse.tsm[/]")
        answer = tsme("replay", image, "--program", program)
        steps = answer.get("steps")
        self.check(bool(answer.get("identical")), f"identical: {steps} steps, every digest equal")
        shown = tsme("journal", "show", image).get("records", [])
        self.check(
            [record["digest"] for record in shown if "digest" in record]
            == [step.digest for step in told],  # the last record is a checkpoint of the end
            f"these are the {len(told)} digests that the board told, from both of its lives",
        )
        place = self.folder / "twin"
        python = [sys.executable, "-u"]
        if lived(board(python, place, cut)).code:
            power_back(place)
            lived(board(python, place))
        same = (place / "flash.bin").read_bytes() == image.read_bytes()
        size = image.stat().st_size
        self.check(same, f"CPython, cut in the same place: the same {size:,} bytes of flash")

    def outside(self, result: dict[str, Any]) -> None:
        self.title("Ask the valve, which keeps its own books")
        place = self.folder / "board"
        openings = lines(place / "valve.txt")
        days = [line.split()[0] for line in openings]
        litres = sum(int(line.split()[1]) for line in openings)
        for at in range(0, len(days), 6):
            self.say("[dim]" + "  ".join(days[at : at + 6]) + "[/]", 6)
        self.check(
            len(set(days)) == len(days) == result["openings"] and litres == result["litres"],
            f"it opened {len(days)} times, never twice on a day; {litres} litres",
        )
        undisturbed = [line.split()[0] for line in lines(self.folder / "laptop" / "valve.txt")]
        self.check(days == undisturbed, "on the very days of the undisturbed month")
        reports = [line[:10] for line in lines(place / "report.txt")]
        self.check(
            len(reports) == result["days"] and reports == sorted(set(reports)),
            f"{len(reports)} days are reported, each once",
        )

    def summary(self, dead: Life, resumed: Life, result: dict[str, Any]) -> None:
        self.title("The month in numbers")
        told = dead.steps + resumed.steps
        journal = used(self.folder / "pulled.bin")
        more = len(told) - self.undisturbed
        ends = [life.steps[-1] for life in (dead, resumed) if life.steps]
        operations = sum(step.operations for step in ends) + 1
        self.say(f"water    {result['litres']} litres in {result['openings']} openings")
        self.say(f"soil     {result['soil'] / 10} mm at the end")
        why = f", {more:+} for asking the meter after the power cut" if more else ""
        self.say(f"steps    {len(told)}{why}")
        self.say(f"journal  {journal:,} bytes of flash, {journal / result['days']:.0f} a day")
        self.say(
            f"flash    {operations} operations, {sum(step.erases for step in ends)} of them erases"
        )
        right = result == self.expected
        self.check(right, "the result is the same as without the power cut")


def middle(steps: list[Step]) -> int:
    """The flash operation that records, in the middle of the month, that the valve has opened."""
    opened = [step for step in steps if step.what.startswith("open_valve succeeded")]
    return opened[len(opened) // 2].operations if opened else 1


def power_back(place: Path) -> None:
    """Time has gone by: the board's clock has a battery."""
    clock = place / "clock.txt"
    if clock.exists():
        clock.write_text(str(int(clock.read_text()) + AWAY * 60000))


def used(image: Path) -> int:
    """Bytes of flash that are not blank, in slots of 32."""
    data = image.read_bytes()
    slots = [data[at : at + 32] for at in range(0, len(data), 32)]
    return sum(32 for slot in slots if slot != b"\xff" * 32)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def tsme(*args: str | Path) -> dict[str, Any]:
    """What a command of `tsme` answers with --json."""
    command = [Path(sys.executable).with_name("tsme"), *args, "--json"]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"error": done.stderr}
    return answer


def main() -> int:
    parser = argparse.ArgumentParser(description="A month of the greenhouse, with a power cut.")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "greenhouse")
    parser.add_argument(
        "--cut",
        type=int,
        default=0,
        metavar="N",
        help="the flash operation in which the power fails; else while the valve opens",
    )
    parser.add_argument("--quick", action="store_true", help="without pauses for reading")
    options = parser.parse_args()
    if not MICROPYTHON.exists():
        print("MicroPython is not here; run 'make setup'", file=sys.stderr)
        return 2
    reading = sys.stdout.isatty() and not options.quick
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    console = Console(width=None if reading else WIDTH, highlight=False)
    console.width = min(console.width, WIDTH)
    return Demo(console, options.folder.resolve(), options.cut, 0.06 * reading).run()


if __name__ == "__main__":
    sys.exit(main())
