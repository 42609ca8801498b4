"""Group 65 on a board with MicroPython: programs, executions, journals, log, time, lock."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cbor2
import pytest

from tests.link.boards import DEVICE, cabled
from tests.link.wire import OWN, Refused, Wire, chained, lines, message
from tsme.journal import Journal
from tsme.journal.flash import FileFlash
from tsme.journal.regions import Regions
from tsme_host.compiler.compile import compile_text

GREET = {
    "StartAt": "Greet",
    "States": {"Greet": {"Type": "Task", "Resource": "greet", "End": True}},
}
WAITS = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "Seconds": 3600, "Next": "Done"},
        "Done": {"Type": "Pass", "End": True},
    },
}
LOOP = {
    "StartAt": "Add",
    "States": {
        "Add": {
            "Type": "Pass",
            "Parameters": {"n.$": "States.MathAdd($.n, 1)", "text": "x" * 300},
            "Next": "Rest",
        },
        "Rest": {
            "Type": "Task",
            "Resource": "slow",
            "Parameters": {"seconds": 0, "text": "x" * 300},
            "ResultPath": None,
            "Next": "More",
        },
        "More": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 400, "Next": "Add"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}
ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:press"
ASKS = {
    "StartAt": "Ask",
    "States": {"Ask": {"Type": "Task", "Resource": ACTIVITY, "End": True}},
}


@contextmanager
def served(
    folder: Path, *options: str, interpreter: str = "micropython", script: Path = DEVICE
) -> Iterator[Wire]:
    with cabled(folder, interpreter, *options, script=script) as board:
        wire = Wire(board.port)
        try:
            yield wire
        finally:
            wire.close()


def program(definition: object) -> bytes:
    return compile_text(json.dumps(definition)).program


def load(wire: Wire, data: bytes, piece: int = 500) -> str:
    sha = hashlib.sha256(data).hexdigest()
    off = 0
    while off < len(data):
        more = {"len": len(data), "sha": sha} if not off else {}
        r = wire.write(2, off=off, data=data[off : off + piece], **more)
        off = r["off"]
    while "digest" not in r:
        r = wire.write(2, off=off, sha=sha)
        assert r["off"] == off
    return r["digest"]


def refused(wire: Wire, call, rc: int, code: str, text: str = "") -> None:
    with pytest.raises(Refused) as e:
        call()
    assert e.value.args == (OWN, rc)
    said = wire.why()
    assert said[0] == code
    assert text in said[1]


def ended(wire: Wire, name: str) -> dict:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        d = wire.read(5, name=name)
        if d["status"] != "running":
            return d
    raise AssertionError(d)


@pytest.mark.parametrize("interpreter", ["micropython", "micropython32", "cpython"])
def test_a_program_is_loaded_started_and_told_of(tmp_path: Path, interpreter: str) -> None:
    data = program(GREET)
    with served(tmp_path, interpreter=interpreter) as wire:
        status = wire.read(0)
        assert status["board"] == "unix"
        assert (status["boots"], status["failures"], status["mode"]) == (3, 1, "run")
        assert set(status) == {
            "tsme",
            "behaviour",
            "board",
            "mode",
            "boots",
            "failures",
            "heap",
            "now",
            "uptime",
            "locked",
        }
        assert wire.read(1) == {"programs": []}
        digest = load(wire, data)
        assert digest == data[3:11].hex()
        assert wire.read(1) == {"programs": [[digest, len(data)]]}
        r = wire.write(6, name="pump", program=digest, input="Ann")
        assert r == {"execution": 1}
        d = ended(wire, "pump")
        assert d["status"] == "succeeded"
        assert d["output"] == {"greeting": "hello Ann"}
        assert (d["execution"], d["program"], d["blocks"]) == (1, digest, 16)
        listed = wire.read(4)
        assert listed == {
            "executions": [
                {"name": "pump", "status": "succeeded", "execution": 1, "program": digest}
            ]
        }
        text = b"hello from ?\t a task ?\x14 \xc3\xbcml\xc3\xa4ut"
        assert text in wire.beside.replace(b"\r", b"")
        log = wire.read(16, from_=0)
        assert "hello from \x06\t a task" in log["text"]
        assert log["next"] == len(log["text"].encode())
        assert wire.read(16, from_=log["next"])["text"] == ""


def test_what_is_asked_wrong_is_refused_with_a_text_that_helps(tmp_path: Path) -> None:
    unknown = "00" * 8
    with served(tmp_path) as wire:
        refused(wire, lambda: wire.read(5), 3, "TSME-N003", '"name"')
        refused(wire, lambda: wire.read(5, name="x"), 4, "TSME-J014", '"x"')
        refused(wire, lambda: wire.write(6, name="x", program=unknown), 5, "TSME-N004", unknown)
        refused(wire, lambda: wire.write(6, name="x", program="zz"), 3, "TSME-N003")
        refused(wire, lambda: wire.write(3, digest=unknown), 5, "TSME-N004")
        refused(wire, lambda: wire.write(7, name="x"), 4, "TSME-J014")
        refused(wire, lambda: wire.write(9, token="1-1", output=1), 6, "TSME-T003")
        refused(wire, lambda: wire.write(17, now=5), 9, "TSME-N007")
        refused(wire, lambda: wire.write(2, off=0, len=10**9, sha="x"), 7, "TSME-L001")
        for group, command in ((OWN, 200), (OWN, 26), (64, 0), (0, 99), (8, 9)):
            with pytest.raises(Refused) as e:
                wire.ask(group, command)
            assert e.value.args == (None, 8)
        with pytest.raises(Refused) as e:
            wire.ask(0, 0, {"d": 1})
        assert e.value.args == (None, 3)


def test_a_damaged_program_is_not_kept(tmp_path: Path) -> None:
    data = bytearray(program(GREET))
    with served(tmp_path) as wire:
        sha = hashlib.sha256(data).hexdigest()
        bad = bytes([data[0] ^ 1]) + bytes(data[1:])
        refused(
            wire,
            lambda: wire.write(2, off=0, len=len(data), sha=sha, data=bad),
            8,
            "TSME-N006",
        )
        data[20] ^= 0xFF  # a whole file, and no program
        with pytest.raises(Refused):
            load(wire, bytes(data))
        assert wire.why()[0].startswith("TSME-P")
        assert wire.read(1) == {"programs": []}


def test_half_a_program_is_gone_on_with(tmp_path: Path) -> None:
    data = program(LOOP)
    sha = hashlib.sha256(data).hexdigest()
    with served(tmp_path) as wire:
        first = {"len": len(data), "sha": sha}
        assert wire.write(2, off=0, data=data[:100], **first) == {"off": 100}
        assert wire.write(2, off=0, data=data[:100], **first) == {"off": 100}
        assert wire.write(2, off=7, data=data[7:50]) == {"off": 100}
        again = Wire(os.dup(wire.fd))
        r = again.write(2, off=100, data=data[100:])
        assert r == {"off": len(data)}
        assert load(again, data) == data[3:11].hex()
        again.close()


def test_a_program_that_is_needed_stays(tmp_path: Path) -> None:
    with served(tmp_path) as wire:
        digest = load(wire, program(WAITS))
        wire.write(6, name="pump", program=digest, input={})
        refused(wire, lambda: wire.write(3, digest=digest), 6, "TSME-N005", "pump")
        other = load(wire, program(GREET))
        refused(wire, lambda: wire.write(6, name="pump", program=other), 6, "TSME-K001")
        assert wire.read(5, name="pump")["program"] == digest
        assert wire.write(7, name="pump", error="Enough", cause="of it") == {}
        d = ended(wire, "pump")
        assert (d["status"], d["error"], d["cause"]) == ("stopped", "Enough", "of it")
        assert wire.write(3, digest=digest) == {}
        assert load(wire, program(WAITS)) == digest  # it can be loaded again
        assert [digest, len(program(WAITS))] in wire.read(1)["programs"]
        assert wire.write(22, name="pump") == {}
        assert wire.read(4) == {"executions": []}


def test_a_changed_workflow_leaves_alone_what_runs(tmp_path: Path) -> None:
    changed = json.loads(json.dumps(WAITS))
    changed["States"]["Done"]["Result"] = "changed"
    with served(tmp_path) as wire:
        old = load(wire, program(WAITS))
        wire.write(6, name="pump", program=old, input={})
        before = wire.records("pump")
        data = program(changed)
        sha = hashlib.sha256(data).hexdigest()
        assert wire.write(2, off=0, len=len(data), sha=sha, data=data[:20]) == {"off": 20}
        assert wire.read(1)["programs"] == [[old, len(program(WAITS))]]  # all of it, or nothing
        new = load(wire, data)
        assert new != old
        d = wire.read(5, name="pump")
        assert (d["status"], d["program"]) == ("running", old)
        assert wire.records("pump") == before
        wire.write(6, name="other", program=new, input={})
        assert wire.read(5, name="other")["program"] == new
        assert {p for p, _ in wire.read(1)["programs"]} == {old, new}
        wire.write(7, name="pump")
        ended(wire, "pump")
        assert wire.write(6, name="pump", program=new) == {"execution": 3}
        assert wire.read(5, name="pump")["program"] == new


def test_a_write_that_is_sent_again_is_done_once(tmp_path: Path) -> None:
    with served(tmp_path, "machine=1") as wire:
        for body in ({"name": "count", "value": 1}, {"name": "count", "value": 1, "id": 77}):
            sent = message(OWN, 8, body, True, 9)
            for _ in range(3):
                wire.send(lines(sent))
                assert wire.heard(sent) == {}
        # A client that begins anew counts anew, and means what it says; one with an id says so.
        wire.ask(0, 6)
        sent = message(OWN, 8, {"name": "count", "value": 1}, True, 9)
        wire.send(lines(sent))
        assert wire.heard(sent) == {}
        sent = message(OWN, 8, {"name": "count", "value": 1, "id": 77}, True, 9)
        wire.send(lines(sent))
        assert wire.heard(sent) == {}
        wire.write(8, name="count", value="end")
        assert ended(wire, "count")["output"] == 3


def test_what_a_machine_refuses_is_told(tmp_path: Path) -> None:
    with served(tmp_path, "machine=1") as wire:
        refused(
            wire,
            lambda: wire.write(8, name="count", value="bad"),
            6,
            "TSME-N011",
            "ValueError: no such signal",
        )
        digest = load(wire, program(WAITS))
        wire.write(6, name="pump", program=digest)
        refused(wire, lambda: wire.write(8, name="pump", value=1), 6, "TSME-K006")


@pytest.mark.parametrize("what", [ACTIVITY, "ask.waitForTaskToken"])
def test_an_activity_or_a_callback_is_answered_by_its_token(tmp_path, what):
    with served(tmp_path) as wire:
        ask = {**ASKS["States"]["Ask"], "Resource": what}
        digest = load(wire, program({**ASKS, "States": {"Ask": ask}}))
        for n, (command, body) in enumerate(
            (
                (9, {"output": {"pressed": True}}),
                (10, {"error": "Broken", "cause": "it is"}),
            )
        ):
            wire.write(6, name="door", program=digest, input={})
            d = wire.read(5, name="door")
            ((token, resource),) = d["tokens"]
            assert resource == what
            assert wire.write(11, token=token) == {}
            assert wire.write(command, token=token, **body) == {}
            d = ended(wire, "door")
            assert d["execution"] == n + 1
            for key, value in body.items():
                assert d[key] == value
            refused(wire, lambda t=token: wire.write(9, token=t, output=1), 6, "TSME-T003")


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    value = {"text": "y" * 3000}
    with served(tmp_path) as wire:
        digest = load(wire, program(GREET))
        path = tmp_path / "files" / "input.cbor"
        path.write_bytes(cbor2.dumps(value, canonical=True))
        wire.write(6, name="pump", program=digest, file="/input.cbor")
        d = ended(wire, "pump")
        assert "output" not in d  # it is too long for an answer
        assert not path.exists()
        path.write_bytes(b"\xa1")
        refused(
            wire,
            lambda: wire.write(6, name="pump", program=digest, file="input.cbor"),
            3,
            "TSME-N010",
            "input.cbor",
        )
        for name in ("../flash.bin", "gone.cbor"):
            refused(
                wire,
                lambda n=name: wire.write(6, name="pump", program=digest, file=n),
                3,
                "TSME-N010",
            )


def test_a_journal_is_read_while_it_is_written(tmp_path: Path) -> None:
    with served(tmp_path) as wire:
        digest = load(wire, program(LOOP))
        wire.write(6, name="loop", program=digest, input={"n": 0})
        number = 0
        for _ in range(5000):
            first, chain, data = wire.records("loop", number)
            assert first >= number
            number = first + chained(data, chain)
            if wire.read(5, name="loop")["status"] != "running":
                break
        first, chain, data = wire.records("loop", number)
        assert first >= number
        number = first + chained(data, chain)
        info = wire.read(12, name="loop")
        assert info["next"] == number
        assert (info["blocks"], info["block"], info["slot"]) == (16, 4096, 32)
        assert info["once"] is False
        assert info["retired"] == []
        first, chain, data = wire.records("loop", 0)
        assert first == info["first"] > 0  # the ring has come round
        assert first + chained(data, chain) == info["next"]
        again = wire.records("loop", first + 3)
        assert again[0] == first + 3
        assert data.endswith(again[2])
        raw = b""
        while True:
            r = wire.read(14, name="loop", off=len(raw))
            if not r["data"]:
                break
            raw += r["data"]
        assert len(raw) == r["len"] == 16 * 4096
    regions = Regions(FileFlash(str(tmp_path / "flash.bin"), 4096, 64))
    kept = list(Journal(regions.open("loop"), 32).records())
    assert kept[0][0] == first
    assert b"".join(bytes(body) for _, _, body, _, _ in kept) == b"".join(bodies(data))
    start = next(s for n, s, _, _ in regions.list() if n == "loop")
    image = (tmp_path / "flash.bin").read_bytes()
    assert image[start * 4096 : (start + 16) * 4096] == raw


def bodies(data: bytes) -> Iterator[bytes]:
    while data:
        size = int.from_bytes(data[:3], "little")
        yield data[8 : 8 + size]
        data = data[8 + size :]


def test_nothing_new_is_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as wire:
        digest = load(wire, program(WAITS))
        wire.write(6, name="pump", program=digest)
        first, chain, data = wire.records("pump")
        assert (first, chain) == (0, 0)
        n = chained(data, 0)
        r = wire.read(13, name="pump", from_=n)
        assert (r["from"], r["data"], r["next"]) == (n, b"", n)
        assert r["chain"] == int.from_bytes(data[-len(data) :][4:8], "little") or n > 1
        assert wire.write(15, name="pump") == {}
        r = wire.read(13, name="pump", from_=n)
        assert r["next"] == n + 1
        assert chained(r["data"], r["chain"]) == 1
        assert r["data"][3] == 2  # a checkpoint


def test_the_time_is_set_and_told(tmp_path: Path) -> None:
    with served(tmp_path, "clock=1") as wire:
        assert wire.write(17, now=1800000000000) == {}
        assert 1800000000000 < wire.read(17)["now"] < 1800000100000


def test_in_safe_mode_nothing_runs_and_all_can_be_read(tmp_path: Path) -> None:
    data = program(WAITS)
    with served(tmp_path) as wire:
        wire.write(6, name="pump", program=load(wire, data))
    with served(tmp_path, "mode=safe") as wire:
        assert wire.read(0)["mode"] == "safe"
        refused(
            wire,
            lambda: wire.write(6, name="other", program=data[3:11].hex()),
            10,
            "TSME-N008",
        )
        assert wire.records("pump")[0] == 0
        assert wire.read(5, name="pump")["status"] == "running"
        assert wire.write(7, name="pump") == {}
        assert wire.read(5, name="pump")["status"] == "stopped"


def proof(key: bytes, nonce: str) -> str:
    return hmac.new(key, nonce.encode(), "sha256").hexdigest()


@pytest.mark.parametrize("key", ["secret", "k" * 100])
def test_a_key_locks_what_changes_something(tmp_path, key):
    data = program(GREET)
    with served(tmp_path, f"key={key}") as wire:
        assert wire.read(0)["locked"] is True
        sha = hashlib.sha256(data).hexdigest()
        first = {"off": 0, "len": len(data), "sha": sha, "data": data[:10]}
        refused(wire, lambda: wire.write(2, **first), 2, "TSME-N002")
        for group, command, write, body in ((8, 0, True, {}), (8, 0, False, {}), (0, 5, True, {})):
            with pytest.raises(Refused) as e:
                wire.ask(group, command, body, write)
            assert e.value.args == (None, 11)
        wrong = proof(b"guess", wire.read(18)["nonce"])
        refused(wire, lambda: wire.write(19, proof=wrong), 2, "TSME-N009")
        nonce = wire.read(18)["nonce"]
        assert len(nonce) == 32
        right = proof(key.encode(), nonce)
        sent = message(OWN, 19, {"proof": right}, True, 200)
        wire.send(lines(sent))
        assert wire.heard(sent) == {}
        assert wire.read(0)["locked"] is False
        assert wire.write(2, **first) == {"off": 10}
        # Another client begins: it is locked, and what was recorded of the first opens nothing.
        wire.ask(0, 6)
        wire.send(lines(sent))
        with pytest.raises(Refused):
            wire.heard(sent)
        assert wire.read(0)["locked"] is True
        assert wire.read(18)["nonce"] != nonce
        refused(wire, lambda: wire.write(19, proof=right), 2, "TSME-N009")


def test_executions_go_on_after_the_power_was_gone(tmp_path: Path) -> None:
    with cabled(tmp_path) as board:
        wire = Wire(board.port)
        digest = load(wire, program(WAITS))
        wire.write(6, name="pump", program=digest)
        wire.close()
        board.process.send_signal(signal.SIGKILL)
    with served(tmp_path) as wire:
        d = wire.read(5, name="pump")
        assert (d["status"], d["execution"]) == ("running", 1)
        r = wire.write(6, name="pump", program=digest)
        assert r == {"execution": 1}
