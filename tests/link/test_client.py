"""The laptop's client against a real board at the end of a cable."""

from __future__ import annotations

import base64
import random
import select
import socket
import threading
from pathlib import Path

import pytest
import serial
import serial.rfc2217
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.link import wire
from tests.link.on_cable import MANY, PATIENCE, QUICK, WAIT, Board, board, program, records_of
from tests.link.relay import TO_BOARD, TO_LAPTOP, Fault
from tsme_host.tools.errors import HostError
from tsme_host.tools.link.opening import open_board
from tsme_host.tools.link.pull import ANOTHER, GAP, pull
from tsme_host.tools.link.smp_board import SmpBoard

BOTH = pytest.mark.parametrize("interpreter", ["micropython", "micropython32"])


def until_done(client: SmpBoard, name: str) -> None:
    """Each question is a turn of the board's loop."""
    while client.describe(name).status == "running":
        pass


def fill(client: SmpBoard, name: str, items: int, blocks: int = 16) -> str:
    """Let an execution make about so many records."""
    digest = client.load(program(MANY))
    client.start(name, digest, list(range(items)), blocks)
    until_done(client, name)
    return digest


def said(work, *args) -> str:
    with pytest.raises(HostError) as error:
        work(*args)
    return str(error.value)


@BOTH
def test_a_workflow_s_life_over_a_cable(tmp_path: Path, interpreter: str):
    with board(tmp_path, interpreter, "clock=1") as far, far.client() as client:
        status = client.status()
        assert (status.board, status.mode, status.boots, status.failures) == ("unix", "run", 3, 1)
        assert not status.locked
        data = program(MANY)
        progress: list[tuple[int, int]] = []
        digest = client.load(data, lambda *done: progress.append(done))
        assert progress[-1] == (len(data), len(data))
        assert [(one.digest, one.size) for one in client.programs()] == [(digest, len(data))]
        assert client.executions() == []
        number = client.start("soil", digest, ["a", "b"])
        until_done(client, "soil")
        told = client.describe("soil")
        assert (told.execution, told.status, told.program) == (number, "succeeded", digest)
        assert told.output == [{"greeting": "hello a"}, {"greeting": "hello b"}]
        (line,) = client.executions()
        assert (line.name, line.status, line.execution) == ("soil", "succeeded", number)
        assert "hello from" in client.log(0).text
        client.set_time(1_800_000_000_000)
        assert 0 < client.time() - 1_800_000_000_000 < 1_000_000
        client.remove(digest)
        assert client.programs() == []
        assert client.echo("ümläut" * 50) == "ümläut" * 50


@BOTH
def test_an_execution_that_waits_is_stopped_and_retired(tmp_path: Path, interpreter: str):
    with board(tmp_path, interpreter) as far, far.client() as client:
        digest = client.load(program(WAIT))
        client.start("soil", digest, {"large": "x" * 5000})  # more than a message has
        assert client.describe("soil").status == "running"
        assert said(client.remove, digest).startswith("TSME-N005")
        assert said(client.retire, "soil").startswith("TSME-K001")
        before = client.journal("soil").next
        client.checkpoint("soil")
        assert client.journal("soil").next == before + 1
        client.stop("soil", "Rain", "it rains")
        told = client.describe("soil")
        assert (told.status, told.error, told.cause) == ("stopped", "Rain", "it rains")
        client.retire("soil")
        assert client.executions() == []
        left = [path.name for path in (tmp_path / "files").iterdir()]
        assert left == []  # the input came in a file


def test_a_machine_gets_each_signal_once_although_answers_are_lost(tmp_path: Path):
    with board(tmp_path, "micropython", "machine=1") as far, far.client(QUICK) as client:
        for _ in range(5):
            far.faulty([Fault(TO_LAPTOP, 2, 40)])
            client.signal("count", 1)
        far.faulty([Fault(TO_LAPTOP, 2, 10, pulled=True)])
        client.signal("count", 10)
        assert client.reconnected == 1
        assert said(client.signal, "count", "bad") == (
            "TSME-N011: the machine refused the signal: ValueError: no such signal"
        )
        client.signal("count", "end")
        assert client.describe("count").output == 15


