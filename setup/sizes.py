"""Keeps files small: 500 lines of Python, 350 on the device, 900 of C; 70 a function."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Lines that a file may have, by folder and pattern.
FILE_LINES = {
    ("host", "*.py"): 500,
    ("sim", "*.py"): 500,
    ("setup", "*.py"): 500,
    ("tests", "*.py"): 500,
    ("examples", "*.py"): 500,
    ("firmware", "*.py"): 350,
    ("native_modules", "*.[ch]"): 900,
}
FUNCTION_LINES = 70
C_FUNCTION = re.compile(r"^(?=\w)[^;{}]*?\b(\w+)\([^;{}]*\)\n{\n(?:.*\n)*?}$", re.M)


def too_long(path: Path, most: int) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    lines = len(text.splitlines())
    if lines > most:
        yield f"{name}: {lines} lines, at most {most}; split it"
    functions = of_python(text) if path.suffix == ".py" else of_c(text)
    for first, last, function in functions:
        lines = last - first + 1
        if lines > FUNCTION_LINES:
            where = f"{name}:{first}: {function}"
            yield f"{where} has {lines} lines, at most {FUNCTION_LINES}; split it"


def of_python(text: str) -> Iterator[tuple[int, int, str]]:
    """First and last line of each function, and its name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.end_lineno or node.lineno, node.name


def of_c(text: str) -> Iterator[tuple[int, int, str]]:
    """The same; no braces but those of a function begin a line."""
    for function in C_FUNCTION.finditer(text):
        first = text.count("\n", 0, function.start()) + 1
        yield first, first + function[0].count("\n"), function[1]


def main() -> int:
    problems = [
        problem
        for (folder, pattern), most in FILE_LINES.items()
        for path in sorted((ROOT / folder).rglob(pattern))
        for problem in too_long(path, most)
    ]
    for problem in problems:
        sys.stdout.write(problem + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
