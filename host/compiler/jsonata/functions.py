"""The names of the functions that are built in: JSONata's, without $eval, and AWS's own."""

from __future__ import annotations

from tsme.program.expressions.functions import natives

_OF_FUNCTIONS = "map filter single reduce sort each sift"  # which are code of a program


def built_in() -> frozenset[str]:
    """Without the `$`."""
    return frozenset([*_OF_FUNCTIONS.split(), *(row[0] for row in natives.functions())])
