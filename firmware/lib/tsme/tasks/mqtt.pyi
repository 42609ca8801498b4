"""Messages over MQTT 3.1.1: "mqtt:publish", "mqtt:publish_once", "mqtt:receive"."""

from typing import Any

from ..engine.tasks import Tasks

class Refused(Exception):
    """A broker said no."""

def register(
    tasks: Tasks,
    host: str,
    port: int | None = None,
    client: str | None = None,
    user: str | None = None,
    password: str | None = None,
    ssl: Any = None,
) -> None:
    """Register them, for one broker.  `client`: the name of this board; else its id.

    `ssl`: True, or a context; the port is then 8883 unless it is given.
    """
