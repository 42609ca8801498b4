"""Where tsme has no room, a board gets what its project needs, and the rest when it is wanted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.boards.prompted import Prompted
from tests.boards.test_install import BOARD, Heard, files
from tests.examples import test_heap, test_house, test_machines, test_relational
from tests.test_layers import arrows, reached
from tests.tools.shell import spawn
from tsme.program.expressions.functions import natives
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.boards import (
    board_file,
    installer,
    native_core,
    package,
    parts,
    programs,
    project,
    settings,
)
from tsme_host.tools.boards.installer import Wish
from tsme_host.tools.boards.prompt import Facts
from tsme_host.tools.errors import HostError

EXAMPLES = interpreters.ROOT / "examples"
NAMES = sorted(one.parent.name for one in EXAMPLES.glob("*/sim.py"))
PICO_W = board_file.board("rpi_pico_w")
BLOCKS = 212  # of its file system, with the published firmware
CORE = b"\x55" * 70_000  # as large as its core
# Who may load a part that is not on every board: each asks first whether it is wanted.
DOORS = {
    "tsme.program.expressions": {
        "tsme.program.rare",
        "tsme.program.verify",
        "tsme.core.evaluating",
    },
    "tsme.relational": {"tsme.engine.outcome", "tsme.engine.relations"},
    "tsme.machine": {"tsme.engine.outcome", "tsme.engine.engine", "tsme.boot.machines"},
    "tsme.core": {"tsme.engine.outcome", "tsme.engine.slots", "tsme.public"},
    "tsme.tasks": set(),
}


def of_example(name: str) -> project.Project:
    folder = EXAMPLES / name
    tasks = "tasks.py" if (folder / "tasks.py").exists() else ""
    flows = {one.name.split(".")[0]: one.name for one in folder.glob("*.asl.json")}
    return project.Project(folder, tasks=tasks, workflows=flows)


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    return package.contents(PICO_W) | {native_core.PATH: CORE}


def chosen(
    whole: dict[str, bytes], needs: frozenset[str] = frozenset(), insists: bool = False
) -> tuple[dict[str, bytes], frozenset[str]]:
    """What goes onto an empty Pico W."""
    facts = Facts("micropython", (1, 25, 0), "rp2", files=(4096, BLOCKS, BLOCKS - 2))
    others = {f"/{name}": data for name, data in settings.files(PICO_W, False).items()}
    there = dict.fromkeys([*whole, *others], "")
    return package._chosen(PICO_W, facts, whole, others, there, package.Wanted(needs, insists))


def blocks(there: dict[str, bytes]) -> int:
    """That littlefs takes for them, as a board has it."""
    from littlefs import LittleFS

    fs = LittleFS(
        block_size=4096, block_count=BLOCKS, prog_size=256, read_size=32, cache_size=1024
    )
    for path, data in there.items():
        fs.makedirs(str(Path(path).parent), exist_ok=True)
        with fs.open(path, "wb") as file:
            file.write(data)
    return int(fs.used_block_count)


def test_nothing_outside_a_part_loads_it_but_who_asks_first() -> None:
    found = arrows()
    for part, doors in DOORS.items():
        within = {m for m in found if f"{m}.".startswith(f"{part}.")}
        assert within
        by = {m for m, others in found.items() if m not in within and within & {*others}}
        assert {m for m in by if m.startswith("tsme.") and not m.startswith("tsme.sim")} <= doors
    functions = "tsme.program.expressions.functions."
    optional = {
        f"{functions}{part[10:]}" for part in parts.every() if part.startswith("functions.")
    }
    usual = {m for m in found if m.startswith("tsme.program.expressions.")} - optional
    assert {m for m in usual if optional & {*found[m]}} <= {f"{functions}natives"}
    names = {part for part in parts.every() if "." not in part}
    assert names == {"expressions", "relational", "machine", "core", "tasks"}


@pytest.mark.parametrize("name", NAMES)
def test_each_example_fits_a_pico_w_with_its_journal(name: str, whole: dict[str, bytes]) -> None:
    mine = of_example(name)
    there, left = chosen(whole, programs.needs(mine))
    assert left & {"expressions", "relational"}
    its = [(mine.folder / flow).read_text(encoding="utf-8") for flow in mine.workflows.values()]
    extra = {f"/programs/{n}": compile_text(text).program for n, text in enumerate(its)}
    extra |= {f"/{one.name}": one.read_bytes() for one in mine.folder.glob("*.py")}
    extra |= {"/journal.bin": bytes(4096 * PICO_W.journal.blocks), "/board.json": bytes(600)}
    anew = PICO_W.journal.blocks  # littlefs writes the end of a file anew, beside the old one
    assert blocks(there | extra) + anew <= BLOCKS


@pytest.fixture(scope="module")
def libraries(whole: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Of an example: a folder with exactly what is installed for it."""

    def library(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        there, _ = chosen(whole, programs.needs(of_example(name)))
        for path, data in there.items():
            if path != native_core.PATH:
                (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
                (folder / path[1:]).write_bytes(data)
        return folder / "lib"

    return library


def run(library: Path, folder: Path, stdin: str = "") -> str:
    done = subprocess.run(
        [str(interpreters.find("micropython32")), "-X", "heapsize=400k", "main.py"],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        env=os.environ | {"MICROPYPATH": f"{library}:.:.frozen"},
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-1500:]
    return done.stdout


@pytest.mark.parametrize("name", test_heap.WORKFLOWS)
def test_a_workflow_runs_and_recovers_with_what_is_installed_for_it(
    name: str, libraries: Any, tmp_path: Path
) -> None:
    interpreters.require("micropython32")
    test_heap.board(name, tmp_path)
    library = libraries(name)
    expected = json.loads((EXAMPLES / name / "expected.json").read_text(encoding="utf-8"))
    test_heap.boot(tmp_path, library, "400k", "-m", "heap_main", "3")  # and a reset
    end = test_heap.boot(tmp_path, library, "400k", "-m", "heap_main")[-1]
    assert json.loads(end)[0] == "succeeded"
    assert name == "pumps" or json.loads(end)[1] == expected


@pytest.mark.parametrize("name", [*test_heap.LINES, *test_relational.CLASSES, "house"])
def test_a_main_py_runs_with_what_is_installed_for_it(
    name: str, libraries: Any, tmp_path: Path
) -> None:
    interpreters.require("micropython32")
    for source in (EXAMPLES / name).glob("*.py"):
        if source.stem in (name, "tasks", "main"):
            shutil.copy(source, tmp_path)
    if name == "house":
        for flow in ("garden", "tank"):
            text = test_house.HOUSE.joinpath(f"{flow}.asl.json").read_text(encoding="utf-8")
            text = text.replace('"Seconds": 4', '"Seconds": 1')
            (tmp_path / f"{flow}.tsm").write_bytes(compile_text(text).program)
        assert 'garden: execution 1 succeeded: {"soil":' in run(libraries(name), tmp_path)
        return
    if name in test_heap.LINES:
        assert run(
            libraries(name), tmp_path, "".join(f"{line}\n" for line in test_heap.LINES[name])
        )
        return
    library = libraries(name)
    for typed, expected in test_machines.sessions(test_machines.blocks(name)[1]):
        assert run(library, tmp_path, typed).splitlines() == expected


def test_all_of_it_where_there_is_room_or_where_somebody_insists(whole: dict[str, bytes]) -> None:
    facts = Facts("micropython", (1, 25, 0), "rp2", files=(4096, 352, 350))
    there: dict[str, str] = dict.fromkeys([*whole, "/main.py"], "")
    found, left = package._chosen(PICO_W, facts, whole, {}, there, package.Wanted())
    assert (found, left) == (whole, frozenset())
    with pytest.raises(HostError, match="TSME-B049"):
        chosen(whole, insists=True)


def test_a_part_that_is_there_is_never_left_out(whole: dict[str, bytes]) -> None:
    facts = Facts("micropython", (1, 25, 0), "rp2", files=(4096, BLOCKS, BLOCKS - 40))
    there = dict.fromkeys([*whole, "/main.py"], "")
    there["/lib/tsme/relational/turn.mpy"] = "of another release"
    found, left = package._chosen(PICO_W, facts, whole, {}, there, package.Wanted())
    assert "relational" not in left
    assert "expressions" in left
    assert "/lib/tsme/relational/turn.mpy" in found


MQTT = ["tasks", "tasks.gpio", "tasks.mqtt", "tasks.wire"]


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("import tsme\ntasks = tsme.Tasks()\n", ["tasks"]),
        ("import tsme.tasks.mqtt\n", MQTT),
        ("from tsme.tasks import mqtt as m, PINS\n", MQTT),
        ("def f():\n    from tsme.tasks.mqtt import register\n", MQTT),
        ("n = 'adc'\n__import__('tsme.tasks.' + name())\n", sorted(parts.every() - {
            "core", "expressions", "machine", "relational"} - {
            one for one in parts.every() if one.startswith("functions.")})),
        ("class Relay(Base):\n    states = {}\n", ["machine", "relational"]),
        ("class Basic:\n    inherit = ['basic']\n", ["machine", "relational"]),
        ("Relay = type('Relay', (), {'schema': data})\n", ["machine", "relational"]),
        ("class Counter:\n    def stf(state, input, actions):\n        pass\n", ["machine"]),
        ("print('hello')\n", []),
    ],
)  # fmt: skip
def test_what_python_needs_is_seen_in_its_words(text: str, needed: list[str]) -> None:
    assert sorted(parts.of_files({"tasks.py": text.encode()})) == needed


