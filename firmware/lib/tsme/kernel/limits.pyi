"""Every limit, in one place; the defaults suit a board with 100 KB of heap."""

LIMITS: dict[str, int]
"""By name; docs/ERRORS.md has what each bounds.  Change it before a Program is loaded."""

def check(limits: dict[str, int], name: str, asked: int) -> None:
    """Raises LimitError, TSME-L001, if more is asked than the limit of that name."""

def check_program(limits: dict[str, int], size: int, asked: list[int]) -> None:
    """Raises LimitError if a program of `size` bytes asks for more; `asked`: docs/SPEC.md, 2."""
