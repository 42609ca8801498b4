"""The built-in functions: which are native, by number, and which are bodies that are linked in."""

from __future__ import annotations

from typing import Final

from tsme.program.expressions.functions.natives import functions

SIGNATURES: Final = {name: signature for name, signature, *_ in functions()}
NATIVES: Final = {name: number for number, name in enumerate(SIGNATURES)}
ARITY: Final = {name: arity for name, _, arity, *_ in functions()}
IMPURE: Final = frozenset(name for name, *_, impure in functions() if impure)

LINKED: Final = {
    "map": "<af>",
    "filter": "<af>",
    "single": "<af?>",
    "reduce": "<afj?:j>",
    "sort": "<af?:a>",
    "each": "<o-f:a>",
    "sift": "<o-f?:o>",
}

BOOLEANS: Final = frozenset("contains boolean not exists".split())
NUMBERS: Final = frozenset(
    "sum count max min average length number floor ceil round abs sqrt power random toMillis "
    "millis parseInteger".split()
)
TEXTS: Final = frozenset(
    "string substring substringBefore substringAfter lowercase uppercase trim pad replace join "
    "formatNumber formatBase formatInteger base64encode base64decode encodeUrlComponent encodeUrl "
    "decodeUrlComponent decodeUrl fromMillis hash uuid now type".split()
)
SEQUENCES: Final = frozenset("keys lookup spread match".split())  # what `[]` keeps one item of


def parameters(signature: str) -> list[str]:
    """Each parameter with what stands behind it: `s-`, `n`, `n?`, `(sf)`, `a<n>`, `a+`."""
    out: list[str] = []
    at = 1
    while at < len(signature) and signature[at] not in ":>":
        end = at + 1
        if signature[at] == "(":
            end = signature.index(")", at) + 1
        depth = 0
        while end < len(signature) and (depth or signature[end] in "<-?+"):
            depth += (signature[end] == "<") - (signature[end] == ">")
            end += 1
        out.append(signature[at:end])
        at = end
    return out


def takes_context(name: str, count: int) -> bool:
    """May a call with so many arguments let the context stand for one?"""
    takes = parameters(SIGNATURES.get(name) or LINKED[name])
    return any("-" in one for one in takes) and count < len(takes)