FILE = random.Random(1).randbytes(6000)


class World:
    """One board for all examples of a property."""

    def __init__(self, far: Board, folder: Path) -> None:
        self.far = far
        self.folder = folder
        with far.client() as client:
            fill(client, "many", 150)
        self.records = far.records("many")


@pytest.fixture(scope="module", params=["micropython", "micropython32"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("world")
    with board(folder, request.param) as far:
        yield World(far, folder)


FAULTS = st.lists(
    st.builds(
        Fault,
        way=st.sampled_from([TO_BOARD, TO_LAPTOP]),
        at=st.integers(0, 9000),
        lost=st.integers(0, 100),
        pulled=st.booleans(),
    ),
    max_size=4,
)


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@given(FAULTS)
def test_the_same_bytes_arrive_whatever_is_lost_on_the_way(world: World, faults: list[Fault]):
    far = world.far
    with far.client(QUICK) as client:
        far.faulty(faults)
        client.upload("a/file.bin", FILE)
        assert client.download("a/file.bin") == FILE
        path = str(world.folder / "j.bin")
        Path(path).unlink(missing_ok=True)
        pulled = pull(client, "many", path)
        digest = client.load(program(WAIT))
    assert pulled.new == len(world.records)
    assert records_of(path) == world.records
    assert (world.folder / "files/a/file.bin").read_bytes() == FILE
    stored = [p.read_bytes() for p in (world.folder / "programs").glob(f"{digest}-*")]
    assert stored == [program(WAIT)]


@pytest.mark.parametrize("way", [TO_BOARD, TO_LAPTOP])
def test_a_cable_that_is_pulled_at_any_byte_changes_nothing(tmp_path: Path, way: int):
    path = str(tmp_path / "j.bin")
    data = FILE[:150]
    flow = program(WAIT)

    def all_of_it(client: SmpBoard) -> None:
        client.upload("a.bin", data)
        assert client.download("a.bin") == data
        digest = client.load(flow)
        assert client.start("soil", digest) == 1
        Path(path).unlink(missing_ok=True)
        pull(client, "soil", path)
        assert records_of(path) == records

    with board(tmp_path) as far:
        with far.client() as client:
            client.start("soil", client.load(flow))
            records = far.records("soil")
            before = far.cable.counted[way]
            all_of_it(client)
            size = far.cable.counted[way] - before
        with far.client(QUICK) as client:
            places = range(way, size, 11)
            for at in places:
                pulls = far.cable.pulls
                far.faulty([Fault(way, at, 0, pulled=True)])
                all_of_it(client)
                assert far.cable.pulls == pulls + 1, at
            assert client.reconnected == len(places)


def test_an_upload_goes_on_where_another_was_cut_off_with_the_board_s_power(tmp_path: Path):
    data = random.Random(2).randbytes(40_000)
    with board(tmp_path) as far:
        with far.client(QUICK) as client:
            half = []

            def progress(done: int, size: int) -> None:
                half.append(done)
                if done > size // 2:
                    raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                client.upload("big.bin", data, progress)
            far.cut()
            far.power()
            assert not (tmp_path / "files/big.bin").exists()
        with far.client() as client:
            rest: list[int] = []
            client.upload("big.bin", data, lambda done, _: rest.append(done))
            assert rest[0] > len(data) // 2
        assert (tmp_path / "files/big.bin").read_bytes() == data


def test_a_pull_asks_for_what_is_new_and_keeps_what_the_ring_forgets(tmp_path: Path):
    path = str(tmp_path / "j.bin")
    with board(tmp_path) as far, far.client() as client:
        digest = fill(client, "soil", 30, blocks=8)
        first = pull(client, "soil", path)
        assert (first.new, first.first, first.kept) == (first.next, 0, ())
        assert pull(client, "soil", path).new == 0
        seen = far.cable.counted[TO_LAPTOP]
        history = records_of(path)
        while client.journal("soil").first == 0:
            client.start("soil", digest, list(range(60)))
            until_done(client, "soil")
            again = pull(client, "soil", path)
            assert again.first == 0
            history += records_of(path)[len(history) :]
        assert far.cable.counted[TO_LAPTOP] > seen
        whole = records_of(path)
        assert whole == history
        there = far.records("soil")
        assert whole[-len(there) :] == there
        assert len(whole) > len(there)


def test_what_came_before_the_cable_went_for_good_is_kept(tmp_path: Path):
    path = str(tmp_path / "j.bin")
    with board(tmp_path) as far:
        with far.client(QUICK, patience=0.3) as client:
            fill(client, "soil", 100)
            records = far.records("soil")
            port, far.cable.port = far.cable.port, str(tmp_path / "elsewhere")
            far.faulty([Fault(TO_LAPTOP, 4000, 0, pulled=True)])
            Path(port).unlink()  # the one that is open stays
            text = said(pull, client, "soil", path)
            assert text == f'TSME-N033: the board at "{port}" is away'
        part = records_of(path)
        assert part
        assert part == records[: len(part)]
        with far.client() as client:
            rest = pull(client, "soil", path)
        assert (rest.new, rest.first) == (len(records) - len(part), 0)
        assert records_of(path) == records


def test_a_gap_and_another_journal_begin_another_file(tmp_path: Path):
    path = str(tmp_path / "j.bin")
    with board(tmp_path) as far, far.client() as client:
        digest = fill(client, "soil", 5, blocks=8)
        before = pull(client, "soil", path)
        while client.journal("soil").first <= before.next:
            client.start("soil", digest, list(range(60)))
            until_done(client, "soil")
        old = records_of(path)
        gap = pull(client, "soil", path)
        (kept,) = gap.kept
        assert (kept.why, kept.next, kept.path) == (GAP, before.next, str(tmp_path / "j.1.bin"))
        assert str(kept) == (
            f"{gap.first - before.next} records are gone on the board, from {before.next} to "
            f'{gap.first - 1}; what was pulled before is kept in "{tmp_path}/j.1.bin"'
        )
        assert records_of(kept.path) == old
        assert records_of(path) == far.records("soil")
        client.retire("soil")
        fill(client, "soil", 3)
        another = pull(client, "soil", path)
        (kept,) = another.kept
        assert (kept.why, kept.path) == (ANOTHER, str(tmp_path / "j.2.bin"))
        assert another.first == 0
        assert records_of(path) == far.records("soil")


def test_the_raw_image_is_what_flash_holds(tmp_path: Path):
    with board(tmp_path) as far, far.client() as client:
        fill(client, "soil", 5)
        flash = (tmp_path / "flash.bin").read_bytes()
        assert client.image() == flash
        part = client.image("soil")
        assert len(part) == 16 * 4096
        assert part in flash


def test_a_locked_board_opens_with_its_key_alone_and_again_after_a_reconnect(tmp_path: Path):
    with board(tmp_path, "micropython", "key=sesame") as far, far.client() as client:
        assert client.status().locked
        assert said(client.set_time, 5) == "TSME-N038: the board is locked with a key"
        assert said(client.upload, "a", b"b") == "TSME-N038: the board is locked with a key"
        assert said(client.drop, "a") == "TSME-N038: the board is locked with a key"
        assert said(client.unlock, b"simsalabim") == "TSME-N038: that is not the key of this board"
        client.unlock(b"sesame")
        client.upload("a", b"b")
        far.cable.pull()
        client.upload("a", b"c")
        assert client.reconnected == 1
        assert client.download("a") == b"c"
        assert said(client.drop, "../a").startswith("TSME-N0")
        assert client.download("a") == b"c"
        client.drop("a")
        client.drop("a")  # it is gone already
        assert said(client.digest, "a").startswith("TSME-N043")


def test_a_board_on_the_network(tmp_path: Path):
    port = free_port()
    with board(tmp_path, "micropython", f"tcp={port}") as far:
        assert far.process.stderr
        for word in ("tcp", "socket"):
            with open_when_there(f"{word}://127.0.0.1:{port}") as client:
                client.upload(f"{word}.bin", FILE)
                assert client.download(f"{word}.bin") == FILE


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Server(threading.Thread):
    """A port given to the network as RFC 2217 has it, by pyserial itself."""

    def __init__(self, port: str) -> None:
        super().__init__(daemon=True)
        self.serial = serial.serial_for_url(port, timeout=0)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self.server.getsockname()[1]}"

    def run(self) -> None:
        peer, _ = self.server.accept()
        manager = serial.rfc2217.PortManager(self.serial, _Sink(peer))
        while select.select([peer, self.serial.fileno()], [], []):
            from_board = self.serial.read(4096)
            if from_board:
                peer.sendall(b"".join(manager.escape(from_board)))
            elif select.select([peer], [], [], 0)[0]:
                data = peer.recv(4096)
                if not data:
                    break
                self.serial.write(b"".join(manager.filter(data)))
        peer.close()

    def close(self) -> None:
        self.join(PATIENCE)
        self.server.close()
        self.serial.close()


class _Sink:
    def __init__(self, peer: socket.socket) -> None:
        self.write = peer.sendall


def test_a_board_at_a_port_of_another_computer(tmp_path: Path):
    port = free_port()
    with board(tmp_path, "micropython", f"tcp={port}"):
        open_when_there(f"tcp://127.0.0.1:{port}").close()
        server = Server(f"socket://127.0.0.1:{port}")
        server.start()
        with open_board(server.url, timeout=PATIENCE) as client:
            client.upload("a.bin", FILE)
            assert client.download("a.bin") == FILE
        server.close()


def test_a_network_that_breaks_off_is_found_again(tmp_path: Path):
    port = free_port()
    options = (f"tcp={port}", "key=sesame")
    url = f"tcp://127.0.0.1:{port}"
    with board(tmp_path, "micropython", *options), open_when_there(url) as client:
        client.unlock(b"sesame")
        # Another client takes the only place that the board has, and leaves it.
        socket.create_connection(("127.0.0.1", port)).close()
        client.upload("a.bin", FILE)
        assert client.download("a.bin") == FILE
        assert client.reconnected >= 1


class Restless(threading.Thread):
    """A port at which a session begins, and the first request after that ends the connection."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.begun = 0

    def run(self) -> None:
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:  # closed
                return
            with peer, peer.makefile("rb") as lines:
                asked = next((line for line in lines if line.startswith(b"\x06\x09")), b"")
                if asked:
                    self.begun += 1
                    sequence = base64.b64decode(asked[2:])[8]
                    told = wire.message(0, 6, {"buf_size": 512}, False, sequence)
                    peer.sendall(wire.lines(bytes([told[0] | 1]) + told[1:]))
                    next((line for line in lines if line.startswith(b"\x06\x09")), b"")

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.join(PATIENCE)
        self.server.close()


def test_a_request_that_resets_the_board_each_time_comes_to_an_end():
    far = Restless()
    far.start()
    port = f"socket://127.0.0.1:{far.server.getsockname()[1]}"
    with open_board(port, timeout=PATIENCE, patience=0.1) as client:
        text = said(client.echo, "x")
    far.close()
    assert text == "TSME-N049: the board has begun the connection anew again and again"
    assert far.begun > 8


def open_when_there(port: str):
    """It listens in a moment."""
    for _ in range(600):
        try:
            return open_board(port, timeout=PATIENCE)
        except HostError as error:
            if error.code != "TSME-N041":
                raise
            socket.socket().close()
    raise AssertionError("it never listens")


def test_a_cable_that_stays_away_is_said_in_one_line(tmp_path: Path):
    with board(tmp_path) as far, far.client(QUICK, patience=0.3) as client:
        Path(far.port).unlink()
        far.cable.faults = [Fault(TO_BOARD, 0, 0, pulled=True)]
        port = Path(far.port)
        far.cable.port = str(port.with_name("elsewhere"))
        text = said(client.echo, "x")
        assert text == f'TSME-N033: the board at "{port}" is away'


def test_a_board_without_power_is_silent(tmp_path: Path):
    with board(tmp_path) as far:
        far.cut()
        text = said(SmpBoard, far.port, 0.05, 0.1)
        assert text == f'TSME-N034: nothing answers at "{far.port}"'
