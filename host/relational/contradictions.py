"""Relations that stand in each other's way: what can never be, and what never comes to rest.

A state with what it requires, and what these require, must be active at once, so none of them
may remove another. What a state adds is active with it if it can be, so it must not remove these
either. Both are checked on names, since indexes have no places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .model import Findings, Name, Place, listed
from .reading import Declared

_LEVELS = 2  # of Add in one transition
States = Mapping[str, Mapping[str, Any]]


def check_relations(states: States, order: list[str], declared: Declared, f: Findings) -> None:
    """Contradictions, states that can never be active, cycles, and what never comes to rest."""
    relations = _Relations(states, order, declared, f)
    relations.cycles("require", "TSME-C114")
    relations.cycles("after", "TSME-C115")
    dead = relations.contradictions()
    relations.unreachable(dead)
    relations.restless()
    relations.deep_adds()


class _Relations:
    def __init__(
        self, states: States, order: list[str], declared: Declared, findings: Findings
    ) -> None:
        self.states = states
        self.order = [name for name in order if name in states]
        self.declared = declared
        self.findings = findings
        self.lists: dict[tuple[str, str], list[str]] = {}
        self.closures: dict[str, dict[str, None]] = {}

    def of(self, name: str, relation: str) -> list[str]:
        """The states, that are there, in a relation of one.  Itself never counts, and what it
        adds it does not remove."""
        found = self.lists.get((name, relation))
        if found is None:
            given = self.states[name].get(relation, ())
            left = {name, *(self.states[name].get("add", ()) if relation == "remove" else ())}
            found = [one for one in given if one in self.states and one not in left]
            self.lists[name, relation] = found
        return found

    def place(self, *names: str) -> Place | None:
        """The place of the first of some names that has one."""
        found = (name.place for name in names if isinstance(name, Name) and name.place)
        return next(found, self.declared.place)

    def key(self, name: str) -> str:
        """A state's name as its definition has it, with its place."""
        return next(one for one in self.states if one == name)

    def closure(self, name: str) -> dict[str, None]:
        """A state, and all that it requires, whatever way; itself first."""
        found = self.closures.get(name)
        if found is None:
            found = {name: None}
            todo = [name]
            for one in todo:
                new = [other for other in self.of(one, "require") if other not in found]
                found |= dict.fromkeys(new)
                todo += new
            self.closures[name] = found
        return found

    def contradictions(self) -> dict[str, str]:
        """The states that can never be active, and why, for those that require them."""
        dead: dict[str, str] = {}
        for name in self.order:
            if any(other not in self.states and other != "Exception" for other in
                   self.states[name].get("require", ())):  # fmt: skip
                dead[name] = "requires what is no state"
            elif said := self.both_ways(name) or self.within(name):
                dead[name] = said
            else:
                self.added(name)
        return dead

    def both_ways(self, name: str) -> str:
        removed = self.of(name, "remove")
        for other in self.of(name, "require"):
            if other in removed:
                text = f'"{name}" requires "{other}" and removes it: it can never be active'
                hint = f'take "{other}" out of one of the two lists'
                self.findings.add("TSME-C110", text, self.listed(name, "remove", other), hint)
                return "contradicts itself"
        return ""

    def within(self, name: str) -> str:
        """Do the states that a state needs, and itself, remove one another?"""
        needed = self.closure(name)
        for one in needed:
            for other in self.of(one, "remove"):
                if other not in needed or (one == name and other in self.of(name, "require")):
                    continue
                if one != name and other != name and self.within_one(one, other):
                    continue  # that one can never be active, which is said there
                how = f'"{one}", which it requires,' if one != name else "it"
                what = "it" if other == name else f'"{other}", which it requires as well'
                text = f'"{name}" can never be active: {how} removes {what}'
                hint = f'take "{other}" out of what "{one}" removes, or a state out of "require"'
                at = self.states[name].get("require", ())
                self.findings.add("TSME-C111", text, self.place(*at, self.key(name)), hint)
                return "needs states that remove one another"
        return ""

    def within_one(self, one: str, other: str) -> bool:
        """Is that already so for one of the two by itself?"""
        return other in self.closure(one) or one in self.closure(other)

    def added(self, name: str) -> None:
        """Does a state add what removes it, or what it needs; or what it removes itself?"""
        needed = self.closure(name)
        for one in needed:
            for other in self.of(one, "add"):
                if one == name and other in self.states[name].get("remove", ()):
                    text = f'"{name}" adds "{other}" and removes it'
                    hint = f'take "{other}" out of one of the two lists; "add" would win'
                    self.findings.add("TSME-C112", text, self.listed(name, "add", other), hint)
                against = [x for x in self.of(other, "remove") if x in needed]
                if not against or (one != name and set(against) & set(self.closure(one))):
                    continue  # nothing, or it is said there
                what = "it again" if name in against else f"{listed(against)}, which it requires"
                text = f'"{name}" adds "{other}", which removes {what}'
                if one != name:
                    text = f'"{name}" requires "{one}", which adds "{other}", which removes {what}'
                hint = f'take "{other}" out of "add", or {listed(against)} out of its "remove"'
                self.findings.add("TSME-C112", text, self.listed(one, "add", other), hint)

    def listed(self, name: str, relation: str, other: str) -> Place | None:
        """The place of a state in a list of another one."""
        found = [one for one in self.states[name].get(relation, ()) if one == other]
        return self.place(*found, self.key(name))

    def unreachable(self, dead: dict[str, str]) -> None:
        """States that require one of those, whatever way."""
        for name in self.order:
            if name in dead:
                continue
            for other in [*self.closure(name)][1:]:
                if other in dead:
                    via = next(
                        one for one in self.of(name, "require") if other in self.closure(one)
                    )
                    text = f'"{name}" can never be active: it requires "{via}"'
                    text += f', which requires "{other}"' if via != other else ""
                    text += f", which {dead[other]}"
                    hint = f'mend "{other}" first'
                    self.findings.add("TSME-C113", text, self.place(via, self.key(name)), hint)
                    break

    def cycles(self, relation: str, code: str) -> None:
        """States that require one another, or that each come after the other."""
        for group in self.rounds(self.order, relation):
            way = " → ".join(f'"{name}"' for name in [*group, group[0]])
            if relation == "require":
                text = f"these require one another, so none can be active first: {way}"
                hint = 'let one of them have the other in "add" instead of "require"'
            else:
                text = f"these come after one another, which is no order: {way}"
                hint = 'take one of them out of "after"'
            self.findings.add(code, text, self.listed(group[0], relation, group[1]), hint)

    def rounds(self, names: list[str], relation: str) -> Iterator[list[str]]:
        """A shortest cycle from the first state of each group that is in one."""
        done: set[str] = set()
        inside = set(names)
        for name in names:
            if name in done:
                continue
            before: dict[str, str] = {}
            todo = [name]
            while todo and name not in before:
                one = todo.pop(0)
                for other in self.of(one, relation):
                    if other in inside and other not in before:
                        before[other] = one
                        todo.append(other)
            if name in before:
                way = [name]
                while before[way[0]] != name:
                    way.insert(0, before[way[0]])
                way = [name, *way[:-1]]
                done.update(way)
                yield way

    def restless(self) -> None:
        """Auto states that drive one another out for ever, or of which one never has its turn."""
        autos = [name for name in self.order if self.states[name].get("auto")]
        pairs = [
            (one, other)
            for n, one in enumerate(autos)
            for other in autos[n + 1 :]
            if other in self.of(one, "remove") and one in self.of(other, "remove")
        ]
        for one, other in pairs:
            text = f'"{one}" and "{other}" are auto and remove each other: the one that is active'
            text += " keeps the other from ever becoming active by itself"
            hint = 'let one of them require what says that it is its turn, or not be "auto"'
            self.findings.add(
                "TSME-C117", text, self.listed(other, "remove", one), hint, warning=True
            )
        for group in self.rounds(autos, "remove"):
            if len(group) > 2 and not any(
                (one, other) in pairs for one in group for other in group
            ):
                way = " → ".join(f'"{name}"' for name in [*group, group[0]])
                text = f"these auto states remove one another in a circle, and never rest: {way}"
                hint = 'let one of them not be "auto", or remove each of the others'
                self.findings.add(
                    "TSME-C116", text, self.listed(group[0], "remove", group[1]), hint
                )

    def deep_adds(self) -> None:
        """Chains of "add" that are longer than one transition follows them."""
        for name in self.order:
            level, seen = [name], {name}
            for _ in range(_LEVELS):
                level = [o for one in level for o in self.of(one, "add") if o not in seen]
                seen.update(level)
            left = [o for one in level for o in self.of(one, "add") if o not in seen]
            if left:
                text = f'"{name}" adds {listed(dict.fromkeys(left))} by way of two others: one'
                text += " transition follows two steps of add"
                hint = f'put {listed(dict.fromkeys(left))} into "add" of "{name}"'
                at = self.states[name]["add"]
                self.findings.add("TSME-C119", text, self.place(*at), hint, warning=True)
