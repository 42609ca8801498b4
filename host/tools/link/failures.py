"""What can go wrong between laptop and board, each in one line with its cure (docs/ERRORS.md)."""

from __future__ import annotations

import errno
import getpass
import re
from pathlib import Path

from ..errors import HostError, did_you_mean

# Of what a board refuses in fewer words than a laptop has.
_CURES = {
    "TSME-J014": "`tsme ps` lists them",
    "TSME-K005": "bring that, or give up what it began: `tsme retire NAME`, with its journal",
    "TSME-K002": "`tsme start NAME` begins one; `tsme ps` shows how each stands",
}
_AT_HAND = ": give the Engine"  # what follows is for who has it at hand
_ENGINE = f"{_AT_HAND} a store that has it (programs=), or give up what it began: retire()"
_PULLED = "see that the cable is in and the board has power, then give the same command again"


def no_port(port: str) -> HostError:
    """There is no such device."""
    return HostError("TSME-N030", f'there is no port "{port}"', "`tsme ports` lists them")


def forbidden(port: str) -> HostError:
    """It may not be opened."""
    try:
        group = Path(port).group()
    except (OSError, KeyError, NotImplementedError):
        group = "dialout"
    cure = f"sudo usermod -a -G {group} {getpass.getuser()}, and log in again"
    return HostError("TSME-N031", f'"{port}" may not be opened by you', cure)


def busy(port: str) -> HostError:
    """Another program has it."""
    cure = f"close it (a serial monitor, mpremote, another tsme); `fuser {port}` tells which it is"
    return HostError("TSME-N032", f'another program has the port "{port}" open', cure)


def gone(port: str, why: str = "") -> HostError:
    """It vanished, and did not come back."""
    more = f" ({why})" if why else ""
    return HostError("TSME-N033", f'the board at "{port}" is away{more}', _PULLED)


def silent(port: str) -> HostError:
    """Nothing answers."""
    message = f'nothing answers at "{port}"'
    cure = (
        "end whatever else has the board; if its tasks.py hangs, `tsme push --via mpremote`; "
        "if no tsme is on it, `tsme flash`; else reset it"
    )
    return HostError("TSME-N034", message, cure)


def at_prompt(port: str) -> HostError:
    """MicroPython's prompt answers in place of the link."""
    message = f'at "{port}" is a MicroPython prompt and no link'
    cure = "`tsme reset` lets its main.py start the link; or use `--via mpremote`"
    return HostError("TSME-N035", message, cure)


def refused(code: str, message: str) -> HostError:
    """The board says no: in its own words, as far as they have a code."""
    if code == "TSME-J014":  # whose region holds no execution of that name
        message = message.replace("there is no region", "there is no execution", 1)
    if code == "TSME-K005":
        message = message.partition(_AT_HAND)[0]
    message = in_words(message)
    return HostError(code or "TSME-N036", message or "the board refuses it", _CURES.get(code, ""))


def in_words(text: str) -> str:
    """What a board tells of executions that cannot go on, with commands in place of calls."""
    text = text.replace(_ENGINE, f"; {_CURES['TSME-K005']}")
    return text.replace(": retire()", ": `tsme retire NAME`, with its journal")


def not_understood(what: str, why: str) -> HostError:
    """An answer that is none: another release, or no tsme."""
    message = f"the board's answer to {what} cannot be understood: {why}"
    return HostError("TSME-N037", message, "`tsme flash` puts this release of tsme on the board")


def unknown_command(what: str) -> HostError:
    """The board does not know the command."""
    message = f"the board does not know the command {what}"
    return HostError("TSME-N037", message, "`tsme flash` puts this release of tsme on the board")


def locked() -> HostError:
    """It asks for the key."""
    cure = "give it with --key-file FILE or in the environment, TSME_KEY"
    return HostError("TSME-N038", "the board is locked with a key", cure)


def wrong_key() -> HostError:
    """That was not the key."""
    return HostError("TSME-N038", "that is not the key of this board", "see board.json there")


