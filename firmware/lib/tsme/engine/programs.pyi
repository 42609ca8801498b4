"""What an Engine does when its program changes."""

from typing import Any

from ..journal import Journal

def tidy(engine: Any) -> None:
    """Drop the programs that nobody needs any more."""

def migrate(engine: Any, plan: Any) -> None:
    """As Engine.migrate."""

def retire(engine: Any, cause: str) -> None:
    """As Engine.retire: TSME-K002 of what has ended, as far as its program is here to say so."""

def give_up(journal: Journal, cause: str) -> int:
    """A checkpoint says that an execution is over, of which no step can be made; its number."""
