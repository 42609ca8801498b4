"""The schema and the relations of the second relational machine (second_relational.py)."""

from __future__ import annotations

from typing import Any

Names = list[str]
State = dict[str, Any]
Schema = dict[str, State]
ERROR = "Exception"
RELATIONS = ("require", "add", "remove", "after")


def once(names: Names) -> Names:
    """Each name where it stands first."""
    return list(dict.fromkeys(names))


def sound(schema: dict[str, State], order: Names) -> tuple[Schema, Names, str | None]:
    """The schema in index order, made sound; the order with `Exception`; what is wrong with it."""
    names = [*order, *([] if ERROR in order else [ERROR])]
    given: dict[str, State] = {ERROR: {"multi": True}}
    given |= schema
    out: Schema = {}
    error = None
    for name in names:
        written = given.get(name, {})
        state: State = {kind: once(written.get(kind) or []) for kind in RELATIONS}
        state |= {kind: bool(written.get(kind)) for kind in ("auto", "multi")}
        added = state["add"]
        state["remove"] = [b for b in state["remove"] if b != name and b not in added]
        state["add"] = [b for b in added if b in names]
        state["after"] = [b for b in state["after"] if b != name and b in names]
        both = [b for b in state["require"] if b in state["remove"]]
        if both and error is None:
            error = f"the state {name} both requires and removes {', '.join(both)}"
        state["remove"] = [b for b in state["remove"] if b in names]
        out[name] = state
    return out, names, error


def ranked(schema: Schema) -> dict[str, int]:
    """The rank of each state that requires or is required; empty if they do so in a circle."""
    ranks: dict[str, int] = {}
    open_: Names = []

    def leave(name: str) -> bool:
        if name in ranks:
            return True
        if name in open_:
            return False
        open_.append(name)
        fine = all(leave(b) for b in schema.get(name, {}).get("require", ()))
        open_.pop()
        ranks[name] = len(ranks) + 1
        return fine

    found = [leave(name) for name, state in schema.items() if state["require"]]
    return ranks if all(found) else {}


# --- resolution ---


class Resolver:
    """Which states are to be active after a mutation, and in which order."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.ranks = ranked(schema)

    def implied(self, among: Names, before: Names, spared: Names) -> Names:
        """What those of `among` add that are new or multi, but `spared`."""
        out: Names = []
        for name in among:
            if name not in before or self.schema[name]["multi"]:
                out += [b for b in self.schema[name]["add"] if b not in spared]
        return out

    def required(self, names: Names) -> Names:
        """Those whose requirements are among them, and theirs."""
        while True:
            kept = [a for a in names if all(b in names for b in self.schema[a]["require"])]
            if kept == names:
                return names
            names = kept

    def target(self, kind: str, called: Names, before: Names) -> Names:
        """The states after a mutation of a kind, `add`, `remove` or `set`, in their order."""
        if kind == "remove":
            start = [a for a in before if a not in called]
        else:
            start = called + (before if kind == "add" else [])
        spared = called if kind == "remove" else []
        names = once(start)
        names = self.required(once(names + self.implied(names, before, spared)))
        blocked: Names = []
        kept: Names = []
        for a in reversed(names):
            by = [b for b in names if a in self.schema[b]["remove"] and b not in blocked]
            (blocked if by else kept).append(a)
        gone = {b for a in kept for b in self.schema[a]["remove"]}
        more = kept + self.implied(kept, before, spared)
        rest = once([a for a in more if a not in gone])
        return self.sorted(self.required(rest[::-1]))

    def sorted(self, names: Names) -> Names:
        """By rank, then each behind a neighbour that it is After."""
        out: Names = []
        for name in sorted(names, key=lambda a: self.ranks.get(a, 0)):
            out.append(name)
            at = len(out) - 1
            while at and self.precedes(name, out[at - 1]):
                out[at - 1], out[at] = name, out[at - 1]
                at -= 1
        return out

    def precedes(self, a: str, b: str) -> bool:
        after = {name: self.schema[name]["after"] for name in (a, b)}
        return a in after[b] and b not in after[a]