def unequal(what: str) -> HostError:
    """What arrived is not what was sent."""
    message = f"{what} did not arrive as it was sent, twice: its SHA-256 differs"
    return HostError("TSME-N039", message, "try again with a shorter cable or fewer baud")


def no_url(port: str, why: str) -> HostError:
    """The port's name cannot be understood."""
    kinds = ("tcp", "socket", "rfc2217", "loop")
    kind = port.partition(":")[0]
    known = kind if kind in kinds else "tcp"
    hint = "" if kind in kinds else did_you_mean(kind, kinds)
    return HostError(
        "TSME-N040", f'"{port}" is no port: {why}', hint or f"{known}://HOST:PORT, say"
    )


def unreachable(port: str, why: str) -> HostError:
    """Nobody listens there."""
    cure = "see that the board (`tsme emulate`) runs, and that address and port are right"
    return HostError("TSME-N041", f'"{port}" cannot be reached: {why}', cure)


def damaged(name: str, number: int) -> HostError:
    """Records that were sent well are not what they were."""
    message = f'record {number} of "{name}" is damaged on the board'
    return HostError("TSME-N042", message, "`tsme journal pull --raw` gets all bytes as they are")


def no_file(path: str) -> HostError:
    """It is not on the board."""
    return HostError("TSME-N043", f'there is no file "{path}" on the board')


def file_refused(path: str, why: str) -> HostError:
    """It cannot be read or written there."""
    return HostError("TSME-N044", f'the file "{path}" on the board: {why}')


def no_prompt(port: str) -> HostError:
    """Nothing that answers as MicroPython's raw REPL does."""
    message = f'there is no MicroPython prompt at "{port}"'
    return HostError("TSME-N045", message, "reset the board; if that does not help, `tsme flash`")


def needs_tsme(why: str) -> HostError:
    """It cannot be done by a prompt alone."""
    message = f"the board has no tsme that could do this: {why}"
    return HostError("TSME-N046", message, "`tsme flash` puts it there")


def unknown_way(via: str) -> HostError:
    """--via knows one word."""
    return HostError("TSME-N048", f'there is no way to a board "{via}"', "the one is: mpremote")


def restless(what: str) -> HostError:
    """The board begins anew again and again."""
    message = f"the board has begun {what} anew again and again"
    return HostError("TSME-N049", message, "`tsme logs` may say why it resets")


def of_opening(port: str, error: Exception) -> HostError:
    """Why a port could not be opened."""
    text = str(error)
    if "://" in port:
        if _portless(port):
            return no_url(port, "it names no port of that host")
        if isinstance(error, ValueError):
            return no_url(port, _reason(text))
        return unreachable(port, _reason(text))
    number = getattr(error, "errno", None)
    if number is None:
        found = re.search(r"\[Errno (\d+)\]|\((\d+), ", text)
        number = int(found[1] or found[2]) if found else None
    if number == errno.ENOENT:
        return no_port(port)
    if number in (errno.EACCES, errno.EPERM):
        return forbidden(port)
    if number in (errno.EBUSY, errno.EWOULDBLOCK) or "exclusively lock" in text:
        return busy(port)
    if Path(port).exists():
        return no_url(port, "it is a file and no serial port")
    return no_url(port, _reason(text))


def _portless(url: str) -> bool:
    """An address without a number behind its host."""
    kind, _, rest = url.partition("://")
    address = rest.partition("/")[0].partition("?")[0]
    named = re.search(r":\d+$", address)
    return kind in ("tcp", "socket", "rfc2217") and named is None


def _reason(text: str) -> str:
    """The last part of what pyserial says, which repeats the port before it."""
    for word in ("refused", "timed out", "unreachable", "not known", "resolution"):
        if word in text:
            return {"refused": "connection refused", "not known": "no such host",
                    "resolution": "no such host"}.get(word, word)  # fmt: skip
    return text.rpartition("] ")[2].rstrip(".') ") or text
