"""Keeps files small: 500 lines of Python, 350 on the device, 900 of C; 70 a function."""

import ast
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


def too_long(path: Path, most: int) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    lines = len(text.splitlines())
    if lines > most:
        yield f"{name}: {lines} lines, at most {most}; split it"
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                where = f"{name}:{node.lineno}: {node.name}"
                yield f"{where} has {lines} lines, at most {FUNCTION_LINES}; split it"


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
