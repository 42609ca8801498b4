"""The same worlds over the link: a board as users have it, whose power goes again and again.

Its main.py is everybody's.  The laptop starts the executions, pulls the journals after each cut,
and replays what is new; handlers tell a ledger outside that they begin.
"""

from __future__ import annotations

import select
import socket
import threading
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from tests.rp2040.account import Account
from tests.rp2040.subjects import SUBJECTS
from tests.rp2040.worlds import TEARS, Violation
from tsme_host.tools.boards import settings
from tsme_host.tools.boards.board_file import board
from tsme_host.tools.boards.rp2040js import BLOCK, FILES, NAME, file_system
from tsme_host.tools.boards.rp2040js_port import Rp2040js
from tsme_host.tools.errors import HostError
from tsme_host.tools.journal.image import read_log
from tsme_host.tools.link.client import Client
from tsme_host.tools.link.opening import open_board
from tsme_host.tools.link.pull import pull

PATIENCE = 120.0  # seconds for one answer; nothing here takes three on an idle machine
CUTS = 8  # of a world at most; then it may end
READY = b"tsme: ready"
# Time passes as it does outside, so waits are short.
BEDS = [{"bed": "beans", "seconds": 2}, {"bed": "mint", "seconds": 1}]
SHORT = {"pumps": replace(SUBJECTS["pumps"], value={"tank": "north", "beds": BEDS})}


class Cable:
    """For one life: its port is gone with the board's power, where the emulator's own stays."""

    def __init__(self, number: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self.listener.getsockname()[1]}"
        self.number = number
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def carry(self) -> None:
        """From one client to the board and back, until one of them is gone."""
        with self.listener:
            client, _ = self.listener.accept()
        with client, socket.create_connection(("127.0.0.1", self.number)) as far:
            other = {client: far, far: client}
            try:
                while True:
                    for end in select.select([client, far], [], [])[0]:
                        data = end.recv(4096)
                        if not data:
                            return
                        other[end].sendall(data)
            except OSError:
                return


class LinkWorlds:
    """Worlds of one subject on one flash, in `folder`: a context manager."""

    def __init__(self, name: str, folder: Path, seed: int = 1) -> None:
        self.subject = SHORT.get(name) or SUBJECTS[name]
        self.folder = folder
        self.name = name
        self.random = Random(f"{name} {seed}")
        self.cuts = 0
        self.pulls = 0
        self.lives: list[str] = []
        self.heard = 0  # bytes of the ledger
        self.account = Account(self.subject, self.wrong)
        self.pico = Rp2040js(board(NAME), folder)
        self.number = int(self.pico.address.rpartition(":")[2])
        files = settings.files(board(NAME)) | {
            "tasks.py": Path(__file__).with_name("ledger_device.py").read_bytes(),
            "handlers.py": (self.subject.folder / "tasks.py").read_bytes(),
            **{more: (self.subject.folder / more).read_bytes() for more in self.subject.more},
        }
        place = self.pico.board.journal
        data = b"\xff" * FILES + file_system(files, place.start)
        self.pico.flash.write_bytes(data + b"\xff" * place.blocks * BLOCK)
        self.pico.uart.touch()

    def __enter__(self) -> LinkWorlds:
        return self

    def __exit__(self, *_: object) -> None:
        self.pico.close()

    def live(self) -> None:
        """One world: until its executions have ended."""
        before = self.account.greatest
        for life in range(CUTS + 1):
            if self.life(life, before, cut=life < CUTS):
                self.account.close()
                return
        self.wrong("it does not end")

    def life(self, life: int, before: int, cut: bool) -> bool:
        """One life.  True if the executions of this world, with numbers above `before`, ended."""
        tear: dict[str, Any] = {"kind": self.random.choice(TEARS), "share": self.random.random()}
        tear |= {"density": 1 + self.random.randrange(7), "seed": self.random.randrange(1 << 31)}
        operation = 1 + self.random.randrange(90 if life == 0 else 9) if cut else 0
        self.lives.append(f"operation {operation} {tear}")
        ended = False
        if self.begin(operation, tear):
            try:
                port = Cable(self.number).port
                with open_board(port, timeout=PATIENCE, patience=0) as client:
                    ended = self.work(client, before)
            except HostError as error:
                if not self.pico.wait(PATIENCE):
                    self.wrong(f"the laptop cannot go on, and the board can: {error}")
        if not ended and not self.pico.wait(PATIENCE):
            self.wrong("it goes on without an end")
        self.cuts += not ended
        self.pico.cut()
        self.hear()
        return ended

    def begin(self, operation: int, tear: dict[str, Any]) -> bool:
        """Power on.  True if it says that it is ready, False if the power goes before."""
        with socket.create_connection(("127.0.0.1", self.number), PATIENCE) as line:
            self.pico.power_on()
            if operation:
                self.pico.cut_at(operation, tear)
            said = b""
            while READY not in said:
                try:
                    more = line.recv(4096)
                except ConnectionResetError:
                    more = b""
                if not more:
                    return False
                said += more
                if b"tsme: safe" in said or b"crashed" in said:
                    self.wrong(f"it is not well: {said.decode()}")
            return True

    def work(self, client: Client, before: int) -> bool:
        """What a user does: start what is not, and pull until all have ended."""
        there = {one.name: one for one in client.executions()}
        for name, data in self.subject.programs.items():
            one = there.get(name)
            if one is None or (one.status != "running" and (one.execution or 0) <= before):
                client.start(name, client.load(data), self.subject.value, self.subject.room)
        running = True
        while running:
            self.pull(client)
            running = any(one.status == "running" for one in client.executions())
        self.pull(client)
        return True

    def pull(self, client: Client) -> None:
        """Each journal, as far as it is new."""
        for name in self.subject.names:
            path = self.folder / f"{name}.bin"
            pulled = pull(client, name, str(path))
            if pulled.kept:
                self.wrong(f"{name}: {pulled.kept}")
            self.pulls += 1
            self.hear()
            if pulled.next:
                self.account.take(name, read_log(str(path)))
        self.account.compare()

    def hear(self) -> None:
        """What the ledger says since the last time: whole lines."""
        said = self.pico.uart.read_bytes()[self.heard :]
        said = said[: said.rfind(b"\n") + 1]
        self.heard += len(said)
        for line in said.decode().splitlines():
            _, execution, action, _ = line.split()
            self.account.begins(int(execution), int(action))

    def wrong(self, what: str) -> NoReturn:
        """Raise it, with what was done."""
        lives = "; ".join(self.lives[-CUTS:])
        raise Violation(f"{what}\n  {self.name} over the link: {lives}\n  {self.pico.said()}")
