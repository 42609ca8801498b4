"""What main.py on a board does (docs/BOARDS.md, "What main.py does")."""

from ..link import Link

def run(path: str = "board.json") -> None:
    """Serve the link, go on with what is under way, stay reachable; only Ctrl-C ends it.

    `path`: what the installer wrote.  A board whose tasks.py cannot be loaded, or that has failed
    three times in a row, serves the link alone ("safe"); its log says why.
    """

def made(path: str = "board.json") -> tuple[Link, str]:
    """The link as run() would serve it, and why it is safe, or "": nothing is begun or counted."""
