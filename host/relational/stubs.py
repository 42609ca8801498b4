"""What is made of a schema for those who write its machine: handlers, and names with types."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections.abc import Collection, Iterator

from .model import Schema

_NEGOTIATION = ("Enter", "Exit")
_FINAL = ("State", "End")
_SAYS = {
    "Enter": "may it become active?",
    "Exit": "may it become inactive?",
    "State": "it is active now",
    "End": "it is inactive now",
}


def identifier(name: str) -> str:
    """A name of a machine as the name of a module."""
    made = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_").lower() or "machine"
    return f"m_{made}" if made[0].isdigit() or keyword.iskeyword(made) else made


def class_name(name: str) -> str:
    """A name of a machine as the name of a class: `door lock` is DoorLock."""
    parts = [part for part in re.split(r"\W|_", name, flags=re.ASCII) if part]
    made = "".join(part[0].upper() + part[1:] for part in parts)
    return made if made[:1].isalpha() else f"Machine{made}"


def handlers(schema: Schema, given: str, compiled: str, have: Collection[str] | None) -> str:
    """A class with a handler of each kind for each of the schema's own states.

    `given`: what the schema was read from, `compiled`: the name of its .tsr.  `have`: the handlers
    of the class that has the states, which inherits from this one; None if there is no such class.
    """
    title = class_name(schema.name)
    lines = [f"# Handlers of {schema.name}, made by tsme gen from {given}."]
    if have is None:
        lines += [
            "# Take out what you do not need: a handler that is not there costs nothing.",
            "",
            "",
            f"class {title}:",
            f"    schema = {json.dumps(compiled)}",
        ]
    else:
        lines += [
            f"# Those that {given.rpartition(':')[2]} lacks: copy them, or inherit from this.",
            "",
            "",
            f"class {title}Handlers:",
        ]
    made = list(_functions(schema, have or ()))
    if have is not None:
        made = made[1:] or ["    pass  # it has all of them"]
    return "\n".join([*lines, *made]) + "\n"


def _functions(schema: Schema, have: Collection[str]) -> Iterator[str]:
    for state in schema.states:
        for kind in (*_NEGOTIATION, *_FINAL):
            name = f"{state.name}{kind}"
            if state.name not in schema.own or name in have:
                continue
            if state.name == "Exception" and kind != "State":
                continue
            yield ""
            yield f"    def {name}(m):  # {_SAYS[kind]}"
            yield "        return True" if kind in _NEGOTIATION else "        pass"


def names(schema: Schema, given: str) -> str:
    """A module with a constant for each state, and with the groups."""
    lines = [f"# States of {schema.name}, made by tsme gen from {given}: do not edit.", ""]
    lines += [f'{constant(state.name)} = "{state.name}"' for state in schema.states]
    lines += ["", "# All of them, in the order of a machine time."]
    lines += [f"STATES = {_tuple(state.name for state in schema.states)}", ""]
    lines += ["GROUPS = {"]
    lines += [f'    "{title}": {_tuple(members)},' for title, members in schema.groups.items()]
    return "\n".join([*lines, "}"]) + "\n"


def typed(schema: Schema, given: str) -> str:
    """The stub of that module: a checker tells a name that is none."""
    all_ = ", ".join(f'"{state.name}"' for state in schema.states)
    groups = ", ".join(f'"{title}"' for title in schema.groups)
    lines = [
        f"# States of {schema.name}, made by tsme gen from {given}: do not edit.",
        "from typing import Final, Literal, TypeAlias",
        "",
        f"State: TypeAlias = Literal[{all_}]",
        f"Group: TypeAlias = {f'Literal[{groups}]' if groups else 'str'}",
        "",
    ]
    lines += [f'{constant(state.name)}: Final[Literal["{state.name}"]]' for state in schema.states]
    lines += ["STATES: Final[tuple[State, ...]]", "GROUPS: Final[dict[Group, tuple[State, ...]]]"]
    return "\n".join(lines) + "\n"


def constant(name: str) -> str:
    """The name of a state's constant: that of the state, where Python has no other use for it."""
    taken = ("STATES", "GROUPS", "State", "Group", "Final", "Literal", "TypeAlias")
    other = keyword.iskeyword(name) or hasattr(builtins, name) or name in taken
    return f"{name}_" if other else name


def _tuple(names: Collection[str] | Iterator[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return f"({', '.join(quoted)}{',' * (len(quoted) == 1)})"