def test_what_cannot_be_read_may_need_anything(tmp_path: Path) -> None:
    assert parts.of_files({"x.mpy": b"M\x06"}) == parts.every() - {"core"}
    assert parts.of_files({"relay.tsr": b""}) == {"machine", "relational"}
    assert parts.of_files({"machines.json": b"{}"}) == {"machine"}
    (tmp_path / "tasks.py").write_text("def f(:\n")
    assert programs.needs(project.Project(tmp_path, tasks="tasks.py")) == parts.every() - {"core"}
    assert programs.needs(None) == frozenset()


@pytest.mark.parametrize("row", natives.functions(), ids=lambda row: row[0])
def test_a_function_comes_with_what_it_loads(row: Any) -> None:
    """Of modules; which a program calls is seen in its instructions."""
    folder = "tsme.program.expressions.functions"
    loads = reached(arrows(), f"{folder}.{row[3]}") | {f"{folder}.{row[3]}"}
    wanted = {parts.part(f"{m.removeprefix('tsme.').replace('.', '/')}.py") for m in loads}
    found = parts._with_theirs(frozenset([f"functions.{row[3]}"]) & parts.every())
    assert {one for one in wanted if one.startswith("functions.")} <= found


def test_what_a_program_needs_is_seen_in_its_code() -> None:
    text = "{% $now() & $map($states.input, function($n) { $uppercase($n) }) %}"
    flow = {"A": {"Type": "Pass", "Output": text, "End": True}}
    code = {"QueryLanguage": "JSONata", "StartAt": "A", "States": flow}
    found = parts.of_programs([compile_text(json.dumps(code)).program])
    assert {
        "expressions",
        "functions.dates",
        "functions.date_pictures",
        "functions.strings",
    } <= found
    assert "functions.date_reading" not in found
    plain = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    assert parts.of_programs([compile_text(json.dumps(plain)).program]) == frozenset()


