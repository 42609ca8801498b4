"""Bugs that tests plant in the relational machines among the examples."""

from __future__ import annotations

# A planted bug: the example; the changes, each a file, what is there and what is there instead;
# a part of the message it is found with; and the seeds within which it must be.
Bug = tuple[str, list[tuple[str, str, str]], str, int]

RELATIONAL: dict[str, Bug] = {
    "relay: while both relays are opened, it may fall": (
        "relay",
        [
            (
                "relay.py",
                '"Opening", {"remove": ["Rising", "Falling", "Resting"]}',
                '"Opening", {"remove": ["Rising", "Resting"]}',
            ),
        ],
        "",
        10,
    ),
    "relay: locked, it may fall": (
        "relay",
        [
            ("relay.py", '"Locked", {"remove": ["Up", "Down"]}', '"Locked", {"remove": ["Up"]}'),
        ],
        "it is locked and wanted",
        10,
    ),
    "relay: the motor is not given time to stand": (
        "relay",
        [
            ("relay.py", 'm.timer(PAUSE, add=["Resting"])', 'm.add("Resting")'),
        ],
        "still turning",
        5,
    ),
    "relay: a relay is still being closed when both are opened": (
        "relay",
        [
            ("relay.py", "timeout=PATIENCE)\n    m.timer(RUN", "under=False)\n    m.timer(RUN"),
        ],
        "",
        20,
    ),
    "relay: relays that did not open are not told again": (
        "relay",
        [
            ("relay.py", 'm.timer(AGAIN, remove=["ErrOpen"])', "pass"),
        ],
        "nobody goes on",
        20,
    ),
    "connection: a reading is forgotten as soon as it is sent": (
        "connection",
        [
            ("connection.py", 'm.data["queue"][0]', 'm.data["queue"].pop(0)'),
            ("connection.py", '        m.data["queue"].pop(0)\n', ""),
        ],
        "a reading is forgotten",
        10,
    ),
    "connection: nobody connects again after a failure": (
        "connection",
        [
            ("connection.py", 'm.remove("Connecting")', "pass"),
        ],
        "nobody goes on",
        20,
    ),
    "connection: it tries again at once": (
        "connection",
        [
            ("connection.py", 'min(FIRST << min(m.data["failures"], 8), LONGEST)', "0"),
        ],
        "it tries again at once",
        10,
    ),
    "connection: who is not connected has no end of readings": (
        "connection",
        [
            ("connection.py", 'len(m.data["queue"]) < MOST', 'len(m.data["queue"]) <= MOST'),
        ],
        "21 readings wait",
        20,
    ),
    "connection: a broker that says nothing has taken the reading": (
        "connection",
        [
            ("connection.py", 'failed=["ErrSend"]', 'failed=["Sent"]'),
        ],
        "forgotten",
        20,
    ),
    "connection: disconnecting that fails never ends": (
        "connection",
        [
            ("connection.py", "failed=ends", "failed=[]"),
        ],
        "nobody goes on",
        20,
    ),
    "sensor: a battery that is low sends": (
        "sensor",
        [
            ("sensor.py", '("Low", {"remove": ["Sending"]})', '("Low", {})'),
        ],
        "it sends, and is low",
        20,
    ),
    "sensor: what was measured while it sent is taken for sent": (
        "sensor",
        [
            ("sensor.py", 'samples and samples[0][0] <= m.args["value"]', "samples"),
        ],
        "a sample is forgotten",
        20,
    ),
    "sensor: a sensor that does not answer is not asked again": (
        "sensor",
        [
            (
                "sensor.py",
                '("ErrSensor", {"require": ["Exception"], "remove": ["Measuring"]})',
                '("ErrSensor", {"require": ["Exception"]})',
            ),
        ],
        "it never wakes again",
        20,
    ),
    "sensor: there is no end of samples": (
        "sensor",
        [
            (
                "sensor.py",
                'if len(data["samples"]) > MOST:',
                'if len(data["samples"]) > MOST + 1:',
            ),
        ],
        "13 samples are kept",
        40,
    ),
}