FLOW = {
    "QueryLanguage": "JSONata",
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Output": "{% $uppercase($states.input.say) %}", "End": True}
    },
}


def test_a_push_brings_what_was_left_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_core, "for_board", lambda _: native_core.NativeCore(b"", "Python"))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "flow.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (mine / "tasks.py").write_text(
        "import tsme\nfrom tsme.tasks import sleep\ntasks = tsme.Tasks()\n"
    )
    (mine / "tsme.toml").write_text('tasks = "tasks.py"\n[workflows]\nflow = "flow.asl.json"\n')
    heard = Heard()
    with Prompted(tmp_path, blocks=BLOCKS) as board:
        installer.install(BOARD, Wish(board.port, keep_firmware=True), heard)
        said = "\n".join(heard.lines)
        assert (
            "there is no room for all of it; left at home: JSONata; relational machines;" in said
        )
        assert "it answers: tsme" in said
        assert not [one for one in files(board) if "/expressions/" in one or "/tasks/" in one]
        where = ("--port", board.port)
        pushed = spawn("push", "--wait", "--input", '{"say": "ok"}', *where, cwd=mine, timeout=120)
        assert pushed.returncode == 0, pushed.stderr
        assert '"OK"' in pushed.stdout
        assert "the board gets JSONata: 33 files of tsme" in pushed.stderr
        assert "the board gets tsme.tasks: sleep: 2 files of tsme" in pushed.stderr
        again = spawn("push", "--wait", *where, cwd=mine, timeout=120)
        assert "the board gets" not in again.stderr
        heard.lines.clear()
        installer.install(BOARD, Wish(board.port, keep_firmware=True), heard)
        assert "tsme is on it already, all files as they should be" in heard.lines
        assert [one for one in files(board) if "/expressions/" in one]
        assert "relational" in json.loads(files(board)[parts.LEFT])["left"]


def test_parts_of_another_tsme_do_not_go_with_this_one() -> None:
    from tsme_host.tools.boards import lacking

    class Client:
        def download(self, path: str) -> bytes:
            assert path == "lib/tsme/left.json"
            return b'{"left": ["relational"], "of": "0123"}'

    board: Any = type("Session", (), {"client": Client(), "status": Facts("", (), "")})
    board.status = type("Status", (), {"board": "rpi_pico_w"})
    lacking.bring(board, frozenset(["expressions"]))
    with pytest.raises(HostError) as caught:
        lacking.bring(board, frozenset(["relational"]))
    assert caught.value.code == "TSME-B053"
    assert caught.value.hint == "tsme flash rpi_pico_w --keep-firmware brings this one"
